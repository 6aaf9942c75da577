"""A checkpoint holds what training draws from and no more, and one with more is still taken up."""

import json
import random
from dataclasses import asdict

import numpy as np
import torch

from tests.training.toy import toy_objective
from zaohua import folders
from zaohua.training import resume
from zaohua.training.optimizer import Optimizer
from zaohua.training.settings import TrainingSettings

POSITION = resume.Position(step=3, next_row=24, tokens=384, seconds=1.5, log_bytes=10)


def state_of(seed):
    """An objective with weights of this seed, and its optimiser."""
    objective = toy_objective(seed=seed)
    return objective, Optimizer(objective, TrainingSettings(steps=1), "fp32")


def test_what_was_saved_is_loaded_and_torch_draws_on(tmp_path):
    saved, loaded = state_of(0), state_of(1)
    torch.manual_seed(5)
    folder = resume.save(tmp_path, *saved, POSITION, keep=1)
    expected = torch.rand(3)
    assert json.loads((folder / "state.json").read_text()) == asdict(POSITION)
    assert resume.load(folder, *loaded) == POSITION
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(saved[0].parameters(), loaded[0].parameters(), strict=True))


def test_a_checkpoint_that_also_holds_python_s_and_numpy_s_generators_is_taken_up(tmp_path):
    """As they were written up to November 2026."""
    saved, loaded = state_of(0), state_of(1)
    written = resume.save(tmp_path / "new", *saved, POSITION, keep=1)
    version, numbers, gauss = random.getstate()
    kind, keys, *rest = np.random.get_state(legacy=True)
    more = {"python": [version, list(numbers), gauss], "numpy": [kind, [int(key) for key in keys], *rest]}
    with folders.writing(tmp_path / "step-00000003", {"stage": "checkpoint", "settings": {}, "inputs": {}}) as old:
        for name in ("weights", "optimizer", "generators"):
            (old / f"{name}.safetensors").write_bytes((written / f"{name}.safetensors").read_bytes())
        (old / "state.json").write_text(json.dumps({**asdict(POSITION), **more}))
    found, rejected = resume.newest(tmp_path)
    assert found is not None
    assert not rejected
    assert resume.load(found, *loaded) == POSITION
