"""A checkpoint holds what training goes on from; one that is not as it was written is never believed."""

import json
import random
import shutil
from dataclasses import asdict

import numpy as np
import pytest
import torch

from tests.training.toy import toy_objective
from zaohua import folders
from zaohua.checkpoint.tensors import write_tensors
from zaohua.settings import UserError
from zaohua.training import checkpoints
from zaohua.training.optimizer import Optimizer
from zaohua.training.settings import TrainingSettings

POSITION = checkpoints.Position(step=3, next_row=24, tokens=384, seconds=1.5, log_bytes=10)
AROUND = {"threads": 1, "torch": "2"}


def parts(seed):
    """An objective with weights of this seed, and its optimiser after a step."""
    objective = toy_objective(seed=seed)
    optimizer = Optimizer(objective, TrainingSettings(steps=1), "fp32")
    for parameter in objective.parameters():
        parameter.grad = torch.full_like(parameter, 0.1 * (seed + 1))
    optimizer.step(1.0)
    return objective, optimizer


def written(place, step=3, seed=0):
    place.mkdir(exist_ok=True)
    position = checkpoints.Position(**asdict(POSITION) | {"step": step})
    return checkpoints.write(place, checkpoints.state_of(*parts(seed)), position, AROUND)


def test_what_was_saved_is_loaded(tmp_path):
    saved, loaded = parts(0), parts(1)
    folder = checkpoints.write(tmp_path, checkpoints.state_of(*saved), POSITION, AROUND)
    assert checkpoints.load(folder, *loaded) == (POSITION, AROUND)
    assert all(torch.equal(a, b) for a, b in zip(saved[0].parameters(), loaded[0].parameters(), strict=True))
    before, after = saved[1].state(), loaded[1].state()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_one_of_before_formats_were_counted_is_taken_up(tmp_path):
    """As they were written up to November 2026: with the states of generators, and manifests nobody digested."""
    version, numbers, gauss = random.getstate()
    kind, keys, *rest = np.random.get_state(legacy=True)
    more = {"python": [version, list(numbers), gauss], "numpy": [kind, [int(key) for key in keys], *rest]}
    new, old = written(tmp_path / "new"), tmp_path / "old" / "step-00000003"
    shutil.copytree(new, old)
    write_tensors(old / "generators.safetensors", {"torch.cpu": torch.get_rng_state()})
    (old / "state.json").write_text(json.dumps({**asdict(POSITION), **more}))
    (old / "manifest.json").unlink()
    files = {path.name: {"size": path.stat().st_size, "sha256": folders.digest(path)} for path in sorted(old.iterdir())}
    folders.write_json(old / "manifest.json", {"stage": "checkpoint", "settings": {}, "inputs": {}, "files": files})
    found = checkpoints.newest(tmp_path / "old")
    assert (found.folder, found.rejected) == (old, [])
    assert checkpoints.load(old, *parts(1)) == (POSITION, {})


def test_the_newest_whole_one_is_found_and_nothing_is_deleted(tmp_path):
    for step in (3, 10, 7):
        written(tmp_path, step)
    weights = tmp_path / "step-00000010" / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    found = checkpoints.newest(tmp_path)
    assert (found.step, found.folder) == (7, tmp_path / "step-00000007")
    assert ["step-00000010 is damaged" in each.english for each in found.rejected] == [True]
    assert weights.is_file(), "what cannot be read today may be read tomorrow"


def test_a_folder_that_was_renamed_is_that_of_another_step(tmp_path):
    written(tmp_path).rename(tmp_path / "step-00000099")
    found = checkpoints.newest(tmp_path)
    assert found.folder is None
    assert "another step" in found.rejected[0].english


def test_what_cannot_be_read_is_passed_over(tmp_path, monkeypatch):
    written(tmp_path, 3)
    written(tmp_path, 4)

    def failing(path):
        if "step-00000004" in str(path):
            raise OSError(5, "Input/output error")
        return digest(path)

    digest = folders.digest
    monkeypatch.setattr(folders, "digest", failing)
    found = checkpoints.newest(tmp_path)
    assert found.step == 3
    assert "cannot be read" in found.rejected[0].english


def test_one_of_a_newer_program_is_a_sentence(tmp_path):
    folder = written(tmp_path)
    content = folders.manifest_of(folder)
    assert content is not None
    content["format"] += 1
    folders.write_json(folder / "manifest.json", content | {folders.OWN_DIGEST: folders.digest_of(content)})
    with pytest.raises(UserError, match="newer zaohua"):
        checkpoints.newest(tmp_path)


def test_one_of_another_model_is_a_sentence(tmp_path):
    folder = written(tmp_path)
    other = toy_objective()
    other.register_parameter("more", torch.nn.Parameter(torch.zeros(2)))
    with pytest.raises(UserError, match="no checkpoint of this model"):
        checkpoints.load(folder, other, Optimizer(other, TrainingSettings(steps=1), "fp32"))


def test_what_a_killed_save_or_deletion_left_is_swept_and_no_more(tmp_path):
    kept = written(tmp_path)
    for name in (".step-00000004.tmp-0123", ".deleted-step-00000001", "step-notes"):
        (tmp_path / name).mkdir()
    (tmp_path / ".step-00000004.writing").touch()
    checkpoints.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [kept.name, "step-notes"]
    assert checkpoints.by_step(tmp_path) == {3: kept}


def test_all_but_some_are_deleted_and_a_kill_between_leaves_none_by_half(tmp_path, monkeypatch):
    for step in (1, 2, 3):
        written(tmp_path, step)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            checkpoints.delete_all_but(tmp_path, {3})
    assert all(not checkpoints.problems(folder) for folder in checkpoints.by_step(tmp_path).values())
    checkpoints.delete_all_but(tmp_path, {3})
    assert list(checkpoints.by_step(tmp_path)) == [3]
