"""Runs side by side on the console: a table of many, or two with what sets them apart and their curves."""

from typing import TYPE_CHECKING, Any

from zaohua.events import duration
from zaohua.language import speaks_chinese
from zaohua.watching.braille import MARK, chart, extent_of
from zaohua.watching.runs import Run, differences

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_HEIGHT, _NARROWEST = 12, 30  # lines of a curve, and the cells below which two stand one above the other
_WIDE = 160  # cells of a line where no terminal says
_STATES = {"finished": "已完成", "unfinished": "未完成", "damaged": "已损坏"}
_COLOURS = {"finished": "green", "unfinished": "yellow", "damaged": "red"}
_COLUMNS = {
    "run": "运行", "state": "状态", "shape": "结构", "parameters": "参数", "tokens": "词元", "bits/byte": "比特/字节",
    "tokens/s": "词元/秒", "of ceiling": "占机器上限", "time": "用时",
}  # fmt: skip


def show(runs: list[Run]) -> None:
    """Print a table, a line a run."""
    from rich.text import Text

    chinese = speaks_chinese()
    table = _table()
    for english, column in _COLUMNS.items():
        table.add_column(
            column if chinese else english,
            justify="left" if english in ("run", "state", "shape") else "right",
            overflow="fold",
        )
    for run in runs:
        state = Text(_STATES[run.state] if chinese else run.state, style=_COLOURS[run.state])
        table.add_row(Text(str(run.folder)), state, run.shape, *_figures(run, chinese=chinese))
    _console().print(table)


def compare(first: Run, second: Run) -> None:
    """Print the settings in which two runs differ, what came of them, and their curves over tokens."""
    from rich.text import Text

    chinese, console = speaks_chinese(), _console()
    table = _table()
    for title in ("设置" if chinese else "setting", str(first.folder), str(second.folder)):
        table.add_column(Text(title), overflow="fold")
    differ = differences(first.settings, second.settings)
    for name, values in differ.items():
        table.add_row(Text(name), *(Text(_plain(value)) for value in values))
    if not differ:
        table.add_row("（设置相同）" if chinese else "(the same settings)", "", "")
    table.add_section()
    titles = [column if chinese else english for english, column in _COLUMNS.items()][3:]
    for title, *values in zip(titles, *(_figures(run, chinese=chinese) for run in (first, second)), strict=True):
        table.add_row(title, *values)
    console.print(table)
    for line in curves(first, second, console.width, chinese=chinese):
        console.print(line, highlight=False, markup=False, no_wrap=True, crop=True)


def curves(first: Run, second: Run, width: int, *, chinese: bool) -> list[str]:
    """Both curves to one scale, side by side, or one above the other where that is too narrow."""
    extent = extent_of(*(curve.points for run in (first, second) for curve in (run.loss, run.heldout)))
    if extent is None:
        return []
    half = (width - 2) // 2
    each = half if half >= _NARROWEST else max(width, 12)
    unit = "词元" if chinese else "tokens"
    charts = [
        [str(run.folder)[-each:], *chart(run.loss.points, run.heldout.points, extent, each, _HEIGHT, unit=unit)]
        for run in (first, second)
    ]
    legend = f"损失（{MARK} 留出文本），奈特/词元" if chinese else f"loss ({MARK} held-out text), nats a token"
    if half < _NARROWEST:
        return ["", legend, *charts[0], "", *charts[1]]
    return ["", legend, *(_padded(left, each) + "  " + right for left, right in zip(*charts, strict=True))]


def _padded(text: str, width: int) -> str:
    from rich.cells import set_cell_size

    return set_cell_size(text, width)


def _figures(run: Run, *, chinese: bool) -> list[str]:
    """Parameters, tokens, bits per byte, tokens a second, share of the ceiling, time; a dash for what is not known."""
    said = run.as_json()
    shown: list[tuple[Any, str]] = [
        (said["parameters"], ",.0f"), (said["tokens"] or None, ",.0f"), (said["bits_per_byte"], ".3f"),
        (said["tokens_per_second"], ",.0f"), (said["share_of_ceiling"], ".0%"),
    ]  # fmt: skip
    figures = ["–" if value is None else format(value, form) for value, form in shown]
    return [*figures, duration(run.seconds, chinese=chinese) if run.seconds else "–"]


def _plain(value: Any) -> str:
    """A setting in a table; of a digest its beginning."""
    said = "–" if value is None else " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return said[:12] if len(said) == 64 and said.isalnum() else said


def _table() -> "Table":
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False)


def _console() -> "Console":
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)
    return console
