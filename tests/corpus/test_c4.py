"""C4's line edits keep prose and cut what surrounds it."""

import pytest

from zaohua.corpus.c4 import c4_lines

PROSE = "This is a sentence of a page."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Home About Contact", "unpunctuated"),
        ("He went on and on...", "unpunctuated"),
        ("Go on!", "few_words"),
        ("Please enable JavaScript in your browser.", "javascript"),
        ("By going on you accept our privacy policy.", "policy"),
        ("x" * 1001 + " is too long.", "long_word"),
    ],
)
def test_a_line_is_removed_and_its_reason_counted(line, reason):
    text, removed = c4_lines(f"{PROSE}\n{line}\n{PROSE}")
    assert text == f"{PROSE}\n{PROSE}"
    assert removed == {reason: 1}


def test_citations_are_cut_and_lines_stripped():
    assert c4_lines("  The fact[1] is known[edit] well.[citation needed] ")[0] == "The fact is known well."
    assert c4_lines("The fact[1] is known.", citations=False)[0] == "The fact[1] is known."


def test_lines_without_a_full_stop_stay_where_punctuation_is_not_asked_for():
    assert c4_lines("three words here", punctuated=False)[0] == "three words here"


def test_what_drops_the_page_is_left_for_the_rules_that_see_it():
    for line in ("Lorem ipsum in JavaScript is filler.", "Our privacy policy is {missing} here."):
        assert c4_lines(line)[0] == line


def test_editing_twice_is_editing_once():
    text = f"{PROSE}\nHome\n{PROSE}[2]\nWe use cookies on this page."
    once = c4_lines(text)[0]
    assert c4_lines(once)[0] == once
