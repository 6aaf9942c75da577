"""What a model is held against: compressors that count what they saw, an n-gram model equal to its formula."""

import lzma
import math
import random
from collections import Counter, defaultdict

import numpy as np
import pytest

from zaohua.evaluation.baselines import COMPRESSORS, compressed_bits, ngram_bits, xz


def words(seed, count):
    rng = random.Random(seed)
    return " ".join(rng.choice(["the", "cat", "dog", "sat", "ran", "on", "mat", "hill"]) for _ in range(count)).encode()


@pytest.mark.parametrize("name", COMPRESSORS)
def test_having_seen_the_same_text_leaves_almost_nothing(name):
    text = words(0, 4000)
    bits = compressed_bits(COMPRESSORS[name], text, text)
    assert bits["seen"] < 0.1 < 1 < bits["alone"] < 8


@pytest.mark.parametrize("name", COMPRESSORS)
def test_noise_costs_eight_bits_a_byte(name):
    noise = np.random.default_rng(0).bytes(50_000)
    assert compressed_bits(COMPRESSORS[name], words(1, 2000), noise)["alone"] == pytest.approx(8, abs=0.1)


def test_xz_is_as_good_as_the_command_line_at_nine():
    text = words(2, 20_000)
    assert xz(text) <= len(lzma.compress(text, preset=9))


def by_hand(train, heldout, vocabulary, order):
    """Witten-Bell interpolation, spelled out with dictionaries."""
    counts, kinds = defaultdict(Counter), defaultdict(set)
    for length in range(order):
        for i in range(length, len(train)):
            context = tuple(train[i - length : i])
            counts[length, context][train[i]] += 1
            kinds[length, context].add(train[i])
    bits = 0.0
    for i, token in enumerate(heldout):
        p = 1 / vocabulary
        for length in range(min(order, i + 1)):
            key = length, tuple(heldout[i - length : i])
            total, different = sum(counts[key].values()), len(kinds[key])
            if total:
                p = (counts[key][token] + different * p) / (total + different)
        bits -= math.log2(p)
    return bits


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_ngram_model_is_its_formula(order):
    rng = np.random.default_rng(1)
    train, heldout = rng.integers(0, 7, 400), rng.integers(0, 8, 60)
    expected = by_hand(train.tolist(), heldout.tolist(), 8, order) / 60
    assert ngram_bits(train, heldout, 8, 60, order=order) == pytest.approx(expected, rel=1e-9)


def test_the_ngram_model_is_a_distribution():
    rng = np.random.default_rng(2)
    train, history = rng.integers(0, 5, 300), rng.integers(0, 5, 3)
    before = ngram_bits(train, history, 6, 1)
    p = [2 ** -(ngram_bits(train, np.append(history, token), 6, 1) - before) for token in range(6)]
    assert sum(p) == pytest.approx(1, rel=1e-9)
