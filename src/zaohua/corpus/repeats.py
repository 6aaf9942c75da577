"""Runs that stand in a sequence more than once, found by sorting."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_BLOCK = 2**20  # characters hashed together
_TOGETHER = 2**22  # runs counted together


@dataclass(frozen=True, slots=True)
class Level:
    """Runs of one length: `groups` (runs,) int64 numbers equal runs alike, -1 where a run stands once; of each group
    how often it stands (`counts`) and where first (`firsts`)."""

    groups: np.ndarray
    counts: np.ndarray
    firsts: np.ndarray


class Repeats:
    """The repeated runs of numbers (length,) int64 >= 0, found exactly: numbers are compared, never hashes.

    A run of n is known by its first and its last m < n numbers where they meet, 2 m >= n, and can repeat only where
    both do, so each length sorts no more than what the length before it left.
    """

    def __init__(self, numbers: np.ndarray) -> None:
        self.size = len(numbers)
        self._levels = {1: _level(numbers, np.arange(len(numbers)), len(numbers))}

    def of(self, length: int) -> Level:
        """The repeated runs of `length` numbers."""
        if length not in self._levels:
            half = length - 1 if length - 1 in self._levels else (length + 1) // 2
            shorter, runs = self.of(half), max(self.size - length + 1, 0)
            begin, end = shorter.groups[:runs], shorter.groups[length - half :][:runs]
            where = np.flatnonzero((begin >= 0) & (end >= 0))
            self._levels[length] = _level(begin[where] * len(shorter.counts) + end[where], where, runs)
        return self._levels[length]


def _level(keys: np.ndarray, where: np.ndarray, runs: int) -> Level:
    """Keys of the runs that stand `where`, of `runs` in all -> the runs whose key stands twice."""
    groups = np.full(runs, -1, dtype=np.int64)
    order = np.argsort(keys)
    ordered = keys[order]
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    counts = np.diff(starts, append=len(keys))
    twice = counts > 1
    numbers = np.where(twice, np.cumsum(twice) - 1, -1)
    groups[where[order]] = np.repeat(numbers, counts)
    firsts = np.minimum.reduceat(where[order], starts) if len(keys) else where
    return Level(groups, counts[twice], firsts[twice])


class RunCounts(NamedTuple):
    """The runs of some length in a text."""

    runs: int
    """How many there are."""
    again: int
    """How many of them stand there more than once."""
    most: int
    """How often the most frequent one stands there."""


def run_counts(text: str, length: int) -> RunCounts:
    """Counts of all runs of `length` characters, in memory that does not grow with the text.

    Runs are told apart by 64-bit hashes: in a text of a million characters a mistake has a chance of 1 in 30 million.
    Those of a long text are counted part by part, each part those whose hashes leave the same remainder.
    """
    runs = max(len(text) - length + 1, 0)
    parts = -(-runs // _TOGETHER)
    again = most = 0
    for part in range(parts):
        blocks = (_hashes(text[begin : begin + _BLOCK + length - 1], length) for begin in range(0, runs, _BLOCK))
        mine = [each if parts == 1 else each[each % np.uint64(parts) == part] for each in blocks]
        hashes = np.concatenate(mine)
        del mine
        hashes.sort()
        same = np.zeros(len(hashes) + 1, dtype=bool)  # as the one before; a byte each, where counts would take eight
        np.equal(hashes[1:], hashes[:-1], out=same[1:-1])
        again += int(np.count_nonzero(same[1:] | same[:-1]))
        edges = np.flatnonzero(same[1:] != same[:-1])
        most = max(most, int((edges[1::2] - edges[::2]).max(initial=0)) + 1 if len(hashes) else 0)
    return RunCounts(runs, again, most)


def _hashes(text: str, length: int) -> np.ndarray:
    """A hash of each run of `length` characters of a text that has one, (runs,) uint64."""
    hashes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    done, left = 1, length - 1
    while left:  # a run is its first part and its last part of the same length, which may overlap
        step = min(done, left)
        hashes = _joined(hashes[:-step], hashes[step:])
        done, left = done + step, left - step
    return hashes


def _joined(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """A hash of two hashes, in order."""
    both = (first * np.uint64(0x9E3779B97F4A7C15)) ^ (last + np.uint64(0x632BE59BD9B4E019))
    both ^= both >> np.uint64(29)
    both *= np.uint64(0xBF58476D1CE4E5B9)
    both ^= both >> np.uint64(32)
    return both
