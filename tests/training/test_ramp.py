"""Rows that rise: few at first, each once, whatever is computed at once and however often the run is broken off."""

import itertools

import numpy as np
import pytest
import torch

from tests.training.test_loop import ends_as_if_never_broken_off, log_of, run
from tests.training.toy import ToyRows, toy_objective
from zaohua.data.order import order
from zaohua.training.ramp import rises_until, rows_of
from zaohua.training.settings import TrainingSettings

SETTINGS = TrainingSettings(
    steps=20, length=16, rows=12, ramp=0.5, landing=0.4, warmup=2, learning_rate=0.02, validate_every=5
)


class Watched(ToyRows):
    """Rows that remember who was asked for."""

    def __init__(self):
        self.asked = []

    def batch(self, indices):
        self.asked += indices.tolist()
        return super().batch(indices)


@pytest.mark.parametrize("rows", [1, 3, 12, 16, 100])
def test_rows_rise_in_a_straight_line_from_a_quarter_to_all(rows):
    settings = TrainingSettings(steps=200, rows=rows, ramp=0.3)
    found = [rows_of(step, settings) for step in range(200)]
    straight = [max(1, rows // 4) + (rows - max(1, rows // 4)) * step / 60 for step in range(60)]
    assert all(exact - 1 < each <= exact + 1e-9 for each, exact in zip(found[:60], straight, strict=True))
    assert found[0] == max(1, rows // 4)
    assert found[60:] == [rows] * 140
    assert rises_until(settings) == 60


def test_without_a_ramp_every_step_has_all_rows():
    assert {rows_of(step, TrainingSettings(steps=9, rows=7)) for step in range(9)} == {7}
    assert rows_of(3, TrainingSettings(seconds=9.0, rows=7)) == 7


def test_every_row_comes_in_its_order_and_once(tmp_path):
    rows = Watched()
    _, done = run(tmp_path, settings=SETTINGS, rows=rows)
    sizes = [rows_of(step, SETTINGS) for step in range(20)]
    assert rows.asked == order(SETTINGS.seed, 0, sum(sizes), len(rows)).tolist()
    learned = [entry["tokens"] for entry in log_of(tmp_path) if entry["event"] == "step"]
    assert np.diff([0, *learned]).tolist() == [16 * size for size in sizes]
    assert all(a <= b for a, b in itertools.pairwise(sizes))
    assert done.tokens == 16 * sum(sizes)


def test_broken_off_within_the_ramp_it_goes_on_to_the_same_bits(tmp_path):
    ends_as_if_never_broken_off(tmp_path, SETTINGS, (3, 2))


def test_what_is_computed_at_once_changes_neither_rows_nor_weights(tmp_path):
    plain, _ = run(tmp_path / "a", objective=toy_objective(), settings=SETTINGS)
    split = SETTINGS.model_copy(update={"micro_rows": 4})  # steps of 3, 4, 5 … rows: the last part has fewer
    parts, _ = run(tmp_path / "b", objective=toy_objective(), settings=split)
    for a, b in zip(plain.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    tokens = [[entry["tokens"] for entry in log_of(tmp_path / name)] for name in "ab"]
    assert tokens[0] == tokens[1]
