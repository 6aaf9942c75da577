"""What cleaning changes, and that it changes nothing else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.duplicates import duplicate_key
from zaohua.corpus.normalize import normalize

tricky = (
    st.text(st.sampled_from("ae中か\u3099\u0301\u200c\u200d\u200b\ufeff\r\n\x85\x0b\t \u00ad😀\ufe0fह्य豈\u1100\u1161"))
    | st.text()
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("a\x0bb\x0cc\x85d", "a\nb\nc\nd"),
        ("\ufeff你\u200b好\x00", "你好"),
        ("e\u0301", "é"),
        ("か\u3099", "が"),
        ("豈", "豈"),
        ("soft\u00adhyphen", "softhyphen"),
        ("中\u200d文", "中文"),
        ("a\tb  c　d", "a\tb  c　d"),
        ("\ud83d\ude00 \ud800", "😀 \ufffd"),
    ],
)
def test_invisible_characters_go_and_forms_are_united(before, after):
    assert normalize(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "，。！？；：“”‘’（）《》【】…——％①㎡１２３ＡＢ",
        "👩‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "نمی‌خواهم क्‍ष",
        "“don’t” – –— ﬁ ½",
        "０１２３４５６７８９",
    ],
)
def test_punctuation_widths_and_joiners_with_a_meaning_stay(text):
    assert normalize(text) == text


@given(text=tricky)
def test_twice_is_once_and_the_result_is_composed(text):
    once = normalize(text)
    assert normalize(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\r" not in once


@given(text=st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Po", "Sm", "Zs"])))
def test_letters_digits_and_punctuation_survive(text):
    assert unicodedata.normalize("NFC", text) == normalize(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Hello, world!", "hello world"), ("你好，世界。", "你好世界"), ("a b\nc", "ABC"), ("「が」", "が")],
)
def test_case_spacing_and_punctuation_make_no_other_text(one, other):
    assert duplicate_key(one) == duplicate_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("１２章", "２章"),
        ("が", "か"),
        ("3+4", "34"),
        ("1.5 $", "1.5 €"),
        ("看着", "看著"),
        ("。。。", "！"),
        *[("章" + d, "章") for d in "０９"],
    ],
)
def test_digits_marks_and_symbols_make_another_text(one, other):
    assert duplicate_key(one) != duplicate_key(other)
