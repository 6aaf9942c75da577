"""A mix has the shares asked for after any number of positions, and is a function of the position."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zaohua.data.mix import Mix, Mixture, shares, weights_of
from zaohua.settings import UserError

drawn_weights = st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any)


@given(weights=drawn_weights, total=st.integers(1, 500))
@example(weights=[14, 17, 44], total=35)  # equal remainders, but for rounding
def test_shares_come_to_the_total_and_are_off_by_less_than_one(weights, total):
    counts = shares(weights, total)
    assert counts.sum() == total
    assert (abs(counts - np.array(weights) / sum(weights) * total) < 1).all()
    assert counts.tolist() == shares([weight / 7 for weight in weights], total).tolist()


@pytest.mark.parametrize("scale", [1, 1 / 7, 3e5])
def test_of_equal_remainders_the_earlier_source_gets_the_rest(scale):
    assert shares([14 * scale, 17 * scale, 44 * scale], 35).tolist() == [7, 8, 20]
    assert shares([44 * scale, 17 * scale, 14 * scale], 35).tolist() == [21, 8, 6]


@given(weights=drawn_weights, period=st.integers(1, 60))
def test_each_source_has_its_share_at_every_moment(weights, period):
    mix = Mix(weights, period)
    sources, before = mix.at(np.arange(3 * period))
    had = np.zeros((len(weights),), dtype=int)
    for position, (source, count) in enumerate(zip(sources.tolist(), before.tolist())):
        assert count == had[source]
        had[source] += 1
        assert (abs(had - mix.counts / period * (position + 1)) <= len(weights)).all()
    assert had.tolist() == (3 * mix.counts).tolist()


def test_any_position_can_be_asked_for_alone():
    mix = Mix([0.5, 0.3, 0.2], 100)
    positions = np.random.default_rng(0).integers(0, 10**12, 50)
    sources, before = mix.at(positions)
    for position, source, count in zip(positions.tolist(), sources.tolist(), before.tolist()):
        assert [column.tolist() for column in mix.at(np.array([position]))] == [[source], [count]]


def test_golden_order():
    """The order of every mixed corpus hangs on it."""
    assert Mix([3, 2, 1], 6).slots.tolist() == [0, 1, 0, 2, 1, 0]


@pytest.mark.parametrize("weights", [[], [0, 0], [-1, 2], [float("nan")]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(UserError, match="weights of a mix"):
        shares(weights, 10)


def test_sources_come_by_weight_and_each_row_once_before_any_comes_twice():
    mixture = Mixture({"a": (0, 10), "b": (10, 40), "c": (40, 45)}, {"a": 3, "b": 1, "c": 0})
    rows = mixture.order(7, 0, 400).tolist()
    assert sum(row < 10 for row in rows) == 300
    assert sum(row >= 40 for row in rows) == 0
    of_a, of_b = [row for row in rows if row < 10], [row for row in rows if row >= 10]
    for epoch in range(30):
        assert sorted(of_a[10 * epoch : 10 * epoch + 10]) == list(range(10))
    assert sorted(of_b[:30]) == list(range(10, 40))
    assert of_a[:10] != of_a[10:20]
    assert [*mixture.order(7, 0, 50), *mixture.order(7, 50, 350)] == rows
    assert mixture.order(8, 0, 400).tolist() != rows


def test_the_words_of_a_mix_name_sources():
    sources = ["texts/plays", "texts/novels/", "plays.txt"]
    assert weights_of(["plays=2", "novels=0.5", "plays.txt=1"], sources) == {
        "texts/plays": 2, "texts/novels/": 0.5, "plays.txt": 1,
    }  # fmt: skip
    for words, said in ((["poems=1"], "names no source"), (["plays=much"], "no weight"), (["=1"], "names no source")):
        with pytest.raises(UserError, match=said):
            weights_of(words, sources)
    with pytest.raises(UserError, match="several"):
        weights_of(["plays=1"], ["a/plays", "b/plays"])
    with pytest.raises(UserError, match="give each one a weight"):
        Mixture({"a": (0, 5), "b": (5, 9)}, {"a": 1})
    with pytest.raises(UserError, match="not one full row"):
        Mixture({"a": (0, 5), "b": (5, 5)}, {"a": 1, "b": 1})
    Mixture({"a": (0, 5), "b": (5, 5)}, {"a": 1, "b": 0})
