"""The training benchmark of a GPU, tried on a CPU at toy size; and what it concludes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import result
import train_gpu
from cases import CASES, model_config, step_flops
from systems import Setting

from zaohua.model.size import parameter_count

ROOT = Path(__file__).parents[2]


def test_a_device_is_known_by_what_its_name_holds():
    assert train_gpu.datasheet_peak("NVIDIA H100 PCIe") == 756e12
    assert train_gpu.datasheet_peak("NVIDIA H100 80GB HBM3") == 989e12
    assert train_gpu.datasheet_peak("NVIDIA L40S") == 362e12
    assert train_gpu.datasheet_peak("NVIDIA A100-SXM4-80GB") == 312e12
    assert train_gpu.datasheet_peak("another") is None


@pytest.mark.parametrize(("name", "millions"), [("gpt2", 124), ("gpt2-medium", 355)])
def test_the_shapes_are_those_of_gpt2(name, millions):
    parameters = parameter_count(model_config(CASES[name]))
    assert round(parameters / 1e6) == millions
    assert step_flops(CASES[name]) > 6 * 0.99 * parameters - 6 * CASES[name].context * CASES[name].dim


def test_a_peer_is_tried_eager_and_compiled_and_a_toy_compiles_nothing():
    assert train_gpu.settings("nanogpt", "cuda") == [Setting(), Setting(compiled=True)]
    assert train_gpu.settings("nanogpt", "cpu") == [Setting()]


def test_rows_at_once_are_halved_while_memory_runs_out(monkeypatch):
    asked = []

    def ask(script, words, results, **_):
        setting = json.loads(words[1])[0]["setting"]
        asked.append(setting["at_once"])
        enough = 0 < setting["at_once"] <= 8
        return [{"rate": 1.0} if enough else {"missing": "OutOfMemoryError: CUDA out of memory."}]

    monkeypatch.setattr(train_gpu.processes, "ask", ask)
    found = train_gpu.measured("nanogpt", CASES["gpt2"], Setting(), "cuda")
    assert asked == [0, 16, 8]
    assert found["setting"] == Setting(at_once=8)


def test_a_failure_of_another_kind_is_not_tried_again(monkeypatch):
    monkeypatch.setattr(train_gpu.processes, "ask", lambda *_, **__: [{"missing": "no such module"}])
    assert train_gpu.measured("nanogpt", CASES["gpt2"], Setting(), "cuda")["missing"] == "no such module"


def test_a_curve_has_the_seconds_of_the_step_before_each_validation():
    events = [
        {"event": "step", "step": 1, "seconds": 2.0},
        {"event": "validate", "step": 1, "bits_per_byte": 3.0},
        {"event": "step", "step": 2, "seconds": 4.5},
        {"event": "step", "step": 3, "seconds": 6.0},
        {"event": "validate", "step": 3, "bits_per_byte": 2.5},
    ]
    assert train_gpu.points("\n".join(map(json.dumps, events))) == [(2.0, 3.0), (6.0, 2.5)]


def test_where_it_stands():
    rows = [
        result.row("zaohua", "gpt2-medium", "bf16 autocast", "tokens/s", [120.0]),
        result.row("nanogpt", "gpt2-medium", "bf16 autocast, compiled", "tokens/s", [100.0]),
        result.row("transformers", "gpt2-medium", "bf16 autocast", "tokens/s", [110.0]),
        result.row("zaohua", "gpt2-medium", "bf16 autocast", train_gpu.BY_DATASHEET, [0.44]),
    ]
    found = {goal["goal"]: (goal["got"], goal["met"]) for goal in train_gpu.standing(rows)}
    assert found == {
        "tokens/s over nanogpt": (1.2, True),
        "tokens/s over transformers": (1.091, False),
        train_gpu.BY_DATASHEET: (0.44, False),
    }


@pytest.mark.slow
def test_a_toy_runs_on_a_cpu(tmp_path):
    output = tmp_path / "train_gpu.json"
    command = [sys.executable, "benchmarks/train_gpu.py", "--device", "cpu", "--output", str(output)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    document = json.loads(output.read_text(encoding="utf-8"))
    measured = {(row["system"], row["unit"]) for row in document["rows"] if row["value"]}
    for system in ("zaohua", "nanogpt", "transformers"):
        assert {(system, "tokens/s"), (system, train_gpu.BY_PRODUCT)} <= measured
    assert document["device"] == "cpu"
    assert len(document["goals"]) == 2, "the ratios; a CPU has no datasheet here"
