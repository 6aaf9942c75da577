"""Writes docs/verbs.md from the program's own help, or checks (--check) that it is what the program says."""

import contextlib
import io
import os
import sys
from pathlib import Path

PAGE = Path(__file__).parent / "verbs.md"


def help_of(arguments: list[str]) -> str:
    """What the program prints for these arguments, at a fixed width and without colour."""
    os.environ.update(COLUMNS="110", NO_COLOR="1", TERM="dumb", LANG="C.UTF-8")
    from zaohua import cli

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        cli.run(arguments)
    return "\n".join(line.rstrip() for line in text.getvalue().strip().splitlines())


def page() -> str:
    """The whole page."""
    from zaohua import verbs
    from zaohua.cli import VERBS

    parts = ["# Every verb and its settings", "", "Written by `make format` from the program's own help.", ""]
    below = {verb: getattr(verbs, verb) for verb in VERBS if isinstance(getattr(verbs, verb), dict)}
    for words in [[], *([verb, *inner] for verb in VERBS for inner in ([], *([name] for name in below.get(verb, ()))))]:
        parts += [" ".join(["## zaohua", *words]), "", "```text", help_of([*words, "--help"]), "```", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    wanted = page()
    if "--check" not in sys.argv:
        PAGE.write_text(wanted, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != wanted:
        sys.exit("docs/verbs.md is not what the program says: run `make format`")
