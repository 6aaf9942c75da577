"""Evaluation texts are found wherever they stand, by exact n-grams, and what is short or common is told apart."""

import random
import re

import numpy as np
import pytest

from zaohua.corpus import decontaminate as module
from zaohua.corpus import shingles
from zaohua.corpus.decontaminate import (
    Contaminated,
    Decontamination,
    Index,
    Item,
    common_grams,
    decontaminate,
    read_index,
    write_gram_counts,
)

ENGLISH = (
    "a train leaves the old station at nine and reaches the harbour two hours later how many miles does it travel "
    "if it runs at sixty miles an hour"
)
CHINESE = "小明有十二个苹果送给小红五个以后又从市场买回来八个请问现在小明一共有多少个苹果答案是十五个"
SHORT = "日照香炉生紫烟遥看瀑布挂前川"
TINY = "谁是他"
ITEMS = [Item("sums", ENGLISH), Item("sums", CHINESE), Item("poems", SHORT), Item("poems", TINY)]
WORDS = ["lamp", "river", "seven", "under", "blue", "walks", "stone", "never", "quick", "paper", "然后", "今天", "天气"]


def fold(text: str) -> str:
    """A small dedup key: lower case, one space for whatever is no letter."""
    return re.sub(r"[\W_]+", " ", text.lower()).strip() or text


def filler(size: int, seed: int = 0) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=size))


def run(texts: list[str], **settings) -> dict[int, Contaminated]:
    index = Index(ITEMS, Decontamination(**settings))
    return decontaminate(texts, [fold(text) for text in texts], index, fold)[0]


@pytest.mark.parametrize("item", [ENGLISH, CHINESE, SHORT])
@pytest.mark.parametrize("before", [0, 40])
def test_an_item_is_found_in_text_of_any_language(item, before):
    text = f"{filler(before)} {item.upper()}。{filler(30, 1)}"
    found = run([filler(200), text, ""])
    assert list(found) == [1]
    (evaluation, number, excerpt), *others = found[1].found
    assert (others, ITEMS[number].key, ITEMS[number].evaluation) == ([], item, evaluation)
    assert fold(item)[:12].lower() in fold(excerpt)
    assert found[1].text is None


def test_punctuation_line_ends_and_spacing_hide_nothing():
    spaced = "，\n".join(CHINESE[i : i + 5] for i in range(0, len(CHINESE), 5))
    assert list(run([spaced, "“" + ENGLISH.replace(" ", ", ") + "”"])) == [0, 1]


def test_one_unit_less_than_the_ngram_is_no_hit():
    words = ENGLISH.split()
    texts = [" ".join(words[3 : 3 + size]) + " lamp" for size in (12, 13)]
    assert list(run(texts)) == [1]
    texts = ["今天" + CHINESE[4 : 4 + size] + "今天" for size in (24, 25)]
    assert list(run(texts)) == [1]


def test_a_short_item_counts_only_as_a_whole_and_a_tiny_one_is_listed():
    assert list(run([f"{filler(5)}{SHORT[:-1]}", f"{filler(5)}{SHORT}{filler(5)}", TINY * 30])) == [1]
    assert Index(ITEMS, Decontamination()).unchecked == [3]


def test_what_is_shared_is_cut_out_and_the_rest_stands_as_it_stood():
    before, after = "Before, THIS: stays. ", "\n  And this, too！"
    found = run([before + ENGLISH + "?" + after + CHINESE + "。", SHORT], action="excise")
    assert found[0].text == before + "\n?" + after + "\n。"
    assert [item for _, item, _ in found[0].found] == [0, 1]
    assert found[1].text is None


@pytest.mark.parametrize("block", [1, 7, 100])
def test_a_text_is_laid_beside_its_key_in_blocks_of_any_size(monkeypatch, block):
    texts = [
        f"“{ENGLISH.title()}”\n {filler(9)}，{CHINESE}",
        "……" + SHORT + "！" * 20,
        filler(20) + "。 " + ENGLISH[:-1],
    ]
    whole = run(texts, action="excise")
    assert len(whole) == 3
    monkeypatch.setattr(module, "_BLOCK", block)
    assert run(texts, action="excise") == whole


def test_a_text_that_its_key_cannot_be_laid_beside_is_dropped():
    index = Index(ITEMS, Decontamination(action="excise"))
    found, _ = decontaminate(["x" + ENGLISH], [ENGLISH], index, fold)
    assert found[0].text is None


def test_a_share_asks_for_more_than_one_ngram():
    half = " ".join(ENGLISH.split()[:18])
    assert list(run([half], share=0.2)) == [0]
    assert list(run([half], share=0.9)) == []
    assert list(run([ENGLISH, SHORT], share=1.0)) == [0, 1]


def test_a_batch_gives_what_each_document_gives_alone_in_blocks_of_any_size(monkeypatch):
    texts = [filler(50), ENGLISH, CHINESE + filler(9), filler(2) + SHORT, "", SHORT + CHINESE + ENGLISH]
    whole = run(texts, action="excise")
    monkeypatch.setattr(shingles, "_BLOCK", 7)
    assert run(texts, action="excise") == whole
    for number, text in enumerate(texts):
        assert run([text], action="excise").get(0) == whole.get(number)


def test_common_ngrams_are_listed_apart_over_all_files(tmp_path):
    index = Index(ITEMS, Decontamination(common=2))
    for number, texts in enumerate(([SHORT, SHORT + SHORT], [f"他说{SHORT}", ENGLISH])):
        _, grams = decontaminate(texts, [fold(text) for text in texts], index, fold)
        write_gram_counts(tmp_path / str(number), grams)
    assert common_grams([tmp_path / "0", tmp_path / "1"], index) == [(3, SHORT)]
    index = Index(ITEMS, Decontamination(common=0 + 1))
    _, grams = decontaminate([ENGLISH, ENGLISH], [ENGLISH, ENGLISH], index, fold)
    write_gram_counts(tmp_path / "2", grams)
    words = ENGLISH.split()
    assert {text for _, text in common_grams([tmp_path / "2"], index)} == {
        " ".join(words[i : i + 13]) for i in range(len(words) - 12)
    }


def test_a_common_ngram_that_several_items_have_is_listed_once(tmp_path):
    index = Index([Item("a", SHORT), Item("b", SHORT)], Decontamination(common=1))
    _, grams = decontaminate([SHORT, SHORT], [SHORT, SHORT], index, fold)
    write_gram_counts(tmp_path / "grams", grams)
    assert common_grams([tmp_path / "grams"], index) == [(2, SHORT)]


def test_an_index_is_read_as_it_was_written(tmp_path):
    settings = Decontamination()
    Index(ITEMS, settings).write(tmp_path / "index")
    again = read_index(tmp_path / "index", settings)
    assert again.items == ITEMS
    texts = [CHINESE, SHORT]
    assert all(np.array_equal(a, b) for a, b in zip(again.hits(texts), Index(ITEMS, settings).hits(texts), strict=True))


def test_ngrams_of_several_items_hit_all_of_them():
    index = Index([Item("a", ENGLISH), Item("b", ENGLISH + " and back")], Decontamination())
    found, _ = decontaminate([ENGLISH], [ENGLISH], index, fold)
    assert [evaluation for evaluation, _, _ in found[0].found] == ["a", "b"]


def test_without_items_nothing_is_found():
    assert decontaminate([ENGLISH], [ENGLISH], Index([], Decontamination()), fold)[0] == {}
