"""The help in Chinese: nothing of it is missing, stale or in English, and its lines break where Chinese does."""

import io
import re
from itertools import pairwise

import pytest
from rich.cells import cell_len
from rich.console import Console

from zaohua import cli, verbs
from zaohua.verbs import help as chinese_help

HANZI = "[\u4e00-\u9fff]"
TEXTS = chinese_help._texts()
GROUPS = [verb for verb in cli.VERBS if isinstance(getattr(verbs, verb), dict)]
PAGES = [[verb] for verb in cli.VERBS] + [[verb, name] for verb in GROUPS for name in getattr(verbs, verb)]


class Shown:
    """A formatter that only keeps what cyclopts wants shown."""

    def __init__(self) -> None:
        self.texts: set[str] = set()

    def render_usage(self, console, options, usage) -> None:
        pass

    def render_description(self, console, options, description) -> None:
        self.texts.update(chinese_help._plain(description).split("\n\n"))

    def __call__(self, console, options, panel) -> None:
        self.texts.update(chinese_help._plain(entry.description) for entry in panel.entries)


def english_of(page: list[str]) -> set[str]:
    app, shown = cli.app_of(page[0]), Shown()
    app.help_format, app.help_formatter = "plaintext", shown
    app.help_print(page[1:])
    return {" ".join(text.split()) for text in shown.texts}


def printed(page: list[str], width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    cli.app_of(page[0]).help_print(page[1:], console=console)
    return console.file.getvalue()


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv("ZAOHUA_LANG", "zh")


@pytest.mark.slow
def test_every_text_of_the_help_is_said_in_chinese_and_none_besides():
    shown = set().union(*map(english_of, PAGES)) - {cli.VERBS[verb][0] for verb in GROUPS}
    assert len(shown) > 150
    assert shown - TEXTS.keys() == set(), "has no Chinese"
    assert TEXTS.keys() - shown == set(), "is shown by no verb"


def test_the_chinese_is_chinese():
    for english, text in [*TEXTS.items(), *cli.VERBS.values()]:
        assert re.search(HANZI, text), text
        assert not re.search(rf"{HANZI}[A-Za-z0-9]|[A-Za-z0-9]{HANZI}", text), text
        assert not re.search("[“”‘’]", text), f"{text}: as wide as terminals please"
        assert text.endswith("。") == english.endswith("."), text


def test_flags_and_numbers_are_the_same_in_both_languages():
    for english, text in TEXTS.items():
        for word in re.findall(r"--[a-z][a-z.-]*[a-z]|\d+(?:[.,]\d+)*", english):
            assert word in text, f"{word}: {text}"


def check_page(page: list[str], width: int) -> None:
    lines = printed(page, width).splitlines()
    for line in lines:
        assert cell_len(line) == width or line[:1] not in {*"╭│╰"}, line
    said = "".join(line.strip("│ ") for line in lines)
    assert said.startswith("用法：zaohua ")
    assert not re.search(r"\[(default|choices|required|env)|Usage|OPTIONS|ARGS|COMMAND|╭─ [A-Z]", said), page
    assert not re.findall(r"(?!zaohua )\b[a-z]+ [a-z]+ [a-z]+", said), page


@pytest.mark.parametrize("page", [["finetune"], ["tokenizer"], ["tokenizer", "import"]], ids=" ".join)
@pytest.mark.parametrize("width", [80, 110])
def test_a_page_is_chinese_and_its_borders_stand_in_line(page, width, chinese):
    check_page(page, width)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_every_page_is_chinese_and_its_borders_stand_in_line(page, chinese):
    check_page(page, 80)


def test_what_may_be_said_and_must_be_said_is_told_in_chinese(chinese):
    said = printed(["finetune"], 110)
    assert re.search(r"^│ \*  --output -o PATH +要写出的训练文件夹。 \[必填\]", said, re.MULTILINE)
    together = "".join(line.strip("│ ") for line in said.splitlines())
    assert "[可选：trapezoid、cosine、linear、inverse_sqrt] [默认：trapezoid]" in together
    assert "用法：zaohua finetune --output PATH [选项] MODEL DATA" in said


def test_a_text_without_chinese_is_shown_in_english(chinese, monkeypatch):
    monkeypatch.setattr(chinese_help, "_texts", dict)
    assert "用法：" in printed(["verify"], 110)
    assert "any folder that zaohua wrote." in printed(["verify"], 110)


@pytest.mark.parametrize("page", [["finetune"], ["tokenizer"]], ids=" ".join)
def test_elsewhere_the_help_is_english(page):
    said = printed(page, 110)
    assert said.startswith("Usage: zaohua")
    assert not re.search(HANZI, said)


def test_the_overview_is_in_one_language_and_names_the_other(capsys, monkeypatch):
    for language, other, place in (("en", "zh", 0), ("zh", "en", 1)):
        monkeypatch.setenv("ZAOHUA_LANG", language)
        assert cli.run(["--help"]) == 0
        said = capsys.readouterr().out
        for verb, does in cli.VERBS.items():
            assert re.search(rf"^  {verb} +{re.escape(does[place])}$", said, re.MULTILINE)
            assert does[1 - place] not in said
        assert f"ZAOHUA_LANG={other} zaohua --help" in said.splitlines()[-1]


def broken(text: str, width: int) -> list[str]:
    places = [0, *chinese_help._breaks(text, width), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize("width", [2, 9, 30])
def test_lines_fit_and_lose_nothing(width):
    for text in TEXTS.values():
        found = broken(text, width)
        assert "".join(found) == text
        assert all(0 < cell_len(line.rstrip()) <= width for line in found), found


@pytest.mark.parametrize("width", [45, 80])
def test_lines_are_filled_and_break_where_chinese_does(width):
    for text in TEXTS.values():
        found = broken(text, width)
        for before, after in pairwise(found):
            assert after[0] not in " ，。；：、！？）》/", found
            assert before[-1] not in "（《", found
            assert not re.search("[!-~]$", before) or not re.match("[!-~]", after), found
            first = re.match("[（《]*(?:[!-~…]+|.)[，。；：、！？）》/]*", after)[0]
            assert cell_len(before) + cell_len(first) > width, found


def test_defaults_are_shown_as_they_are_typed():
    pages = {verb: printed([verb], 110) for verb in cli.VERBS}
    assert "[default: 0.9 0.95]" in pages["pretrain"]
    for verb, page in pages.items():
        assert not re.search(r"\[default: [(\[{]|--[a-z.-]*empty-", page), verb
        assert ("Commands" in page) == (verb in GROUPS)
