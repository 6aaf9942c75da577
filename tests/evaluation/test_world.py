"""Scores of stories and answers, each with its baseline and interval."""

from dataclasses import dataclass

import pytest

from zaohua.evaluation import memorisation
from zaohua.evaluation.world import answer_scores, draw_by_language, language_of, share, story_scores


@dataclass
class Said:
    grammatical: bool
    consistent: bool
    problems: tuple[str, ...] = ()


def test_stories_are_the_first_of_each_language_in_the_order_drawn():
    drawn = [["a1", "一", "a2"], ["a3", "二", "三"], ["四", "a4"]]
    found = draw_by_language(lambda n: drawn[n], 3, ("en", "zh"))
    assert found == {"en": ["a1", "a2", "a3"], "zh": ["一", "二", "三"]}


def test_a_slip_into_the_other_language_is_a_fault_of_the_one_that_the_story_is_in():
    assert language_of("One day Ben was in the 花园 with Mia.") == "en"
    assert language_of("有一天，小宝和 grateful 妞妞在花园里。") == "zh"
    assert language_of("") == language_of("123") == "en"


def test_a_model_that_never_writes_a_language_ends_the_search():
    asked = []
    found = draw_by_language(lambda n: asked.append(n) or ["a"] * 10, 5, ("en", "zh"))
    assert found == {"en": ["a"] * 5, "zh": []}
    assert len(asked) == 3, "three times the ten that were wanted"


def test_story_shares():
    verdicts = {"a": Said(True, True), "b": Said(True, False, ("sentence 2: odd",)), "c": Said(False, False, ("no",))}
    scores = story_scores(["a", "b", "c", "a"], verdicts.__getitem__, {"b"}, lambda text: 9 if text == "b" else 3)
    assert (scores["grammatical"]["share"], scores["consistent"]["share"]) == (0.75, 0.5)
    assert scores["in_training_text"]["share"] == 0.25
    assert scores["other_lengths"] == 0
    assert [(row["low"], row["stories"], row["consistent"]) for row in scores["by_length"]] == [
        (3, 3, 2 / 3),
        (9, 1, 0),
    ]
    assert scores["commonest_problems"] == [("odd", 1), ("no", 1)]


def test_answers_must_be_exact_and_the_blind_answer_is_the_best_constant_of_its_kind():
    asked = [
        {"kind": "where", "question": "Where was Ben?", "answer": "the park"},
        {"kind": "where", "question": "Where was Mia?", "answer": "the park"},
        {"kind": "where", "question": "Where was Leo?", "answer": "the hill"},
        {"kind": "feel", "question": "How did Leo feel?", "answer": "sad"},
    ]
    scores = answer_scores(asked, ["the park", "a park", " the hill ", "happy"])
    assert scores["right"]["share"] == 0.5
    assert scores["without_the_story"]["share"] == 0.75


def test_an_interval_holds_its_share():
    found = share(60, 100)
    assert found["low"] < found["share"] == 0.6 < found["high"]
    assert found["high"] - found["low"] == pytest.approx(0.19, abs=0.01)
    assert share(0, 0) == {"share": 0.0, "low": 0.0, "high": 1.0}


@pytest.mark.parametrize(
    ("text", "source", "longest"),
    [
        ("这里写着同样的字，完", "那里写着同样的字。", "里写着同样的字"),
        ("fox asked the teacher to", "ox asked the teacher today", "asked the teacher to"),
        ("fox asked", "fox asked me", "fox asked"),
        ("xxabcdyy", "zzabcdzz", ""),
        ("见abc", "见abc", "见abc"),
        ("abc", "abc", "abc"),
        ("abc", "xyz", ""),
        ("", "abc", ""),
        ("a ab", "b a aa", "a"),
    ],
)
def test_the_longest_copied_span(text, source, longest):
    assert memorisation.longest_copy(text, source) == longest
