"""The training benchmark: a toy run writes the form that every benchmark's result has."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FIELDS = ["name", "date", "commit", "machine", "versions", "rows", "ratios"]
SHARE = "share of the step's own products"
UNITS = {"tokens/s", "tokens/s, probe", "tokens/s, ideal", SHARE, "MB at peak", "GFLOP/s", "seconds to warm up"}


def run(output: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict]:
    command = [sys.executable, "benchmarks/train_cpu.py", "--quick", "--threads", "1", "--output", str(output)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done, json.loads(output.read_text(encoding="utf-8"))


def check_form(document: dict) -> None:
    assert list(document)[: len(FIELDS)] == FIELDS
    for row in document["rows"]:
        assert list(row) == ["system", "case", "precision", "value", "unit", "runs"]
        if row["value"] is None:
            assert row["precision"].startswith("missing: ")
            assert row["runs"] == []
        else:
            may_be_nothing = row["unit"] == "documents" or row["unit"].startswith("recall")
            assert row["value"] > 0 or (may_be_nothing and row["value"] == 0), "only a count or a recall may be nothing"
            assert row["value"] == pytest.approx(statistics.median(row["runs"]), rel=1e-3)
    for ratio in document["ratios"]:
        assert list(ratio) == ["case", "unit", "of", "over", "value"]


@pytest.mark.slow
def test_a_toy_run_writes_the_form(tmp_path):
    done, document = run(tmp_path / "result.json", "--only", "zaohua", "--only", "nanogpt")
    check_form(document)
    assert document["name"] == "train_cpu"
    assert document["machine"]["threads"] == 1
    assert "torch" in document["versions"]
    assert {row["unit"] for row in document["rows"]} == UNITS
    shares = {row["precision"] for row in document["rows"] if (row["system"], row["unit"]) == ("nanogpt", SHARE)}
    assert len(shares) == 2, "one with fp32 masters and one with bf16 weights"
    assert {each["best peer with"] for each in document["best_peers"]} == {"fp32 masters", "bf16 weights"}
    assert document["goals"] == [], "the goals are those of cases A and B"
    assert "zaohua" in done.stdout


@pytest.mark.slow
def test_the_plain_loops_are_measured_in_every_setting(tmp_path):
    _, document = run(tmp_path / "result.json", "--only", "transformers", "--only", "zaohua-plain")
    missing = [row for row in document["rows"] if row["value"] is None]
    assert not missing


def test_committed_results_have_the_form():
    committed = sorted((ROOT / "benchmarks" / "results").glob("*.json"))
    assert {"train_cpu", "planted"} <= {path.stem for path in committed}
    for path in committed:
        document = json.loads(path.read_text(encoding="utf-8"))
        check_form(document)
        assert document["name"] == path.stem
