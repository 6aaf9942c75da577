"""Dirt whose every place is known: what the whole corpus stage finds of it, and that it damages nothing."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import planted

pytestmark = pytest.mark.slow


def test_planted_dirt_is_found_and_nothing_clean_is_damaged(tmp_path):
    scores = planted.scored(tmp_path, 2400)
    for name, found in scores.items():
        for language in ("en", "zh"):
            assert found[f"recall: duplicates {language}"] == 1
            assert found[f"recall: twins {language}"] == 1 if language == "zh" else True
            assert found[f"recall: edited 0.005 {language}"] >= 0.98
            assert found[f"recall: edited 0.01 {language}"] >= (0.92 if name == "default" else 0.97)
        assert found["precision: duplicates"] >= 0.95
        for kind in ("boilerplate", "mojibake", "language"):
            assert found[f"recall: {kind}"] >= 0.95, kind
            assert found[f"precision: {kind}"] >= 0.95, kind
        assert found["clean documents changed"] == 0
        assert found["clean documents removed"] == 0
    assert scores["default"]["recall: edited 0.04 zh"] < 0.9, "a test that everything passes measures nothing"
