"""Everything that the stage names has a name in both languages."""

import pytest

from zaohua.corpus import mojibake
from zaohua.corpus.privacy import KINDS
from zaohua.corpus.report.words import CHANGES, GROUPS, KIND_NAMES, LANGUAGES, RULE_NAMES, SCRIPTS, group_of, steps
from zaohua.corpus.rules import RULES


@pytest.mark.parametrize("named", [CHANGES, GROUPS, KIND_NAMES, LANGUAGES, RULE_NAMES, SCRIPTS])
def test_names_are_in_both_languages(named):
    assert all(len(words) == 2 and all(words) for words in named.values())


def test_every_rule_and_kind_has_a_name():
    assert set(RULES) <= set(RULE_NAMES)
    assert set(KINDS) == set(KIND_NAMES)
    repairs = (mojibake.UTF8_READ_NARROW, mojibake.GBK_READ_NARROW, mojibake.UTF8_READ_AS_GBK, mojibake.GARBAGE_LINES)
    assert {f"repaired: {what}" for what in repairs} <= set(CHANGES)


def test_steps_stand_in_the_order_of_the_stage():
    order = ["unreadable", "language", "empty", "letters", "duplicates", "contaminated", "unknown"]
    assert steps(dict.fromkeys(reversed(order), 1)) == order


def test_all_quality_rules_are_one_group():
    assert {group_of(rule) for rule in RULES if rule != "language"} == {"rules"}
    assert group_of("near_duplicates") == "near_duplicates"
