"""The learning rate: warm-up from above zero, the schedule's shape, and a landing that can start at any step."""

import itertools

import pytest

from zaohua.settings import UserError
from zaohua.training.clock import Clock
from zaohua.training.schedule import Landing, planned_landing, rate_factor
from zaohua.training.settings import WATCHING, TrainingSettings


def factors(**settings):
    chosen = TrainingSettings(steps=100, warmup=10, **settings)
    landing = planned_landing(chosen)
    return [rate_factor(step, chosen, landing) for step in range(100)]


@pytest.mark.parametrize("width", [64, 512])
@pytest.mark.parametrize("warmup", [1, 10, 40])
def test_the_inverse_square_root_is_that_of_the_transformer_s_paper(width, warmup):
    def printed(
        step,
    ):  # Vaswani et al. 2017, equation 3; steps count from 1, the peak is that of the last of the warm-up
        return width**-0.5 * min(step**-0.5, step * (warmup + 1) ** -1.5)

    chosen = TrainingSettings(steps=100, warmup=warmup, schedule="inverse_sqrt")
    found = [rate_factor(step, chosen, planned_landing(chosen)) for step in range(100)]
    assert max(found) == found[warmup] == 1.0
    assert found == pytest.approx([printed(step) / printed(warmup + 1) for step in range(1, 101)])


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


def rates(clock, steps):
    return [clock.factor(step) for step in steps]


def test_a_trapezoid_cut_short_lands_at_once_for_its_usual_share_of_the_shorter_run(tmp_path):
    settings = TrainingSettings(steps=1000, warmup=10, landing=0.4, patience=3)
    clock = Clock(tmp_path, settings)
    clock.cut_short(120, 9.0)
    assert clock.landings == [Landing(step=120, end=200, factor=1.0, early=True)]
    for each in (clock, Clock(tmp_path, settings)):  # a resumed run knows
        assert rates(each, [119, 120, 160, 199]) == pytest.approx([1, 1, 0.5, 1 / 80])
        assert [each.finished(step) for step in (199, 200)] == [False, True]


def test_an_early_landing_is_never_longer_than_what_was_left(tmp_path):
    clock = Clock(tmp_path, TrainingSettings(steps=1000, warmup=10, landing=0.1, patience=3))
    clock.cut_short(895, 9.0)
    assert clock.landings[0].end == 895 + 99
    clock = Clock(tmp_path / "b", TrainingSettings(steps=1000, warmup=10, landing=0.8, patience=3))
    (tmp_path / "b").mkdir()
    clock.cut_short(190, 9.0)
    assert clock.landings[0].end == 950


def test_in_a_landing_and_where_the_rate_falls_by_itself_cutting_short_ends_the_run(tmp_path):
    for number, (schedule, step) in enumerate([("trapezoid", 700), ("cosine", 300), ("inverse_sqrt", 300)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings = TrainingSettings(steps=1000, warmup=10, schedule=schedule, patience=3)
        clock = Clock(folder, settings)
        assert not clock.finished(step)
        clock.cut_short(step, 9.0)
        assert clock.finished(step)
        assert Clock(folder, settings).finished(step)


def test_what_was_decided_later_is_not_decided_again_by_a_second_life(tmp_path):
    settings = TrainingSettings(steps=1000, warmup=10, patience=3)
    Clock(tmp_path, settings).cut_short(120, 9.0)
    clock = Clock(tmp_path, settings)
    clock.cut_short(100, 9.0)
    clock.cut_short(120, 9.0)
    assert [landing.step for landing in clock.landings] == [120]


@pytest.mark.parametrize("early", [{"warmup": 50}, {"warmup": 1, "ramp": 0.05}])
def test_nothing_is_cut_short_in_the_warm_up_or_a_ramp(tmp_path, early):
    clock = Clock(tmp_path, TrainingSettings(steps=1000, patience=1, **early))
    clock.cut_short(49, 9.0)
    assert not clock.landings
    clock.cut_short(50, 9.0)
    assert clock.landings


def test_the_clock_does_not_stretch_an_early_landing_to_its_seconds(tmp_path):
    clock = Clock(tmp_path, TrainingSettings(seconds=100.0, warmup=5, landing=0.4, patience=3))
    clock.cut_short(30, 10.0)
    assert clock.landings[0].end == 50
    for step in range(31, 51):
        clock.consider(step, step / 3)
    assert {landing.end for landing in clock.landings} == {50}
    clock = Clock(tmp_path / "slow", clock.settings)
    (tmp_path / "slow").mkdir()
    clock.cut_short(30, 70.0)  # 12 steps are left in its seconds
    assert clock.landings[0].end == 42


def test_steps_and_seconds_exclude_each_other():
    with pytest.raises(ValueError, match="leave one out"):
        TrainingSettings(steps=1, seconds=1.0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"schedule": "inverse_sqrt", "warmup": 0}, "inverse_sqrt follows from the warm-up"),
        ({"schedule": "inverse_sqrt", "final_rate": 0.1}, "inverse_sqrt follows from the warm-up"),
        ({"schedule": "inverse_sqrt", "steps": None, "seconds": 1.0}, "needs the trapezoid schedule"),
        ({"ramp": 0.2, "schedule": "cosine"}, "ramp needs steps, the trapezoid"),
        ({"ramp": 0.2, "steps": None, "seconds": 1.0}, "ramp needs steps"),
        ({"ramp": 0.7, "landing": 0.4}, "before the landing begins"),
        ({"average_last": 3}, "checkpoints that keep_every kept"),
        ({"average_last": 3, "keep_every": 5, "ema": 0.9}, "neither ema nor patience"),
        ({"average_last": 3, "keep_every": 5, "patience": 2}, "neither ema nor patience"),
    ],
)
def test_dials_that_do_not_go_together_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        TrainingSettings(**{"steps": 10, **wrong})


def test_what_a_run_is_does_not_know_of_dials_that_are_off():
    plain = TrainingSettings(steps=10)
    assert not {"ramp", "z_loss", "ema", "average_last", "patience"} & plain.deciding().keys()
    assert not WATCHING & plain.deciding().keys()
    assert TrainingSettings(steps=10, validate_every=7, keep_every=3).deciding() == plain.deciding()
    assert TrainingSettings(steps=10, z_loss=1e-4).deciding()["z_loss"] == 1e-4
    assert TrainingSettings(steps=10, ema=0.9).deciding() != plain.deciding()


def test_what_chooses_the_final_model_is_not_only_watching():
    by_validation = TrainingSettings(steps=10, patience=2)
    assert WATCHING - by_validation.watching() == {"validate_every", "validate_rows"}
    assert by_validation.deciding()["validate_every"] == 200
    by_checkpoints = TrainingSettings(steps=10, average_last=2, keep_every=4)
    assert WATCHING - by_checkpoints.watching() == {"keep_every"}


@pytest.mark.parametrize("damage", ["[", "{}", '{"landings": [{"step": 1}]}', '{"landings": 3}'])
def test_damaged_landings_are_a_sentence(tmp_path, damage):
    (tmp_path / "landings.json").write_text(damage)
    with pytest.raises(UserError, match=r"landings\.json .*: delete it"):
        Clock(tmp_path, TrainingSettings(seconds=100.0))
