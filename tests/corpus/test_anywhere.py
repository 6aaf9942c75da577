"""The whole corpus stage writes the same bytes on any number of workers, on a cluster, and killed at any moment."""

import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zaohua import folders, microworld
from zaohua.microworld.story import story

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("ZAOHUA_KILLS", "3"))
PROGRAM = Path(__file__).parent / "anywhere.py"
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")


def document(language: str, number: int) -> str:
    indices = range(3 * number, 3 * number + 3)
    return "\n".join(story(richness="full", language=language, part="train", seed=5, index=i).text for i in indices)


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    """Dirty documents in six sources, the first a file of several pieces, and some sentences as evaluation texts."""
    folder = tmp_path_factory.mktemp("texts")
    clean = [(f"{language}-{n}", document(language, n), language) for n in range(150) for language in ("en", "zh")]
    stream, _ = microworld.dirty(clean, seed=2, edited=0.1, twins=0.05, foreign=0.03)
    files = [folder / f"source-{n}" / "part.jsonl" for n in range(6)]
    for file in files:
        file.parent.mkdir()
    for number, (_, text, _) in enumerate(stream):
        with files[0 if number % 2 else number // 2 % 6].open("a", encoding="utf-8") as file:
            file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
    with (folder / "evaluations.jsonl").open("w", encoding="utf-8") as file:
        for _, text, _ in clean[::40]:
            file.write(json.dumps({"text": text.splitlines()[0]}, ensure_ascii=False) + "\n")
    return folder


def start(texts: Path, output: Path, runner: str) -> subprocess.Popen:
    with output.with_name(f"{output.name}.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), str(texts), str(output), runner],
            env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def finished(texts: Path, output: Path, runner: str) -> dict[str, str]:
    with start(texts, output, runner) as process:
        code = process.wait(timeout=300)
    assert code == 0, log_of(output)[-3000:]
    return content(output)


def log_of(output: Path) -> str:
    return output.with_name(f"{output.name}.log").read_text()


def content(output: Path) -> dict[str, str]:
    """The digest of every file of a finished corpus."""
    assert folders.problems(output) == []
    found = {str(path.relative_to(output)): folders.digest(path) for path in output.rglob("*") if path.is_file()}
    return {name: digest for name, digest in found.items() if name != folders.MANIFEST}


@pytest.fixture(scope="module")
def expected(texts, tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("expected") / "corpus"
    found = finished(texts, folder, "0")
    report = json.loads((folder / "report.json").read_text())
    assert {"near_duplicates", "duplicates", "language", "contaminated"} <= report["removed"]["total"].keys()
    assert len([name for name in found if name.startswith("documents/")]) > 9
    assert "report.html" in found
    return found


@pytest.mark.parametrize("workers", ["1", "2", "3"])
def test_workers_change_no_byte(texts, tmp_path, expected, workers):
    assert finished(texts, tmp_path / "corpus", workers) == expected


@needs_ray
def test_a_cluster_writes_the_same_bytes(texts, tmp_path, expected):
    assert finished(texts, tmp_path / "corpus", "ray") == expected


@needs_ray
def test_a_node_killed_midway_changes_no_byte(texts, tmp_path, expected):
    assert finished(texts, tmp_path / "corpus", "ray-killed") == expected
    assert "a node was killed after" in log_of(tmp_path / "corpus")


def test_sigkill_of_the_driver_at_random_moments_changes_no_byte(texts, tmp_path, expected):
    rng, killed, lives = random.Random(7), 0, 0
    before = time.monotonic()
    finished(texts, tmp_path / "timed", "2")
    whole = time.monotonic() - before
    while killed < KILLS:
        output = tmp_path / f"corpus-{lives}"
        lives += 1
        assert lives <= 3 * KILLS, f"only {killed} of {lives} runs lived long enough to be killed"
        for _ in range(KILLS - killed):
            with start(texts, output, "2") as process:
                try:
                    process.wait(timeout=rng.uniform(0.15, 1) * whole)
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    killed += 1
        assert finished(texts, output, "2") == expected
        assert not list(tmp_path.glob(".*.work"))
    print(f"{killed} kills in {lives} runs, the same bytes")
