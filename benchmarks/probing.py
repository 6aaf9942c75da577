"""Which settings of a system are its best: each is tried once, and then the best one compiled and in fewer rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from systems import HALF, MASTERS, Setting, System

GAIN = 1.05  # a change of the best setting is kept where it is so many times as fast: less is not resolved by one try
NEAR = 1.5  # a setting that is so many times slower than the best of its kind is not tried in the next case

Rates = Callable[[Sequence[Setting]], dict[Setting, float]]
"""Settings -> tokens per second of those that could be measured."""


def best_settings(system: System, rows: int, rates: Rates) -> tuple[list[Setting], set[Setting]]:
    """The fastest setting with fp32 masters and the fastest with bf16 weights, and those too slow to be tried again.

    `rows` are those of a step. Empty where nothing could be measured.
    """
    found = rates(system.settings)
    best, slow = [], set()
    for weights in (MASTERS, HALF):
        kind = {setting: rate for setting, rate in found.items() if setting.weights == weights}
        if not kind:
            continue
        setting = max(kind, key=kind.__getitem__)
        slow |= {other for other, rate in kind.items() if NEAR * rate < kind[setting]}
        best.append(_tuned(setting, kind[setting], system, rows, rates))
    return best, slow


def _tuned(setting: Setting, rate: float, system: System, rows: int, rates: Rates) -> Setting:
    """The setting with fewer rows at once while that is faster, and compiled where that is."""
    half = rows // 2 if system.accumulates else 0
    while half:
        other = replace(setting, at_once=half)
        faster = rates([other]).get(other, 0.0)
        if faster < GAIN * rate:
            break
        setting, rate, half = other, faster, half // 2
    if system.compiles:
        compiled = replace(setting, compiled=True)
        if rates([compiled]).get(compiled, 0.0) >= GAIN * rate:
            return compiled
    return setting
