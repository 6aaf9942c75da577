"""Where a run can be watched besides the console: TensorBoard's files, and the services W&B and SwanLab."""

import importlib.util
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from zaohua.events import Watcher
from zaohua.settings import UserError

FOLDER = "watching"
"""What they keep in a training folder; no part of the run, and may be deleted."""
_PROJECT = "zaohua"


class TensorBoard:
    """Files for `tensorboard --logdir`; what a resumed run repeats replaces what stood there."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.open = lambda step: SummaryWriter(str(folder / FOLDER / "tensorboard"), purge_step=step)
        self.writer: Any = None

    def step(self, fields: Mapping[str, Any]) -> None:
        self.writer = self.writer or self.open(fields["step"])
        for name, value in numbers(fields).items():
            self.writer.add_scalar(f"training/{name}", value, fields["step"])

    def happened(self, name: str, fields: Mapping[str, Any]) -> None:
        step = fields.get("step")
        self.writer = self.writer or self.open(step)
        for key, value in numbers(fields).items():
            self.writer.add_scalar(f"{name}/{key}", value, step)
        for key, text in texts(fields).items():
            self.writer.add_text(f"{name}/{key}", text, step)

    def close(self) -> None:
        if self.writer:
            self.writer.close()


class WeightsAndBiases:
    """A run of W&B's; its own environment variables (WANDB_MODE, WANDB_PROJECT, …) hold."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        import wandb  # pyright: ignore[reportMissingImports] - an extra

        self.run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT", _PROJECT),
            name=_name(folder),
            id=_identity(folder),
            resume="allow",
            dir=str(folder / FOLDER),
            config=dict(about),
            settings=wandb.Settings(console="off"),
        )
        self.run.define_metric("*", step_metric="step")  # its own steps may not repeat, ours do after a kill

    def step(self, fields: Mapping[str, Any]) -> None:
        self.run.log({"step": fields["step"], **{f"training/{key}": value for key, value in numbers(fields).items()}})

    def happened(self, name: str, fields: Mapping[str, Any]) -> None:
        said = {f"{name}/{key}": value for key, value in (numbers(fields) | texts(fields)).items()}
        self.run.log(said | ({"step": fields["step"]} if "step" in fields else {}))

    def close(self) -> None:
        self.run.finish()


class SwanLab:
    """An experiment of SwanLab's."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        import swanlab  # pyright: ignore[reportMissingImports] - an extra

        self.run: Any = swanlab.init(
            project=_PROJECT,
            experiment_name=_name(folder),
            id=_identity(folder),
            resume="allow",
            logdir=str(folder / FOLDER),
            config=dict(about),
        )
        self.text: Callable[[str], Any] = swanlab.Text

    def step(self, fields: Mapping[str, Any]) -> None:
        self.run.log({f"training/{key}": value for key, value in numbers(fields).items()}, step=fields["step"])

    def happened(self, name: str, fields: Mapping[str, Any]) -> None:
        said = numbers(fields) | {key: self.text(text) for key, text in texts(fields).items()}
        self.run.log({f"{name}/{key}": value for key, value in said.items()}, step=fields.get("step"))

    def close(self) -> None:
        self.run.finish()


SERVICES: dict[str, Callable[[Path, Mapping[str, Any]], Watcher]] = {
    "tensorboard": TensorBoard,
    "wandb": WeightsAndBiases,
    "swanlab": SwanLab,
}
"""By the names of their packages, which are the extras that install them."""


def require_packages(names: Iterable[str]) -> None:
    """Raises UserError where the package of one of `names` is not installed."""
    missing = [name for name in names if name not in sys.modules and importlib.util.find_spec(name) is None]
    if missing:
        command = f"pip install 'zaohua[{','.join(missing)}]'"
        raise UserError(
            f"{', '.join(missing)} is not installed: install it with `{command}`, or leave it out of watch",
            f"没有安装 {'、'.join(missing)}：请用 `{command}` 安装，或从 watch 中去掉",
        )


def numbers(fields: Mapping[str, Any]) -> dict[str, float]:
    """The numbers among an event's fields, but for its step."""
    return {
        key: value
        for key, value in fields.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and key != "step"
    }


def texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """The texts among an event's fields that are not empty."""
    return {key: value for key, value in fields.items() if isinstance(value, str) and value}


def _name(folder: Path) -> str:
    """A run as a list of runs names it: mine/pretrain."""
    return "/".join(folder.absolute().parts[-2:])


def _identity(folder: Path) -> str:
    """21 letters and digits by which a service knows the run when it is resumed; kept in its folder."""
    path = folder / FOLDER / "identity.txt"
    path.parent.mkdir(exist_ok=True)
    if not path.is_file():
        path.write_text(uuid.uuid4().hex[:21], encoding="utf-8")
    return path.read_text(encoding="utf-8")
