"""Killed at random moments, inside saves too, and started again: the run ends in the same bits and the same log."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

KILLS = int(os.environ.get("ZAOHUA_KILLS", "3"))
TINY = Path(__file__).parents[2] / "recipes" / "tiny" / "recipe.toml"
ORDER = ("corpus", "tokenizer", "tokens", "pretrain", "chat", "report")
LESS_REPORT = ("--report.stories", "0", "--report.questions", "0", "--report.samples", "1")


def flags(*, save_every: float, precision: str) -> list[str]:
    """The tiny recipe with a checkpoint every so many seconds, in one precision."""
    dials = [("save-every", save_every), ("precision", precision)]
    return [str(word) for stage in ("pretrain", "chat.training") for name, value in dials
            for word in (f"--{stage}.{name}", value)]  # fmt: skip


def start(folder: Path, words: list[str], threads: int = 1) -> subprocess.Popen:
    command = [sys.executable, "-m", "zaohua.cli", "run", str(TINY), "-o", str(folder), *LESS_REPORT, *words]
    output = (folder.parent / f"{folder.name}.log").open("a")
    with output:
        return subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": str(threads)}
        )


def log_of(stage: Path) -> list[dict]:
    """Everything but what the clock says."""
    lines = [json.loads(line) for line in (stage / "metrics.jsonl").read_text().splitlines()]
    return [
        {key: value for key, value in line.items() if key != "seconds"} for line in lines if line["event"] != "speed"
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "threads", "kills"), [("fp32", 1, KILLS), ("bf16", 2, max(1, KILLS // 3))])
def test_sigkill_at_random_moments_changes_no_bit(tmp_path, precision, threads, kills):
    words = flags(save_every=0.05, precision=precision)
    begun = time.monotonic()
    assert start(tmp_path / "whole", words, threads).wait() == 0, (tmp_path / "whole.log").read_text()[-2000:]
    whole_seconds = time.monotonic() - begun
    rng, fell, lives = random.Random(5), Counter(), 0
    while fell.total() < kills:
        broken = tmp_path / f"broken-{lives}"
        fell += run_killing(broken, words, threads, kills - fell.total(), whole_seconds, rng)
        compare(tmp_path / "whole", broken)
        lives += 1
        assert lives <= 3 * kills, f"only {fell.total()} of {lives} runs lived long enough to be killed"
    print(f"{fell.total()} kills in {lives} runs, bitwise equal; they fell into {dict(fell)}")


def run_killing(
    folder: Path, words: list[str], threads: int, most: int, seconds: float, rng: random.Random
) -> Counter[str]:
    """Run to the end, killed at most `most` times, each life at a random moment -> the stages that they fell into."""
    fell: Counter[str] = Counter()
    while True:
        with start(folder, words, threads) as process:
            try:
                code = process.wait(timeout=rng.uniform(0.15, 0.7) * seconds if fell.total() < most else None)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                fell[next((s for s in ORDER if not (folder / s / "manifest.json").exists()), "end")] += 1
                continue
        assert code == 0, (folder.parent / f"{folder.name}.log").read_text()[-2000:]
        return fell


def compare(whole: Path, broken: Path) -> None:
    """The same weights to the bit, the same log but for its times, and no stage begun anew."""
    for stage in ("pretrain", "chat"):
        weights = f"{stage}/model/model.safetensors"
        assert (whole / weights).read_bytes() == (broken / weights).read_bytes(), stage
        assert log_of(whole / stage) == log_of(broken / stage), stage
    assert not list(broken.glob("*-old-*")), "a stage was begun anew under other settings"


@pytest.mark.slow
def test_sigterm_saves_exits_75_and_the_same_command_continues(tmp_path):
    words = flags(save_every=999.0, precision="fp32")
    with start(tmp_path / "run", words) as process:
        metrics, deadline = tmp_path / "run" / "pretrain" / "metrics.jsonl", time.monotonic() + 120
        while time.monotonic() < deadline and not (metrics.exists() and metrics.read_text().count("\n") > 5):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 75
    assert list((tmp_path / "run" / "pretrain" / "checkpoints").glob("step-*"))
    assert start(tmp_path / "run", words).wait() == 0
    assert "continuing from step" in (tmp_path / "run.log").read_text()
