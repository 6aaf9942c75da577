"""A mix of sources: which one comes at each position, a function of the position alone."""

from collections.abc import Sequence

import numpy as np

from zaohua.settings import UserError


def shares(weights: Sequence[float], total: int) -> np.ndarray:
    """Weights of any sum -> whole numbers in their ratio that come to `total`, by largest remainder, (sources,) int64.

    Of equal remainders the earlier source gets the rest.
    """
    given = np.array(weights, dtype=np.float64)
    if not len(given) or not np.isfinite(given).all() or (given < 0).any() or not given.any():
        raise UserError(f"the weights of a mix are {list(weights)}: give numbers of 0 or more, one of them above 0")
    exact = given / given.sum() * total
    counts = np.floor(exact).astype(np.int64)
    rest = np.argsort(-(exact - counts), kind="stable")[: total - int(counts.sum())]
    counts[rest] += 1
    return counts


class Mix:
    """Sources by weight, evenly spread: after any number of positions each has had its share, to within one or so.

    A period of `period` positions is laid out once, the source that is furthest behind its share taking each position
    (as Megatron-LM blends); then it is repeated.
    """

    def __init__(self, weights: Sequence[float], period: int = 10_000) -> None:
        self.counts = shares(weights, period)
        """How often each source comes in a period, (sources,)."""
        self.slots = np.empty(period, dtype=np.int64)
        """The source at each position of a period, (period,)."""
        behind = np.zeros(len(self.counts), dtype=np.int64)  # of the share, in periods of a position
        for position in range(period):
            behind += self.counts
            source = int(behind.argmax())
            behind[source] -= period
            self.slots[position] = source
        self._before = np.zeros(period, dtype=np.int64)
        for source in range(len(self.counts)):
            here = np.flatnonzero(self.slots == source)
            self._before[here] = np.arange(len(here))

    def at(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions (n,) int64, from 0 -> the source of each and how often it came before, both (n,) int64."""
        periods, places = np.divmod(np.asarray(positions, dtype=np.int64), len(self.slots))
        sources = self.slots[places]
        return sources, periods * self.counts[sources] + self._before[places]
