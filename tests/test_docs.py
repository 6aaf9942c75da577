"""The documents say what the program does: every command in them is one that it knows, every link leads somewhere."""

import re
import shlex
from pathlib import Path

import pytest

from zaohua import cli
from zaohua.recipe import require_length
from zaohua.settings import reading_flags

ROOT = Path(__file__).parent.parent
GUIDES = ("README", "docs/corpus", "docs/tokenizer", "docs/training", "docs/watching")
PAIRS = [(ROOT / f"{name}.md", ROOT / f"{name}.zh.md") for name in GUIDES]
PAGES = [page for pair in PAIRS for page in pair]


def commands(page: Path) -> list[list[str]]:
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    words = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [line for line in words if line]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_one_that_the_program_reads(page):
    found = commands(page)
    assert len(found) > 10
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for program, *rest in found:
        if program == "make":
            assert rest[0] in targets
            continue
        if program == "bash":
            assert (ROOT / rest[0]).is_file()
            continue
        assert program.removeprefix(".venv/bin/") == "zaohua"
        read(rest)


def read(rest: list[str]) -> None:
    verb, *words = rest
    assert verb in cli.VERBS
    app = cli.app_of(verb)
    with reading_flags():
        _, given, _ = app.parse_args(words, print_error=False, exit_on_error=False)
    if verb in ("pretrain", "finetune"):
        require_length(given.arguments["training"])


def test_every_command_with_flags_in_a_sentence_is_one_that_the_program_reads():
    spans = [span for page in PAGES for span in re.findall(r"`(zaohua [^`]+)`", page.read_text(encoding="utf-8"))]
    flagged = [shlex.split(span)[1:] for span in spans if " -" in span and "VERB" not in span]
    assert len(flagged) >= 8
    for rest in flagged:
        read(rest)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "ARCHITECTURE.md"], ids=lambda page: page.name)
def test_every_link_inside_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_folder_in_the_house_is_in_the_picture():
    picture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for path in (ROOT / "src" / "zaohua").iterdir():
        if path.name.startswith("__"):
            continue
        assert re.search(rf"^  {re.escape(path.name)}\b", picture, re.MULTILINE), path.name


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].name)
def test_both_languages_have_the_same_commands(pair):
    first, second = ([line[:2] for line in commands(page)] for page in pair)
    assert first == second
