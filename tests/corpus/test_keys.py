"""The dedup key: what it folds, what it keeps, and that it is the same however the text came."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tokenizer.real import real

from zaohua.corpus import keys
from zaohua.corpus.keys import dedup_key, exact_key
from zaohua.corpus.normalize import normalize
from zaohua.corpus.script import converter


def whole_key(text: str) -> bytes:
    return exact_key(dedup_key(text))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Hello,  world!\n", "hello world"),
        ("你好，世界。\n第 ２ 章", "你好世界第2章"),
        ("ＧＰＴ－２ is 50% 大", "gpt 2 is 50大"),
        ("頭髮、頭发", "头发头发"),
        ("中文 and English 混排", "中文and english混排"),
        ("ガ、が・か ｶﾞ", "ガがかガ"),
        ("한국어, 텍스트", "한국어 텍스트"),
        ("don’t “stop”", "don t stop"),
        ("a\u200db\x00c", "abc"),
        ("3+4=7 €", "3+4=7 €"),
        ("。。。", "。。。"),
        ("", ""),
        (" \n", " \n"),
    ],
)
def test_what_is_left_of_a_text(text, key):
    assert dedup_key(text) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello, world!", "hello world"),
        ("你好，世界。", "你好世界"),
        ("a b\nc", "ABC"),
        ("「が」", "が"),
        ("看着", "看著"),
        ("１２章", "12章"),
        ("皇后在后面看了髮型", "皇后在後面看了发型"),
        ("了解", "瞭解"),
        ("第一行\n第二行", "第一行第二行"),
    ],
)
def test_case_spacing_script_width_and_punctuation_make_no_other_text(one, other):
    assert whole_key(one) == whole_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("１２章", "２章"),
        ("が", "か"),
        ("パ", "ハ"),
        ("3+4", "34"),
        ("1.5 $", "1.5 €"),
        ("é", "e"),
        ("。。。", "！"),
        *[("章" + d, "章") for d in "０１２３４５６７８９0123456789"],
    ],
)
def test_digits_marks_and_symbols_make_another_text(one, other):
    assert whole_key(one) != whole_key(other)


@given(text=st.text("aB ,。中國国か\n 　Ａ9ｶﾞ\u0301"))
def test_the_key_of_a_key_is_itself_and_normalising_first_changes_nothing(text):
    text = f"{text}."
    assert dedup_key(dedup_key(text)) == dedup_key(text)
    assert dedup_key(normalize(f"a{text}")) == dedup_key(f"a{text}")


@given(text=st.text("ab c,\n中国 。か", max_size=60), size=st.integers(3, 20))
def test_cutting_a_long_text_changes_no_key(text, size):
    whole = dedup_key(text)
    old, keys._PIECE = keys._PIECE, size
    try:
        cut = dedup_key(text)
    finally:
        keys._PIECE = old
    assert exact_key(cut) == exact_key(whole)


@pytest.mark.slow
def test_reprints_of_real_poems_in_the_other_script_meet():
    path = real("corpus/zh/poems/tang.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        poems = ["".join(json.loads(line)["paragraphs"]) for line, _ in zip(file, range(5000), strict=False)]
    simplify = converter("t2s")
    met = sum(whole_key(poem) == whole_key(simplify(poem)) for poem in poems)
    assert met >= 0.998 * len(poems)
