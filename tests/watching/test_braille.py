"""Curves in braille: dots where the values are, and every line as wide as it was asked to be."""

import pytest
from rich.cells import cell_len

from zaohua.watching.braille import GUTTER, MARK, Extent, chart, extent_of

DOWN = [(step, 8.0 - step) for step in range(9)]


def dots(lines: list[str]) -> set[tuple[int, int]]:
    """Columns and rows of the dots of a chart, from its left top."""
    bits = {1: (0, 0), 2: (0, 1), 4: (0, 2), 64: (0, 3), 8: (1, 0), 16: (1, 1), 32: (1, 2), 128: (1, 3)}
    return {
        (2 * column + x, 4 * row + y)
        for row, line in enumerate(lines[:-1])
        for column, letter in enumerate(line[GUTTER + 1 :])
        if "\u2800" <= letter <= "\u28ff"
        for bit, (x, y) in bits.items()
        if (ord(letter) - 0x2800) & bit
    }


def test_a_falling_line_falls_from_corner_to_corner():
    extent = Extent(left=0, right=8, low=0.0, high=8.0)
    found = dots(chart(DOWN, [], extent, GUTTER + 1 + 8, 4))
    assert found == {(place, place) for place in range(16)}


def test_points_are_joined_however_far_apart():
    found = dots(chart([(0, 0.0), (8, 8.0)], [], Extent(left=0, right=8, low=0, high=8), GUTTER + 1 + 8, 4))
    assert found == {(place, 15 - place) for place in range(16)}


def test_ends_are_named_and_marks_stand_where_they_were_measured():
    lines = chart(DOWN, [(0, 0.0), (8, 8.0)], Extent(left=0, right=8000, low=0.5, high=8), 40, 5, unit="steps")
    assert len(lines) == 6
    assert lines[0].startswith("     8 ")
    assert lines[4].startswith("   0.5 ")
    assert lines[4][GUTTER + 1] == MARK
    assert lines[-1].split() == ["0", "8,000", "steps"]
    assert "".join(lines).count(MARK) == 2


@pytest.mark.parametrize("unit", ["steps", "步", "词元", ""])
@pytest.mark.parametrize("width", [20, 33, 100])
def test_every_line_is_as_wide_as_asked(width, unit):
    lines = chart(DOWN, [(4, 4.0)], extent_of(DOWN), width, 6, unit=unit)
    assert {cell_len(line) for line in lines} == {width}


def test_a_steep_beginning_does_not_press_the_rest_flat():
    curve = [(step, 9.0 if step < 2 else 3.0 - step / 100) for step in range(100)]
    extent = extent_of(curve)
    assert extent is not None
    assert extent.high == 2.9
    assert (extent.low, extent.left, extent.right) == (3.0 - 0.99, 0, 99)


def test_one_point_and_none():
    assert extent_of([], []) is None
    extent = extent_of([(3, 2.0)])
    assert extent is not None
    assert len(dots(chart([(3, 2.0)], [], extent, 30, 4))) == 1
