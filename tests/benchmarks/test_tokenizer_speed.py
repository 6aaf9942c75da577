"""The tokenizer benchmark: a quick run measures every system on the same text and writes the common form."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_a_quick_run_measures_learning_and_encoding_of_every_system(tmp_path):
    output = tmp_path / "tokenizer.json"
    command = [sys.executable, "benchmarks/tokenizer.py", "--quick", "--case", "zh", "--output", str(output)]
    environment = os.environ | {"ZAOHUA_DATA": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}  # the embedded world
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    found = json.loads(output.read_text())
    measured = {(row["system"], row["unit"]) for row in found["rows"]}
    assert measured == {
        ("zaohua", "MB/s, learning"),
        ("tokenizers", "MB/s, learning"),
        ("zaohua", "MB/s, encoding"),
        ("tokenizers", "MB/s, encoding"),
        ("tiktoken", "MB/s, encoding"),
    }
    assert all(row["value"] > 0 and row["case"] == "zh" for row in found["rows"])
    assert {ratio["over"] for ratio in found["ratios"]} == {"tokenizers", "tiktoken"}
    assert found["name"] == "tokenizer"
