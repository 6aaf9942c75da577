"""How long a run goes on without a new best: what its log says of its validations, and nothing besides."""

import math
from collections.abc import Iterable, Mapping
from typing import Any


class Patience:
    """The validations of a run: which was the best, and how many came after it. Without a limit it never ends.

    It is read from the log, which a resumed run has as far as its checkpoint: so it needs no state of its own there.
    """

    def __init__(self, limit: int | None, kind: str, field: str, entries: Iterable[Mapping[str, Any]]) -> None:
        """Of the events of this `kind`, by this `field` of theirs, the lower the better; `entries` are a log's."""
        self.limit, self.field = limit, field
        self.best: Mapping[str, Any] = {}
        """The event that was best, with its step; empty before the first."""
        self._seen: list[Mapping[str, Any]] = []
        for entry in entries if limit is not None else ():
            if entry["event"] == kind:
                self.is_best(entry)
            elif entry["event"] == "went_back":
                self.go_back(entry["step"])

    def is_best(self, entry: Mapping[str, Any]) -> bool:
        """Take an event with its step -> whether it is the best so far; what is no number never is."""
        self._seen.append(entry)
        if not entry[self.field] < self.best.get(self.field, math.inf):
            return False
        self.best = entry
        return True

    def go_back(self, step: int) -> None:
        """Forget what was seen from `step` on: the run is there again, and has not validated yet."""
        before, self._seen, self.best = self._seen, [], {}
        for entry in before:
            if entry["step"] < step:
                self.is_best(entry)

    def is_over(self, since: int) -> bool:
        """Whether the limit was reached without a new best, counted from the step `since` on at the earliest."""
        last = max(self.best.get("step", 0), since)
        return self.limit is not None and sum(entry["step"] > last for entry in self._seen) >= self.limit
