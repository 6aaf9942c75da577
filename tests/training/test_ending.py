"""A run that learns nothing any more lands or ends, with its best weights, however it was broken off."""

import itertools
import json
import math
import shutil

import pytest
import torch
from safetensors.torch import load_file

from tests.training.test_loop import SETTINGS, interrupt_at, log_of, run
from tests.training.toy import toy_objective
from zaohua.settings import UserError
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


def test_patience_counts_validations_since_the_best_or_since_the_landing(tmp_path):
    drawn = torch.Generator().manual_seed(0)
    (tmp_path / "log").write_text("")
    for limit, since in itertools.product((1, 2, 4), (0, 3, 7)):
        patience, values = Patience(limit, "validate", "bits", tmp_path / "log"), []
        for step in range(1, 40):
            values.append((step, float(torch.randint(0, 30, (), generator=drawn))))
            patience.is_best({"step": step, "bits": values[-1][1]})
            assert patience.is_over(since) == brute_force(limit, values, since), (limit, since, values)
            best = min(range(step), key=lambda place: values[place][1])
            assert patience.best["step"] == values[best][0], "of equal ones the first"


def test_patience_is_read_from_the_log_and_what_is_no_number_is_never_best(tmp_path):
    entries = [
        ("step", 1, 0.1),
        ("validate", 1, 3.0),
        ("validate", 2, float("nan")),
        ("sample", 2, 0.5),
        ("validate", 3, 3.0),
    ]
    lines = [json.dumps({"event": kind, "step": step, "bits": value}) for kind, step, value in entries]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    patience = Patience(2, "validate", "bits", tmp_path / "log")
    assert patience.best["step"] == 1
    assert patience.is_over(0)
    assert not patience.is_over(1 + 1)


def mean_of(folder, steps):
    """The mean of the weights in these checkpoints, in fp64."""
    found = [weights_at(folder, step) for step in steps]
    return {name: sum(each[name].double() for each in found) / len(found) for name in found[0]}


def test_the_mean_of_the_last_checkpoints_is_their_mean_and_is_measured(tmp_path):
    settings = settings_of(steps=23, patience=None, average_last=3, save_every=1e-9)
    measured = []

    def look():
        measured.append(objective.model.head_weight.detach().clone())
        return {"bits_per_byte": float(len(measured))}

    event = Event(EVERY, "validate", look, judged_by="bits_per_byte")
    objective = toy_objective()
    with pytest.raises(Interrupted):
        run(tmp_path, objective=objective, settings=settings, happenings=[event, interrupt_at(22)])
    objective = toy_objective()
    _, done = run(tmp_path, objective=objective, settings=settings, happenings=[event])
    expected = mean_of(tmp_path, (15, 20, 23))
    for name, tensor in objective.state_dict().items():
        torch.testing.assert_close(tensor.double(), expected[name], rtol=1e-7, atol=1e-8)
    assert (tmp_path / "checkpoints" / "step-00000022").is_dir(), "one that has no part in it"
    assert torch.equal(measured[-1], objective.model.head_weight)
    assert done.results["validate"]["bits_per_byte"] == len(measured)
    again, _ = run(tmp_path, settings=settings, happenings=[event])
    assert all(torch.equal(a, b) for a, b in zip(objective.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("breaks", [(4, 3), (21,), (23,)], ids=str)
def test_broken_off_it_is_the_same_mean(tmp_path, breaks):
    settings = settings_of(steps=23, patience=None, average_last=3)
    whole, _ = run(tmp_path / "whole", settings=settings)
    for at in breaks:
        with pytest.raises(Interrupted):
            run(tmp_path / "broken", settings=settings, happenings=[interrupt_at(at)])
    broken, _ = run(tmp_path / "broken", settings=settings)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), broken.parameters(), strict=True))


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
    run(tmp_path, settings=settings_of(steps=12, patience=None, keep_every=4, save_every=1e-9))
    found = [int(folder.name[-2:]) for folder in sorted((tmp_path / "checkpoints").iterdir())]
    assert {4, 8, 12} <= set(found)
    assert len(found) <= 4, "and of the others the last alone"
