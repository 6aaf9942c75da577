"""How long a run goes on without a new best: what its log says of its validations, and nothing besides."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Patience:
    """The validations of a run: which was the best, and how many came after it. Without a limit it never ends.

    It is read from the log, which a resumed run has as far as its checkpoint: so it needs no state of its own there.
    """

    def __init__(self, limit: int | None, kind: str, field: str, log: Path) -> None:
        """Of the events of this `kind`, by this `field` of theirs, the lower the better."""
        self.limit, self.kind, self.field = limit, kind, field
        self.steps: list[int] = []
        self.best: Mapping[str, Any] = {}
        """The event that was best, with its step; empty before the first."""
        if limit is not None:
            for line in log.read_text(encoding="utf-8").splitlines():
                if f'"{kind}"' in line and (entry := json.loads(line))["event"] == kind:
                    self.is_best(entry)

    def is_best(self, entry: Mapping[str, Any]) -> bool:
        """Take an event with its step -> whether it is the best so far; what is no number never is."""
        self.steps.append(entry["step"])
        if not entry[self.field] < self.best.get(self.field, math.inf):
            return False
        self.best = entry
        return True

    def is_over(self, since: int) -> bool:
        """Whether the limit was reached without a new best, counted from the step `since` on at the earliest."""
        last = max(self.best.get("step", 0), since)
        return self.limit is not None and sum(step > last for step in self.steps) >= self.limit
