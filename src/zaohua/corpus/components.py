"""Clusters: documents joined by pairs, and which of each cluster is kept."""

from typing import NamedTuple

import numpy as np


class Clusters(NamedTuple):
    """The documents that are like others, a row each, by id."""

    ids: np.ndarray
    """Ids, ascending, (n,) uint64."""
    clusters: np.ndarray
    """The smallest id of the cluster of each, (n,) uint64."""
    sizes: np.ndarray
    """How many documents that cluster has, (n,) int64."""
    kept: np.ndarray
    """The id of the one that is kept, (n,) uint64."""


def components(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of ids (m, 2) uint64 -> the ids in them, ascending (n,), and the smallest id that each is connected with.

    Every root takes the smallest label next to it, labels are followed to their roots, and pairs within a component are
    dropped, until none is left.
    """
    ids, ends = np.unique(pairs, return_inverse=True)
    first, second = ends.reshape(-1, 2).T
    label = np.arange(len(ids))
    while len(first):
        low, high = np.minimum(first, second), np.maximum(first, second)
        np.minimum.at(label, high, low)
        while True:
            further = label[label]
            if np.array_equal(further, label):
                break
            label = further
        first, second = label[first], label[second]
        apart = first != second
        first, second = first[apart], second[apart]
    return ids, ids[label]


def clusters(pairs: np.ndarray, lengths: np.ndarray | None = None) -> Clusters:
    """Pairs of ids (m, 2) uint64 -> clusters. Kept is the smallest id, or, by `lengths`, the longest.

    `lengths` (n,) are those of the ids in the pairs, ascending; of equally long ones the smallest id is kept.
    """
    ids, cluster = components(pairs)
    _, group, counts = np.unique(cluster, return_inverse=True, return_counts=True)
    kept = cluster
    if lengths is not None and len(ids):
        order = np.lexsort((ids, -np.asarray(lengths, dtype=np.int64), group))
        best = ids[order[np.flatnonzero(np.diff(group[order], prepend=-1))]]
        kept = best[group]
    return Clusters(ids, cluster, counts[group], kept)
