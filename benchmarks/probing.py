"""Which settings of a system are its best: each is tried once, and then the best one in fewer rows and compiled."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from systems import HALF, MASTERS, Setting, System

GAIN = 1.05  # a change of the best setting is kept where it is so many times as fast: less is not resolved by one try
NEAR = 1.5  # a setting that is so many times slower than the best of its kind is not tried in the next case

Rates = Callable[[Sequence[Setting]], dict[Setting, float]]
"""Settings -> tokens per second of those that could be measured."""


def best_settings(system: System, rows: int, rates: Rates) -> tuple[list[Setting], System]:
    """The fastest setting with fp32 masters and the fastest with bf16 weights, in steps of so many rows.

    And what is left to be tried in the next case: no setting that was far too slow, nothing compiled where that gained
    too little. The list is empty where nothing could be measured.
    """
    found = rates(system.settings)
    best, slow, in_vain = [], set(), set()
    for weights in (MASTERS, HALF):
        kind = {setting: rate for setting, rate in found.items() if setting.weights == weights}
        if not kind:
            continue
        setting, rate = max(kind.items(), key=lambda pair: pair[1])
        slow |= {other for other, its in kind.items() if NEAR * its < rate}
        if system.accumulates:
            setting, rate = _in_fewer_rows(setting, rate, rows, rates)
        if weights in system.compiles:
            compiled = replace(setting, compiled=True)
            if rates([compiled]).get(compiled, 0.0) >= GAIN * rate:
                setting = compiled
            else:
                in_vain.add(weights)
        best.append(setting)
    left = tuple(setting for setting in system.settings if setting not in slow)
    return best, replace(system, settings=left, compiles=system.compiles - in_vain)


def _in_fewer_rows(setting: Setting, rate: float, rows: int, rates: Rates) -> tuple[Setting, float]:
    """The setting with half of the rows at once, and half of those, while that is faster; and its rate."""
    while half := (setting.at_once or rows) // 2:
        other = replace(setting, at_once=half)
        faster = rates([other]).get(other, 0.0)
        if faster < GAIN * rate:
            break
        setting, rate = other, faster
    return setting, rate
