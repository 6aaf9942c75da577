"""How fast a run is, and what share of the machine's ceiling that is."""

import pytest
import torch

from zaohua.watching import speed as speeds
from zaohua.watching.speed import Speed, measured_ceiling, share_of_ceiling, speed

ABOUT = {"flops_per_token": 2e6, "ceiling": 1e9}


def test_the_share_is_operations_used_of_those_that_could_be():
    assert share_of_ceiling(100, ABOUT) == pytest.approx(0.2)
    assert speed(1000, 10.0, ABOUT) == {"tokens_per_second": 100.0, "share_of_ceiling": 0.2}


@pytest.mark.parametrize("missing", ["ceiling", "flops_per_token"])
def test_what_was_not_measured_is_not_said(missing):
    assert speed(1000, 10.0, {**ABOUT, missing: None}) == {"tokens_per_second": 100.0}
    assert speed(1000, 10.0, {}) == {"tokens_per_second": 100.0}


def test_of_late_means_of_late():
    pace = Speed(ABOUT)
    assert pace.fields() is None
    pace.step({"seconds": 100.0, "tokens": 0})
    assert pace.fields() is None
    for number in range(1, 200):
        pace.step({"seconds": 100.0 + number, "tokens": 50 * number})
    pace.happened("validate", {})
    pace.close()
    assert pace.fields() == {"tokens_per_second": 50.0, "share_of_ceiling": 0.1}


def test_a_run_that_goes_back_is_timed_anew():
    pace = Speed(ABOUT)
    for seconds, tokens in ((1.0, 100), (2.0, 200), (3.0, 100), (4.0, 150)):
        pace.step({"seconds": seconds, "tokens": tokens})
    assert pace.fields() == {"tokens_per_second": 50.0, "share_of_ceiling": 0.1}


def test_the_ceiling_is_that_of_the_faster_type_and_of_no_product_that_takes_too_long(monkeypatch):
    sizes, rates = [], {torch.float32: 1e11, torch.bfloat16: 3e11}

    def rate(matrix, seconds):
        sizes.append(len(matrix))
        return rates[matrix.dtype]

    monkeypatch.setattr(speeds, "_rate", rate)
    assert measured_ceiling(torch.device("cpu")) == 3e11
    assert max(sizes) == 2048, "4096 would take 0.46 s of 0.3"


def test_a_machine_without_room_has_no_ceiling(monkeypatch):
    def fails(matrix, seconds):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(speeds, "_rate", fails)
    assert measured_ceiling(torch.device("cpu")) is None


def test_measuring_draws_nothing_that_training_would_draw(monkeypatch):
    monkeypatch.setattr(speeds, "SIZES", (64,))
    before = torch.get_rng_state()
    found = measured_ceiling(torch.device("cpu"), seconds=0.01)
    assert found is not None
    assert found > 1e6
    assert torch.equal(torch.get_rng_state(), before)
