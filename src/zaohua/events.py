"""What happens during a run: one event is one JSON line, and one console line or one progress bar."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol


class Progress(Protocol):
    """A bar that is being filled."""

    def advance(self, amount: float = 1, note: str = "") -> None: ...


class Events:
    """Where a run reports: sentences and progress bars with the time left, on the console unless it is to be quiet."""

    def __init__(self, *, console: bool = True) -> None:
        self.console = console
        self.live = console and sys.stderr.isatty()
        self.chinese = speaks_chinese()

    def say(self, english: str, chinese: str | None = None) -> None:
        """One line to the console, in the user's language where both are given."""
        if self.console:
            print(chinese if chinese and self.chinese else english, flush=True)

    @contextlib.contextmanager
    def progress(self, title: str, total: float, unit: str = "", *, done: float = 0.0) -> Iterator[Progress]:
        """A bar that ends at `total` units, of which an earlier session has `done` some: drawn live in a terminal, a
        line every ten seconds elsewhere.
        """
        if not self.console:
            yield _Silent()
        elif self.live:
            with _bar() as bar:
                yield _Live(bar, bar.add_task(title, total=total, completed=done, note="", unit=unit))
        else:
            yield _Lines(title, total, unit, done)


class Log:
    """A file of JSON lines, one event a line, that survives a kill at any byte."""

    def __init__(self, path: Path, *, keep: int) -> None:
        """Open for appending, cut back to `keep` bytes first."""
        self.path = path
        self.file: IO[str] = path.open("a", encoding="utf-8")
        self.file.truncate(keep)
        self.file.seek(0, os.SEEK_END)

    def emit(self, kind: str, **fields: Any) -> None:
        self.file.write(json.dumps({"event": kind, **fields}, ensure_ascii=False) + "\n")
        self.file.flush()

    def sync(self) -> int:
        """Make everything written durable; the file's length in bytes."""
        self.file.flush()
        os.fsync(self.file.fileno())
        return self.file.seek(0, os.SEEK_END)

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def speaks_chinese() -> bool:
    """Whether messages are wanted in Chinese: ZAOHUA_LANG (zh or en) decides, else the locale."""
    chosen = os.environ.get("ZAOHUA_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return chosen.lower().startswith("zh")


def duration(seconds: float) -> str:
    """Seconds as people say them: 8 s, 2 min 05 s, 1 h 12 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _bar() -> Any:
    """A bar drawn in the terminal; rich is imported by those who see one."""
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[unit]}"),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
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
    """Progress for a log file: a line when ten seconds have passed, so that nothing seems to hang."""

    def __init__(self, title: str, total: float, unit: str, before: float = 0.0, every: float = 10.0) -> None:
        self.title, self.total, self.unit, self.before, self.every = title, total, unit, before, every
        self.done, self.start = before, time.monotonic()
        self.last = self.start

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.done += amount
        now = time.monotonic()
        if now - self.last < self.every or self.done <= self.before:
            return
        self.last = now
        left = (now - self.start) * max(self.total - self.done, 0) / (self.done - self.before)
        print(
            f"  {self.title} {self.done:,.0f}/{self.total:,.0f} {self.unit} · left {duration(left)} {note}".rstrip(),
            flush=True,
        )


class _Silent:
    def advance(self, amount: float = 1, note: str = "") -> None:
        pass
