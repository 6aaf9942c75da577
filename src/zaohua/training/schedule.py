"""The learning rate at each step, as a share of its peak."""

import math
from dataclasses import dataclass

from zaohua.training.settings import TrainingSettings


@dataclass(frozen=True, kw_only=True)
class Landing:
    """From `step` on the rate falls linearly from `factor` to the final rate, reached at `end`, the run's last step.

    One that is `early` was not planned: the run is cut short.
    """

    step: int
    end: int
    factor: float
    early: bool = False


def planned_landing(settings: TrainingSettings) -> Landing | None:
    """Where a trapezoid with a fixed number of steps lands; None where the clock will decide."""
    if settings.steps is None or settings.schedule != "trapezoid":
        return None
    start = min(max(round(settings.steps * (1 - settings.landing)), settings.warmup), settings.steps)
    return Landing(step=start, end=settings.steps, factor=1.0)


def rate_factor(step: int, settings: TrainingSettings, landing: Landing | None) -> float:
    """The rate of the update that follows `step` finished steps: (warm-up, then the schedule), in [0, 1].

    The first update has a rate above zero; the last one stands a step above the final rate, which comes after it.
    """
    if landing is not None and step >= landing.step:
        left = (landing.end - step) / max(landing.end - landing.step, 1)
        return settings.final_rate + max(left, 0.0) * (landing.factor - settings.final_rate)
    if step < settings.warmup:
        return (step + 1) / (settings.warmup + 1)
    if settings.schedule == "trapezoid":
        return 1.0
    if settings.schedule == "inverse_sqrt":
        return math.sqrt((settings.warmup + 1) / (step + 1))
    assert settings.steps is not None
    progress = min((step - settings.warmup) / max(settings.steps - settings.warmup, 1), 1.0)
    fall = 0.5 * (1 + math.cos(math.pi * progress)) if settings.schedule == "cosine" else 1 - progress
    return settings.final_rate + (1 - settings.final_rate) * fall
