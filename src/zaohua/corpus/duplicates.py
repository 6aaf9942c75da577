"""Exact duplicates: texts with the same dedup key."""

import numpy as np

from zaohua.corpus.keys import dedup_key, exact_key


def duplicate_key(text: str) -> bytes:
    """16 bytes that two normalised texts share when they differ in nothing that a reader would call a difference."""
    return exact_key(dedup_key(text))


def first_alike(keys: np.ndarray) -> np.ndarray:
    """Keys (n, 16) uint8 -> for each the smallest index with the same key, (n,) int64."""
    low, high = np.ascontiguousarray(keys).view("<u8").reshape(-1, 2).T
    order = np.lexsort((low, high))  # stable: equal keys stay in order of their index
    new = np.ones(len(order), dtype=bool)
    new[1:] = (low[order][1:] != low[order][:-1]) | (high[order][1:] != high[order][:-1])
    first = order[np.flatnonzero(new)][np.cumsum(new) - 1] if len(order) else order
    result = np.empty(len(order), dtype=np.int64)
    result[order] = first
    return result
