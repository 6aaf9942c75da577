"""What happens during a run: one event is one JSON line, and one console line or one progress bar."""

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Protocol

from zaohua.language import speaks_chinese

EVERY = 10.0
"""Seconds between two lines of progress in a log file, so that nothing seems to hang."""


class Progress(Protocol):
    """A bar that is being filled."""

    def advance(self, amount: float = 1, note: str = "") -> None: ...


class Watcher(Protocol):
    """Who is told what a run logs, in plain values: its steps, and what else happens on the way."""

    def step(self, fields: Mapping[str, Any]) -> None: ...

    def happened(self, name: str, fields: Mapping[str, Any]) -> None: ...

    def close(self) -> None: ...


class Events:
    """Where a run reports: sentences and progress bars with the time left, on the console unless it is to be quiet.

    Without `bars` something else shows how far the run is.
    """

    def __init__(self, *, console: bool = True, bars: bool = True) -> None:
        self.console, self.bars = console, bars
        self.live = console and sys.stderr.isatty()
        self.chinese = speaks_chinese()

    def say(self, english: str, chinese: str | None = None) -> None:
        """One line to the console, in the user's language where both are given."""
        if self.console:
            print(chinese if chinese and self.chinese else english, flush=True)

    @contextlib.contextmanager
    def progress(self, stage: str, total: float, unit: str = "", *, done: float = 0.0) -> Iterator[Progress]:
        """A stage's bar that ends at `total` units (MB, s, steps), of which an earlier session has `done` some: drawn
        live in a terminal, a line every ten seconds elsewhere.
        """
        title, left = stage_name(stage, chinese=self.chinese), "剩余" if self.chinese else "left"
        unit = _UNITS.get(unit, unit) if self.chinese else unit
        if not self.console or not self.bars:
            yield _Silent()
        elif self.live:
            with _bar(left) as bar:
                yield _Live(bar, bar.add_task(title, total=total, completed=done, note="", unit=unit))
        else:
            yield _Lines(title, total, unit, lambda seconds: f"{left} {duration(seconds, chinese=self.chinese)}", done)

    @contextlib.contextmanager
    def progress_in_time(self, stage: str, seconds: float) -> Iterator[Callable[[], None]]:
        """The bar of a stage that should take so many seconds -> what is called whenever a part of it is done."""
        with self.progress(stage, seconds, "s") as bar:
            last = time.monotonic()

            def passed() -> None:
                nonlocal last
                now = time.monotonic()
                bar.advance(now - last)
                last = now

            yield passed


class Log:
    """A file of JSON lines, one event a line, that survives a kill at any byte; `watcher` is told of each.

    What a full disk does not take waits in memory, and goes to the file with what comes next.
    """

    def __init__(self, path: Path, *, keep: int, watcher: Watcher | None = None) -> None:
        """Open for appending, cut back to `keep` bytes first; a file that has lost its end is not filled up."""
        self.path, self.watcher = path, watcher
        self._file: IO[bytes] = path.open("ab", buffering=0)
        self.length = min(keep, path.stat().st_size)
        """Bytes of all lines, the waiting ones too."""
        self._file.truncate(self.length)
        self._waiting = b""
        self._alone = threading.Lock()

    def emit(self, kind: str, **fields: Any) -> None:
        line = (json.dumps({"event": kind, **fields}, ensure_ascii=False) + "\n").encode()
        with self._alone:
            self.length += len(line)
            self._waiting += line
            with contextlib.suppress(OSError):
                self._write()
        if self.watcher and kind == "step":
            self.watcher.step(fields)
        elif self.watcher:
            self.watcher.happened(kind, fields)

    def sync(self) -> None:
        """Make all lines durable; raises OSError where the disk does not take them. Any thread may ask for it."""
        with self._alone:
            self._write()
        os.fsync(self._file.fileno())

    def _write(self) -> None:
        while self._waiting:
            self._waiting = self._waiting[self._file.write(self._waiting) :]

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def duration(seconds: float, *, chinese: bool = False) -> str:
    """Seconds as people say them: 8 s, 2 min 05 s, 1 h 12 min; 8 秒, 2 分 05 秒, 1 小时 12 分."""
    hour, minute, second = ("小时", "分", "秒") if chinese else ("h", "min", "s")
    whole = round(seconds)
    if whole < 60:
        return f"{whole} {second}"
    if whole < 3600:
        return f"{whole // 60} {minute} {whole % 60:02d} {second}"
    return f"{whole // 3600} {hour} {whole % 3600 // 60:02d} {minute}"


_UNITS = {"s": "秒", "steps": "步"}
_STAGES = {
    "plan": "计划", "corpus": "语料", "tokenizer": "分词器", "tokens": "词元", "pretrain": "预训练", "chat": "对话微调",
    "report": "报告", "text": "文本", "evaluate": "评测",
}  # fmt: skip


def stage_name(stage: str, *, chinese: bool) -> str:
    """What a stage of a run is called on the console and the card."""
    return _STAGES[stage] if chinese else "chat tuning" if stage == "chat" else stage


def spent_by_stage(seconds: Mapping[str, float], *, chinese: bool) -> str:
    """Seconds by stage in one line: corpus 21 s · pretrain 8 min 53 s."""
    spent = {
        stage_name(stage, chinese=chinese): duration(each, chinese=chinese) for stage, each in seconds.items() if each
    }
    return " · ".join(f"{name} {said}" for name, said in spent.items())


def _bar(left: str) -> Any:
    """A bar drawn in the terminal; rich is imported by those who see one."""
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[unit]}"),
        progress.TimeElapsedColumn(),
        progress.TextColumn(left),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
    )


class _Live:
    def __init__(self, bar: Any, task: Any) -> None:
        self.bar, self.task = bar, task

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.bar.update(self.task, advance=amount, **({"note": note} if note else {}))


class _Lines:
    """Progress for a log file: a line now and then."""

    def __init__(self, head: str, total: float, unit: str, left: Callable[[float], str], before: float = 0.0) -> None:
        self.head, self.total, self.unit, self.left, self.before = head, total, unit, left, before
        self.done, self.start = before, time.monotonic()
        self.last = self.start

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.done += amount
        now = time.monotonic()
        if now - self.last < EVERY or self.done <= self.before:
            return
        self.last = now
        left = (now - self.start) * max(self.total - self.done, 0) / (self.done - self.before)
        print(
            f"  {self.head} {self.done:,.0f}/{self.total:,.0f} {self.unit} · {self.left(left)} {note}".rstrip(),
            flush=True,
        )


class _Silent:
    def advance(self, amount: float = 1, note: str = "") -> None:
        pass
