"""Killed at random moments, inside saves too, and started again: the run ends in the same bits and the same log."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLS = int(os.environ.get("ZAOHUA_KILLS", "3"))
RECIPE = """
name = "killed"
[corpus]
sources = ["microworld:small:1MB"]
[tokenizer]
vocab_size = 512
[model]
dim = 32
layers = 1
dropout = 0.1
[pretrain]
steps = 150
length = 64
rows = 8
save_every = 0.05
validate_every = 40
validate_rows = 8
optimizer = "muon"
precision = "fp32"
[chat]
sources = ["microworld:small"]
conversations = 100
[chat.training]
steps = 60
length = 128
rows = 8
save_every = 0.05
precision = "fp32"
[report]
stories = 0
questions = 0
samples = 1
sample_tokens = 20
"""


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "zaohua.cli", "run", str(folder.parent / "recipe.toml"), "-o", str(folder)]
    output = (folder.parent / f"{folder.name}.log").open("a")
    with output:
        return subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )


def log_of(stage: Path) -> list[dict]:
    lines = [json.loads(line) for line in (stage / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


@pytest.mark.slow
def test_sigkill_at_random_moments_changes_no_bit(tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE)
    begun = time.monotonic()
    assert start(tmp_path / "whole").wait() == 0, (tmp_path / "whole.log").read_text()[-2000:]
    whole_seconds = time.monotonic() - begun
    rng, killed, lives = random.Random(5), 0, 0
    while killed < KILLS:
        broken = tmp_path / f"broken-{lives}"
        killed += run_killing(broken, KILLS - killed, whole_seconds, rng)
        compare(tmp_path / "whole", broken)
        lives += 1
        assert lives <= 3 * KILLS, f"only {killed} of {lives} runs lived long enough to be killed"
    print(f"{killed} kills in {lives} runs, bitwise equal")


def run_killing(folder: Path, most: int, seconds: float, rng: random.Random) -> int:
    """Run to the end, killed at most `most` times on the way, each life at a random moment -> the number of kills."""
    killed = 0
    while True:
        with start(folder) as process:
            try:
                code = process.wait(timeout=rng.uniform(0.15, 0.7) * seconds if killed < most else None)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                killed += 1
                continue
        assert code == 0, (folder.parent / f"{folder.name}.log").read_text()[-2000:]
        return killed


def compare(whole: Path, broken: Path) -> None:
    """The same weights to the bit, the same log but for its times, and no stage begun anew."""
    for stage in ("pretrain", "chat"):
        weights = f"{stage}/model/model.safetensors"
        assert (whole / weights).read_bytes() == (broken / weights).read_bytes(), stage
        assert log_of(whole / stage) == log_of(broken / stage), stage
    assert not list(broken.glob("*-old-*")), "a stage was begun anew under other settings"


@pytest.mark.slow
def test_sigterm_saves_exits_75_and_the_same_command_continues(tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE.replace("save_every = 0.05", "save_every = 999.0"))
    with start(tmp_path / "run") as process:
        metrics, deadline = tmp_path / "run" / "pretrain" / "metrics.jsonl", time.monotonic() + 120
        while time.monotonic() < deadline and not (metrics.exists() and metrics.read_text().count("\n") > 5):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 75
    assert list((tmp_path / "run" / "pretrain" / "checkpoints").glob("step-*"))
    assert start(tmp_path / "run").wait() == 0
    assert "continuing from step" in (tmp_path / "run.log").read_text()
