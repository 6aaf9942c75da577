"""The moving average is its formula, is what is looked at, and survives any break; the best is what it was then."""

import contextlib

import pytest
import torch
from safetensors.torch import load_file

from tests.training.test_loop import SETTINGS, ends_as_if_never_broken_off, log_of, run
from tests.training.toy import toy_objective
from zaohua.training.loop import Event
from zaohua.training.settings import TrainingSettings
from zaohua.training.side_weights import EVERY, SideWeights

AVERAGED = SETTINGS.model_copy(update={"steps": 37, "ema": 0.9, "keep_every": EVERY})


def changed(objective, number):
    """Give the objective weights that are a function of `number`, and return them by name, in fp64."""
    drawn = torch.Generator().manual_seed(number)
    with torch.no_grad():
        for parameter in objective.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=drawn))
    return {name: parameter.detach().double() for name, parameter in objective.named_parameters()}


def weighted(looks, decay):
    """The exponentially weighted mean of weights, the newest last, written out."""
    shares = [decay ** (len(looks) - 1 - i) for i in range(len(looks))]
    return {
        name: sum(share * look[name] for share, look in zip(shares, looks, strict=True)) / sum(shares)
        for name in looks[0]
    }


def weights_of(objective):
    return {name: parameter.detach().clone() for name, parameter in objective.named_parameters()}


@pytest.mark.parametrize("ema", [0.5, 0.99, 0.9999])
def test_the_average_is_the_weighted_mean_of_what_was_looked_at(ema):
    objective, looks = toy_objective(), []
    side = SideWeights(objective, TrainingSettings(steps=1, ema=ema))
    for step in range(1, 12 * EVERY + 5):
        taken = changed(objective, step)
        side.follow(step)
        looks += [taken] if step % EVERY == 0 else []
    for name, expected in weighted(looks, ema**EVERY).items():
        torch.testing.assert_close(side.average[name].double(), expected, rtol=1e-5, atol=1e-6)


def test_before_the_first_look_the_weights_themselves_are_used():
    objective = toy_objective()
    side = SideWeights(objective, TrainingSettings(steps=1, ema=0.99))
    before = changed(objective, 0)
    side.follow(EVERY - 1)
    side.put_in_place()
    assert not side.state()
    assert all(torch.equal(tensor.double(), before[name]) for name, tensor in objective.named_parameters())


def test_in_use_is_the_average_and_afterwards_every_bit_is_back_where_it_was():
    objective = toy_objective()
    side = SideWeights(objective, TrainingSettings(steps=1, ema=0.5))
    for step in (EVERY, 2 * EVERY):
        changed(objective, step)
        side.follow(step)
    places = [parameter.data_ptr() for parameter in objective.parameters()]
    trained = weights_of(objective)
    average = {name: tensor.clone() for name, tensor in side.average.items()}
    with contextlib.suppress(RuntimeError), side.in_use():
        assert all(torch.equal(tensor, average[name]) for name, tensor in objective.named_parameters())
        raise RuntimeError("in the middle of it")
    assert all(torch.equal(tensor, trained[name]) for name, tensor in objective.named_parameters())
    assert all(torch.equal(tensor, average[name]) for name, tensor in side.average.items())
    assert places == [parameter.data_ptr() for parameter in objective.parameters()]


def test_what_was_saved_is_loaded_as_far_as_it_is_asked_for():
    objective = toy_objective()
    both = SideWeights(objective, TrainingSettings(steps=1, ema=0.5, patience=2))
    changed(objective, 1)
    both.follow(EVERY)
    both.keep_best()
    now = changed(objective, 2)
    both.follow(2 * EVERY)
    assert not any(torch.equal(tensor, both.average[name]) for name, tensor in both.best.items())
    both.keep_best()
    assert all(torch.equal(tensor, both.average[name]) for name, tensor in both.best.items())
    assert not any(torch.equal(tensor.double(), now[name]) for name, tensor in both.best.items())
    changed(objective, 3)
    both.follow(3 * EVERY)
    state = both.state()
    assert {key.partition("/")[0] for key in state} == {"average", "best"}
    for settings, kinds in (
        ({"ema": 0.5, "patience": 2}, {"average", "best"}),
        ({"ema": 0.5}, {"average"}),
        ({}, set()),
    ):
        loaded = SideWeights(toy_objective(seed=1), TrainingSettings(steps=1, **settings))
        loaded.load(state)
        found = loaded.state()
        assert {key.partition("/")[0] for key in found} == kinds
        assert all(torch.equal(tensor, state[key]) for key, tensor in found.items())


def test_without_a_wish_nothing_is_kept():
    side = SideWeights(toy_objective(), TrainingSettings(steps=1))
    side.follow(EVERY)
    assert side.state() == {}


def test_a_run_ends_with_the_average_of_its_own_checkpoints(tmp_path):
    seen = []

    def look():
        seen.append(weights_of(objective))

    objective = toy_objective()
    run(tmp_path, objective=objective, settings=AVERAGED, happenings=[Event(0, "look", look)])
    kept = [
        load_file(tmp_path / "checkpoints" / f"step-{step:08d}" / "weights.safetensors") for step in (8, 16, 24, 32)
    ]
    expected = weighted([{name: tensor.double() for name, tensor in each.items()} for each in kept], 0.9**EVERY)
    last = load_file(tmp_path / "checkpoints" / "step-00000037" / "weights.safetensors")
    for name, tensor in objective.named_parameters():
        torch.testing.assert_close(tensor.double(), expected[name], rtol=1e-5, atol=1e-6)
        assert torch.equal(tensor, seen[-1][name]), "and that is what was looked at, at the end"
    assert not torch.equal(objective.model.head_weight, last["model.embedding.token.weight"])


@pytest.mark.parametrize("breaks", [(5, 4), (9, 11), (37,)])
def test_a_run_broken_off_ends_with_the_same_average(tmp_path, breaks):
    ends_as_if_never_broken_off(tmp_path, AVERAGED, breaks)


def test_the_average_changes_nothing_of_the_training(tmp_path):
    run(tmp_path / "with", settings=AVERAGED, happenings=[Event(5, "look", lambda: None)])
    run(tmp_path / "without", settings=AVERAGED.model_copy(update={"ema": 0.0}))
    assert log_of(tmp_path / "with") == log_of(tmp_path / "without")
