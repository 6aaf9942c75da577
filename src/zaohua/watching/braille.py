"""Curves drawn with braille patterns: a cell of a terminal is two dots wide and four high."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from zaohua.watching.curve import Point

MARK = "o"
"""A measurement between the dots."""
GUTTER = 6
"""Cells left of a chart, for what its top and bottom stand for."""
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a pattern, by row and column (Unicode 17, section 21.1)."""
_STEEP = 0.1  # share of a curve that may stand above the top


@dataclass(frozen=True, kw_only=True)
class Extent:
    """What a chart shows: from `left` to `right`, from `low` to `high`."""

    left: float
    right: float
    low: float
    high: float


def extent_of(*curves: Sequence[Point]) -> Extent | None:
    """What shows curves from 0 on, all but the steep beginning of a loss, which would press the rest flat."""
    places = (place for curve in curves for place, _ in curve)
    values = sorted(value for curve in curves for _, value in curve)
    if not values:
        return None
    low, high = values[0], values[int((len(values) - 1) * (1 - _STEEP))]
    if high <= low:
        low, high = low - 0.5, low + 0.5
    return Extent(left=0, right=max(*places, 1), low=low, high=high)


def chart(
    curve: Sequence[Point], marks: Sequence[Point], extent: Extent, width: int, height: int, *, unit: str = ""
) -> list[str]:
    """A curve as a line and `marks` on it, in `height` lines of `width` cells and one that names the ends of it."""
    inner = width - GUTTER - 1
    rows = _line(curve, extent, inner, height)
    for place, value in marks:
        column, row = _at(place, value, extent, inner, height)
        rows[row] = rows[row][:column] + MARK + rows[row][column + 1 :]
    sides = [_short(extent.high), *[""] * (height - 2), _short(extent.low)] if height > 1 else [_short(extent.high)]
    lines = [f"{side:>{GUTTER}} {row}" for side, row in zip(sides, rows, strict=True)]
    left, right = f"{extent.left:,.0f}", f"{extent.right:,.0f} {unit}".rstrip()
    if len(left) + 1 + len(right) + _wide(right) > inner:
        left, right = "", f"{extent.right:,.0f}"[:inner]
    return [*lines, " " * (GUTTER + 1) + left + right.rjust(inner - len(left) - _wide(right))]


def _line(curve: Sequence[Point], extent: Extent, width: int, height: int) -> list[str]:
    """The mean of each column of dots, each joined to the next."""
    columns: dict[int, list[float]] = defaultdict(list)
    for place, value in curve:
        columns[_at(place, value, extent, 2 * width, 1)[0]].append(value)
    cells = [[0x2800] * width for _ in range(height)]
    before: tuple[int, int] | None = None
    for column in sorted(columns):
        mean = sum(columns[column]) / len(columns[column])
        row = _at(0, mean, extent, 1, 4 * height)[1]
        for x, y in _between(before or (column, row), (column, row)):
            cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
        before = column, row
    return ["".join(" " if cell == 0x2800 else chr(cell) for cell in row) for row in cells]


def _at(place: float, value: float, extent: Extent, columns: int, rows: int) -> tuple[int, int]:
    """The column and the row, from above, of a point; one outside stands at the edge."""
    across = (place - extent.left) / (extent.right - extent.left)
    down = (extent.high - value) / (extent.high - extent.low)
    return _step(across, columns), _step(down, rows)


def _step(share: float, steps: int) -> int:
    return round(min(max(share, 0), 1) * (steps - 1))


def _between(first: tuple[int, int], last: tuple[int, int]) -> list[tuple[int, int]]:
    """The dots of a straight line."""
    (x, y), (far, deep) = first, last
    steps = max(abs(far - x), abs(deep - y), 1)
    return [(x + round((far - x) * step / steps), y + round((deep - y) * step / steps)) for step in range(steps + 1)]


def _short(value: float) -> str:
    return f"{value:.3g}"[:GUTTER]


def _wide(text: str) -> int:
    """How many of its characters take a second cell."""
    return sum("\u4e00" <= character <= "\u9fff" for character in text)
