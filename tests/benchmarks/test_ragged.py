"""The benchmark of ragged fine-tuning: the same texts for all, padded and packed right."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import ragged
from cases import CASES

ROOT = Path(__file__).parents[2]


def test_texts_are_the_same_in_every_process_and_as_long_as_said():
    lengths = [len(text) for text in ragged.texts(CASES["A"], 300)]
    assert ragged.texts(CASES["A"], 300) == ragged.texts(CASES["A"], 300)
    assert min(lengths) >= ragged.SHORTEST
    assert max(lengths) <= CASES["A"].context
    assert len(set(lengths)) > 100


def test_padding_is_neither_seen_nor_learned():
    batch = ragged.padded([{"input_ids": [5, 6, 7]}, {"input_ids": [8]}])
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[5, 6, 7], [8, -100, -100]]
    assert batch["input_ids"].dtype == torch.int64


def test_an_arm_says_the_precision_that_it_chooses():
    for arm, (setting, chosen) in ragged.ARMS.items():
        if not arm.startswith(ragged.OWN):
            assert bool(chosen.get("bf16")) is (setting.compute == "bf16") is ("bf16" in arm), arm


@pytest.mark.slow
def test_a_toy_run_counts_the_examples_of_packed_rows(tmp_path):
    output = tmp_path / "ragged.json"
    command = [sys.executable, "benchmarks/ragged.py", "--quick", "--threads", "1", "--output", str(output)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, "--only", ragged.OWN], cwd=ROOT, env=environment, check=True, capture_output=True)
    rows = json.loads(output.read_text(encoding="utf-8"))["rows"]
    assert {(row["system"], row["unit"]) for row in rows} == {(ragged.OWN, "examples/s"), (ragged.OWN, "MB at peak")}
    assert all(row["value"] > 0 for row in rows)
