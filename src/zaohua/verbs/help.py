"""Help in Chinese: what cyclopts would show in English, as help.zh.toml has it, in lines that break as Chinese does."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions
    from rich.measure import Measurement
    from rich.text import Text

TEXTS = Path(__file__).with_name("help.zh.toml")
_WORDS = {
    "Commands": "命令", "Arguments": "参数", "Parameters": "选项",
    "COMMAND": "子命令", "[OPTIONS]": "[选项]", "[ARGS]": "[参数]", "[ARGS...]": "[参数...]",
}  # fmt: skip
"""The titles of cyclopts' panels, and its own words in the line of usage."""
_UNIT = re.compile(
    r"(?:\[可选：|[（《])*"  # what opens stays with what follows
    r"(?:\[(?:默认：[^\]]*|必填)\]|[\u4e00-\u9fff]|[^\s（《，。；：、！？）》\u4e00-\u9fff]+)?"
    r"[，。；：、！？）》/]*\s*"  # what closes stays with what it follows
)
"""What no line breaks inside: one hanzi or one run of others, with the marks that belong to it."""


class ChineseHelp:
    """A formatter of cyclopts' help; it reads the texts of an app whose help is plain text."""

    def __call__(self, console: "Console", options: "ConsoleOptions", panel: "HelpPanel") -> None:
        from cyclopts.help import DefaultFormatter, specs

        command = panel.format == "command"
        columns = specs.get_default_command_columns if command else specs.get_default_parameter_columns
        *names, description = columns(console, options, panel.entries)
        formatter = DefaultFormatter(column_specs=(*names, description.copy(renderer=_described)))
        formatter(console, options, panel.copy(title=_WORDS.get(str(panel.title), panel.title)))

    def render_usage(self, console: "Console", options: "ConsoleOptions", usage: Any) -> None:
        from rich.text import Text

        words = (_WORDS.get(word, word) for word in str(usage).split())
        console.print(Text(f"用法：{' '.join(words)}\n", style="bold"))

    def render_description(self, console: "Console", options: "ConsoleOptions", description: Any) -> None:
        from rich.text import Text

        for paragraph in _plain(description).split("\n\n"):
            console.print(_Lines(Text(_chinese(paragraph))))
            console.print()


def _described(entry: "HelpEntry") -> "_Lines":
    """What an entry is for, and what may be said there."""
    from rich.text import Text

    text = Text(_chinese(_plain(entry.description)))
    if entry.choices:
        text.append(" ").append(f"[可选：{'、'.join(entry.choices)}]", "cyclopts.choices")
    if entry.default is not None:
        text.append(" ").append(f"[默认：{entry.default}]", "cyclopts.default")
    if entry.required:
        text.append(" ").append("[必填]", "cyclopts.required")
    return _Lines(text)


def _plain(description: Any) -> str:
    return str(description.primary_renderable)


def _chinese(english: str) -> str:
    """The text in Chinese, or itself where there is none."""
    return _texts().get(" ".join(english.split()), english)


@cache
def _texts() -> dict[str, str]:
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))


class _Lines:
    """Text in lines; rich breaks at spaces alone, of which Chinese has few."""

    def __init__(self, text: "Text") -> None:
        self.text = text

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[Text]":
        for line in self.text.divide(_breaks(self.text.plain, options.max_width)):
            line.rstrip()
            yield line

    def __rich_measure__(self, console: "Console", options: "ConsoleOptions") -> "Measurement":
        from rich.measure import Measurement

        return Measurement(2, max(self.text.cell_len, 2))


def _breaks(text: str, width: int) -> list[int]:
    """Where lines of at most `width` cells end, a hanzi taking two; only what is wider than a line breaks inside."""
    from rich.cells import cell_len

    found, place, filled = [], 0, 0
    for unit in _UNIT.findall(text):
        for piece in [unit] if cell_len(unit.rstrip()) <= width else unit:
            if filled and filled + cell_len(piece.rstrip()) > width:
                found.append(place)
                filled = 0
            place += len(piece)
            filled += cell_len(piece)
    return found
