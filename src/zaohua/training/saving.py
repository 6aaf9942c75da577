"""When a run saves, and how it goes on meanwhile: a thread writes a copy of its state, taken between two steps."""

import contextlib
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.profiler import record_function

from zaohua.events import Events, Log
from zaohua.settings import UserError
from zaohua.training import checkpoints
from zaohua.training.checkpoints import Position, State
from zaohua.training.settings import TrainingSettings

SHARE = 0.03
"""The most of a run's time that saving may take; the seconds between two saves grow until it does not."""
_ROOM = 1.1  # times its size that a checkpoint needs on the disk
_LATEST = 10  # times `save_every` at most until a save that failed is tried again; each failure doubles it


class Saver:
    """The checkpoints of one run, written by one thread, at most one at a time; to be entered and left.

    A save that fails, as on a full disk, is said once and tried again later: the run goes on, its older checkpoints
    are whole.
    """

    def __init__(
        self, folder: Path, settings: TrainingSettings, environment: Mapping[str, Any], log: Log, events: Events,
        *, good: int | None = None,
    ) -> None:  # fmt: skip
        """`good` is the step of the checkpoint that the run goes on from; newer ones are damaged."""
        self.folder, self.settings, self.environment, self.log, self.events = folder, settings, environment, log, events
        self.good = [step for step in checkpoints.by_step(folder) if good is not None and step <= good]
        self.interval = settings.save_every
        self._copy: dict[str, dict[str, Tensor]] = {}
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None
        self._cost, self._told = 0.0, False
        self._last = time.monotonic()

    def __enter__(self) -> "Saver":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is None:
            self.wait()
        elif self._thread is not None:
            self._thread.join()

    def due(self, step: int) -> bool:
        """Whether it is time to save: the seconds are over and the last save is done, or this step is to be kept."""
        if self._kept_for_ever(step):
            return True
        if self._thread is not None and not self._thread.is_alive():
            self.wait()
        return self._thread is None and time.monotonic() - self._last >= self.interval

    @record_function("zaohua/saving")
    def save(self, state: State, position: Position) -> None:
        """Begin to save; the run may change its state as soon as this returns."""
        self.wait()
        begun = time.monotonic()
        self._copied(state)
        now = replace(position)
        self._last = time.monotonic()
        self._thread = threading.Thread(target=self._write, args=(self._copy, now, self._last - begun), name="saver")
        self._thread.start()

    @record_function("zaohua/saving")
    def save_now(self, state: State, position: Position) -> None:
        """Save, and come back when that is done; raises UserError where it fails."""
        self.wait()
        if self.good[-1:] != [position.step]:
            self._write(state, position, 0.0)
            self._ended()
        if self.good[-1:] != [position.step]:
            newest = self.good[-1] if self.good else 0
            raise UserError(
                f"step {position.step} could not be saved: make room, and the same command goes on from step {newest}",
                f"第 {position.step} 步没能存下：请腾出空间，再运行同一命令会从第 {newest} 步继续",
            )

    def newest(self) -> checkpoints.Found:
        """The newest whole checkpoint, when the one that is being written is done; newer ones count no more."""
        self.wait()
        found = checkpoints.newest(self.folder)
        self.good = [step for step in self.good if found.step is not None and step <= found.step]
        return found

    def _copied(self, state: State) -> None:
        """Copy the state into memory that is used again at the next save."""
        for file in self._copy.keys() - state.keys():
            del self._copy[file]
        for file, tensors in state.items():
            kept = self._copy.setdefault(file, {})
            for name in kept.keys() - tensors.keys():
                del kept[name]
            for name, tensor in tensors.items():
                if name not in kept or kept[name].shape != tensor.shape:
                    kept[name] = torch.empty_like(tensor, device="cpu", memory_format=torch.contiguous_format)
                kept[name].copy_(tensor.detach())

    def _write(self, state: State, position: Position, stalled: float) -> None:
        """In the thread: write a checkpoint, and note what that took of the processor, or why it failed."""
        begun = time.thread_time()
        try:
            _require_room(self.folder, state)
            self.log.sync()
            checkpoints.write(self.folder, state, position, self.environment)
            self.good.append(position.step)
        except Exception as error:
            self._failure = error
        self._cost = stalled + time.thread_time() - begun

    def wait(self) -> None:
        """Until the thread is done, if there is one."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._ended()

    def _ended(self) -> None:
        """A save is over: delete what need not be kept any more, or say what went wrong."""
        failure, self._failure = self._failure, None
        if failure is None:
            self._told, self.interval = False, max(self.settings.save_every, self._cost / SHARE)
            kept = {*self.good[-self.settings.keep :], *filter(self._kept_for_ever, self.good)}
            with contextlib.suppress(OSError):
                checkpoints.delete_all_but(self.folder, kept)
            return
        if not isinstance(failure, UserError | OSError):
            raise failure
        self.interval = min(self.interval * 2, self.settings.save_every * _LATEST)
        english, chinese = getattr(failure, "english", str(failure)), getattr(failure, "chinese", str(failure))
        self.log.emit("save_failed", reason=english)
        if not self._told:
            self._told = True
            self.events.say(
                f"  a checkpoint could not be saved ({english}); the older ones are whole",
                f"  检查点没能存下（{chinese}）；较早的检查点完好",
            )

    def _kept_for_ever(self, step: int) -> bool:
        return self.settings.keep_every > 0 and step % self.settings.keep_every == 0


def _require_room(folder: Path, state: State) -> None:
    """Raise UserError where the disk has no room for a checkpoint, before any of it is written."""
    size = sum(tensor.numel() * tensor.element_size() for tensors in state.values() for tensor in tensors.values())
    free = shutil.disk_usage(folder).free
    if free < _ROOM * size:
        raise UserError(
            f"the disk is full: a checkpoint needs {_ROOM * size / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free",
            f"磁盘已满：检查点需要 {_ROOM * size / 1e6:,.0f} MB，只剩 {free / 1e6:,.0f} MB",
        )
