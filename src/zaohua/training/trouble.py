"""Steps that must not be taken: a loss or a gradient that is no number, or far above what it has been."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from zaohua.settings import UserError
from zaohua.training.settings import TrainingSettings

IN_A_ROW = 5
"""Steps left out one after the other until the run goes back to its newest checkpoint."""
_WINDOW, _FEWEST = 128, 32  # steps that a spike is measured against, and how many there must be

Verdict = Literal["take", "skip", "go back"]


class Trouble:
    """Judges every step before the weights take it in. All that it remembers stands in the log of the run."""

    def __init__(self, settings: TrainingSettings, entries: Iterable[Mapping[str, Any]]) -> None:
        """`entries` are those of the log so far."""
        self.settings = settings
        self._seen: deque[tuple[float, float]] = deque(maxlen=_WINDOW)
        self._left_out = 0
        self._returned_to: int | None = None
        for entry in entries:
            if entry["event"] == "step":
                self._took(entry["loss"], entry["gradient_norm"])
            elif entry["event"] == "skipped":
                self._left_out += 1
            elif entry["event"] == "went_back":
                self._went_back(entry["step"])

    def judge(self, step: int, losses: Mapping[str, float], norm: float) -> tuple[Verdict, str]:
        """Whether to take the step, and else why not; raises UserError where the settings say to stop."""
        reason = self._reason(losses, norm)
        if not reason:
            self._took(losses["loss"], norm)
            return "take", ""
        if self.settings.trouble == "stop":
            raise self._stop(step, reason)
        self._left_out += 1
        back = self.settings.trouble == "rollback" or self._left_out > IN_A_ROW
        return "go back" if back else "skip", reason

    def go_back(self, step: int, to: int | None, reason: str) -> None:
        """The run is at `step` and would go back to the checkpoint of step `to`; raises UserError where that helps no
        more: there is none, or it has been there before.
        """
        if to is None or to == self._returned_to:
            raise self._stop(step, reason)
        self._went_back(to)

    def _went_back(self, to: int) -> None:
        self._returned_to, self._left_out = to, 0
        self._seen.clear()

    def _took(self, loss: float, norm: float) -> None:
        self._seen.append((loss, norm))
        self._left_out = 0

    def _reason(self, losses: Mapping[str, float], norm: float) -> str:
        now = {**losses, "gradient_norm": norm}
        for name, value in now.items():
            if not math.isfinite(value):
                return f"{name} is {value}"
        if not self.settings.spike or len(self._seen) < _FEWEST:
            return ""
        for place, name in enumerate(("loss", "gradient_norm")):
            values = [seen[place] for seen in self._seen]
            mean = math.fsum(values) / len(values)
            spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
            if now[name] > mean + self.settings.spike * spread:
                return f"{name} is {now[name]:.4g} where {mean:.4g} ± {spread:.2g} was usual"
        return ""

    def _stop(self, step: int, reason: str) -> UserError:
        rate = self.settings.learning_rate
        return UserError(
            f"training went wrong at step {step} ({reason}): give a learning rate below {rate:g}; "
            "the checkpoints are whole",
            f"训练在第 {step} 步出了问题（{reason}）：请把学习率调到 {rate:g} 以下；检查点完好",
        )
