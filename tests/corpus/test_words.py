"""Words are cut as each mode says, alike on every kind of line end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.words import WORDS, by_characters, by_english, by_rjieba, by_spaces


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, world.", ["Hello", ",", "world", "."]),
        ("It's Mr. Smith's.", ["It", "'s", "Mr.", "Smith", "'s", "."]),
        ("I don’t, e.g. in the U.S. (yes)", ["I", "do", "n’t", ",", "e.g.", "in", "the", "U.S.", "(", "yes", ")"]),
        ("a well-known 3.5 of 1,000", ["a", "well", "-", "known", "3.5", "of", "1,000"]),
        ("see https://example.com/a?b=1.", ["see", "https://example.com/a?b=1", "."]),
        ("cannot", ["can", "not"]),
        ("wait...", ["wait", "..."]),
    ],
)
def test_english_punctuation_and_contractions_stand_apart(text, words):
    assert by_english(text) == words


def test_each_han_character_and_each_latin_run_is_a_word():
    assert by_characters("用GPT-2写３首诗，don't！") == ["用", "GPT", "2", "写", "３", "首", "诗", "don't"]
    assert by_characters("𠮷野家でかな") == list("𠮷野家でかな")
    assert by_characters("。。。！？……") == []


def test_white_space_of_any_kind_parts_words():
    assert by_spaces(" a\u3000b\nc\u2028d ") == ["a", "b", "c", "d"]


def test_dictionary_words_are_stripped_and_code_is_cut_as_jieba_does():
    assert by_rjieba("我们 去\n北京大学") == ["我们", "去", "北京大学"]
    assert by_rjieba("num_layers是2.5倍") == ["num", "_", "layers", "是", "2.5", "倍"]


@pytest.mark.parametrize("mode", list(WORDS))
@given(text=st.text())
def test_words_are_not_empty_hold_no_outer_space_and_stand_in_the_text(mode, text):
    words = WORDS[mode](text)
    assert all(words)
    assert words == [word.strip() for word in words]
    assert all(word in text for word in words)
