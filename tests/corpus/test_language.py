"""The language of whole documents, mixed ones, code, and those that a model alone takes for another."""

import csv
import gzip
import json
import socket

import pytest
from tests.tokenizer.real import real

from zaohua.corpus.language import UNKNOWN, Language, identify
from zaohua.microworld import corpus, dirty

ENGLISH = "The old man walked down to the river every morning and looked for the boat that his brother had built. "
GERMAN = "Der alte Mann ging jeden Morgen zum Fluss hinunter und suchte das Boot, das sein Bruder gebaut hatte. "
CHINESE = "老人每天早上都走到河边，寻找他的兄弟造的那条船，可是从来没有找到过。"
CODE = "for (int i = 0; i < n; i++) {\n    sum += values[i] * weights[i];\n}\nreturn sum / count;\n"


@pytest.mark.parametrize(
    ("text", "code", "script"),
    [
        (ENGLISH, "en", "Latn"),
        (GERMAN, "de", "Latn"),
        (CHINESE, "zh", "Hans"),
        ("這是繁體中文的文字，說話的時候用。", "zh", "Hant"),
        ("佢哋喺度做緊乜嘢呀？我唔知道，你問下佢啦。", "yue", "Hant"),
        ("子曰：學而時習之，不亦說乎？有朋自遠方來，不亦樂乎？", "zh", "Hant"),
        ("道可道，非常道。名可名，非常名。无名天地之始，有名万物之母。", "zh", "Hani"),
        ("人之初，性本善。", "zh", "Hani"),
        ("今日は天気がいいので、公園へ行きましょう。", "ja", "Jpan"),
        ("오늘 날씨가 참 좋네요.", "ko", "Kore"),
        ("Сегодня хорошая погода, и мы идём в парк.", "ru", "Cyrl"),
        ("Σήμερα ο καιρός είναι καλός.", "el", "Grek"),
        ("C'est la vie, mon ami; nous allons à la plage demain.", "fr", "Latn"),
        (CHINESE + "```cpp\n" + CODE * 20 + "```\n" + CHINESE, "zh", "Hans"),
        (CHINESE * 3 + CODE, "zh", "Hans"),
        ("用 [`renderToPipeableStream`](https://example.com/renderToPipeableStream) 把组件渲染成流。", "zh", "Hans"),
        (ENGLISH * 3 + CODE, "en", "Latn"),
        ("Subscribe! Login. Home. Menu.\n" + CHINESE * 20, "zh", "Hans"),
    ],
)
def test_the_language_of_a_text(text, code, script):
    found = identify(text)
    assert (found.code, found.script) == (code, script)
    assert 0 < found.score <= 1


@pytest.mark.parametrize("text", ["", "12345 !!!", "😀😀", "```\ncode\n```"])
def test_a_text_without_letters_has_no_language(text):
    assert identify(text) == UNKNOWN == Language("und", 0.0, "Zyyy")


def test_the_score_of_a_mixed_document_is_low():
    pure = identify(CHINESE * 20).score
    assert pure > 0.95
    half = identify("\n".join([CHINESE, ENGLISH] * 20))
    assert half.score < 0.65
    assert identify(ENGLISH * 20).score > 0.8
    assert identify(ENGLISH * 20 + GERMAN * 20).score < 0.7


def test_the_head_does_not_decide():
    assert identify(GERMAN * 12 + ENGLISH * 60).code == "en"


def test_nothing_is_fetched(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError("a network connection was tried")

    monkeypatch.setattr(socket, "socket", refuse)
    assert identify(ENGLISH + "again").code == "en"


def test_planted_foreign_and_mixed_documents_are_told_from_the_others():
    clean = list(corpus(richness="full", size=300_000, seed=4))
    documents, planted = dirty(clean, seed=2, duplicates=0, near_duplicates=0, mojibake=0, boilerplate=0.1,
                               traditional=0.1, html=0, foreign=0.1, mixed=0.1)  # fmt: skip
    documents = list(documents)
    foreign, mixed = planted.of("foreign"), planted.of("mixed")
    wrong = 0
    for identity, text, language in documents:
        found = identify(text)
        strange = found.code not in ("en", "zh") or found.score < 0.65
        wrong += strange != (identity in foreign or identity in mixed) or (not strange and found.code != language)
    assert wrong <= 0.02 * len(documents)


@pytest.mark.slow
def test_real_texts_of_five_kinds():
    with (real("translation/de-en") / "val.de").open(encoding="utf-8") as file:
        lines = [line for line, _ in zip(file, range(300), strict=False)]
    german = ["".join(lines[start : start + 5]) for start in range(0, 300, 5)]
    with gzip.open(real("corpus/zh/poems/tang.jsonl.gz"), "rt", encoding="utf-8") as file:
        poems = ["".join(json.loads(line)["paragraphs"]) for line, _ in zip(file, range(500), strict=False)]
    with gzip.open(real("corpus/zh/tech/oi_wiki.jsonl.gz"), "rt", encoding="utf-8") as file:
        tech = [json.loads(line)["text"] for line in file]
    with real("tasks/en/sst2/dev.tsv").open(encoding="utf-8") as file:
        english = [row[0] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)][1:301]
    for texts, code, least in ((german, "de", 0.99), (poems, "zh", 0.99), (tech, "zh", 0.95), (english, "en", 0.93)):
        right = sum(identify(text).code == code for text in texts if len(text) >= 20)
        assert right >= least * sum(len(text) >= 20 for text in texts), code
