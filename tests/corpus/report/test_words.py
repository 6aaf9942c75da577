"""Everything that the stage names has a name in both languages."""

import pytest

from zaohua.corpus import mojibake, summary
from zaohua.corpus.privacy import KINDS
from zaohua.corpus.report.words import CHANGES, GROUPS, KIND_NAMES, LANGUAGES, RULE_NAMES, SCRIPTS, group_of, steps
from zaohua.corpus.rules import RULES
from zaohua.corpus.summary import COUNTS
from zaohua.events import Events


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


def test_what_is_printed_in_chinese_has_no_word_of_english(capsys, monkeypatch):
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    removed = dict.fromkeys(("unreadable", "duplicates", "near_duplicates", "short_lines", "top_2gram"), 2)
    report = {
        "total": dict.fromkeys(COUNTS, 7),
        "removed": {"total": removed},
        "changed": {"masked: EMAIL": 3, "rejoined lines": 1},
        "split": {"share": 0.1, "whole": 1, "cut": 0},
        "sample": None,
        "first_reason": "x",
    }
    summary.say(report, Events())
    first, _, changed, _ = capsys.readouterr().out.splitlines()
    assert first.endswith("移除：不可读 2 篇、完全重复 2 篇、近似重复 2 篇、短行 2 篇、最常见 2 词串 2 篇")
    assert changed == "  改动：遮盖电子邮件 3 处、重新接合折行的文本 1 处"
