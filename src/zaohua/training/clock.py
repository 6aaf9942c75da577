"""How a run decides its steps: one of so many seconds when to begin its landing, and twice more on the way down; one
that learns nothing any more is cut short.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from zaohua import folders
from zaohua.settings import UserError
from zaohua.training.ramp import rises_until
from zaohua.training.schedule import Landing, planned_landing, rate_factor
from zaohua.training.settings import TrainingSettings

LANDINGS = "landings.json"
CORRECT_AT = (0.5, 0.85)
"""Shares of the landing at which its end is set again by the speed seen since."""


class Clock:
    """The landings of a run. What the clock decides is written down before it acts: a resumed run is the same run."""

    def __init__(self, folder: Path, settings: TrainingSettings) -> None:
        self.path, self.settings = folder / LANDINGS, settings
        self.planned = planned_landing(settings)
        self.landings = _read(self.path) if self.path.exists() else []
        """What was decided, in this order."""

    def landing_at(self, step: int) -> Landing | None:
        """The landing in force when `step` steps are finished: the last that was decided by then."""
        decided = next((landing for landing in reversed(self.landings) if landing.step <= step), None)
        planned = self.planned if self.planned and self.planned.step <= step else None
        return decided or planned

    def factor(self, step: int) -> float:
        """The rate's share of its peak for the update after `step` finished steps."""
        return rate_factor(step, self.settings, self.landing_at(step))

    def finished(self, step: int) -> bool:
        landing = self.landing_at(step)
        if landing is not None and step >= landing.end:
            return True
        return self.settings.steps is not None and step >= self.settings.steps

    def consider(self, step: int, seconds: float) -> None:
        """After `step` steps in `seconds` of work: begin the landing, or correct its end, when it is time."""
        budget = self.settings.seconds
        if budget is None or step < 1 or any(landing.step >= step for landing in self.landings):
            return
        if not self.landings:
            warm = step >= self.settings.warmup or seconds >= budget
            if warm and seconds >= budget * (1 - self.settings.landing):
                self._decide(step, self._steps_left(step, seconds), factor=self.factor(step - 1))
            return
        begun, current = self.landings[0], self.landings[-1]
        corrections = len(self.landings) - 1
        due = corrections < len(CORRECT_AT) and step >= begun.step + CORRECT_AT[corrections] * (
            current.end - begun.step
        )
        if due or seconds >= budget:
            left = self._steps_left(step, seconds) if seconds < budget else 0
            if begun.early:  # it was to be short, not to fill the time
                left = min(left, current.end - step)
            self._decide(step, left, factor=rate_factor(step, self.settings, current), early=begun.early)

    def cut_short(self, step: int, seconds: float) -> None:
        """After `step` steps in `seconds` without anything learned: a trapezoid lands now, a falling rate ends here.

        The landing has its usual share of the run that it ends. During the warm-up and a ramp nothing is decided.
        """
        settings = self.settings
        if step < max(settings.warmup, rises_until(settings)) or any(landing.step >= step for landing in self.landings):
            return
        left = 0
        if settings.schedule == "trapezoid" and self.landing_at(step) is None:
            usual = round(step * settings.landing / (1 - settings.landing))
            left = min(usual, settings.steps - step if settings.steps else self._steps_left(step, seconds))
        self._decide(step, left, factor=self.factor(step), early=True)

    def _steps_left(self, step: int, seconds: float) -> int:
        assert self.settings.seconds is not None
        return max(1, int((self.settings.seconds - seconds) * step / seconds))

    def _decide(self, step: int, left: int, *, factor: float, early: bool = False) -> None:
        decided = [*self.landings, Landing(step=step, end=step + left, factor=factor, early=early)]
        try:
            write_landings(self.path, decided)
        except UserError:  # the disk is full: it is decided at a later step, as long as there is time for one
            if not left:
                raise
            return
        self.landings = decided


def write_landings(path: Path, landings: Sequence[Landing]) -> None:
    """What a run's clock finds decided already when it starts."""
    folders.write_json(path, {"landings": [asdict(landing) for landing in landings]})


def _read(path: Path) -> list[Landing]:
    remedy = "delete it, and the clock decides again", "请删除它，由时钟重新决定"
    try:
        return [Landing(**entry) for entry in folders.read_json(path, *remedy)["landings"]]
    except (KeyError, TypeError):
        raise UserError(f"{path} holds no landings: {remedy[0]}", f"{path} 里没有收尾的记录：{remedy[1]}") from None
