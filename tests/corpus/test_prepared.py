"""A prepared text cuts lines in one way and numbers its words in order."""

import numpy as np

from zaohua.corpus import prepared
from zaohua.corpus.prepared import Prepared


def test_lines_end_at_newlines_alone():
    assert Prepared("a\u2028b\x0cc\x85d\n\ne\n").lines == ["a\u2028b\x0cc\x85d", "", "e"]
    assert Prepared("a\n \nb").full_lines == ["a", "b"]
    assert Prepared("").lines == []


def test_words_are_numbered_in_order_and_counted():
    document = Prepared("to be or not to be")
    assert document.vocabulary == ["to", "be", "or", "not"]
    assert document.word_ids.tolist() == [0, 1, 2, 3, 0, 1]
    assert document.vocabulary_counts.tolist() == [2, 2, 1, 1]
    assert document.word_ends.tolist() == [0, 2, 4, 6, 9, 11, 13]


def test_words_are_cut_once_for_all_rules(monkeypatch):
    calls = []
    monkeypatch.setitem(
        __import__("zaohua.corpus.words").corpus.words.WORDS, "spaces", lambda t: calls.append(t) or [t]
    )
    document = Prepared("one two")
    assert (document.words, document.vocabulary, list(document.word_ids)) == (["one two"], ["one two"], [0])
    assert len(calls) == 1


def test_words_may_be_given():
    document = Prepared("abc", ["a", "bc"])
    assert np.array_equal(document.vocabulary_lengths, [1, 2])
    assert document.mode is None


def test_a_text_without_a_word_is_empty():
    assert Prepared(" \n\u3000").empty
    assert not Prepared("。").empty
    assert Prepared("。……！", "characters").empty
    assert not Prepared("。好", "characters").empty


def test_blocks_change_nothing(monkeypatch):
    text = "One  Σ two, THREE。\n好 的 the ΑΣ end and One two three. " * 9
    whole = Prepared(text)
    expected = whole.characters, whole.dense_runs, whole.letter_runs
    monkeypatch.setattr(prepared, "_BLOCK", 7)
    again = Prepared(text)
    assert (again.characters, again.dense_runs, again.letter_runs) == expected
    assert list(again.characters) == list(whole.characters)
