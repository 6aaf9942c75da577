"""One stage, the same bytes: on any number of workers, on a cluster, after a node or the driver was killed."""

import importlib.util
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("ZAOHUA_KILLS", "3"))
HERE = Path(__file__).parent
CLUSTERS = "near/clusters"
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")


def start(root: Path, runner: str, *, files: int = 8, seconds: float = 0.0) -> subprocess.Popen:
    path = os.pathsep.join([str(HERE), str(HERE.parent), *filter(None, sys.path)])
    with (root.parent / f"{root.name}.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, str(HERE / "whole_stage.py"), str(root), runner, str(files), str(seconds)],
            env={**os.environ, "PYTHONPATH": path, "RAY_USAGE_STATS_ENABLED": "0"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def finished(root: Path, runner: str, **options) -> bytes:
    """The clusters that a stage run to its end wrote."""
    with start(root, runner, **options) as process:
        code = process.wait(timeout=300)
    assert code == 0, (root.parent / f"{root.name}.log").read_text()[-3000:]
    return (root / CLUSTERS).read_bytes()


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> bytes:
    content = finished(tmp_path_factory.mktemp("expected") / "root", "0")
    assert len(content) > 5000
    return content


@pytest.mark.parametrize(("workers", "files"), [("1", 8), ("2", 8), ("2", 3), ("0", 1)])
def test_workers_and_files_change_no_byte(tmp_path, expected, workers, files):
    assert finished(tmp_path / "root", workers, files=files) == expected


@needs_ray
def test_a_cluster_writes_the_same_bytes(tmp_path, expected):
    assert finished(tmp_path / "root", "ray") == expected


@needs_ray
def test_a_node_killed_midway_changes_no_byte(tmp_path, expected):
    assert finished(tmp_path / "root", "ray-killed", seconds=0.3) == expected
    assert len(set((tmp_path / "root/trace").read_text().split())) == 2, "both nodes had work"


def test_sigkill_of_the_driver_at_random_moments_changes_no_byte_and_repeats_nothing_done(tmp_path, expected):
    rng, killed, lives = random.Random(11), 0, 0
    before = time.monotonic()
    finished(tmp_path / "timed", "2", seconds=0.1)
    whole = time.monotonic() - before
    while killed < KILLS:
        root = tmp_path / f"root-{lives}"
        killed += run_killing(root, KILLS - killed, rng, whole)
        assert (root / CLUSTERS).read_bytes() == expected
        assert not list(root.rglob(".*.tmp-*"))
        lives += 1
        assert lives <= 3 * KILLS, f"only {killed} of {lives} runs lived long enough to be killed"
    print(f"{killed} kills in {lives} runs, the same bytes")


def run_killing(root: Path, most: int, rng: random.Random, whole: float) -> int:
    """Run to the end, which takes `whole` seconds, killed at most so often on the way -> the number of kills."""
    killed = done = 0
    while True:
        with start(root, "2", seconds=0.1) as process:
            try:
                code = process.wait(timeout=rng.uniform(0.2, 1) * whole if killed < most else 300)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
                time.sleep(0.2)
                now = len(list((root / "done").glob("*"))) if root.exists() else 0
                assert now >= done
                done = now
                continue
        assert code == 0, (root.parent / f"{root.name}.log").read_text()[-3000:]
        started = len((root / "trace").read_text().split())
        finished = len(list((root / "done").glob("*"))) - 1  # beside them the digests of the raw files
        assert started <= finished + 2 * killed, "what was done was done again"
        return killed
