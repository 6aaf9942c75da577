"""A run that learns nothing any more lands or ends, with its best weights, however it was broken off."""

import itertools
import math
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.test_loop import SETTINGS, ends_as_if_never_broken_off, interrupt_at, log_of, run
from tests.training.toy import ToyRows, toy_objective
from zaohua.data.order import order
from zaohua.settings import UserError
from zaohua.training import loop
from zaohua.training.interruption import Interrupted
from zaohua.training.loop import Event
from zaohua.training.patience import Patience

EVERY = 5
"""Steps between two validations here."""


def validating(folder, bits):
    """A validation that finds `bits(step)` at the step that the log of `folder` ends in, whatever the weights are."""

    def look():
        step = max(entry["step"] for entry in log_of(folder) if entry["event"] == "step")
        return {"bits_per_byte": bits(step), "heldout_tokens": step}

    return Event(EVERY, "validate", look, judged_by="bits_per_byte")


def settings_of(**changes):
    return SETTINGS.model_copy(update={"patience": 2, "validate_every": EVERY, "keep_every": EVERY, **changes})


def weights_at(folder, step):
    return load_file(folder / "checkpoints" / f"step-{step:08d}" / "weights.safetensors")


def same(objective, weights):
    return all(torch.equal(tensor, weights[name]) for name, tensor in objective.state_dict().items())


def overfitting_after(best):
    """Bits per byte that fall until step `best` and rise from there."""
    return lambda step: 2.0 + abs(step - best) / 100


@pytest.mark.parametrize("schedule", ["cosine", "linear", "inverse_sqrt"])
def test_a_run_whose_rate_falls_by_itself_ends_and_has_its_best_weights(tmp_path, schedule):
    settings = settings_of(steps=60, schedule=schedule)
    tmp_path.joinpath("a").mkdir()
    objective, done = run(
        tmp_path / "a", settings=settings, happenings=[validating(tmp_path / "a", overfitting_after(15))]
    )
    assert done.steps == 25
    assert done.results["validate"] == {"bits_per_byte": 2.0, "heldout_tokens": 15}
    assert same(objective, weights_at(tmp_path / "a", 15))
    assert not same(objective, weights_at(tmp_path / "a", 25))
    last = log_of(tmp_path / "a")[-1]
    assert last == {"event": "final", "step": 25, "bits_per_byte": 2.0, "heldout_tokens": 15}


def test_a_trapezoid_lands_first_and_its_landing_has_patience_of_its_own(tmp_path):
    settings = settings_of(steps=200, landing=0.4)
    bits = {15: 2.0, 30: 1.9, 35: 1.8, 40: 1.85, 42: 1.7}
    objective, done = run(
        tmp_path, settings=settings, happenings=[validating(tmp_path, lambda step: bits.get(step, 2.5))]
    )
    assert done.steps == 42, "landed at 25, two validations after its best, for 0.4 of the run that ended so"
    assert done.results["validate"]["bits_per_byte"] == 1.7
    rates = {entry["step"]: entry["learning_rate"] for entry in log_of(tmp_path) if entry["event"] == "step"}
    assert {rates[step] for step in range(4, 26)} == {0.02}
    assert [rates[step] for step in range(26, 43)] == pytest.approx([0.02 * (17 - i) / 17 for i in range(17)])
    assert same(objective, weights_at(tmp_path, 42))


def test_a_landing_that_learns_nothing_ends_early_too(tmp_path):
    settings = settings_of(steps=200, landing=0.4)
    objective, done = run(tmp_path, settings=settings, happenings=[validating(tmp_path, overfitting_after(15))])
    assert done.steps == 35
    assert same(objective, weights_at(tmp_path, 15))


@pytest.mark.parametrize("schedule", ["trapezoid", "cosine"])
@pytest.mark.parametrize("breaks", [(3, 13), (15, 1), (22, 2), (25,), (29,)], ids=str)
def test_broken_off_anywhere_it_ends_where_it_would_have(tmp_path, schedule, breaks):
    settings, ends = settings_of(steps=60, schedule=schedule, ema=0.9), {"trapezoid": 35, "cosine": 25}[schedule]
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    watch = {name: validating(tmp_path / name, overfitting_after(15)) for name in ("whole", "broken")}
    whole, _ = run(tmp_path / "whole", settings=settings, happenings=[watch["whole"]])
    for at in breaks:
        if at <= ends:
            with pytest.raises(Interrupted):
                run(tmp_path / "broken", settings=settings, happenings=[watch["broken"], interrupt_at(at)])
    broken, done = run(tmp_path / "broken", settings=settings, happenings=[watch["broken"]])
    assert done.steps == ends
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), broken.parameters(), strict=True))
    assert log_of(tmp_path / "whole") == log_of(tmp_path / "broken")
    assert done.results["validate"]["bits_per_byte"] == 2.0


class Killed(BaseException):
    """What no sentence is made of."""


@pytest.mark.parametrize("at", [16, 24, 26, 31])
def test_killed_without_a_word_it_does_again_what_was_decided(tmp_path, at):
    settings = settings_of(steps=200, keep_every=10)
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    watch = {name: validating(tmp_path / name, overfitting_after(15)) for name in ("whole", "broken")}
    whole, _ = run(tmp_path / "whole", settings=settings, happenings=[watch["whole"]])

    def kill():
        if log_of(tmp_path / "broken")[-1]["step"] == at:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path / "broken", settings=settings, happenings=[watch["broken"], Event(1, "kill", kill)])
    broken, done = run(tmp_path / "broken", settings=settings, happenings=[watch["broken"]])
    assert done.steps == 35
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), broken.parameters(), strict=True))
    assert log_of(tmp_path / "whole") == log_of(tmp_path / "broken")


def test_patience_without_a_validation_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="patience needs held-out text"):
        run(tmp_path, settings=settings_of())


def test_without_patience_the_last_weights_are_the_model(tmp_path):
    settings = settings_of(steps=30, patience=None)
    objective, done = run(tmp_path, settings=settings, happenings=[validating(tmp_path, overfitting_after(15))])
    assert done.steps == 30
    assert done.results["validate"]["heldout_tokens"] == 30
    assert same(objective, weights_at(tmp_path, 30))


def brute_force(limit, values, since):
    """Whether `limit` validations in a row after step `since` found nothing below all before them."""
    best, row = math.inf, 0
    for step, value in values:
        row = 0 if value < best or step <= since else row + 1
        best = min(best, value)
    return row >= limit


def test_patience_counts_validations_since_the_best_or_since_the_landing():
    drawn = torch.Generator().manual_seed(0)
    for limit, since in itertools.product((1, 2, 4), (0, 3, 7)):
        patience, values = Patience(limit, "validate", "bits", ()), []
        for step in range(1, 40):
            values.append((step, float(torch.randint(0, 30, (), generator=drawn))))
            patience.is_best({"step": step, "bits": values[-1][1]})
            assert patience.is_over(since) == brute_force(limit, values, since), (limit, since, values)
            best = min(range(step), key=lambda place: values[place][1])
            assert patience.best["step"] == values[best][0], "of equal ones the first"


def entries_of(*said):
    return [{"event": kind, "step": step, "bits": value} for kind, step, value in said]


def test_what_was_seen_before_a_run_went_back_is_forgotten():
    said = [("validate", 5, 3.0), ("validate", 10, 2.0), ("validate", 15, 1.0), ("went_back", 10, 0.0)]
    patience = Patience(2, "validate", "bits", entries_of(*said))
    assert patience.best["step"] == 5, "it is at step 10 again, and validates there first"
    again = Patience(2, "validate", "bits", entries_of(*said, ("validate", 10, 2.5), ("validate", 15, 2.6)))
    assert again.best["step"] == 10
    assert not again.is_over(0)
    again.is_best({"step": 20, "bits": 2.7})
    assert again.is_over(0)
    again.go_back(15)
    assert not again.is_over(0)


def test_patience_is_read_from_the_log_and_what_is_no_number_is_never_best():
    said = [("step", 1, 0.1), ("validate", 1, 3.0), ("validate", 2, math.nan), ("sample", 2, 0.5), ("validate", 3, 3.0)]
    patience = Patience(2, "validate", "bits", entries_of(*said))
    assert patience.best["step"] == 1
    assert patience.is_over(0)
    assert not patience.is_over(1 + 1)


def mean_of(folder, steps):
    """The mean of the weights in these checkpoints, in fp64."""
    found = [weights_at(folder, step) for step in steps]
    return {name: sum(each[name].double() for each in found) / len(found) for name in found[0]}


def test_the_mean_of_the_last_checkpoints_is_their_mean_and_is_measured(tmp_path):
    settings = settings_of(steps=23, patience=None, average_last=3)
    measured = []

    def look():
        measured.append(objective.model.head_weight.detach().clone())
        return {"bits_per_byte": float(len(measured))}

    objective = toy_objective()
    event = Event(EVERY, "validate", look, judged_by="bits_per_byte")
    with pytest.raises(Interrupted):
        run(tmp_path, settings=settings, happenings=[interrupt_at(22)])
    _, done = run(tmp_path, objective=objective, settings=settings, happenings=[event])
    expected = mean_of(tmp_path, (15, 20, 23))
    for name, tensor in objective.state_dict().items():
        torch.testing.assert_close(tensor.double(), expected[name], rtol=1e-7, atol=1e-8)
    assert (tmp_path / "checkpoints" / "step-00000022").is_dir(), (
        "one that stands where it was broken off, and has no part in it"
    )
    assert torch.equal(measured[-1], objective.model.head_weight)
    assert done.results["validate"]["bits_per_byte"] == len(measured)
    again, _ = run(tmp_path, settings=settings, happenings=[event])
    assert all(torch.equal(a, b) for a, b in zip(objective.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("breaks", [(4, 3), (21,), (23,)], ids=str)
def test_broken_off_it_is_the_same_mean(tmp_path, breaks):
    ends_as_if_never_broken_off(tmp_path, settings_of(steps=23, patience=None, average_last=3), breaks)


def test_a_damaged_checkpoint_is_not_averaged(tmp_path):
    settings = settings_of(steps=23, patience=None, average_last=3)
    with pytest.raises(Interrupted):
        run(tmp_path, settings=settings, happenings=[interrupt_at(21)])
    weights = tmp_path / "checkpoints" / "step-00000015" / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    with pytest.raises(UserError, match=r"to be averaged is damaged .*the same command takes the mean of the others"):
        run(tmp_path, settings=settings)
    shutil.rmtree(weights.parent)
    objective, _ = run(tmp_path, settings=settings)
    expected = mean_of(tmp_path, (10, 20, 23))
    assert torch.equal(objective.model.head_weight, expected["model.embedding.token.weight"].float())


def test_a_run_shorter_than_the_mean_takes_what_there_is(tmp_path):
    objective, _ = run(tmp_path, settings=settings_of(steps=7, patience=None, average_last=9))
    expected = mean_of(tmp_path, (5, 7))
    for name, tensor in objective.state_dict().items():
        torch.testing.assert_close(tensor.double(), expected[name], rtol=1e-7, atol=1e-8)


def test_checkpoints_of_every_so_many_steps_stay(tmp_path):
    run(tmp_path, settings=settings_of(steps=13, patience=None, keep_every=4, save_every=1e-9, keep=1))
    found = [int(folder.name[-2:]) for folder in sorted((tmp_path / "checkpoints").iterdir())]
    assert found == [4, 8, 12, 13]


class Marked(ToyRows):
    """Rows of which one, the first of this step, cannot be learned."""

    def __init__(self, step):
        self.row = order(0, 8 * (step - 1), 1, 1024)[0]

    def __len__(self):
        return 1024

    def batch(self, indices):
        arrays = super().batch(indices)
        return {**arrays, "ids": np.where((indices == self.row)[:, None], 10, arrays["ids"])}


def stumbling():
    """An objective whose loss is no number where that row is."""
    objective = toy_objective(dropout=0.1)
    forward = objective.forward

    def other(batch):
        bad = (batch.ids == 10).all(dim=1).any()
        return {term: total * (math.nan if bad else 1.0) for term, total in forward(batch).items()}

    objective.forward = other
    return objective


GOING_BACK = {"steps": 24, "ema": 0.9, "trouble": "rollback", "keep_every": 6, "save_every": 999.0}


@pytest.mark.parametrize("breaks", [(12,), (14, 4)], ids=str)
def test_a_run_that_went_back_forgets_what_was_best_there_however_it_is_broken_off_then(tmp_path, breaks):
    bits = [9.0, 1.0, 3.0, 2.5, 2.0, 2.2]  # the second, at step 10, is of the steps that are gone over again

    def watch(name):
        def look():
            return {"bits_per_byte": bits[sum(entry["event"] == "validate" for entry in log_of(tmp_path / name))]}

        return Event(EVERY, "validate", look, judged_by="bits_per_byte")

    settings = settings_of(**GOING_BACK, patience=9)
    whole, done = run(tmp_path / "whole", stumbling(), settings, [watch("whole")], Marked(11))
    seen = [(entry["event"], entry["step"]) for entry in log_of(tmp_path / "whole") if entry["event"] != "step"]
    assert seen == [("validate", 5), ("validate", 10), ("skipped", 11), ("went_back", 6), ("validate", 10),
                    ("validate", 15), ("validate", 20), ("validate", 24), ("final", 24)]  # fmt: skip
    assert done.results["validate"] == {"bits_per_byte": 2.0}
    for at in breaks:
        with pytest.raises(Interrupted):
            run(tmp_path / "broken", stumbling(), settings, [watch("broken"), interrupt_at(at)], Marked(11))
    broken, _ = run(tmp_path / "broken", stumbling(), settings, [watch("broken")], Marked(11))
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), broken.parameters(), strict=True))
    assert log_of(tmp_path / "whole") == log_of(tmp_path / "broken")


@pytest.mark.parametrize(
    ("trouble", "bad", "updates", "looks"),
    [("rollback", 18, 17 + 12, (7, 17 + 16 - 13, 17 + 24 - 13)), ("skip", 8, 23, (6, 14, 22))],
    ids=["17 steps, and from the 13th on again", "the first look is at a step that is left out"],
)
def test_an_average_has_no_part_of_what_a_run_went_back_over_or_left_out(
    tmp_path, monkeypatch, trouble, bad, updates, looks
):
    objective, update, after = stumbling(), loop.Optimizer.step, []

    def step(self, factor):
        update(self, factor)
        after.append({name: parameter.detach().double() for name, parameter in objective.named_parameters()})

    monkeypatch.setattr(loop.Optimizer, "step", step)
    run(tmp_path, objective, settings_of(**GOING_BACK | {"trouble": trouble, "patience": None}), rows=Marked(bad))
    assert len(after) == updates
    looks = [after[each] for each in looks]
    shares = [0.9 ** (8 * (2 - place)) for place in range(3)]
    for name, tensor in objective.named_parameters():
        expected = sum(share * look[name] for share, look in zip(shares, looks, strict=True)) / sum(shares)
        torch.testing.assert_close(tensor.double(), expected, rtol=1e-5, atol=1e-6)
