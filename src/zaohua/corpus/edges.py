"""Pairs of documents: those that share a key, and of these, those that are as alike as is asked."""

from collections.abc import Callable, Sequence

import numpy as np

from zaohua.corpus.signatures import NearDuplicates, shingle_sets

NEIGHBOURS = 4
"""Pairs to be verified: with the smallest id, and with so many of the next; one false pair must not part two."""


def edges(keys: np.ndarray, ids: np.ndarray, *, neighbours: int = 0) -> np.ndarray:
    """Keys (n, columns) or (n,) and ids (n,) uint64 -> pairs of ids with equal keys, (m, 2), each once, smaller first.

    Of k documents with equal keys the smallest id is paired with each other, k - 1 pairs, and every one with as many
    `neighbours` that follow it.
    """
    columns = keys[:, None] if keys.ndim == 1 else keys
    shared = np.flatnonzero(_has_equal(columns[:, 0]))
    columns, ids = columns[shared], ids[shared]
    order = np.lexsort((ids, *columns.T))
    columns, ids = columns[order], ids[order]
    new = np.ones(len(ids), dtype=bool)
    new[1:] = (columns[1:] != columns[:-1]).any(axis=1)
    group = np.cumsum(new) - 1
    pairs = [np.stack([ids[np.flatnonzero(new)][group], ids], axis=1)]
    for distance in range(1, neighbours + 1):
        same = group[distance:] == group[:-distance]
        pairs.append(np.stack([ids[:-distance][same], ids[distance:][same]], axis=1))
    return unique_pairs(np.concatenate(pairs))


def _has_equal(values: np.ndarray) -> np.ndarray:
    """Whether each of the values (n,) stands there more than once, (n,) bool."""
    order = np.argsort(values)
    ordered = values[order]
    same = ordered[1:] == ordered[:-1]
    result = np.zeros(len(values), dtype=bool)
    result[order[1:][same]] = True
    result[order[:-1][same]] = True
    return result


def unique_pairs(pairs: np.ndarray) -> np.ndarray:
    """Pairs (n, 2) uint64, smaller first -> each once, in order, none of a document with itself."""
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    new = np.ones(len(pairs), dtype=bool)
    new[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[new]


def verified(
    pairs: np.ndarray,
    texts: Callable[[np.ndarray], tuple[Sequence[str], np.ndarray]],
    settings: NearDuplicates,
    *,
    sizes: Callable[[np.ndarray], np.ndarray],
    most: int = 4096,
    most_bytes: int = 2**26,
) -> np.ndarray:
    """Those of the pairs (n, 2) whose shingles have a Jaccard similarity of at least `verify`.

    `texts(ids)` gives the dedup keys of documents and whether each is cut into code points, `sizes(ids)` their bytes.
    Texts are asked for at most `most` documents and some `most_bytes` at a time, so memory does not grow with the
    pairs; a pair that is larger comes alone.
    """
    assert settings.verify is not None, "there is nothing to reach"
    alike = np.zeros(len(pairs), dtype=bool)
    every = np.unique(pairs)
    both = sizes(every)[np.searchsorted(every, pairs)].sum(axis=1)
    ends = np.cumsum(both)
    begin = 0
    while begin < len(pairs):
        fits = int(np.searchsorted(ends, most_bytes + ends[begin] - both[begin], side="right"))
        end = max(min(fits, begin + most // 2), begin + 1)
        block = pairs[begin:end]
        ids = np.unique(block)
        keys, characters = texts(ids)
        sets: list[np.ndarray] = [np.zeros(0, dtype=np.uint64)] * len(ids)
        for number, found in shingle_sets(keys, characters, settings):
            sets[number] = found
        for i, (first, second) in enumerate(np.searchsorted(ids, block).tolist(), begin):
            alike[i] = jaccard(sets[first], sets[second]) >= settings.verify
        begin = end
    return pairs[alike]


def jaccard(first: np.ndarray, second: np.ndarray) -> float:
    """The share of what two sorted sets hold that both hold; 0 for two empty ones."""
    if not len(first) or not len(second):
        return 0.0
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / (len(first) + len(second) - both)
