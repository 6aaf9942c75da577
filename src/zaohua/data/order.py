"""The order of rows as a function of seed and position: nothing is stored, and every row comes once an epoch."""

import hashlib

import numpy as np

from zaohua.hashing import scramble

_ROUNDS = 8


def order(seed: int, start: int, count: int, rows: int) -> np.ndarray:
    """Row numbers (count,) int64 for positions start .. start + count of endless training on `rows` rows.

    Position p stands in epoch p // rows. Each epoch is another permutation of all rows, so that a run is resumed by its
    position alone, whatever the number of processes, workers or rows a step.
    """
    return rows_at(np.arange(start, start + count, dtype=np.int64), rows, str(seed))


def rows_at(positions: np.ndarray, rows: int, name: str) -> np.ndarray:
    """The row numbers (n,) int64 at any positions (n,) of the order of this name."""
    assert rows > 0, "an order needs at least one row"
    epochs, places = np.divmod(positions, rows)
    chosen = np.empty(len(positions), dtype=np.int64)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        chosen[here] = permute(places[here], rows, _key(name, int(epoch)))
    return chosen


def permute(index: np.ndarray, n: int, key: int) -> np.ndarray:
    """A pseudo-random permutation of range(n), at places `index` (any shape) int64 -> the same shape, int64.

    A Feistel network on the next even number of bits, walked until the value lies below n (Black and Rogaway 2002).
    """
    assert n > 0, "nothing to permute"
    half = np.uint64(max((n - 1).bit_length() + 1, 2) // 2)  # bits in each half
    keys = np.random.Philox(key=key).random_raw(_ROUNDS).astype(np.uint64)
    value = np.asarray(index, dtype=np.uint64).ravel()
    result = _feistel(value, half, keys)
    outside = np.flatnonzero(result >= n)
    while len(outside):
        walked = _feistel(result[outside], half, keys)
        result[outside] = walked
        outside = outside[walked >= n]
    return result.astype(np.int64).reshape(np.shape(index))


def _feistel(value: np.ndarray, half: np.uint64, keys: np.ndarray) -> np.ndarray:
    mask = (np.uint64(1) << half) - np.uint64(1)
    left, right = value >> half, value & mask
    for key in keys:
        left, right = right, left ^ (scramble(right + key) & mask)
    return (left << half) | right


def _key(name: str, epoch: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{name} {epoch}".encode(), digest_size=16).digest(), "little")
