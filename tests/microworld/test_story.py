"""Stories: deterministic, parallel in both languages, split by combinations, and many."""

import subprocess
import sys
from itertools import islice

import pytest

from zaohua.microworld import corpus, stories
from zaohua.microworld.lexicon import tables
from zaohua.microworld.rules import apply
from zaohua.microworld.scene import held_out
from zaohua.microworld.state import State
from zaohua.microworld.story import story

RICHNESS = ("small", "full")


def combinations(told):
    """Every (person, thing, place) that acts together in the story."""
    state = State(tables(told.richness).effects)
    for event in told.events:
        assert apply(state, event) == []
        if event.who and event.thing:
            yield event.who, event.thing, state.place[event.who]


@pytest.mark.parametrize("richness", RICHNESS)
def test_both_languages_tell_the_same_events(richness):
    pairs = zip(*(islice(stories(richness=richness, language=language), 100) for language in ("en", "zh")))
    for english, chinese in pairs:
        assert english.events == chinese.events
        assert english.plot == chinese.plot
        assert len(english.sentences) == len(chinese.sentences) == len(english.events)
        assert english.text != chinese.text


@pytest.mark.parametrize("richness", RICHNESS)
def test_a_story_stands_at_its_index_whatever_was_drawn_before(richness):
    drawn = list(islice(stories(richness=richness, language="zh", seed=3), 20))
    assert drawn[17] == story(richness=richness, language="zh", seed=3, index=17)
    assert drawn != list(islice(stories(richness=richness, language="zh", seed=4), 20))


def test_stories_do_not_depend_on_the_hash_seed():
    code = "from zaohua.microworld import stories as s; print([next(s(richness=r)).text for r in ('small', 'full')])"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("richness", RICHNESS)
def test_held_out_combinations_stand_in_every_test_story_and_in_no_training_story(richness):
    for told in islice(stories(richness=richness, part="train"), 200):
        assert not any(held_out(*combination) for combination in combinations(told))
    for told in islice(stories(richness=richness, part="test"), 200):
        assert any(held_out(*combination) for combination in combinations(told))


def test_a_small_story_is_short_and_of_one_of_at_least_six_plots():
    drawn = list(islice(stories(richness="small"), 1000))
    assert all(4 <= len(told.sentences) <= 8 for told in drawn)
    assert len({told.plot for told in drawn}) >= 6
    assert 35 <= sum(len(told.text.split()) for told in drawn) / len(drawn) <= 50


def test_a_small_story_has_one_person_and_at_most_one_thing_of_each_sort():
    words = tables("small")
    for told in islice(stories(richness="small"), 300):
        for rows, keys in ((words.people, told.state().place), (words.things, told.things())):
            sorts = [rows[key][-1] for key in keys]
            assert len(set(sorts)) == len(sorts)


def test_small_stories_hardly_ever_repeat():
    texts = [told.text for told in islice(stories(richness="small", language="zh"), 4000)]
    assert len(set(texts)) > 0.999 * len(texts)


@pytest.mark.parametrize("richness", RICHNESS)
def test_a_corpus_reaches_its_size_with_whole_stories_and_equal_languages(richness):
    rows = list(corpus(richness=richness, size=100_000, seed=1))
    written = {name: sum(len(text.encode()) for _, text, language in rows if language == name) for name in ("en", "zh")}
    longest = max(len(text.encode()) for _, text, _ in rows)
    assert 100_000 <= sum(written.values()) < 100_000 + longest
    assert abs(written["en"] - written["zh"]) <= longest
    assert len({identity for identity, _, _ in rows}) == len(rows)


@pytest.mark.parametrize(("setting", "value"), [("richness", "huge"), ("language", "fr"), ("part", "valid")])
def test_a_setting_that_does_not_exist_is_named(setting, value):
    with pytest.raises(ValueError, match=f"{setting} is '{value}'; it must be one of"):
        next(stories(**{setting: value}))
