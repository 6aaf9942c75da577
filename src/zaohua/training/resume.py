"""Checkpoints of a run: its complete state, written beside the step, taken up exactly."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

from zaohua import folders
from zaohua.checkpoint.weights import OPTIMIZER, write_tensors
from zaohua.objectives.objective import Objective
from zaohua.settings import UserError
from zaohua.training.optimizer import Optimizer
from zaohua.training.side_weights import SideWeights

SIDE = "side_weights.safetensors"
"""What is kept beside the weights, in the checkpoints of runs that keep something there."""


@dataclass(kw_only=True)
class Position:
    """Where a run stands: finished steps, rows and targets taken, seconds worked, bytes of its log."""

    step: int = 0
    next_row: int = 0
    tokens: int = 0
    seconds: float = 0.0
    log_bytes: int = 0


def save(
    checkpoints: Path,
    objective: Objective,
    optimizer: Optimizer,
    position: Position,
    side: SideWeights | None = None,
    *,
    keep: int,
    keep_every: int = 0,
) -> Path:
    """Write `step-NNNNNNNN`, then delete all but the newest `keep` and those of every `keep_every`th step."""
    folder = checkpoints / f"step-{position.step:08d}"
    with folders.writing(folder, {"stage": "checkpoint", "settings": {}, "inputs": {}}) as temporary:
        write_tensors(temporary / "weights.safetensors", objective.state_dict())
        write_tensors(temporary / OPTIMIZER, optimizer.state())
        write_tensors(temporary / "generators.safetensors", _generators())
        if side and (beside := side.state()):
            write_tensors(temporary / SIDE, beside)
        (temporary / "state.json").write_text(json.dumps(asdict(position)))
    for old in sorted(checkpoints.glob("step-*"))[:-keep]:
        if not keep_every or int(old.name.removeprefix("step-")) % keep_every:
            shutil.rmtree(old)
    return folder


def newest(checkpoints: Path) -> tuple[Path | None, list[UserError]]:
    """The newest checkpoint that verifies, and what is wrong with each newer one that does not.

    The damaged are deleted, so that they never count among those that are kept; so is what a killed save left.
    """
    for unfinished in checkpoints.glob(".step-*"):
        if unfinished.is_dir():
            shutil.rmtree(unfinished, ignore_errors=True)
        else:
            unfinished.unlink(missing_ok=True)
    rejected: list[UserError] = []
    for folder in sorted(checkpoints.glob("step-*"), reverse=True):
        wrong = folders.problems(folder)
        if not wrong:
            return folder, rejected
        rejected.append(
            UserError(f"{folder.name} is damaged ({wrong[0].english})", f"{folder.name} 已损坏（{wrong[0].chinese}）")
        )
        shutil.rmtree(folder)
    return None, rejected


def load(folder: Path, objective: Objective, optimizer: Optimizer, side: SideWeights | None = None) -> Position:
    """Put the state in `folder` into the objective, the optimiser, what is beside, and torch's random generators."""
    objective.load_state_dict(load_file(folder / "weights.safetensors"))
    optimizer.load(load_file(folder / OPTIMIZER))
    if side and (folder / SIDE).is_file():
        side.load(load_file(folder / SIDE))
    state = json.loads((folder / "state.json").read_text())
    _restore_generators(load_file(folder / "generators.safetensors"))
    return Position(**{field: state[field] for field in Position.__dataclass_fields__})


def _generators() -> dict[str, torch.Tensor]:
    """The states of torch's generators, which dropout draws from; whatever else is random has a seed of its own."""
    state = {"torch.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state |= {f"torch.cuda.{i}": s for i, s in enumerate(torch.cuda.get_rng_state_all())}
    return state


def _restore_generators(tensors: dict[str, torch.Tensor]) -> None:
    torch.set_rng_state(tensors["torch.cpu"])
    for name, state in tensors.items():
        if name.startswith("torch.cuda.") and torch.cuda.is_available():
            torch.cuda.set_rng_state(state, int(name.rpartition(".")[2]))
