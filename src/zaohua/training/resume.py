"""Checkpoints of a run: its complete state, written beside the step, taken up exactly."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.profiler import record_function

from zaohua import folders
from zaohua.checkpoint.weights import OPTIMIZER, write_tensors
from zaohua.objectives.objective import Objective
from zaohua.settings import UserError
from zaohua.training.optimizer import Optimizer


@dataclass(kw_only=True)
class Position:
    """Where a run stands: finished steps, rows and targets taken, seconds worked, bytes of its log."""

    step: int = 0
    next_row: int = 0
    tokens: int = 0
    seconds: float = 0.0
    log_bytes: int = 0


@record_function("zaohua/saving")
def save(checkpoints: Path, objective: Objective, optimizer: Optimizer, position: Position, *, keep: int) -> Path:
    """Write `step-NNNNNNNN`, then delete all but the newest `keep`."""
    folder = checkpoints / f"step-{position.step:08d}"
    with folders.writing(folder, {"stage": "checkpoint", "settings": {}, "inputs": {}}) as temporary:
        write_tensors(temporary / "weights.safetensors", objective.state_dict())
        write_tensors(temporary / OPTIMIZER, optimizer.state())
        write_tensors(temporary / "generators.safetensors", _generators())
        (temporary / "state.json").write_text(json.dumps(asdict(position)))
    for old in sorted(checkpoints.glob("step-*"))[:-keep]:
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


def load(folder: Path, objective: Objective, optimizer: Optimizer) -> Position:
    """Put the state in `folder` into the objective, the optimiser and torch's random generators."""
    objective.load_state_dict(load_file(folder / "weights.safetensors"))
    optimizer.load(load_file(folder / OPTIMIZER))
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
