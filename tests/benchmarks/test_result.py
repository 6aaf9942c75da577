"""The form of a result: medians, ratios, and systems that could not be measured."""

import importlib.util
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent.parent / "benchmarks" / "result.py"
specification = importlib.util.spec_from_file_location("benchmark_result", SOURCE)
result = importlib.util.module_from_spec(specification)
sys.modules["benchmark_result"] = result
specification.loader.exec_module(result)


def test_a_row_holds_the_median_of_its_runs():
    row = result.row("ours", "A", "fp32", "tokens/s", [3.0, 1.0, 2.0])
    assert row.value == 2.0
    assert row.runs == [3.0, 1.0, 2.0]


def test_ratios_compare_the_same_case_and_unit_and_leave_out_what_is_missing():
    rows = [
        result.row("ours", "A", "fp32", "tokens/s", [30.0]),
        result.row("peer", "A", "bf16", "tokens/s", [20.0]),
        result.row("peer", "B", "bf16", "tokens/s", [10.0]),
        result.row("peer", "A", "bf16", "MB", [10.0]),
        result.missing("absent", "A", "tokens/s", "not installed"),
    ]
    assert result.ratios(rows, "ours", ["tokens/s", "MB"]) == [
        {"case": "A", "unit": "tokens/s", "of": "ours", "over": "peer", "value": 1.5}
    ]


def test_a_missing_row_says_why():
    row = result.missing("absent", "A", "tokens/s", "not installed")
    assert (row.value, row.precision, row.runs) == (None, "missing: not installed", [])


def test_a_reason_names_no_address_and_no_folder_of_this_machine():
    row = result.missing("absent", "A", "tokens/s", f"https://example.org/simple failed in {SOURCE.parent}")
    assert row.precision == "missing: (address) failed in ./benchmarks"


def test_numbers_keep_four_digits_and_large_ones_are_whole():
    assert [result.significant(value) for value in (0.123456, 1234.56, 123456.7)] == [0.1235, 1235.0, 123457.0]
