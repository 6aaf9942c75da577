"""A mix of sources: which one comes at each position, a function of the position alone."""

from collections.abc import Mapping, Sequence

import numpy as np

from zaohua.data.order import rows_at
from zaohua.settings import UserError


def shares(weights: Sequence[float], total: int) -> np.ndarray:
    """Weights of any sum -> whole numbers in their ratio that come to `total`, by largest remainder, (sources,) int64.

    Of equal remainders the earlier source gets the rest.
    """
    given = np.array(weights, dtype=np.float64)
    if not len(given) or not np.isfinite(given).all() or (given < 0).any() or not given.any():
        raise UserError(
            f"the weights of a mix are {list(weights)}: give numbers of 0 or more, one of them above 0",
            f"混合的权重为 {list(weights)}：请给出不小于 0 的数，且至少有一个大于 0",
        )
    exact = given / given.sum() * total
    counts = np.floor(np.round(exact, 9)).astype(np.int64)
    remainders = np.round(exact - counts, 9)  # rounded, so that equal ones are equal
    rest = np.argsort(-remainders, kind="stable")[: total - int(counts.sum())]
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


class Mixture:
    """The order of the rows of several sources by weight: each comes as often as its weight says, again and again.

    Like `order` it is a function of seed and position. Within a source every row comes once before any comes twice.
    """

    def __init__(self, spans: Mapping[str, tuple[int, int]], weights: Mapping[str, float]) -> None:
        """From the rows [begin, end) of each source; raises UserError where names or rows are missing."""
        if weights.keys() != spans.keys():
            raise UserError(
                f"the mix has weights for {_listed(weights)[0]}, the tokens hold {_listed(spans)[0]}: "
                "give each one a weight",
                f"mix 写了权重的来源是 {_listed(weights)[1]}，词元里的来源是 {_listed(spans)[1]}："
                "请给每个来源都写上权重",
            )
        for name, (begin, end) in spans.items():
            if weights[name] and end <= begin:
                raise UserError(
                    f"{name} has not one full row of tokens: give it the weight 0, or more text",
                    f"{name} 不足一整行词元：请把它的权重设为 0，或给出更多文本",
                )
        self.spans = list(spans.values())
        self.mix = Mix([weights[name] for name in spans])

    def order(self, seed: int, start: int, count: int) -> np.ndarray:
        """Row numbers (count,) int64 for positions start .. start + count of endless training."""
        sources, before = self.mix.at(np.arange(start, start + count, dtype=np.int64))
        chosen = np.empty(count, dtype=np.int64)
        for source in np.unique(sources).tolist():
            here = sources == source
            begin, end = self.spans[source]
            chosen[here] = begin + rows_at(before[here], end - begin, f"{seed} {source}")
        return chosen


def weights_of(mix: Sequence[str], sources: Sequence[str]) -> dict[str, float]:
    """SOURCE=WEIGHT words -> the weight of each source, in the order of `sources`; a source may be named by its end.

    Raises UserError for a word that names no source, or more than one, or gives no number.
    """
    found: dict[str, float] = {}
    for word in mix:
        name, _, weight = word.rpartition("=")
        named = [source for source in sources if source == name] or [
            source for source in sources if name and source.rstrip("/").endswith(f"/{name.rstrip('/')}")
        ]
        if len(named) != 1:
            english, chinese = (
                ("names several sources", "对应好几个来源") if named else ("names no source", "没有对应的来源")
            )
            raise UserError(
                f"mix {word!r} {english}; there are {_listed(sources)[0]}",
                f"mix 中的 {word!r} {chinese}；现有的来源：{_listed(sources)[1]}",
            )
        try:
            found[named[0]] = float(weight)
        except ValueError:
            raise UserError(
                f"mix {word!r} has no weight: write SOURCE=NUMBER, such as plays=0.7",
                f"mix 中的 {word!r} 没有权重：请写成 SOURCE=NUMBER，如 plays=0.7",
            ) from None
    return {source: found[source] for source in sources if source in found}


def _listed(names: Sequence[str] | Mapping[str, object]) -> tuple[str, str]:
    return ", ".join(names) or "none", "、".join(names) or "无"
