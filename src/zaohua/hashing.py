"""Numbers from numbers as if by chance: the mixing of SplitMix64 (Steele, Lea and Flood 2014)."""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio: what SplitMix64 adds from one number to the next."""


def scramble(value: np.ndarray) -> np.ndarray:
    """Each uint64 of any shape to another, one to one, so that neighbours have nothing in common."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
