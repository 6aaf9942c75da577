"""`zaohua make` on a text of a stranger's, by a clock of a minute: interrupted, continued, and finished once."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest

from zaohua import folders, microworld


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "stories.txt"
    path.write_text("\n\n".join(story.text for story in islice(microworld.stories(), 1500)), encoding="utf-8")
    return path


def start(text: Path, folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "zaohua.cli", "make", str(text), "--minutes", "1.2", "-o", str(folder)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "ZAOHUA_LANG": "en"}
    )


@pytest.mark.slow
def test_a_run_by_the_clock_that_is_interrupted_is_still_the_same_run(text, tmp_path):
    folder = tmp_path / "mine"
    metrics, deadline = folder / "pretrain" / "metrics.jsonl", time.monotonic() + 300
    with start(text, folder) as process:
        while time.monotonic() < deadline and not (metrics.exists() and metrics.read_text().count("\n") > 5):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=120)[0]
    assert process.returncode == 75, said
    assert "the lowest expected loss" in said
    recipe, given = (folder / "recipe.toml").read_text(), given_in(folder)
    with start(text, folder) as process:
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    assert f"continuing the plan in {folder}" in said
    assert "continuing from step" in said
    assert ((folder / "recipe.toml").read_text(), given_in(folder)) == (recipe, given)
    assert not list(folder.glob("*-old-*"))
    card = json.loads((folder / "report" / "card.json").read_text())
    assert 0 < card["heldout"]["bits_per_byte"] < card["baselines"]["xz -9"]["alone"]
    for stage in ("corpus", "tokenizer", "tokens", "pretrain", "report"):
        assert folders.problems(folder / stage) == [], stage


def given_in(folder: Path) -> list[dict[str, float]]:
    return [clock["given"] for clock in json.loads((folder / folders.CLOCK).read_text()).values()]
