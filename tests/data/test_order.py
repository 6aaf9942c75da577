"""The order of rows: a permutation each epoch, the same for ever, wherever one starts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.order import order, permute


@given(n=st.integers(1, 5000), key=st.integers(0, 2**128 - 1))
def test_permute_is_a_bijection(n, key):
    assert np.array_equal(np.sort(permute(np.arange(n), n, key)), np.arange(n))


@pytest.mark.parametrize("n", [46_205, 300_001, 2**18, 2**18 + 1])
def test_permute_is_a_bijection_at_and_off_powers_of_two(n):
    assert len(np.unique(permute(np.arange(n), n, 5))) == n


def test_permute_keeps_the_shape_and_reaches_a_trillion():
    found = permute(np.arange(12).reshape(3, 4), 10**12, 1)
    assert found.shape == (3, 4)
    assert found.min() >= 0
    assert found.max() < 10**12
    assert len(np.unique(found)) == 12


def test_golden_values():
    """A run resumed by a later version must go on with the same rows: these numbers never change."""
    assert permute(np.arange(8), 1000, 42).tolist() == [131, 929, 594, 805, 814, 654, 691, 801]
    assert order(0, 0, 8, 1000).tolist() == [846, 473, 760, 8, 912, 354, 865, 541]
    assert order(7, 996, 8, 1000).tolist() == [379, 258, 823, 876, 67, 348, 603, 749]


@given(rows=st.integers(1, 300), seed=st.integers(0, 2**63), cuts=st.lists(st.integers(1, 200), min_size=1, max_size=8))
def test_every_row_comes_once_an_epoch_however_training_is_cut(rows, seed, cuts):
    start, parts = 0, []
    for count in cuts:
        parts.append(order(seed, start, count, rows))
        start += count
    stream = np.concatenate(parts)
    assert np.array_equal(stream, order(seed, 0, start, rows))
    for epoch in range(start // rows):
        assert np.array_equal(np.sort(stream[epoch * rows : (epoch + 1) * rows]), np.arange(rows))


def test_epochs_and_seeds_differ():
    first, second = order(0, 0, 1000, 1000), order(0, 1000, 1000, 1000)
    assert (first != second).mean() > 0.9
    assert (first != order(1, 0, 1000, 1000)).mean() > 0.9


def test_neighbours_are_spread():
    """Successive rows lie as far apart as chance would have them: a third of all rows."""
    found = order(3, 0, 10_000, 10_000)
    assert abs(np.abs(np.diff(found)).mean() / 10_000 - 1 / 3) < 0.02


def test_one_row_is_every_row():
    assert order(0, 0, 5, 1).tolist() == [0] * 5
