"""A training as a person likes to watch it, in the terminal: its curve, what it writes by now, how fast, how long."""

import math
import sys
import textwrap
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from zaohua.events import Events, duration, stage_name
from zaohua.watching.braille import MARK, chart, extent_of
from zaohua.watching.curve import Curve
from zaohua.watching.speed import Speed

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

EVERY, SHARE = 1.0, 0.01
"""Seconds between two drawings at least, and the share of the time that they take at most: the run waits for them."""
_SMALLEST, _TALLEST = (40, 12), 12  # cells of a terminal that can show it; lines of the curve
_SAMPLE_LINES, _SAMPLE = 2, 160  # lines of the last sample in the view; characters of one
_BESIDE = 6  # lines of the view that are not the curve, and those above it that should stay in sight


class View:
    """Redrawn in place while the run goes on; the last drawing stays."""

    def __init__(self, about: Mapping[str, Any], console: "Console", *, chinese: bool) -> None:
        self.about, self.console, self.chinese = about, console, chinese
        self.curve, self.heldout, self.speed = Curve(), Curve(), Speed(about)
        self.now: Mapping[str, Any] = {}
        self.first: Mapping[str, Any] = {}
        self.measured: Mapping[str, Any] = {}
        self.sample = ""
        self.live: Live | None = None
        self.next = -math.inf

    def recall(self, entries: Iterable[Mapping[str, Any]]) -> "View":
        """Itself, with what an earlier session logged."""
        for entry in entries:
            self._remember(entry["event"], entry)
        return self

    def step(self, fields: Mapping[str, Any]) -> None:
        self._remember("step", fields)
        self.speed.step(fields)
        self.now, self.first = fields, self.first or fields
        self._draw()

    def happened(self, name: str, fields: Mapping[str, Any]) -> None:
        self._remember(name, fields)
        self._draw()

    def close(self) -> None:
        try:
            self.next = -math.inf
            self._draw()
        finally:
            if self.live:
                self.live.stop()
            self.live, self.now = None, {}

    def _remember(self, name: str, fields: Mapping[str, Any]) -> None:
        if name == "step":
            self.curve.add(fields["step"], fields.get("loss", math.nan))
        elif name == "validate":
            self.measured = fields
            self.heldout.add(fields["step"], heldout_loss(fields))
        elif name == "sample":
            self.sample = sample_line(fields)

    def _draw(self) -> None:
        start = time.monotonic()
        if start < self.next or not self.now:
            return
        if self.live is None:
            from rich.live import Live

            self.live = Live(
                console=self.console, auto_refresh=False, redirect_stdout=sys.stdout.isatty(), vertical_overflow="crop"
            )
            self.live.start()
        self.live.update(self.frame(*self.console.size), refresh=True)
        self.next = start + max(EVERY, (time.monotonic() - start) / SHARE)

    def frame(self, width: int, height: int) -> "Group":
        """What stands in a terminal of so many cells."""
        from rich.console import Group
        from rich.text import Text

        lines = [Text(fitting(self._head(), width), style="bold"), *self._chart(width, height)]
        lines += [self._bar(width), Text(fitting(self._numbers(), width))]
        if self.sample:
            lines += [Text(line, style="italic") for line in wrapped(self.sample, width)[:_SAMPLE_LINES]]
        for line in lines:
            line.no_wrap = True
        return Group(*lines)

    def _chart(self, width: int, height: int) -> "list[Text]":
        from rich.text import Text

        extent = extent_of(self.curve.points, self.heldout.points)
        rows = min(_TALLEST, height - _BESIDE - _SAMPLE_LINES)
        if extent is None or rows < 2 or width < _SMALLEST[0]:
            return []
        unit = "步" if self.chinese else "steps"
        lines = [Text(line) for line in chart(self.curve.points, self.heldout.points, extent, width, rows, unit=unit)]
        for line in lines[:-1]:
            line.highlight_regex("[\u2801-\u28ff]+", "cyan")
            line.highlight_regex(MARK, "bold yellow")
        lines[-1].stylize("dim")
        return lines

    def _head(self) -> list[str]:
        """Which stage, how far, since when, how long still; the most important first."""
        steps, step, left = self.about.get("steps"), self.now["step"], self.left()
        title = stage_name(self.about["title"], chinese=self.chinese)
        spent = duration(self.now["seconds"], chinese=self.chinese)
        if self.chinese:
            said = [title, f"第 {step:,} 步" + (f"，共 {steps:,} 步" if steps else ""), f"已用 {spent}"]
            return said + ([] if left is None else [f"剩余 {duration(left, chinese=True)}"])
        said = [title, f"step {step:,}" + (f" of {steps:,}" if steps else ""), spent]
        return said + ([] if left is None else [f"{duration(left)} left"])

    def _numbers(self) -> list[str]:
        """Loss, held-out text, speed and its share of the ceiling."""
        bits, fields = self.measured.get("bits_per_byte"), self.speed.fields() or {}
        rate, share = fields.get("tokens_per_second"), fields.get("share_of_ceiling")
        loss, heldout = self.now.get("loss", math.nan), heldout_loss(self.measured)
        if self.chinese:
            said = [f"损失 {loss:.3f}"]
            said += [f"{MARK} 留出文本 {bits:.3f} 比特/字节"] if bits is not None else []
            said += [f"{MARK} 留出回答 {heldout:.3f}"] if bits is None and self.measured else []
            said += [f"{rate:,.0f} 词元/秒"] if rate is not None else []
            return said + ([f"机器上限的 {share:.0%}"] if share is not None else [])
        said = [f"loss {loss:.3f}"]
        said += [f"{MARK} held-out {bits:.3f} bits/byte"] if bits is not None else []
        said += [f"{MARK} held-out answers {heldout:.3f}"] if bits is None and self.measured else []
        said += [f"{rate:,.0f} tokens/s"] if rate is not None else []
        return said + ([f"{share:.0%} of the machine"] if share is not None else [])

    def _bar(self, width: int) -> "Text":
        from rich.text import Text

        percent = f" {self.done():.0%}"
        room = max(width - len(percent) - 1, 1)
        full = round(room * self.done())
        return Text.assemble(("━" * full, "green"), ("─" * (room - full), "dim"), percent)

    def done(self) -> float:
        """The share of the run that lies behind."""
        steps, seconds = self.about.get("steps"), self.about.get("seconds")
        share = self.now["step"] / steps if steps else self.now["seconds"] / seconds if seconds else 0.0
        return min(max(share, 0.0), 1.0)

    def left(self) -> float | None:
        """Seconds to the end; None before a step of this session tells."""
        steps, seconds = self.about.get("steps"), self.about.get("seconds")
        if seconds:
            return max(seconds - self.now["seconds"], 0.0)
        taken = self.now["step"] - self.first["step"]
        if not steps or taken <= 0:  # it may have gone back
            return None
        return (steps - self.now["step"]) * (self.now["seconds"] - self.first["seconds"]) / taken


class Samples:
    """A line of what the model writes by now, where no view shows it."""

    def __init__(self, events: Events) -> None:
        self.events = events

    def step(self, fields: Mapping[str, Any]) -> None:
        pass

    def happened(self, name: str, fields: Mapping[str, Any]) -> None:
        if name == "sample":
            self.events.say(f"  {sample_line(fields)}")

    def close(self) -> None:
        pass


def view_of(about: Mapping[str, Any], events: Events) -> View | None:
    """The view, where a terminal can show it."""
    if not events.live:
        return None
    from rich.console import Console

    console = Console(stderr=True)
    shows = console.is_terminal and not console.is_dumb_terminal and console.encoding.startswith("utf")
    large = console.width >= _SMALLEST[0] and console.height >= _SMALLEST[1]
    return View(about, console, chinese=events.chinese) if shows and large else None


def heldout_loss(fields: Mapping[str, Any]) -> float:
    """Nats a token of a measurement on text, or on answers, that training did not see."""
    return fields.get("loss", fields.get("loss_on_answers", math.nan))


def sample_line(fields: Mapping[str, Any]) -> str:
    """What the model wrote, and what it was asked before, in one line that cannot command the terminal."""
    text, asked = (
        "".join(letter if letter.isprintable() else " " for letter in " ".join(fields.get(key, "").split()))
        for key in ("text", "question")
    )
    return f"» {asked} → {text[:_SAMPLE]}" if asked else f"» {text[:_SAMPLE]}"


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines: broken at spaces, in Chinese anywhere."""
    from rich.cells import cell_len, chop_cells

    return chop_cells(text, width) if cell_len(text) > 1.5 * len(text) else textwrap.wrap(text, width)


def fitting(parts: Iterable[str], width: int) -> str:
    """The first of the parts that fit into so many cells, in one line."""
    from rich.cells import cell_len, set_cell_size

    said = ""
    for part in parts:
        longer = f"{said} · {part}" if said else part
        if said and cell_len(longer) > width:
            break
        said = longer
    return said if cell_len(said) <= width else set_cell_size(said, width)
