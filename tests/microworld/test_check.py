"""The checker: accepts what the world tells and rejects what has been spoilt in a named way."""

from functools import cache
from itertools import islice
from random import Random

import pytest

from zaohua.microworld import check, stories
from zaohua.microworld.damage import WAYS, damaged

SETTINGS = [(richness, language) for richness in ("small", "full") for language in ("en", "zh")]


@cache
def some(richness, language, part, number):
    return tuple(islice(stories(richness=richness, language=language, part=part, seed=7), number))


@pytest.mark.slow
@pytest.mark.parametrize(("richness", "language"), SETTINGS)
def test_stories_are_accepted(richness, language):
    drawn = some(richness, language, "train", 1000) + some(richness, language, "test", 1000)
    verdicts = [check(told.text, richness=richness, language=language) for told in drawn]
    assert sum(verdict.grammatical for verdict in verdicts) >= 0.999 * len(drawn)
    assert sum(verdict.consistent for verdict in verdicts) >= 0.999 * len(drawn)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("richness", "language"), SETTINGS)
def test_damage_is_rejected(richness, language, way):
    rng = Random(way)
    spoilt = [text for told in some(richness, language, "test", 300) if (text := damaged(told, way, rng)) is not None]
    assert len(spoilt) >= 50
    rejected = [not check(text, richness=richness, language=language).consistent for text in spoilt]
    assert sum(rejected) >= 0.95 * len(spoilt)


@pytest.mark.parametrize("way", ["words_swapped", "word_missing", "word_repeated", "unknown_word", "tongues_mixed"])
def test_damaged_grammar_is_told_from_a_damaged_world(way):
    rng = Random(way)
    spoilt = [text for told in some("small", "en", "test", 40) if (text := damaged(told, way, rng)) is not None]
    assert sum(check(text, richness="small", language="en").grammatical for text in spoilt) <= 0.05 * len(spoilt)


STORY = (
    "One day Ann and Ben were in the garden. Ann had a red kite. Ben asked Ann for the kite. "
    "Ann gave the kite to Ben. Ben was happy and Ann was proud."
)


def test_a_story_by_hand_is_consistent():
    assert check(STORY, richness="small", language="en").problems == ()


@pytest.mark.parametrize(
    ("spoilt", "problem"),
    [
        (STORY.replace("Ann gave the kite to Ben", "Ben gave the kite to Ann"), "a question goes unanswered"),
        (
            STORY.replace("Ann had a red kite", "Ann had a red drum"),
            "ann does not have the kite|does not have the kite",
        ),
        (STORY.replace("proud", "sorry"), "does not feel"),
        (STORY.replace("Ben asked Ann", "Ben was in the attic. Ben asked Ann"), "in two places"),
        (STORY + " Ann went to the park.", "does not end as stories end"),
        (STORY.replace(" Ben was happy", " Ann went to the park. Ben was happy"), "does not say how"),
        (STORY.replace("Ben asked Ann for the kite. ", ""), "does not want"),
        (STORY.partition(". ")[2], "does not start as stories start"),
    ],
)
def test_a_problem_says_what_is_wrong(spoilt, problem):
    verdict = check(spoilt, richness="small", language="en")
    assert not verdict.consistent
    assert any(part in " ".join(verdict.problems) for part in problem.split("|"))


@pytest.mark.parametrize(
    "text", ["", " ", "Ann", "One day", STORY.replace(" ", ""), STORY.lower(), "有一天。", STORY + STORY]
)
def test_what_is_no_story_is_not_grammatical(text):
    assert not check(text, richness="small", language="en").grammatical
