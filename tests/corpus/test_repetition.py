"""Repetition is measured as written down: small texts by hand, any text by a plain reading of the definition."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zaohua.corpus import repetition
from zaohua.corpus.prepared import Prepared

repetitive = st.lists(st.sampled_from(["a", "bb", "ccc", "的"]), max_size=50).map(" ".join)


def spelled_out_top(text: str, n: int) -> float:
    """The most frequent run of words, the first of equals, joined by spaces, times its count."""
    words = text.split()
    runs = [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
    if not runs:
        return 0.0
    best = max(dict.fromkeys(runs), key=runs.count)
    return len(best) * runs.count(best) / len(text)


def spelled_out_duplicates(text: str, n: int) -> float:
    """Word by word: a run that stood counts and is jumped over, any other is remembered."""
    words, stood, found, place = text.split(), set(), 0, 0
    while place + n <= len(words):
        run = tuple(words[place : place + n])
        if run in stood:
            found += len("".join(run))
            place += n
        else:
            stood.add(run)
            place += 1
    return found / len(text) if text else 0.0


@given(text=repetitive, n=st.integers(2, 4))
def test_the_top_run_is_the_one_of_the_definition(text, n):
    assert repetition.top_ngram(Prepared(text), n) == pytest.approx(spelled_out_top(text, n))


@given(text=repetitive, n=st.sampled_from([2, 2, 2, 3, 4, 5, 10]))
@example(text="a b a b c b c", n=2)  # b c begins within a run that came again, so it has not stood when it comes
def test_duplicate_runs_are_those_of_the_definition(text, n):
    assert repetition.duplicate_ngrams(Prepared(text), n) == pytest.approx(spelled_out_duplicates(text, n))


def test_a_run_that_stands_once_is_the_top_one_when_none_stands_twice():
    assert repetition.top_ngram(Prepared("one two three"), 2) == 7 / 13


def test_lines_and_paragraphs_count_from_their_second_appearance():
    document = Prepared("ab\ncd\nab\n\nab\ncd\nab\n\nx")
    assert repetition.duplicate_paragraphs(document) == 1 / 3
    assert repetition.duplicate_paragraph_characters(document) == 8 / len(document.text)
    assert repetition.duplicate_lines(document) == 4 / 7
    assert repetition.duplicate_line_characters(document) == 8 / len(document.text)
    assert repetition.repeated_line_characters(document) == 8 / 13


def test_runs_of_characters():
    document = Prepared("苹果苹果苹果香蕉")
    assert repetition.top_character_ngram(document, 2) == 2 * 2 / 8
    assert repetition.covered_ngrams(document, 4) == 6 / 8
    assert repetition.covered_ngrams(document, 5) == 0


def test_passages_are_found_through_case_punctuation_and_line_ends():
    passage = "The quick brown fox jumps over the lazy dog"
    assert repetition.repeated_passages(Prepared(passage + ". " + passage.upper().replace(" ", "\n"))) > 0.4
    assert repetition.repeated_passages(Prepared(passage)) == 0
    assert repetition.top_passage(Prepared("abcdefghijklmnopqrst" * 50)) > 0.99
    assert repetition.top_passage(Prepared("哈" * 500)) == 1.0
    assert repetition.repeated_13grams(Prepared("天地玄黄宇宙洪荒日月盈昃辰" * 2)) == 2 / 14


@pytest.mark.parametrize("text", ["", "\n", "a", "\n\n\n"])
def test_too_little_text_repeats_nothing(text):
    document = Prepared(text)
    assert repetition.duplicate_ngrams(document, 5) == 0
    assert repetition.covered_ngrams(document, 5) == 0
    assert repetition.repeated_passages(document) == repetition.top_passage(document) == 0
