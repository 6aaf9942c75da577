"""The import table of ARCHITECTURE.md and the limit on file sizes, checked against the source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "zaohua"
LEAVES = {"language", "settings", "folders", "events", "hashing", "pages"}
COMPOSITION = ("recipe", "sources", "stages", "landing", "training_folder", "report", "evaluating", "textfile",
               "pipeline", "planner", "probe", "terminal", "extending", "verbs")  # fmt: skip
ALL = {*COMPOSITION, "tokenizer", "model", "microworld", "corpus", "data", "checkpoint", "objectives", "training",
       "generation", "evaluation", "inspection", "server", "watching"}  # fmt: skip
MAY_IMPORT: dict[str, set[str]] = {
    "language": set(),
    "settings": {"language"},
    "folders": {"settings"},
    "events": {"language"},
    "hashing": set(),
    "pages": set(),
    "tokenizer": LEAVES,
    "model": LEAVES,
    "microworld": LEAVES,
    "watching": LEAVES,
    "corpus": LEAVES | {"tokenizer"},
    "data": LEAVES | {"tokenizer"},
    "checkpoint": LEAVES | {"model", "tokenizer"},
    "objectives": LEAVES | {"model", "data"},
    "training": LEAVES | {"objectives", "data", "model", "checkpoint"},
    "generation": LEAVES | {"model", "tokenizer", "checkpoint"},
    "inspection": LEAVES | {"model", "tokenizer", "checkpoint"},
    "evaluation": LEAVES | {"generation", "objectives", "data", "checkpoint", "model", "tokenizer"},
    "server": LEAVES | {"generation", "inspection", "tokenizer", "checkpoint"},
    **dict.fromkeys(COMPOSITION, LEAVES | ALL),
    "cli": LEAVES | ALL,
}
FILES = sorted(SOURCE.rglob("*.py"))


def package_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """The packages of ours that a file imports, wherever in the file the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [node.module] if node.module != "zaohua" else [f"zaohua.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found.update(name.split(".")[1] for name in names if name and name.startswith("zaohua."))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_point_down_the_table(path):
    package = package_of(path)
    if package != "__init__":
        assert package in MAY_IMPORT, f"{package} is not in the table of ARCHITECTURE.md"
        assert imports_of(path) - {package} <= MAY_IMPORT[package]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_file_is_about_one_noun(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{lines} lines: split it by nouns"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_file_says_what_it_is(path):
    source = path.read_text(encoding="utf-8")
    if path.name != "__init__.py":
        assert ast.get_docstring(ast.parse(source)), "the first line says what the file is about"
    assert path.stem not in {"utils", "helpers", "common", "misc", "base"}


def test_no_pickle_on_any_path():
    for path in FILES:
        source = path.read_text(encoding="utf-8")
        assert "pickle" not in source, path
        assert "torch.load(" not in source, path
        assert "torch.save(" not in source, path


def test_text_is_prepared_without_torch():
    """It would be half of the memory that preparing text takes, and seconds of every start."""
    stages = "zaohua.sources, zaohua.corpus.stage, zaohua.tokenizer.training, zaohua.data.shards"
    code = f"import sys, {stages}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
