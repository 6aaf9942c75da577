"""The splitting expression: what it keeps apart, and that two engines cut every character alike."""

import sys
import unicodedata
from typing import get_args

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, pre_tokenizers

from zaohua.tokenizer.splitting import HanziRule, pattern, rule_of

RULES = get_args(HanziRule)


def pieces(text: str, rule: HanziRule = "run") -> list[str]:
    return [piece for piece, _ in pre_tokenizers.Split(Regex(pattern(rule)), "isolated").pre_tokenize_str(text)]


def pieces_by_tiktoken(texts: list[str], vocabulary: set[str], rule: HanziRule) -> list[list[str]]:
    """The pieces, read off a vocabulary that holds every possible one whole."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    for piece in sorted(vocabulary):
        ranks.setdefault(piece.encode(), len(ranks))
    encoding = tiktoken.Encoding("pieces", pat_str=pattern(rule), mergeable_ranks=ranks, special_tokens={})
    return [[encoding.decode([index]) for index in encoding.encode_ordinary(text)] for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'd say don’t!", ["I", "'d", " say", " don", "’t", "!"]),
        ("he 'said' it", ["he", " '", "said", "'", " it"]),
        ("\n'said'x's", ["\n", "'", "said", "'", "x", "'s"]),
        ("他说：“你好，世界！”", ["他说", "：“", "你好", "，", "世界", "！”"]),
        ("2024年3月", ["2", "0", "2", "4", "年", "3", "月"]),
        ("１２①〇", ["１", "２", "①", "〇"]),
        ("用Python写code", ["用", "Python", "写", "code"]),
        ("我 爱 you", ["我", " ", "爱", " you"]),
        ("a   b\n\n  c\r\n", ["a", "   ", "b", "\n\n", "  ", "c", "\r\n"]),
        ("　　段落", ["　　", "段落"]),
        ("cafe\u0301 ok", ["cafe\u0301", " ok"]),
        ("❤️abc👩‍👩‍👧ok", ["❤️", "abc", "👩‍👩‍👧", "ok"]),
        ("私は学生です", ["私", "は", "学生", "です"]),
        ("안녕 하세요", ["안녕", " 하세요"]),
        ("नमस्ते दुनिया", ["नमस्ते", " दुनिया"]),
    ],
)
def test_words_marks_digits_and_scripts_stay_apart(text, expected):
    assert pieces(text) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("run", ["我们今天学习", "。"]),
        ("four", ["我们今天", "学习", "。"]),
        ("two", ["我们", "今天", "学习", "。"]),
        ("single", [*"我们今天学习", "。"]),
    ],
)
def test_hanzi_are_cut_by_the_rule(rule, expected):
    assert pieces("我们今天学习。", rule) == expected
    assert rule_of(pattern(rule)) == rule


def test_an_expression_of_others_is_not_ours():
    assert rule_of(r"\s+") is None


@pytest.mark.parametrize("rule", RULES)
@given(text=st.text())
def test_no_character_is_lost_and_no_piece_mixes_marks_and_words(rule, text):
    found = pieces(text, rule)
    assert "".join(found) == text
    for piece in found:
        kinds = {unicodedata.category(character)[0] for character in piece}
        contraction = piece[0] in "'’" and piece[1:] in {"s", "d", "m", "t", "ll", "ve", "re"}
        assert contraction or not ("L" in kinds and kinds & {"P", "N"} and "〇" not in piece and not _letterlike(piece))


def _letterlike(piece: str) -> bool:
    """Suzhou numerals are hanzi to us and numbers to Unicode."""
    return any(unicodedata.category(character) == "Nl" for character in piece)


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [("a", "中"), (" ", "a"), ("。", "1")])
def test_both_engines_cut_next_to_every_character_of_unicode_alike(before, after):
    """Each character of the two planes in use, and a sample of the others, between letters, hanzi, digits and marks."""
    codes = [*range(0x20000), *range(0x20000, sys.maxunicode + 1, 1009)]
    characters = [chr(code) for code in codes if not 0xD800 <= code < 0xE000 and code not in (10, 13)]
    ours = pre_tokenizers.Split(Regex(pattern("run")), "isolated")
    for start in range(0, len(characters), 40_000):
        block = characters[start : start + 40_000]
        text = "\n".join(before + character + after for character in block)
        vocabulary = {part for c in block for part in (c, before + c, c + after, before + c + after, before, after)}
        found = pieces_by_tiktoken([text], vocabulary, "run")[0]
        assert found == [piece for piece, _ in ours.pre_tokenize_str(text)]


@pytest.mark.parametrize("rule", RULES)
def test_both_engines_cut_next_to_a_sample_of_characters_alike(rule):
    block = [chr(code) for code in range(0, 0x30000, 397) if not 0xD800 <= code < 0xE000 and code not in (10, 13)]
    texts = ["a" + character + "中" for character in block]
    vocabulary = {part for c in block for part in (c, "a" + c, c + "中", "a" + c + "中", "a", "中")}
    assert pieces_by_tiktoken(texts, vocabulary, rule) == [pieces(text, rule) for text in texts]


@pytest.mark.parametrize("character", ["中", "a", " ", "。", "\n"])
def test_a_piece_of_any_length_is_cut_in_linear_time(character):
    assert len(pieces(character * 200_000)) == 1
