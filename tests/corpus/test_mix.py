"""A mix has the shares asked for after any number of positions, and is a function of the position."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.mix import Mix, shares
from zaohua.settings import UserError

weights_of = st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any)


@given(weights=weights_of, total=st.integers(1, 500))
def test_shares_come_to_the_total_and_are_off_by_less_than_one(weights, total):
    counts = shares(weights, total)
    assert counts.sum() == total
    assert (abs(counts - np.array(weights) / sum(weights) * total) < 1).all()
    assert counts.tolist() == shares([weight / 7 for weight in weights], total).tolist()


@given(weights=weights_of, period=st.integers(1, 60))
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
