"""Clusters are connected components, whatever the order of the pairs, and one of each is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.components import clusters, components

pairs_of = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60)


def as_array(pairs) -> np.ndarray:
    return np.array(pairs, dtype=np.uint64).reshape(-1, 2)


@given(pairs=pairs_of, seed=st.integers(0, 100))
def test_components_are_those_of_scipy(pairs, seed):
    sparse = pytest.importorskip("scipy.sparse")
    ids, label = components(as_array(pairs))
    assert ids.tolist() == sorted({id for pair in pairs for id in pair})
    matrix = sparse.coo_matrix((np.ones(len(pairs)), as_array(pairs).T.astype(int).tolist()), shape=(41, 41))
    _, expected = sparse.csgraph.connected_components(matrix, directed=False)
    for i, id in enumerate(ids.tolist()):
        assert label[i] == min(other for other in range(41) if expected[other] == expected[id])
    shuffled = np.random.default_rng(seed).permutation(as_array(pairs))
    assert components(shuffled[:, ::-1])[1].tolist() == label.tolist()


def test_a_long_chain_of_large_ids_is_one_cluster():
    ids = np.random.default_rng(0).permutation(np.arange(5000, dtype=np.uint64) + np.uint64(2**63))
    found = clusters(np.stack([ids[:-1], ids[1:]], axis=1))
    assert set(found.clusters.tolist()) == {2**63}
    assert set(found.sizes.tolist()) == {5000}


def test_the_first_or_the_longest_is_kept():
    pairs = as_array([(5, 2), (2, 9), (7, 8)])
    first = clusters(pairs)
    assert first.ids.tolist() == [2, 5, 7, 8, 9]
    assert first.clusters.tolist() == first.kept.tolist() == [2, 2, 7, 7, 2]
    assert first.sizes.tolist() == [3, 3, 2, 2, 3]
    longest = clusters(pairs, np.array([10, 30, 5, 5, 30]))
    assert longest.clusters.tolist() == [2, 2, 7, 7, 2]
    assert longest.kept.tolist() == [5, 5, 7, 7, 5]


def test_no_pairs_are_no_clusters():
    assert all(len(column) == 0 for column in clusters(as_array([])))
    assert all(len(column) == 0 for column in clusters(as_array([]), np.zeros(0, dtype=np.int64)))
