"""A card is read as its language is written."""

import re

from zaohua.evaluation.card import WORDS, to_text

SHARE = {"share": 0.5, "low": 0.4, "high": 0.6}
CARD = {
    "name": "mine",
    "model": {"parameters": 9, "family": "qwen3", "layers": 1, "dim": 2, "vocab_size": 3, "tokens": 4, "steps": 5},
    "heldout": {"bits_per_byte": 1.5, "bytes": 10, "split": {"way": "auto", "share": 0.1, "whole": 1, "cut": 0}},
    "baselines": {"xz -9": {"alone": 2.0, "seen": 1.0}, "ngram": {"seen": 1.7}},
    "stories": {
        language: dict.fromkeys(("grammatical", "consistent", "in_training_text"), SHARE) for language in ("en", "zh")
    },
    "questions": {language: {"right": SHARE, "without_the_story": SHARE} for language in ("en", "zh")},
    "samples": ["一"],
    "temperature": 0.8,
    "longest_copy": "abc",
    "spent": {"pretrain": 1.0},
}


def test_both_languages_have_words_for_the_same():
    assert WORDS["en"].keys() == WORDS["zh"].keys()


def test_languages_are_named_in_words():
    for language, names in (("en", ("(English)", "(Chinese)")), ("zh", ("（英文）", "（中文）"))):
        text = to_text(CARD, language)
        assert [text.count(name) for name in names] == [2, 2]


def test_a_list_in_chinese_has_full_width_colons():
    items = [line for line in to_text(CARD, "zh").splitlines() if re.match(r"- (语法|前后|与训练|不看)", line)]
    assert len(items) == 8
    assert all("：50.0%" in item for item in items)


def test_no_half_width_mark_stands_beside_a_hanzi():
    text = to_text(CARD, "zh")
    assert "单独压缩" in text
    assert re.findall(r"[\u4e00-\u9fff] ?[:;,(?!]|[:;,?!)] ?[\u4e00-\u9fff]", text) == []
    assert "（95% 置信区间 40.0%–60.0%）" in text


def test_a_copied_span_stands_in_one_line():
    for language, said in (("en", "8 characters, “it. No.”"), ("zh", "8 个字符，“it. No.”")):
        assert said in to_text(CARD | {"longest_copy": "it.\n\nNo."}, language)
        line = next(
            line for line in to_text(CARD | {"longest_copy": "字" * 200}, language).splitlines() if "字字" in line
        )
        assert "200" in line
        assert line.count("字字" * 60) == 1
        assert line.endswith("…”")
