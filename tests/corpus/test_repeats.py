"""Repeated runs are those that a plain count finds."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.repeats import Repeats, run_counts

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


@given(text=st.text(alphabet="ab好\U0001f600", max_size=60), length=st.integers(1, 20))
def test_hashed_runs_have_the_counts_of_a_plain_count(text, length):
    runs = Counter(text[i : i + length] for i in range(len(text) - length + 1))
    assert sorted(run_counts(text, length)) == sorted(runs.values())


@pytest.mark.parametrize("length", [1, 2, 13])
def test_nothing_repeats_in_nothing(length):
    assert len(Repeats(np.zeros(0, dtype=np.int64)).of(length).groups) == 0
    assert len(run_counts("", length)) == 0
