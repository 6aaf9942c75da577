"""The only training loop. What happens besides stepping (validating, sampling) is a list of events passed in."""

import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zaohua.data.batches import Batch, make_batch
from zaohua.data.mix import Mixture
from zaohua.data.order import order
from zaohua.data.rows import RowSource
from zaohua.events import Events, Log, duration
from zaohua.objectives.objective import Objective
from zaohua.settings import UserError
from zaohua.training import resume
from zaohua.training.clock import Clock
from zaohua.training.ending import Ending
from zaohua.training.interruption import Interrupted, Interruption
from zaohua.training.optimizer import Optimizer
from zaohua.training.precision import Precision, computing_in
from zaohua.training.ramp import rows_of
from zaohua.training.settings import TrainingSettings
from zaohua.training.side_weights import SideWeights
from zaohua.training.step import accumulate_gradients, gradient_norm


@dataclasses.dataclass(frozen=True)
class Event:
    """Something to do every so many steps and at the end: `run()` returns fields for the log, or None.

    One of them may say by which field of its own, lower being better, the run is judged.
    """

    every: int
    name: str
    run: Callable[[], dict[str, Any] | None]
    judged_by: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """A finished run: its steps, tokens learned from, seconds of work, and the last event's fields by name."""

    steps: int
    tokens: int
    seconds: float
    results: dict[str, dict[str, Any]]


def train(
    objective: Objective,
    rows: RowSource,
    settings: TrainingSettings,
    folder: Path,
    events: Events,
    *,
    happenings: Sequence[Event],
    precision: Precision,
    device: torch.device,
    title: str,
    state: Mapping[str, torch.Tensor] | None = None,
    mixture: Mixture | None = None,
) -> Training:
    """Train `objective` on `rows` in `folder`, from its newest good checkpoint if it has one.

    `state` is an optimiser's to begin with, where this run has one of the same kind. With a `mixture` the sources of
    the rows come by weight, else every row comes once an epoch.
    Raises Interrupted after saving when the process was asked to stop, UserError when the loss is no longer a number.
    """
    require_rows(rows)
    objective.to(device).train()
    optimizer, clock = Optimizer(objective, settings, precision), Clock(folder, settings)
    side, judge = SideWeights(objective, settings), next((each for each in happenings if each.judged_by), None)
    position = _take_up(folder, objective, optimizer, side, events)
    if state and not position.step:
        _begin_with(optimizer, state, events)
    length, unit = (settings.steps, "steps") if settings.steps else (settings.seconds or 0.0, "s")
    with (
        Log(folder / "metrics.jsonl", keep=position.log_bytes) as log,
        Interruption() as interruption,
        events.progress(title, length, unit, done=position.step if settings.steps else position.seconds) as bar,
    ):
        results = _last_results(log.path)
        ending = Ending(settings, clock, side, (judge.name, judge.judged_by) if judge else None, log.path)
        started, saved, shown = time.monotonic() - position.seconds, time.monotonic(), position.seconds
        while not clock.finished(position.step):
            at = settings.seed, position.next_row, rows_of(position.step, settings)
            chosen = mixture.order(*at) if mixture else order(*at, len(rows))
            batches = [make_batch(rows, part).to(device) for part in _parts(chosen, settings)]
            losses, norm = _gradients(objective, batches, computing_in(precision, device), settings, position.step)
            factor = clock.factor(position.step)
            optimizer.step(factor)
            position.step += 1
            position.next_row += len(chosen)
            side.follow(position.step)
            position.tokens += sum(batch.counts["loss"] for batch in batches)
            position.seconds = time.monotonic() - started
            log.emit("step", step=position.step, tokens=position.tokens, **losses, gradient_norm=norm,
                     learning_rate=settings.learning_rate * factor, seconds=round(position.seconds, 3))  # fmt: skip
            clock.consider(position.step, position.seconds)
            last = clock.finished(position.step)
            for happening in happenings:
                if last or (happening.every and position.step % happening.every == 0):
                    fields = _happen(objective, happening, side)
                    if fields:
                        results[happening.name] = fields
                        log.emit(happening.name, step=position.step, **fields)
                        last = ending.judged(happening.name, fields, position.step, position.seconds, events)
            position.seconds = time.monotonic() - started
            rate = position.tokens / max(position.seconds, 1e-9)
            bar.advance(
                1 if settings.steps else position.seconds - shown,
                _note(losses["loss"], results, rate, chinese=events.chinese),
            )
            shown = position.seconds
            kept = settings.keep_every and position.step % settings.keep_every == 0
            if interruption.asked or last or kept or time.monotonic() - saved >= settings.save_every:
                position.log_bytes = log.sync()
                resume.save(folder / "checkpoints", objective, optimizer, position, side,
                            keep=settings.keep, keep_every=settings.keep_every)  # fmt: skip
                saved = time.monotonic()
            if interruption.asked:
                raise Interrupted(f"saved at step {position.step}", f"已存到第 {position.step} 步")
        measure = partial(_happen, objective, judge, side) if judge else None
        final = ending.choose_weights(objective, folder / "checkpoints", position.step, measure, events)
        for name, fields in final.items():
            results[name] = fields
            log.emit("final", step=position.step, **fields)
    objective.eval()
    return Training(steps=position.step, tokens=position.tokens, seconds=position.seconds, results=results)


def require_rows(rows: RowSource) -> None:
    """Raises UserError where there is nothing to train on."""
    if len(rows) == 0:
        raise UserError(
            "there is no full row of tokens to train on: give more text, or a shorter length",
            "没有一整行词元可供训练：请给出更多文本，或更短的 length",
        )


def _gradients(
    objective: Objective,
    batches: list[Batch],
    compute: AbstractContextManager,
    settings: TrainingSettings,
    step: int,
) -> tuple[dict[str, float], float]:
    """Each term's mean loss and the gradient's norm before clipping; the gradients are left on the parameters.

    Raises UserError where either is no longer a number, before any weight has taken it in.
    """
    means = accumulate_gradients(objective, batches, compute)
    norm = float(gradient_norm(objective, settings.clip))
    losses = {term: float(mean) for term, mean in means.items()}
    if not all(map(math.isfinite, (*losses.values(), norm))):
        raise UserError(
            f"the loss is no longer a number at step {step + 1}: "
            f"give a learning rate below {settings.learning_rate:g}; the checkpoints are whole",
            f"第 {step + 1} 步的损失成了 NaN 或无穷大：请把学习率调到 {settings.learning_rate:g} 以下；检查点完好",
        )
    return losses, norm


def _parts(chosen: np.ndarray, settings: TrainingSettings) -> list[np.ndarray]:
    """The rows of a step, as many as are computed at once; the last part may have fewer."""
    at_once = settings.micro_rows or len(chosen)
    return [chosen[start : start + at_once] for start in range(0, len(chosen), at_once)]


def _happen(objective: Objective, happening: Event, side: SideWeights) -> dict[str, Any] | None:
    """Let an event happen with the weights that a model would get now, without dropout, and without a trace in the
    random numbers that training draws.
    """
    objective.eval()
    device = objective.model.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), side.in_use():
        fields = happening.run()
    objective.train()
    return fields


def _take_up(
    folder: Path, objective: Objective, optimizer: Optimizer, side: SideWeights, events: Events
) -> resume.Position:
    """The state of the newest good checkpoint, or the beginning."""
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    found, rejected = resume.newest(checkpoints)
    for wrong in rejected:
        events.say(
            f"  {wrong.english}; {'an older checkpoint is taken' if found else 'training begins anew'}",
            f"  {wrong.chinese}；{'改用更早的检查点' if found else '从头开始训练'}",
        )
    if found is None:
        return resume.Position()
    position = resume.load(found, objective, optimizer, side)
    events.say(
        f"  continuing from step {position.step} after {duration(position.seconds)} of work",
        f"  从第 {position.step} 步继续（此前已用 {duration(position.seconds, chinese=True)}）",
    )
    return position


def _begin_with(optimizer: Optimizer, state: Mapping[str, torch.Tensor], events: Events) -> None:
    """Take up what an earlier run's optimiser knew; where it was of another kind, begin anew and say so."""
    try:
        optimizer.load(state)
    except KeyError:
        events.say("  the optimiser is another one than before: it begins anew", "  优化器与之前不同：从头开始")


def _last_results(log: Path) -> dict[str, dict[str, Any]]:
    """The last fields that each event besides stepping left in the log."""
    try:
        entries = [(entry["event"], entry) for entry in map(json.loads, log.read_text(encoding="utf-8").splitlines())]
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(
            f"{log} is damaged ({error}): delete the folder {log.parent}, and the same command begins anew",
            f"{log} 已损坏（{error}）：请删除文件夹 {log.parent}，再运行同一命令会从头开始",
        ) from None
    return {
        kind: {key: value for key, value in entry.items() if key not in ("event", "step")}
        for kind, entry in entries
        if kind != "step"
    }


def _note(loss: float, results: dict[str, dict[str, Any]], rate: float, *, chinese: bool) -> str:
    """What stands behind the bar: loss, held-out bits per byte where measured, tokens a second."""
    bits = results.get("validate", {}).get("bits_per_byte")
    if chinese:
        heldout = f" · 留出文本 {bits:.3f} 比特/字节" if bits is not None else ""
        return f"损失 {loss:.3f}{heldout} · {rate:,.0f} 词元/秒"
    heldout = f" · held-out {bits:.3f} bits/byte" if bits is not None else ""
    return f"loss {loss:.3f}{heldout} · {rate:,.0f} tokens/s"
