"""A training killed or asked to stop at random moments, again and again: the same bits, the same log, the same step."""

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.reliability.nest import Nest
from zaohua import cli

KILLS = int(os.environ.get("ZAOHUA_LIVES", "3"))
SIGNALS = int(os.environ.get("ZAOHUA_SIGNALS", "6"))
STEPS = 60


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """Tokens of an embedded world."""
    folder = tmp_path_factory.mktemp("lives")
    for words in (
        ["corpus", "microworld:small:500KB", "-o", folder / "corpus"],
        ["tokenizer", "train", folder / "corpus", "-o", folder / "tokenizer", "--vocab-size", "400"],
        ["tokens", folder / "corpus", folder / "tokenizer", "-o", folder / "tokens"],
    ):
        assert cli.run([str(word) for word in words]) == 0
    return folder


@pytest.fixture(scope="module")
def nest():
    with Nest() as nest:
        yield nest


def training(prepared: Path, output: Path, **dials: object) -> list[str]:
    """A command of some seconds, with dropout, validation, samples, and a save as often as one is done."""
    chosen = {"steps": STEPS, "length": 64, "rows": 8, "warmup": 5, "learning_rate": 0.01, "precision": "fp32",
              "optimizer": "muon", "validate_every": 10, "validate_rows": 8, "sample_every": 20, "save_every": 0.001,
              **dials}  # fmt: skip
    words = [word for name, value in chosen.items() for word in (f"--{name.replace('_', '-')}", value)]
    shape = ["--model.dim", 32, "--model.layers", 2, "--model.dropout", 0.1]
    return [str(word) for word in
            ("pretrain", prepared / "tokens", prepared / "tokenizer", "-o", output, *shape, *words)]  # fmt: skip


def lived(nest: Nest, command: list[str], log: Path) -> float:
    """Carry out a command to its end -> its seconds."""
    begun = time.monotonic()
    assert nest.begin(command, log).end() == 0, log.read_text()[-2000:]
    return time.monotonic() - begun


def log_of(folder: Path) -> list[dict]:
    """Everything but what the clock says."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [
        {key: value for key, value in line.items() if key != "seconds"} for line in lines if line["event"] != "speed"
    ]


def compare(whole: Path, other: Path) -> None:
    """The same weights to the bit, the same log but for its times."""
    weights = "model/model.safetensors"
    assert (whole / weights).read_bytes() == (other / weights).read_bytes()
    assert log_of(whole) == log_of(other)


@pytest.mark.slow
def test_sigkill(prepared, nest, tmp_path):
    seconds = lived(nest, training(prepared, tmp_path / "whole"), tmp_path / "log")
    rng, kills, runs = random.Random(7), 0, 0
    while kills < KILLS:
        output, code = tmp_path / f"broken-{runs}", None
        while code != 0:
            life = nest.begin(training(prepared, output), tmp_path / "log")
            if kills < KILLS:
                time.sleep(rng.uniform(0, seconds))
                life.signal(signal.SIGKILL)
            code = life.end()
            kills += code == -signal.SIGKILL
            assert code in (0, -signal.SIGKILL), (tmp_path / "log").read_text()[-2000:]
        compare(tmp_path / "whole", output)
        runs += 1
    print(f"{kills} kills in {runs} runs, bitwise equal")


@pytest.mark.slow
def test_signals_save_the_exact_step(prepared, nest, tmp_path):
    seconds = lived(nest, training(prepared, tmp_path / "whole"), tmp_path / "log")
    rng, ends, runs = random.Random(8), Counter(), 0
    while ends.total() < SIGNALS:
        output, code = tmp_path / f"stopped-{runs}", None
        while code != 0:
            life = nest.begin(training(prepared, output, save_every=999), tmp_path / "log")
            number = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)[ends.total() % 3]
            if ends.total() < SIGNALS:
                time.sleep(rng.uniform(0.02, seconds))
                life.signal(number)
            asked = time.monotonic()
            code = life.end()
            assert code in (0, 75), (code, (tmp_path / "log").read_text()[-2000:])
            if code == 75:
                assert time.monotonic() - asked < 10
                ends[signal.Signals(number).name] += 1
                saved_what_was_done(output)
        compare(tmp_path / "whole", output)
        runs += 1
    print(f"{ends.total()} signals in {runs} runs, each saved at its step: {dict(ends)}")


def saved_what_was_done(output: Path) -> None:
    """The newest checkpoint is that of the last step in the log."""
    log = output / "metrics.jsonl"
    steps = [entry["step"] for entry in log_of(output)] if log.is_file() else []
    saved = sorted((output / "checkpoints").glob("step-*"))
    assert (int(saved[-1].name.removeprefix("step-")) if saved else 0) == (max(steps) if steps else 0)
