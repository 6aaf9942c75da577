"""What is drawn by hashing never changes: runs are resumed, texts drawn again, and numbers compared by it."""

import numpy as np

from zaohua.generation.sampling import uniforms
from zaohua.hashing import GOLDEN, scramble


def test_it_is_splitmix64():
    """The first numbers of the published generator with seed 0 (Vigna, splitmix64.c)."""
    states = np.arange(1, 4, dtype=np.uint64) * GOLDEN
    assert [f"{number:016x}" for number in scramble(states).tolist()] == [
        "e220a8397b1dcdaf",
        "6e789e6aa1b965f4",
        "06c45d188009454f",
    ]


def test_golden_values_of_sampling():
    assert uniforms(7, np.arange(3), 5).tolist() == [0.07010546374486715, 0.9370198053568523, 0.4716205358180654]
