"""How a run ends: early where it learns nothing any more, and with which weights."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zaohua.events import Events
from zaohua.objectives.objective import Objective
from zaohua.settings import UserError
from zaohua.training.averaging import last_kept, put_mean_in_place
from zaohua.training.checkpoints import name_of
from zaohua.training.clock import Clock
from zaohua.training.patience import Patience
from zaohua.training.settings import TrainingSettings
from zaohua.training.side_weights import SideWeights


def require_judge(settings: TrainingSettings, judged_by: str | None) -> None:
    """Raises UserError where a run is to end by its validations, and nothing is validated."""
    if settings.patience and not judged_by:
        raise UserError(
            "patience needs held-out text to measure on: leave it out, or hold some text out",
            "patience 需要用留出文本评测：请去掉它，或留出一些文本",
        )


class Ending:
    """What the settings say about the end of one run: `patience`, and whose weights the final model has."""

    def __init__(
        self,
        settings: TrainingSettings,
        clock: Clock,
        side: SideWeights,
        judge: tuple[str, str] | None,
        entries: Sequence[Mapping[str, Any]],
    ) -> None:
        """`judge`: the name of the event that the run is judged by, and the field of it that is the lower the better;
        `entries` are those of the log so far.
        """
        require_judge(settings, judge and judge[1])
        self.settings, self.clock, self.side = settings, clock, side
        self.judged_by, field = judge or ("", "")
        self.patience = Patience(settings.patience, self.judged_by, field, entries)

    def judge(self, name: str, fields: Mapping[str, Any], step: int, seconds: float, events: Events) -> None:
        """Take the event `name` of a step; the clock may know then that the run lands, or is over."""
        if not self.settings.patience or name != self.judged_by:
            return
        if self.patience.is_best({**fields, "step": step}):
            self.side.keep_best()
        landing = self.clock.landing_at(step)
        if self.patience.is_over(landing.step if landing else 0):
            self.clock.cut_short(step, seconds)
            self._say(step, events)

    def went_back(self, step: int) -> None:
        """The run is at the checkpoint of `step` again: what was judged since never was."""
        self.patience.go_back(step)

    def choose_weights(
        self,
        objective: Objective,
        checkpoints: Path,
        step: int,
        measure: Callable[[], dict[str, Any] | None] | None,
        events: Events,
    ) -> dict[str, dict[str, Any]]:
        """Give the objective the weights that the run ends with -> the judging event's fields, where they are not the
        last ones in the log. `measure()`, where something is measured at all, makes new ones.
        """
        self.side.put_in_place()
        if self.patience.best:
            told = {key: value for key, value in self.patience.best.items() if key not in ("event", "step")}
            return {self.judged_by: told}
        count, every = self.settings.average_last, self.settings.keep_every
        if not count or not every:
            return {}
        found = last_kept(checkpoints, count=count, every=every, end=step)
        put_mean_in_place(objective, [checkpoints / name_of(each) for each in found])
        listed = [f"{each:,}" for each in found]
        events.say(
            f"  the mean of the weights at steps {', '.join(listed)}", f"  取第 {'、'.join(listed)} 步的权重的平均"
        )
        fields = measure() if measure else None
        return {self.judged_by: fields} if fields else {}

    def _say(self, step: int, events: Events) -> None:
        does, what = ("it ends", "训练结束") if self.clock.finished(step) else ("it lands", "开始收尾")
        best = self.patience.best.get("step", 0)
        events.say(
            f"  step {step:,}: nothing better since step {best:,}, {does}",
            f"  第 {step:,} 步：自第 {best:,} 步以来没有更好，{what}",
        )
