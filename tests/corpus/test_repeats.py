"""Repeated runs are those that a plain count finds."""

import random
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus import repeats
from zaohua.corpus.repeats import Repeats, RunCounts, run_counts

few = st.lists(st.integers(0, 3), max_size=60)


@given(numbers=few, length=st.integers(1, 13), first=st.integers(1, 13))
def test_groups_counts_and_first_places_are_those_of_a_plain_count(numbers, length, first):
    repeats = Repeats(np.array(numbers, dtype=np.int64))
    repeats.of(first)  # what was asked before is no matter
    level = repeats.of(length)
    runs = [tuple(numbers[i : i + length]) for i in range(len(numbers) - length + 1)]
    counts = Counter(runs)
    assert len(level.groups) == len(runs)
    for run, group in zip(runs, level.groups, strict=True):
        if counts[run] == 1:
            assert group == -1
        else:
            assert level.counts[group] == counts[run]
            assert level.firsts[group] == runs.index(run)
    assert len(level.counts) == sum(count > 1 for count in counts.values())


def counted(text: str, length: int) -> RunCounts:
    """The counts of runs by looking at each of them."""
    runs = Counter(text[i : i + length] for i in range(len(text) - length + 1)).values()
    return RunCounts(sum(runs), sum(count for count in runs if count > 1), max(runs, default=0))


@given(text=st.text(alphabet="ab好\U0001f600", max_size=60), length=st.integers(1, 20))
def test_hashed_runs_have_the_counts_of_a_plain_count(text, length):
    assert run_counts(text, length) == counted(text, length)


@pytest.mark.parametrize("letters", ["a", "ab", "abcdefgh好"])
@pytest.mark.parametrize(("block", "together"), [(5, 7), (64, 50), (1000, 1)])
def test_blocks_and_parts_change_no_count(monkeypatch, letters, block, together):
    text = "".join(random.Random(0).choices(letters, k=100)) * 2
    monkeypatch.setattr(repeats, "_BLOCK", block)
    monkeypatch.setattr(repeats, "_TOGETHER", together)
    for length in (1, 4, 13):
        assert run_counts(text, length) == counted(text, length)


def test_counting_the_runs_of_a_long_text_takes_the_memory_of_a_part(monkeypatch):
    text = "".join(random.Random(1).choices("abcdefghijklmnop", k=400_000))
    monkeypatch.setattr(repeats, "_BLOCK", 2**13)
    monkeypatch.setattr(repeats, "_TOGETHER", 2**15)
    tracemalloc.start()
    try:
        run_counts(text, 20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60 * 2**15, f"{peak:,} bytes"


@pytest.mark.parametrize("length", [1, 2, 13])
def test_nothing_repeats_in_nothing(length):
    assert len(Repeats(np.zeros(0, dtype=np.int64)).of(length).groups) == 0
    assert run_counts("", length) == (0, 0, 0)
