"""Checkpoints: the complete state of a run, one folder a step, never trusted before every byte of it is checked.

A folder `step-NNNNNNNN` holds tensors as safetensors, `state.json`, and a manifest with a digest of each file and of
itself. It appears whole, by a rename, and is never written again.
"""

import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from zaohua import folders
from zaohua.checkpoint.tensors import write_tensors
from zaohua.checkpoint.weights import OPTIMIZER
from zaohua.objectives.objective import Objective
from zaohua.settings import UserError
from zaohua.training.optimizer import Optimizer
from zaohua.training.side_weights import SideWeights

FORMAT = 1
"""Raised when older programs could not read what is written; `_FIELDS` says what each format's manifest holds."""
STATE = "state.json"
WEIGHTS, SIDE = "weights.safetensors", "side_weights.safetensors"
_FIELDS = {
    0: {"stage", "settings", "inputs", "files"},  # up to November 2026: no digest of the manifest itself
    FORMAT: {"stage", "format", "step", "files", folders.OWN_DIGEST},
}
_DELETED = ".deleted-"  # what a checkpoint is called while it is being deleted

State = Mapping[str, Mapping[str, Tensor]]
"""The tensors of a run by the file that they are kept in."""


@dataclass(kw_only=True)
class Position:
    """Where a run stands: finished steps, rows and targets taken, seconds worked, bytes of its log."""

    step: int = 0
    next_row: int = 0
    tokens: int = 0
    seconds: float = 0.0
    log_bytes: int = 0


@dataclass(frozen=True)
class Found:
    """The newest checkpoint that is whole, if there is one, and what is wrong with each newer one."""

    folder: Path | None = None
    step: int | None = None
    rejected: list[UserError] = field(default_factory=list)


def state_of(objective: Objective, optimizer: Optimizer, side: SideWeights | None = None) -> State:
    """All that a run goes on from besides its position: the tensors themselves, no copies."""
    state = {WEIGHTS: objective.state_dict(), OPTIMIZER: optimizer.state()}
    beside = side.state() if side else {}
    return state | ({SIDE: beside} if beside else {})


def write(checkpoints: Path, state: State, position: Position, environment: Mapping[str, Any]) -> Path:
    """Write the folder of a step; `environment` is what the run depends on besides its settings."""
    folder = checkpoints / name_of(position.step)
    written: dict[str, folders.Written] = {}
    with folders.writing(folder, {"stage": "checkpoint", "format": FORMAT, "step": position.step}, written) as new:
        for name, tensors in state.items():
            written[name] = write_tensors(new / name, tensors)
        folders.write_json(new / STATE, asdict(position) | {"environment": environment})
    return folder


def name_of(step: int) -> str:
    """What the folder of a step is called."""
    return f"step-{step:08d}"


def newest(checkpoints: Path) -> Found:
    """The newest whole checkpoint. Nothing is deleted: what cannot be read today may be read tomorrow."""
    rejected: list[UserError] = []
    for step, folder in reversed(by_step(checkpoints).items()):
        wrong = problems(folder)
        if not wrong:
            return Found(folder, step, rejected)
        rejected.append(
            UserError(f"{folder.name} is damaged ({wrong[0].english})", f"{folder.name} 已损坏（{wrong[0].chinese}）")
        )
    return Found(rejected=rejected)


def problems(folder: Path) -> list[UserError]:
    """What is wrong with a checkpoint, by every byte of it; raises UserError for one of a newer format."""
    path = folder / folders.MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text)
        number = content.get("format", 0)
        newer = isinstance(number, int) and number > FORMAT and folders.manifest_of(folder) is not None
        fields = _FIELDS.get(number, set())
        as_written = folders.json_text(content) == text and content.keys() == fields
        as_named = number == 0 or name_of(content["step"]) == folder.name
    except (OSError, ValueError, AttributeError, LookupError, TypeError, RecursionError):
        newer = as_written = as_named = False
    if newer:
        raise UserError(
            f"{folder} was written by a newer zaohua: update zaohua, or give another folder with -o",
            f"{folder} 是更新版本的 zaohua 写的：请升级 zaohua，或用 -o 另给一个文件夹",
        )
    if not as_written:
        return [UserError(f"{path.name} is not as it was written", f"{path.name} 已不是当初写下的内容")]
    if not as_named:
        return [UserError("it is the checkpoint of another step", "它是另一步的检查点")]
    return folders.problems(folder)


def load(
    folder: Path, objective: Objective, optimizer: Optimizer, side: SideWeights | None = None
) -> tuple[Position, dict[str, Any]]:
    """Put the state in `folder` into the objective, the optimiser and what is beside; its position and environment.

    Raises UserError where it is of another model.
    """
    try:
        objective.load_state_dict(load_file(folder / WEIGHTS))
        optimizer.load(load_file(folder / OPTIMIZER))
        if side:
            side.load(load_file(folder / SIDE) if (folder / SIDE).is_file() else {})
    except (RuntimeError, KeyError, SafetensorError) as error:
        raise UserError(
            f"{folder} is no checkpoint of this model ({str(error).splitlines()[0]}): give another folder with -o",
            f"{folder} 不是这个模型的检查点（{str(error).splitlines()[0]}）：请用 -o 另给一个文件夹",
        ) from None
    state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    return Position(**{each: state[each] for each in Position.__dataclass_fields__}), state.get("environment", {})


def sweep(checkpoints: Path) -> None:
    """Clear away what a killed save or a killed deletion left."""
    for name in (".step-*", f"{_DELETED}*"):
        for left in checkpoints.glob(name):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def delete_all_but(checkpoints: Path, kept: Collection[int]) -> None:
    """Delete the checkpoints of all other steps; a kill in between leaves each of them whole or out of sight."""
    for step, folder in by_step(checkpoints).items():
        if step not in kept:
            away = folder.with_name(f"{_DELETED}{folder.name}")
            shutil.rmtree(away, ignore_errors=True)
            os.rename(folder, away)
            shutil.rmtree(away, ignore_errors=True)


def by_step(checkpoints: Path) -> dict[int, Path]:
    """The folders that are called as checkpoints are, oldest first; whether they are whole is not looked at."""
    steps = ((folder.name.removeprefix("step-"), folder) for folder in sorted(checkpoints.glob("step-*")))
    return {int(step): folder for step, folder in steps if step.isdecimal() and folder.name == name_of(int(step))}
