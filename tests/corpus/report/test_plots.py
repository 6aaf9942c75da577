"""Plots show what they are given: as much area, at the right places."""

import re

import pytest

from zaohua.corpus.report.plots import bar, columns, fitted, flow, spread


def test_a_bar_is_as_long_as_its_share():
    widths = [float(width) for width in re.findall(r'width="([\d.]+)"', bar([("a", 1), ("b", 2)], 4))]
    assert widths == [25, 50]


def test_columns_are_as_high_as_their_share_of_the_highest():
    drawn = columns([[("a", 1.0)], [("a", 2.0), ("b", 2.0)], []], ["", "", ""], ["x", "y", "z"])
    assert re.findall(r'height="([\d.]+)" class="fill', drawn) == ["25", "50", "50"]
    assert re.findall(r'y="([\d.]+)" width="0.88"', drawn) == ["75", "50", "0"]
    assert drawn.count("<title>") == 3


def test_the_bands_of_a_node_fill_it():
    values = {("a", "documents"): 30.0, ("a", "rules"): 10.0, ("b", "documents"): 60.0}
    drawn = flow([("a", "a"), ("b", "b")], [("documents", "d"), ("rules", "r")], values, str)
    bands = re.findall(r"M0 ([\d.]+)C50 [\d.]+ 50 ([\d.]+) 100 [\d.]+V([\d.]+)", drawn)
    breadths = [float(end) - float(begin) for _, begin, end in bands]
    assert breadths == pytest.approx([75, 25, 150], abs=0.03)
    assert float(bands[1][0]) - float(bands[0][0]) == pytest.approx(
        75, abs=0.03
    )  # the second begins where the first ends


def test_every_value_falls_into_a_bin_and_the_limit_lies_where_it_is():
    bins, low, high, lines = spread({"0.1": 3, "0.2": 1, "0.05": 2}, [0.15, 0.25])
    assert (sum(bins), low, high) == (6, 0.05, 0.25)
    assert lines == pytest.approx([12, 24])
    assert spread({"1": 5}, [1])[0][0] == 5
    assert spread({"5": 1}, [])[3] == []


def test_a_long_name_is_known_by_its_end():
    assert fitted("short") == "short"
    assert fitted("/a/very/long/path/to/novels/pg11.txt").endswith("pg11.txt")
    assert fitted("一个非常长的中文文件夹名字").startswith("…")
    assert len(fitted("字" * 100)) <= 9
