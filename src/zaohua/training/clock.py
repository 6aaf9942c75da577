"""How a run of so many seconds decides its steps: once to begin its landing, twice more on the way down."""

from dataclasses import asdict
from pathlib import Path

from zaohua import folders
from zaohua.settings import UserError
from zaohua.training.schedule import Landing, planned_landing, rate_factor
from zaohua.training.settings import TrainingSettings

CORRECT_AT = (0.5, 0.85)
"""Shares of the landing at which its end is set again by the speed seen since."""


class Clock:
    """The landings of a run. What the clock decides is written down before it acts: a resumed run is the same run."""

    def __init__(self, folder: Path, settings: TrainingSettings) -> None:
        self.path, self.settings = folder / "landings.json", settings
        planned = planned_landing(settings)
        self.landings: list[Landing] = [planned] if planned else []
        if settings.seconds is not None and self.path.exists():
            self.landings = _read(self.path)

    def landing_at(self, step: int) -> Landing | None:
        """The landing in force when `step` steps are finished."""
        return next((landing for landing in reversed(self.landings) if landing.step <= step), None)

    def factor(self, step: int) -> float:
        """The rate's share of its peak for the update after `step` finished steps."""
        return rate_factor(step, self.settings, self.landing_at(step))

    def finished(self, step: int) -> bool:
        if self.settings.seconds is None:
            assert self.settings.steps is not None
            return step >= self.settings.steps
        landing = self.landing_at(step)
        return landing is not None and step >= landing.end

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
            self._decide(step, left, factor=rate_factor(step, self.settings, current))

    def _steps_left(self, step: int, seconds: float) -> int:
        assert self.settings.seconds is not None
        return max(1, int((self.settings.seconds - seconds) * step / seconds))

    def _decide(self, step: int, left: int, *, factor: float) -> None:
        decided = [*self.landings, Landing(step=step, end=step + left, factor=factor)]
        try:
            folders.write_json(self.path, {"landings": [asdict(landing) for landing in decided]})
        except UserError:  # the disk is full: it is decided at a later step, as long as there is time for one
            if not left:
                raise
            return
        self.landings = decided


def _read(path: Path) -> list[Landing]:
    remedy = "delete it, and the clock decides again", "请删除它，由时钟重新决定"
    try:
        return [Landing(**entry) for entry in folders.read_json(path, *remedy)["landings"]]
    except (KeyError, TypeError):
        raise UserError(f"{path} holds no landings: {remedy[0]}", f"{path} 里没有收尾的记录：{remedy[1]}") from None
