"""A curve keeps its shape in few points."""

import math
from itertools import pairwise

from zaohua.watching.curve import Curve


def filled(values, most=16):
    curve = Curve(most)
    for place, value in enumerate(values, start=1):
        curve.add(place, value)
    return curve


def test_a_short_curve_is_kept_as_it_is():
    assert filled([3.0, 2.0, 1.0]).points == [(1, 3.0), (2, 2.0), (3, 1.0)]


def test_a_long_curve_is_means_of_equally_many_in_their_order():
    curve = filled([float(value) for value in range(1000)])
    assert len(curve.points) <= 16
    assert curve.points[-1][0] == 1000
    places = [0, *(place for place, _ in curve.points)]
    for (before, place), (_, value) in zip(pairwise(places), curve.points, strict=True):
        assert value == (before + place - 1) / 2, "the mean of what lies between"


def test_steps_that_are_repeated_after_a_kill_replace_what_stood_there():
    curve = filled([5.0, 4.0, 3.0, 2.0])
    curve.add(3, 9.0)
    assert curve.points == [(1, 5.0), (2, 4.0), (3, 9.0)]


def test_what_is_no_number_is_no_point():
    assert filled([1.0, math.nan, math.inf, 2.0]).points == [(1, 1.0), (4, 2.0)]
