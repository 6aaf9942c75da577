"""A curve of any length kept in few points."""

import math

Point = tuple[float, float]
"""Where, and how much."""


class Curve:
    """Points in the order of their places: means over ever more of them, so that there are never more than `most`."""

    def __init__(self, most: int = 512) -> None:
        self.most, self.each, self.last = most, 1, -math.inf
        self.kept: list[Point] = []
        self.pending: list[Point] = []

    def add(self, place: float, value: float) -> None:
        """One more; what stands there or behind is forgotten: a resumed run repeats steps. No number is no point."""
        if place <= self.last:
            self.kept = [point for point in self.kept if point[0] < place]
            self.pending = [point for point in self.pending if point[0] < place]
        self.last = place
        if not math.isfinite(value):
            return
        self.pending.append((place, value))
        if len(self.pending) < self.each:
            return
        self.kept.append(_mean(self.pending))
        self.pending = []
        if len(self.kept) >= self.most:
            self.kept = [_mean(self.kept[start : start + 2]) for start in range(0, len(self.kept), 2)]
            self.each *= 2

    @property
    def points(self) -> list[Point]:
        return [*self.kept, _mean(self.pending)] if self.pending else self.kept


def _mean(points: list[Point]) -> Point:
    """All as one: the place of the last, the mean of the values."""
    return points[-1][0], sum(value for _, value in points) / len(points)
