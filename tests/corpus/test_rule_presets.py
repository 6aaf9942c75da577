"""Presets are data that can be changed by name; a wrong name is answered with the nearest right one."""

import math

import pytest

from zaohua.corpus.presets import PRESETS, RuleSettings, overridden, preset_for, presets_of
from zaohua.corpus.rules import EDITS, RULES, Dropped, Kept, judge
from zaohua.corpus.words import WORDS
from zaohua.settings import UserError, check


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_known_rules_and_limits(name):
    preset = PRESETS[name]
    assert preset["words"] in WORDS
    for rule, limits in preset["rules"].items():
        if rule not in EDITS:
            assert rule in RULES
            assert limits.keys() <= {"min", "max", "from"}
            assert limits.keys() & {"min", "max"}
            assert limits.get("min", -math.inf) <= limits.get("max", math.inf)


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name]["languages"]])
def test_a_preset_for_a_language_drops_others(name):
    assert "language" in PRESETS[name]["rules"]
    verdict = judge("Das ist ein Satz.", PRESETS[name], "de", 0.99)
    assert isinstance(verdict, Dropped)
    assert verdict.rule == "language"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"preset": "gohper"}, "did you mean gopher?"),
        ({"preset": ()}, "give at least one of default"),
        ({"preset": "gopher", "top_2gran": 0.3}, "did you mean top_2gram?"),
        ({"preset": "gopher", "overrides": {"wrods": {"min": 3}}}, "did you mean words?"),
        ({"preset": "gopher", "words": {"mim": 3}}, "words has no limit 'mim' (did you mean min?)"),
        ({"preset": "gopher", "words": 3}, "words has two limits"),
        ({"preset": "gopher", "top_2gram": "much"}, "it must be a limit"),
        ({"preset": "gopher", "top_2gram": {"max": "much"}}, "top_2gram.max is 'much'; it must be a number"),
        ({"preset": "gopher", "top_2gram": math.nan}, "it must be a limit"),
        ({"preset": "c4", "c4_lines": {"punctuatd": False}}, "did you mean punctuated?"),
        ({"preset": "c4", "c4_lines": 3}, "it must be a limit"),
        ({"prest": "c4"}, "did you mean preset?"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_nearest_right_name(given, said):
    with pytest.raises(UserError) as error:
        check(RuleSettings, given)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_limits_stand_beside_the_preset_or_among_the_overrides():
    beside = check(RuleSettings, {"preset": "gopher", "top_2gram": 0.3, "words": {"min": 20}})
    among = check(RuleSettings, {"preset": "gopher", "overrides": {"top_2gram": 0.3, "words": {"min": 20}}})
    assert beside == among
    rules = presets_of(beside)[0]["rules"]
    assert rules["top_2gram"] == {"max": 0.3}
    assert rules["words"] == {"min": 20, "max": 100_000}


def test_settings_written_to_a_manifest_are_read_back():
    settings = check(RuleSettings, {"preset": ("fineweb", "none"), "curly_brackets": False})
    assert check(RuleSettings, settings.model_dump()) == settings


def test_false_leaves_a_rule_out_and_a_new_rule_comes_last():
    preset = overridden(PRESETS["gopher"], {"words": False, "letters": 0.5})
    assert "words" not in preset["rules"]
    assert list(preset["rules"])[-1] == "letters"
    assert preset["rules"]["letters"] == {"min": 0.5}
    assert "words" in PRESETS["gopher"]["rules"]


def test_line_edits_can_be_set_and_left_out():
    preset = overridden(PRESETS["c4"], {"c4_lines": {"punctuated": False}, "sentences": False})
    assert judge("three words here", preset) == Kept("three words here")
    assert "c4_lines" not in overridden(PRESETS["c4"], {"c4_lines": False})["rules"]


def test_the_first_preset_made_for_the_language_judges():
    presets = presets_of(check(RuleSettings, {"preset": ("fineweb", "fineweb2-zh", "none")}))
    assert [presets.index(preset_for(presets, language)) for language in ("en", "zh", "de", None)] == [0, 1, 2, 2]
    two = presets[:2]
    assert preset_for(two, "de") is two[0]


def test_limits_and_presets_are_given_as_words_of_a_command_line():
    chosen = check(RuleSettings, {"preset": "none", "limits": ["words.min=20", "words.max=30", "top_2gram=0.3"]})
    rules = presets_of(chosen)[0]["rules"]
    assert rules["words"] == {"min": 20, "max": 30}
    assert rules["top_2gram"] == {"max": 0.3}
    assert (
        "curly_brackets"
        not in presets_of(check(RuleSettings, {"preset": "c4", "limits": ["curly_brackets=false"]}))[0]["rules"]
    )
    assert len(presets_of(check(RuleSettings, {"preset": ["fineweb", "fineweb2-zh"]}))) == 2
    for word, said in (("words.min", "is no limit"), ("wods.min=3", "words"), ("words.mn=3", "min")):
        with pytest.raises(UserError, match=said):
            check(RuleSettings, {"limits": [word]})
