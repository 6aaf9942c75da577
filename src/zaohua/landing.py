"""A landing from any checkpoint of a pretraining: its state goes on while the rate falls (Hägele et al. 2024)."""

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zaohua import folders
from zaohua.events import Events
from zaohua.recipe import ModelSettings
from zaohua.settings import UserError, check
from zaohua.training import checkpoints
from zaohua.training.clock import LANDINGS, Clock, write_landings
from zaohua.training.ramp import rises_until
from zaohua.training.schedule import Landing
from zaohua.training.settings import WATCHING, TrainingSettings
from zaohua.training_folder import BEGUN, PRECISION

_OWN = WATCHING | {"steps", "final_rate"}
"""The dials of training that a landing has for itself; the others are those of the run that it lands."""
_TRUNK = "trunk.json"
"""Which run a landing's folder lands, and from which checkpoint: that may be gone by the time it goes on."""
_REMEDY = "give another run, or make this one anew", "请换一个运行，或重新训练它"


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """A run to land and the step to land it from: what it was made of, and the share of the peak rate at that step."""

    run: Path
    step: int
    checkpoint: str
    """The digest of the checkpoint."""
    factor: float
    model: ModelSettings
    training: TrainingSettings
    inputs: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where the checkpoint lies."""
        return _checkpoint(self.run, self.step)

    def settings(self, asked: TrainingSettings) -> TrainingSettings:
        """The run's settings as the landing has them; raises UserError where others are asked for than are its own."""
        others = [f"--{name.replace('_', '-')}" for name in sorted(asked.model_fields_set - _OWN)]
        if others:
            raise UserError(
                f"a landing trains as {self.run} did: leave {', '.join(others)} out",
                f"收尾沿用 {self.run} 的训练设置：请去掉 {'、'.join(others)}",
            )
        if asked.steps is None:
            raise UserError("nothing says how long the landing is: give --steps", "没有说明收尾多长：请给出 --steps")
        own = {name: getattr(asked, name) for name in asked.model_fields_set}
        off = {"schedule": "trapezoid", "seconds": None, "ramp": 0.0, "patience": None, "average_last": 0}
        settings = self.training.model_copy(update={**off, **own, "steps": self.step + asked.steps})
        if self.factor <= settings.final_rate:
            raise UserError(
                f"at step {self.step:,} the rate of {self.run} has fallen already: give an earlier one, {self.run}@STEP"
                f"{_those_of(self.run)[0]}",
                f"{self.run} 在第 {self.step:,} 步时学习率已经降完：请给更早的一步，写成 {self.run}@步数"
                f"{_those_of(self.run)[1]}",
            )
        return settings

    def told(self) -> dict[str, Any]:
        """What of this a manifest names as settings."""
        return {"step": self.step, "factor": self.factor}


def trunk_at(place: str, output: Path) -> Trunk:
    """RUN or RUN@STEP -> that checkpoint; without a step the newest, or the one that `output` landed from already.

    Raises UserError where there is no such run or checkpoint, or it cannot be landed.
    """
    run, asked = _run_and_step(place)
    if run.resolve() == output.resolve():
        raise UserError(
            f"{run} cannot be landed into itself: give another folder with -o",
            f"{run} 不能写回自身：请用 -o 另给一个文件夹",
        )
    begun = folders.read_json(run / BEGUN, *_REMEDY)
    try:
        said, inputs = begun["settings"]["model"], dict(begun["inputs"])
        if said["preset"]:
            said = {name: value for name, value in said.items() if name not in ("family", "dim", "layers")}
        model, training = check(ModelSettings, said), check(TrainingSettings, begun["settings"]["training"])
    except (KeyError, TypeError, ValueError):
        raise UserError(
            f"{run} is no pretraining, which alone can be landed: {_REMEDY[0]}",
            f"{run} 不是预训练，而只有预训练可以收尾：{_REMEDY[1]}",
        ) from None
    known_step, known = _landed_from(output, run)
    step = asked if asked is not None else known_step or _newest(run)
    if step < rises_until(training):
        raise UserError(
            f"at step {step:,} the rows of {run} are still rising: land from step {rises_until(training):,} on",
            f"{run} 在第 {step:,} 步时每步的行数还在增加：请从第 {rises_until(training):,} 步起收尾",
        )
    there = folders.manifest_of(_checkpoint(run, step)) is not None
    if not there and step != known_step:
        raise UserError(
            f"{run} holds no whole checkpoint of step {step:,}{_those_of(run)[0]}",
            f"{run} 里没有第 {step:,} 步的完好的检查点{_those_of(run)[1]}",
        )
    return Trunk(
        run=run,
        step=step,
        checkpoint=folders.summary_digest(_checkpoint(run, step)) if there else known,
        factor=Clock(run, training).factor(step),
        model=model,
        training=training,
        inputs=inputs,
    )


def begin_landing(trunk: Trunk, settings: TrainingSettings, output: Path, events: Events) -> None:
    """Make a training folder that was begun one that goes on from the trunk's checkpoint; a second time it is one."""
    assert settings.steps is not None
    told = {"run": str(trunk.run.resolve()), "step": trunk.step, "checkpoint": trunk.checkpoint}
    folders.write_json(output / _TRUNK, told)
    if not (output / LANDINGS).exists():
        write_landings(output / LANDINGS, [Landing(step=trunk.step, end=settings.steps, factor=trunk.factor)])
    if (trunk.run / PRECISION).is_file() and not (output / PRECISION).exists():
        folders.write_file(output / PRECISION, (trunk.run / PRECISION).read_bytes())
    place = output / "checkpoints"
    place.mkdir(exist_ok=True)
    checkpoints.sweep(place)
    found = checkpoints.newest(place)
    for wrong in found.rejected:
        events.say(f"  {wrong.english}", f"  {wrong.chinese}")
    if found.folder is None:
        _copy(trunk, place)
    if found.folder is None or found.step == trunk.step:  # nothing of the landing's own is left, and its log is no use
        (output / "metrics.jsonl").unlink(missing_ok=True)
    events.say(
        f"  landing from step {trunk.step:,} of {trunk.run}, in {settings.steps - trunk.step:,} steps",
        f"  从 {trunk.run} 的第 {trunk.step:,} 步起收尾，共 {settings.steps - trunk.step:,} 步",
    )


def _copy(trunk: Trunk, place: Path) -> None:
    """The trunk's checkpoint, whole or not at all."""
    if not trunk.folder.is_dir():
        raise UserError(
            f"{trunk.run} holds no checkpoint of step {trunk.step:,} any more{_those_of(trunk.run)[0]}",
            f"{trunk.run} 里已没有第 {trunk.step:,} 步的检查点{_those_of(trunk.run)[1]}",
        )
    temporary = place / f".{trunk.folder.name}.tmp-{uuid.uuid4().hex}"
    try:
        wrong = checkpoints.problems(trunk.folder)
        if not wrong:
            shutil.copytree(trunk.folder, temporary)
            wrong = folders.problems(temporary)
        if wrong:
            raise UserError(
                f"the checkpoint of step {trunk.step:,} in {trunk.run} is damaged ({wrong[0].english})"
                f"{_those_of(trunk.run)[0]}",
                f"{trunk.run} 里第 {trunk.step:,} 步的检查点已损坏（{wrong[0].chinese}）{_those_of(trunk.run)[1]}",
            )
        shutil.rmtree(place / trunk.folder.name, ignore_errors=True)  # a damaged one
        temporary.rename(place / trunk.folder.name)
    except OSError as error:
        raise folders.disk_error(error, place) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    folders.sync_folder(place)


def _run_and_step(place: str) -> tuple[Path, int | None]:
    """The training folder that RUN or RUN@STEP names, and the step; a name may hold an @ of its own."""
    name, at, number = place.rpartition("@")
    with_step = bool(at) and not Path(place).exists()
    if with_step and not number.isdecimal():
        raise UserError(
            f"--land {place}: {number!r} is no step: write RUN@STEP, such as runs/a/pretrain@2000",
            f"--land {place}：{number!r} 不是步数：请写成 RUN@STEP，如 runs/a/pretrain@2000",
        )
    folder, step = (Path(name), int(number)) if with_step else (Path(place), None)
    for inside in ("", "pretrain"):
        if (folder / inside / BEGUN).is_file():
            return folder / inside, step
    raise UserError(
        f"there is no training in {folder}: give the folder of a pretraining, or of a run",
        f"{folder} 里没有训练：请给出预训练的文件夹，或一次运行的文件夹",
    )


def _landed_from(output: Path, run: Path) -> tuple[int | None, str]:
    """The step and the digest of the checkpoint of `run` that `output` landed from already; None where it did not."""
    try:
        told = folders.read_json(output / _TRUNK, *_REMEDY)
        if told["run"] == str(run.resolve()):
            return int(told["step"]), str(told["checkpoint"])
    except (UserError, KeyError, TypeError, ValueError):
        pass
    return None, ""


def _checkpoint(run: Path, step: int) -> Path:
    return run / "checkpoints" / checkpoints.name_of(step)


def _steps_of(run: Path) -> list[int]:
    return list(checkpoints.by_step(run / "checkpoints"))


def _newest(run: Path) -> int:
    steps = _steps_of(run)
    if not steps:
        raise UserError(
            f"{run} holds no checkpoint yet: train it for longer, with --keep-every STEPS",
            f"{run} 里还没有检查点：请多训练一会儿，并给出 --keep-every 步数",
        )
    return steps[-1]


def _those_of(run: Path) -> tuple[str, str]:
    """The end of a sentence that says which checkpoints there are."""
    steps = [f"{step}" for step in _steps_of(run)[-10:]]
    if not steps:
        return ": it holds none; --keep-every keeps some", "：一个也没有；--keep-every 可以保留一些"
    return f"; there are {', '.join(steps)}", f"；现有 {'、'.join(steps)}"
