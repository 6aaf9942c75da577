"""Runs of training as their folders tell of them: found, read, and what sets two apart."""

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from zaohua import folders
from zaohua.settings import UserError
from zaohua.watching.console import heldout_loss
from zaohua.watching.curve import Curve
from zaohua.watching.speed import speed

State = Literal["finished", "unfinished", "damaged"]
LOG, ABOUT = "metrics.jsonl", "about.json"
"""What a training folder holds beside what was begun: each step, and what is trained on which machine."""


@dataclass(kw_only=True)
class Run:
    """One training, so far: of a damaged one as much as can be read. Curves are over tokens, losses in nats a token."""

    folder: Path
    state: State
    begun: Mapping[str, Any]
    about: Mapping[str, Any]
    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    bits_per_byte: float | None = None
    loss: Curve = field(default_factory=Curve)
    heldout: Curve = field(default_factory=Curve)

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting by its place, and the digests of what was trained on: training.rows, inputs.tokens."""
        return flat({**self.begun.get("settings", {}), "inputs": self.begun.get("inputs", {})})

    @property
    def shape(self) -> str:
        """Layers and width, 6 × 384, or the name of the preset."""
        asked = self.begun.get("settings", {}).get("model", {})
        layers, dim = (self.about.get(key, asked.get(key)) for key in ("layers", "dim"))
        if "layers" not in self.about and asked.get("preset"):
            return asked["preset"]
        return f"{layers} × {dim}" if layers else ""

    def as_json(self) -> dict[str, Any]:
        """What a list says of it, in plain values."""
        return {
            "folder": str(self.folder),
            "stage": self.begun.get("stage"),
            "state": self.state,
            "shape": self.shape,
            "parameters": self.about.get("parameters"),
            "steps": self.steps,
            "tokens": self.tokens,
            "bits_per_byte": self.bits_per_byte,
            "tokens_per_second": None,
            "share_of_ceiling": None,
            **(speed(self.tokens, self.seconds, self.about) if self.tokens else {}),
            "seconds": round(self.seconds, 1),
        }


def find(places: Sequence[Path]) -> list[Run]:
    """Every training folder at or below the places; raises UserError where a place is none, or holds none."""
    for place in places:
        if not place.is_dir():
            raise UserError(
                f"there is no folder {place}: give one that holds runs", f"没有文件夹 {place}：请给出一个里面有运行的"
            )
    found = [read(folder) for place in places for folder in _training_folders(place)]
    if not found:
        where = ", ".join(map(str, places))
        raise UserError(
            f"there is no run in {where}: give a folder that holds some",
            f"{where} 里没有运行：请给出一个里面有运行的文件夹",
        )
    return found


def named(folder: Path) -> Run:
    """The run that a user names by its training folder, or by the folder of a whole run: then its pretraining."""
    for place in (folder, folder / "pretrain"):
        if (place / folders.BEGUN).is_file():
            return read(place)
    raise UserError(
        f"{folder} is no run: give a training folder or the folder of a whole run",
        f"{folder} 不是一次运行：请给出训练文件夹或一次完整运行的文件夹",
    )


def _training_folders(top: Path) -> Iterator[Path]:
    for place, below, files in os.walk(top):
        below[:] = [] if folders.BEGUN in files else sorted(name for name in below if not name.startswith("."))
        if folders.BEGUN in files:
            yield Path(place)


def read(folder: Path) -> Run:
    """The run in a training folder."""
    begun, about = (_json(folder / name) for name in (folders.BEGUN, ABOUT))
    finished = (folder / folders.MANIFEST).exists()
    whole = begun is not None and (not finished or folders.up_to_date(folder, {}))
    run = Run(
        folder=folder, state="finished" if finished else "unfinished", begun=begun or {}, about=about or {}
    )  # fmt: skip
    try:
        for entry in entries(folder / LOG):
            _take_in(run, entry)
    except (ValueError, LookupError, TypeError, AttributeError):
        whole = False
    if not whole:
        run.state = "damaged"
    return run


def entries(log: Path) -> Iterator[dict[str, Any]]:
    """What a log holds, so far: a line that is being written, or that a kill cut off, ends it. Raises ValueError,
    LookupError or TypeError for a line that no log of ours has.
    """
    if not log.is_file():
        return
    with log.open(encoding="utf-8") as file:
        for line in file:
            if not line.endswith("\n"):
                return
            entry = json.loads(line)
            if not isinstance(entry["event"], str):
                raise TypeError(line)
            yield entry


def _take_in(run: Run, entry: Mapping[str, Any]) -> None:
    if entry["event"] == "step":
        run.steps, run.tokens, run.seconds = entry["step"], entry["tokens"], entry["seconds"]
        run.loss.add(run.tokens, entry.get("loss", math.nan))
    elif entry["event"] == "validate":
        run.bits_per_byte = entry.get("bits_per_byte")
        run.heldout.add(run.tokens, heldout_loss(entry))


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Every key whose values differ, with both; None where one has none."""
    keys = dict.fromkeys([*first, *second])
    return {key: (first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)}


def flat(tree: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Nested mappings as one, by dotted names."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{path}.{key}" if path else key
        found |= flat(value, name) if isinstance(value, Mapping) else {name: value}
    return found


def _json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def as_json(runs: Iterable[Run]) -> str:
    """A list of runs for programs."""
    return json.dumps([run.as_json() for run in runs], ensure_ascii=False, indent=1)
