"""Writes docs/verbs.md and verbs.zh.md from the program's own help, or checks (--check) that they are what it says."""

import contextlib
import io
import os
import re
import sys
from pathlib import Path

PAGES = {"en": Path(__file__).parent / "verbs.md", "zh": Path(__file__).parent / "verbs.zh.md"}
HEADS = {
    "en": "# Every verb and its settings\n\n[中文](verbs.zh.md) · written by `make format` from the program's help\n",
    "zh": "# 每个命令和它的设置\n\n[English](verbs.md) · 由 `make format` 根据程序的帮助生成\n",
}


def help_of(arguments: list[str], language: str) -> str:
    """What the program prints for these arguments, at a fixed width and without colour."""
    os.environ.update(COLUMNS="110", NO_COLOR="1", TERM="dumb", ZAOHUA_LANG=language)
    from zaohua import cli

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        cli.run(arguments)
    lines = (line.rstrip() for line in text.getvalue().strip().splitlines())
    if (
        language == "zh"
    ):  # a browser draws a hanzi not quite two columns wide: borders on the right would not stand in line
        lines = (re.sub(r" *│$| ─+╮$|(?<=╰─)─+╯$", "", line) for line in lines)
    return "\n".join(lines)


def page(language: str) -> str:
    """A whole page."""
    from zaohua import verbs
    from zaohua.cli import VERBS

    parts = [HEADS[language]]
    below = {verb: getattr(verbs, verb) for verb in VERBS if isinstance(getattr(verbs, verb), dict)}
    for words in [[], *([verb, *inner] for verb in VERBS for inner in ([], *([name] for name in below.get(verb, ()))))]:
        parts += [" ".join(["## zaohua", *words]), "", "```text", help_of([*words, "--help"], language), "```", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    for language, path in PAGES.items():
        wanted = page(language)
        if "--check" not in sys.argv:
            path.write_text(wanted, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != wanted:
            sys.exit(f"docs/{path.name} is not what the program says: run `make format`")
