"""Learners in equal minutes: what they are measured on is the same text, counted right, and the peers do learn."""

import math
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import heldout
import learners
import learning
import result

TEXT = "the cat sat on the mat. the dog sat on the log.\n"


def even(size):
    """A learner that holds every id for equally likely."""
    return lambda ids: torch.zeros(*ids.shape, size)


def test_an_excerpt_is_the_same_share_of_every_text_and_cuts_no_character():
    cut = heldout.excerpt(["水浒传" * 100, "a" * 100], 502)
    assert [len(cut[0]) * 3, len(cut[1])] == [450, 50]
    assert heldout.excerpt(["水", "b"], 100) == ["水", "b"]


@pytest.mark.parametrize("length", [1, 7, 8, 9, 33])
def test_every_id_but_the_first_is_predicted_once(length):
    ids = torch.randint(4, (length + 1,))
    bits = heldout.bits_per_byte(even(4), heldout.Stream(ids, 0, length), context=8, rows=2)
    assert bits == pytest.approx(2.0)


def test_an_id_is_predicted_from_those_before_it():
    def successor(ids):
        """Certain that each id is followed by the next number."""
        return torch.nn.functional.one_hot((ids + 1) % 5, 5).float() * 100

    ids = torch.arange(40) % 5
    assert heldout.bits_per_byte(successor, heldout.Stream(ids, 0, 39), context=8) == pytest.approx(0, abs=1e-6)


def test_an_unknown_character_costs_eight_bits_and_nothing_else():
    vocabulary = learners.Characters(["abc"])
    assert len(vocabulary.numbers) == 4  # and the line end
    stream = vocabulary.stream(["aé"])
    assert (stream.unknown, stream.text_bytes) == (1, 3)
    bits = heldout.bits_per_byte(even(4), stream, context=8)
    assert bits == pytest.approx((2 + 8) / 3)


def test_the_rate_of_nanogpt_warms_up_and_falls_to_a_tenth():
    rates = [learners._cosine(step, 2000) for step in range(2000)]
    assert rates[0] == pytest.approx(1e-3 / 101)
    assert rates.index(max(rates)) == learners.WARM_UP
    assert max(rates) == pytest.approx(1e-3)
    assert rates[-1] == pytest.approx(1e-4, rel=1e-3)


@pytest.mark.slow
def test_nanogpt_learns_a_text():
    task = learners.Task(folder=Path(), train=[TEXT * 20], heldout=[TEXT], seconds=0.0)
    found = learners.nanogpt(task, steps=60)
    assert found["bits"] < 0.9 * math.log2(len(learners.Characters([TEXT]).numbers))
    assert found["tokens"] == 60 * 12 * 64


def test_where_a_text_of_ours_stands():
    rows = [
        result.row("zaohua make", "plays", "", "bits per byte", [1.8]),
        result.row("peer", "plays", "", "bits per byte", [2.0]),
        result.row("other", "plays", "", "bits per byte", [1.9]),
        result.row("zaohua make", "shakespeare", "", "bits per byte", [2.2]),
        result.row("peer", "shakespeare", "", "bits per byte", [2.7]),
        result.row("zaohua run recipes/shakespeare-char", "shakespeare", "", "nats per character", [1.95]),
        result.row("zaohua make", "shakespeare", "", "nats per character", [1.5]),
    ]
    assert [(goal["got"], goal["met"]) for goal in learning.standing(rows)] == [
        (0.9, True), (0.947, False), (1.95, False), (1.5, True),
    ]  # fmt: skip


@pytest.mark.parametrize("case", [*learning.TEXTS, learning.SHAKESPEARE])
def test_the_first_to_learn_makes_the_corpus_that_the_others_read(case):
    first, *others = learning.arms(case, Path("text"), 10)
    assert first.command
    assert "tail" in first.command or first.name == learning.OUR_RECIPE
    assert {arm.learner for arm in (first, *others)} <= learners.LEARNERS.keys()
