"""The choice of a system's best settings, with speeds that the test makes up."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from probing import best_settings
from systems import HALF, MASTERS, SYSTEMS, Setting, System

AUTOCAST, FP32, WEIGHTS = Setting(), Setting(compute="fp32"), Setting(weights=HALF)


def choose(speeds, system=SYSTEMS["nanogpt"]):
    """The choice among settings whose speed is known; others cannot be measured. And what was tried, in order."""
    tried = []

    def rates(settings):
        tried.extend(settings)
        return {setting: speeds[setting] for setting in settings if setting in speeds}

    return *best_settings(system, 16, rates), tried


def test_the_best_of_each_kind_of_weights_is_chosen_and_what_is_far_too_slow_not_tried_again():
    best, left, _ = choose({AUTOCAST: 100, FP32: 50, WEIGHTS: 120})
    assert best == [AUTOCAST, WEIGHTS]
    assert left.settings == (AUTOCAST, WEIGHTS)


def test_rows_at_once_are_halved_while_that_gains_and_no_further():
    eight, four, two = (Setting(at_once=rows) for rows in (8, 4, 2))
    best, _, tried = choose({AUTOCAST: 100, eight: 110, four: 120, two: 123})
    assert best == [four]
    assert two in tried
    assert Setting(at_once=1) not in tried


def test_compiled_is_kept_only_where_it_gains_five_percent_over_its_eager_self():
    compiled = Setting(compiled=True)
    best, left, _ = choose({AUTOCAST: 100, compiled: 105})
    assert best == [compiled]
    assert MASTERS in left.compiles
    best, left, _ = choose({AUTOCAST: 100, compiled: 104.9})
    assert best == [AUTOCAST]
    assert left.compiles == {HALF}
    assert compiled not in choose({AUTOCAST: 100, compiled: 105}, left)[2]


def test_what_is_compiled_has_as_many_rows_at_once_as_its_eager_self():
    eight = Setting(at_once=8)
    compiled = Setting(at_once=8, compiled=True)
    assert choose({AUTOCAST: 100, eight: 110, compiled: 120})[0] == [compiled]


def test_what_comes_as_it_is_is_neither_compiled_nor_cut():
    best, _, tried = choose({FP32: 1}, System(settings=(FP32,), compiles=frozenset(), accumulates=False))
    assert best == tried == [FP32]


def test_nothing_is_chosen_where_nothing_could_be_measured():
    assert choose({})[0] == []


def test_a_setting_says_what_it_is():
    assert Setting(attention="eager", compiled=True, at_once=4).name == (
        "bf16 autocast, eager attention, compiled, 4 rows at once"
    )
    assert WEIGHTS.name == "bf16 weights"
    assert [Setting(at_once=rows).passes(16) for rows in (0, 4, 16)] == [1, 4, 1]
