"""The only training loop. What happens besides stepping (validating, sampling) is a list of events passed in."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.profiler import record_function

from zaohua.data.batches import make_batch
from zaohua.data.mix import Mixture
from zaohua.data.order import order
from zaohua.data.rows import RowSource
from zaohua.events import Events, Log, Watcher, duration
from zaohua.objectives.objective import Objective
from zaohua.settings import UserError
from zaohua.training import checkpoints
from zaohua.training.checkpoints import Position
from zaohua.training.clock import Clock
from zaohua.training.ending import Ending
from zaohua.training.environment import environment, report
from zaohua.training.interruption import Interrupted, Interruption
from zaohua.training.optimizer import Optimizer
from zaohua.training.precision import Precision, computing_in
from zaohua.training.ramp import rows_of
from zaohua.training.saving import Saver
from zaohua.training.settings import TrainingSettings
from zaohua.training.side_weights import SideWeights
from zaohua.training.step import accumulate_gradients, gradient_norm
from zaohua.training.trouble import Trouble


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
    watcher: Watcher | None = None,
) -> Training:
    """Train `objective` on `rows` in `folder`, from its newest good checkpoint if it has one.

    `state` is an optimiser's to begin with, where this run has one of the same kind. With a `mixture` the sources of
    the rows come by weight, else every row comes once an epoch. The `watcher` is told
    what is logged.
    Raises Interrupted after saving when the process was asked to stop, UserError when the loss is no longer a number
    and the settings say to stop, or nothing else has helped.
    """
    require_rows(rows)
    objective.to(device).train()
    optimizer, clock = Optimizer(objective, settings, precision), Clock(folder, settings)
    side, judge = SideWeights(objective, settings), next((each for each in happenings if each.judged_by), None)
    surroundings = environment(settings, precision, device)
    position, begun_at = _take_up(folder, objective, optimizer, side, surroundings, events)
    if state and begun_at is None:
        _begin_with(optimizer, state, events)
    length, unit = (settings.steps, "steps") if settings.steps else (settings.seconds or 0.0, "s")
    with (
        Log(folder / "metrics.jsonl", keep=position.log_bytes, watcher=watcher) as log,
        Saver(folder / "checkpoints", settings, surroundings, log, events, good=begun_at) as saver,
        Interruption() as interruption,
        events.progress(title, length, unit, done=position.step if settings.steps else position.seconds) as bar,
    ):
        entries = _entries(log.path)
        results, trouble = _last_results(entries, happenings), Trouble(settings, entries)
        ending = Ending(settings, clock, side, (judge.name, judge.judged_by) if judge else None, entries)
        started, shown = time.monotonic() - position.seconds, position.seconds

        def happen() -> None:
            """What is due at this step; a stop is not kept waiting, and a run that goes on does it first."""
            for event in happenings:
                due = event.every and position.step % event.every == 0
                if (due or clock.finished(position.step)) and not interruption.asked:
                    fields = _happen(objective, event, side)
                    if fields:
                        results[event.name] = fields
                        log.emit(event.name, step=position.step, **fields)
                        ending.judge(event.name, fields, position.step, position.seconds, events)

        if position.step:
            happen()
        while not clock.finished(position.step):
            at = settings.seed, position.next_row, rows_of(position.step, settings)
            chosen = mixture.order(*at) if mixture else order(*at, len(rows))
            torch.manual_seed(draws_of(settings.seed, position.step))
            batches = [make_batch(rows, part).to(device) for part in _parts(chosen, settings)]
            means = accumulate_gradients(objective, batches, computing_in(precision, device))
            norm = float(gradient_norm(objective, settings.clip))
            losses = {term: float(mean) for term, mean in means.items()}
            verdict, reason = trouble.judge(position.step + 1, losses, norm)
            factor = clock.factor(position.step)
            position.step += 1
            position.next_row += len(chosen)
            position.seconds = time.monotonic() - started
            if verdict == "take":
                optimizer.step(factor)
                position.tokens += sum(batch.counts["loss"] for batch in batches)
                with record_function("zaohua/logging"):
                    log.emit("step", step=position.step, tokens=position.tokens, **losses, gradient_norm=norm,
                             learning_rate=settings.learning_rate * factor,
                             seconds=round(position.seconds, 3))  # fmt: skip
            else:
                optimizer.forget_gradients()
                log.emit("skipped", step=position.step, reason=reason)
                events.say(f"  step {position.step} is left out: {reason}", f"  跳过第 {position.step} 步：{reason}")
            side.follow(position.step)
            if verdict == "go back":
                position = _go_back(position, saver, trouble, objective, optimizer, side, reason, events)
                ending.went_back(position.step)
                log.emit("went_back", step=position.step)
            clock.consider(position.step, position.seconds)
            position.log_bytes = log.length
            last = clock.finished(position.step)
            if last or (verdict == "take" and not interruption.asked and saver.due(position.step)):
                saver.save(checkpoints.state_of(objective, optimizer, side), position)
            happen()
            if interruption.asked:
                saver.save_now(checkpoints.state_of(objective, optimizer, side), position)
                raise Interrupted(f"saved at step {position.step}", f"已存到第 {position.step} 步")
            position.seconds = time.monotonic() - started
            rate = position.tokens / max(position.seconds, 1e-9)
            bar.advance(
                1 if settings.steps else position.seconds - shown,
                _note(losses["loss"], results, rate, chinese=events.chinese),
            )
            shown = position.seconds
        saver.wait()
        if settings.average_last:  # the end is one of them
            saver.save_now(checkpoints.state_of(objective, optimizer, side), position)
        measure = partial(_happen, objective, judge, side) if judge else None
        for name, fields in ending.choose_weights(objective, saver.folder, position.step, measure, events).items():
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


def draws_of(seed: int, step: int) -> int:
    """What torch's generators begin a step with: dropout is a function of seed and step, and no state to be kept."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {step}".encode(), digest_size=8).digest(), "little")


def _parts(chosen: np.ndarray, settings: TrainingSettings) -> list[np.ndarray]:
    """The rows of a step, as many as are computed at once; the last part may have fewer."""
    at_once = settings.micro_rows or len(chosen)
    return [chosen[start : start + at_once] for start in range(0, len(chosen), at_once)]


@record_function("zaohua/measuring")
def _happen(objective: Objective, happening: Event, side: SideWeights) -> dict[str, Any] | None:
    """Let an event happen with the weights that a model would get now, without dropout."""
    objective.eval()
    with side.in_use():
        fields = happening.run()
    objective.train()
    return fields


def _take_up(
    folder: Path, objective: Objective, optimizer: Optimizer, side: SideWeights, surroundings: Mapping[str, Any],
    events: Events,
) -> tuple[Position, int | None]:  # fmt: skip
    """The state of the newest good checkpoint and its step, or the beginning."""
    place = folder / "checkpoints"
    place.mkdir(parents=True, exist_ok=True)
    checkpoints.sweep(place)
    found = checkpoints.newest(place)
    for wrong in found.rejected:
        events.say(
            f"  {wrong.english}; {'an older checkpoint is taken' if found.folder else 'training begins anew'}",
            f"  {wrong.chinese}；{'改用更早的检查点' if found.folder else '从头开始训练'}",
        )
    if found.folder is None:
        return Position(), None
    position, before = checkpoints.load(found.folder, objective, optimizer, side)
    events.say(
        f"  continuing from step {position.step} after {duration(position.seconds)} of work",
        f"  从第 {position.step} 步继续（此前已用 {duration(position.seconds, chinese=True)}）",
    )
    report(before, surroundings, events)
    return position, position.step


def _go_back(
    now: Position, saver: Saver, trouble: Trouble, objective: Objective, optimizer: Optimizer, side: SideWeights,
    reason: str, events: Events,
) -> Position:  # fmt: skip
    """The state of the newest checkpoint, but for the rows: those since are passed over."""
    found = saver.newest()
    trouble.go_back(now.step, found.step, reason)
    assert found.folder is not None
    position, _ = checkpoints.load(found.folder, objective, optimizer, side)
    events.say(
        f"  back to step {position.step}; the rows since are passed over",
        f"  回到第 {position.step} 步，此后的数据跳过不用",
    )
    return dataclasses.replace(position, next_row=now.next_row, seconds=now.seconds)


def _begin_with(optimizer: Optimizer, state: Mapping[str, torch.Tensor], events: Events) -> None:
    """Take up what an earlier run's optimiser knew; where it was of another kind, begin anew and say so."""
    try:
        optimizer.load(state)
    except KeyError:
        events.say("  the optimiser is another one than before: it begins anew", "  优化器与之前不同：从头开始")


def _entries(log: Path) -> list[dict[str, Any]]:
    """The lines of a log so far; raises UserError where it is damaged."""
    try:
        entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        if all(isinstance(entry["event"], str) for entry in entries):
            return entries
        error = "an event has no name"
    except (ValueError, LookupError, TypeError) as wrong:
        error = str(wrong)
    raise UserError(
        f"{log} is damaged ({error}): delete the folder {log.parent}, and the same command begins anew",
        f"{log} 已损坏（{error}）：请删除文件夹 {log.parent}，再运行同一命令会从头开始",
    )


def _last_results(entries: Sequence[Mapping[str, Any]], happenings: Sequence[Event]) -> dict[str, dict[str, Any]]:
    """The last fields that each of the happenings left in the log."""
    names = {event.name for event in happenings}
    return {
        entry["event"]: {key: value for key, value in entry.items() if key not in ("event", "step")}
        for entry in entries
        if entry["event"] in names
    }


def _note(loss: float, results: dict[str, dict[str, Any]], rate: float, *, chinese: bool) -> str:
    """What stands behind the bar: loss, held-out bits per byte where measured, tokens a second."""
    bits = results.get("validate", {}).get("bits_per_byte")
    if chinese:
        heldout = f" · 留出文本 {bits:.3f} 比特/字节" if bits is not None else ""
        return f"损失 {loss:.3f}{heldout} · {rate:,.0f} 词元/秒"
    heldout = f" · held-out {bits:.3f} bits/byte" if bits is not None else ""
    return f"loss {loss:.3f}{heldout} · {rate:,.0f} tokens/s"
