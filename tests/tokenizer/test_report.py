"""The report: rates by language and domain, coverage, fall-back, use; several tokenizers side by side."""

import json

import pytest
from strings import text_of

from zaohua.tokenizer.report import (
    Sample,
    common_hanzi,
    commonest_hanzi,
    compare,
    coverage,
    measure,
    report,
    table,
)
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer

SAMPLES = [
    Sample("the cat sat on a mat\n" * 20, "en", "stories"),
    Sample("他们今天在图书馆学习中文。\n" * 20, "zh", "news"),
    Sample("the cat 小猫 龘\n", None, None),
]


@pytest.fixture(scope="module")
def characters(texts):
    return train_tokenizer(texts, TokenizerSettings(kind="characters"))


def test_rates_are_those_of_the_text(tokenizer):
    found = measure(tokenizer, SAMPLES)
    chinese = SAMPLES[1].text
    tokens = sum(len(tokenizer.encode(line)) for line in chinese.splitlines(keepends=True))
    assert found["languages"]["zh"] == {
        "tokens": tokens,
        "bytes_per_token": round(len(chinese.encode()) / tokens, 3),
        "characters_per_token": round(len(chinese) / tokens, 3),
    }
    assert set(found["languages"]) == {"all", "en", "zh", "han"}
    assert set(found["domains"]) == {"stories", "news"}
    assert found["languages"]["all"]["tokens"] > found["languages"]["en"]["tokens"] + tokens


def test_a_rare_character_is_spelled_by_parts_and_counted(tokenizer):
    assert measure(tokenizer, [Sample("the cat")])["fallback_rate"] == 0
    assert measure(tokenizer, [Sample("龘")])["fallback_rate"] == 1
    assert coverage(tokenizer, ["学", "a", "龘"]) == round(2 / 3, 4)


def test_the_table_of_common_hanzi_is_level_1_of_gb_2312():
    found = common_hanzi()
    assert len(set(found)) == len(found) == 3755
    assert (found[0], found[-1]) == ("啊", "座")
    assert {"的", "国", "学"} <= set(found)
    assert not {"國", "龘", "、", "\ufffd"} & set(found)


def test_the_commonest_hanzi_follow_from_the_text():
    assert commonest_hanzi(["的的的是是a。", "的好"], count=2) == ["的", "是"]
    assert commonest_hanzi(["no hanzi"]) == []


def test_coverage_is_told_of_a_table_that_is_the_same_for_all_texts_and_of_this_texts_own(tokenizer):
    first, second = (measure(tokenizer, [Sample(text)]) for text in ("学习学习学", "龘龘学"))
    assert first["common_characters"] == second["common_characters"]
    assert first["common_characters"] == {"counted": 3755, "covered": coverage(tokenizer, common_hanzi())}
    assert first["commonest_characters"] == {"counted": 2, "covered": coverage(tokenizer, ["学", "习"])}
    assert second["commonest_characters"] == {"counted": 2, "covered": 0.5}
    lines = table(compare({"bpe": tokenizer}, [Sample("no hanzi")]))
    assert "| this text's common characters covered |  |" in lines


def test_unknown_words_of_wordpiece_are_counted(texts):
    made = train_tokenizer(texts, TokenizerSettings(kind="wordpiece"))
    assert measure(made, [Sample("龘龘 ok")])["fallback_rate"] > 0


def test_use_and_the_share_of_the_table(tokenizer):
    found = measure(tokenizer, [Sample("a a a cat")], dim=10, other_parameters=5000)
    assert found["embedding_share"] == 0.5
    assert found["unused_tokens"] >= tokenizer.vocab_size - 6 - 9
    assert set(found["least_used"]) <= {"a", " a", "cat", " cat", " c", "at", " ", "c", "t", "ca"}


def test_several_stand_side_by_side_on_the_same_text(tokenizer, characters):
    found = compare({"bpe": tokenizer, "characters": characters}, SAMPLES, dim=8, other_parameters=1000)
    assert json.loads(json.dumps(found)) == found
    assert found["characters"]["languages"]["zh"]["characters_per_token"] == 1
    assert found["bpe"]["languages"]["zh"]["characters_per_token"] > 1
    lines = table(found)
    assert lines[0] == "| | bpe | characters |"
    assert all(line.count("|") == 4 for line in lines)
    assert any(line.startswith("| bytes per token, zh |") for line in lines)


def test_the_stage_says_bytes_per_token_by_script_and_the_longest_tokens(tokenizer):
    found = report(tokenizer, [text_of(1, 300)])
    assert set(found["scripts"]) >= {"all", "latin", "han"}
    assert found["lines"][0].startswith("tokenizer: 500 ids · bytes per token: all ")
    assert "图书馆" in found["longest"]["han"]
