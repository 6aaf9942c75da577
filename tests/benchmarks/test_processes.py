"""Measurements in processes of their own: what comes back when they speak, fail, are killed or take too long."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import processes

HEAD = f"import sys; sys.path.insert(0, {str(processes.HERE)!r}); import processes; processes.say({{'first': 1}})\n"


@pytest.mark.parametrize(
    ("end", "second"),
    [
        ("processes.say({'second': sys.argv[1]})", {"second": "word"}),
        ("raise ValueError('no such thing')", {"missing": "ValueError: no such thing"}),
        ("import os; os.kill(os.getpid(), 9)", {"missing": "ended by signal 9"}),
    ],
)
def test_what_is_not_said_is_missing_with_its_reason(tmp_path, end, second):
    script = tmp_path / "script.py"
    script.write_text(HEAD + end, encoding="utf-8")
    assert processes.ask(str(script), ["word"], 2, threads=1) == [{"first": 1}, second]


def test_a_process_that_takes_too_long_is_ended(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import time; time.sleep(60)", encoding="utf-8")
    found = processes.ask(str(script), [], 1, threads=1, timeout=0.2)
    assert found == [{"missing": "took more than 0.2 s"}]


def test_peak_memory_counts_what_was_freed_again(tmp_path):
    script = tmp_path / "script.py"
    taking = "before = processes.peak_megabytes(); len(b'x' * (200 << 20))\n"
    script.write_text(HEAD + taking + "processes.say({'grown': processes.peak_megabytes() - before})", encoding="utf-8")
    grown = processes.ask(str(script), [], 2, threads=1)[1]["grown"]
    assert grown == pytest.approx(200, abs=10)
