"""The learning rate: warm-up from above zero, the schedule's shape, and a landing that can start at any step."""

import itertools

import pytest

from zaohua.settings import UserError
from zaohua.training.clock import Clock
from zaohua.training.schedule import Landing, planned_landing, rate_factor
from zaohua.training.settings import TrainingSettings


def factors(**settings):
    chosen = TrainingSettings(steps=100, warmup=10, **settings)
    landing = planned_landing(chosen)
    return [rate_factor(step, chosen, landing) for step in range(100)]


@pytest.mark.parametrize("schedule", ["trapezoid", "cosine", "linear"])
def test_every_schedule_warms_up_peaks_at_one_and_ends_low(schedule):
    found = factors(schedule=schedule)
    assert 0 < found[0] < found[5] < found[9] < 1
    assert max(found) == pytest.approx(1.0)
    assert found[-1] < 0.05
    assert all(a >= b for a, b in itertools.pairwise(found[10:]))


def test_a_trapezoid_is_flat_until_its_landing():
    found = factors(schedule="trapezoid", landing=0.4)
    assert found[10:60] == [1.0] * 50
    assert found[80] == pytest.approx(0.5)


def test_the_final_rate_is_a_share_of_the_peak():
    assert factors(schedule="cosine", final_rate=0.1)[-1] == pytest.approx(0.1, abs=0.01)


def test_the_clock_lands_in_its_seconds_whatever_the_speed(tmp_path):
    settings = TrainingSettings(seconds=100.0, warmup=5, landing=0.4)
    clock, step, seconds, last = Clock(tmp_path, settings), 0, 0.0, 0.0
    rates = []
    while not clock.finished(step):
        rates.append(clock.factor(step))
        step += 1
        seconds += 0.5 if step < 100 else 0.7  # the machine slows down in the middle
        clock.consider(step, seconds)
        last = seconds
    assert 95 <= last <= 101
    assert rates[-1] < 0.05
    assert all(abs(a - b) < 0.1 for a, b in itertools.pairwise(rates[6:]))


def test_a_resumed_clock_keeps_what_was_decided(tmp_path):
    settings = TrainingSettings(seconds=100.0, warmup=5)
    first = Clock(tmp_path, settings)
    first.consider(130, 65.0)
    again = Clock(tmp_path, settings)
    again.consider(120, 90.0)  # a slower second life must not decide anew before step 130
    assert again.landings == first.landings == [Landing(step=130, end=200, factor=1.0)]


def test_the_clock_does_not_land_before_the_warm_up_is_over(tmp_path):
    clock = Clock(tmp_path, TrainingSettings(seconds=100, warmup=20, landing=0.9))
    for step in range(1, 20):
        clock.consider(step, 1.0 * step)
    assert clock.landing_at(19) is None
    clock.consider(20, 20.0)
    assert clock.landing_at(20) is not None
    assert clock.factor(20) > 0.9


def test_steps_and_seconds_exclude_each_other():
    with pytest.raises(ValueError, match="leave one out"):
        TrainingSettings(steps=1, seconds=1.0)


@pytest.mark.parametrize("damage", ["[", "{}", '{"landings": [{"step": 1}]}', '{"landings": 3}'])
def test_damaged_landings_are_a_sentence(tmp_path, damage):
    (tmp_path / "landings.json").write_text(damage)
    with pytest.raises(UserError, match=r"landings\.json .*: delete it"):
        Clock(tmp_path, TrainingSettings(seconds=100.0))
