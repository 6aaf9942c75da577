"""What is held out: the share asked for, by hash or by tail, cut where a reader would cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.heldout import by_hash, by_tail, cut

sizes_of = st.lists(st.integers(1, 10_000), min_size=1, max_size=200).map(np.array)


def keys_of(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 16), dtype=np.uint8)


@given(sizes=sizes_of, share=st.sampled_from([0.01, 0.05, 0.1, 0.3, 0.5]))
def test_something_is_held_out_and_something_is_left(sizes, share):
    split = by_hash(sizes, keys_of(len(sizes)), share, "")
    held = sizes[split.whole].sum() + sum(sizes[index] - byte for index, byte in split.cuts.items())
    assert not any(split.whole[index] for index in split.cuts)
    assert split.whole.any() or split.cuts
    assert abs(held - share * sizes.sum()) <= max(0.05 * sizes.sum(), len(sizes))


def test_the_order_of_documents_changes_nothing():
    sizes, keys = np.full(1000, 100), keys_of(1000)
    shuffled = np.random.default_rng(1).permutation(1000)
    assert np.array_equal(by_hash(sizes, keys, 0.1, "").whole[shuffled], by_hash(sizes, keys[shuffled], 0.1, "").whole)
    assert not np.array_equal(by_hash(sizes, keys, 0.1, "").whole, by_hash(sizes, keys, 0.1, "other").whole)


@given(sizes=sizes_of, files=st.integers(1, 4), share=st.sampled_from([0.1, 0.5]))
def test_the_tail_of_each_file_is_the_share_to_the_byte(sizes, files, share):
    numbers = np.sort(np.random.default_rng(0).integers(0, files, len(sizes)))
    split = by_tail(sizes, numbers, share)
    for file in np.unique(numbers):
        here = np.flatnonzero(numbers == file)
        held = sum(
            int(sizes[i]) if split.whole[i] else int(sizes[i]) - split.cuts.get(int(i), int(sizes[i])) for i in here
        )
        assert held == sizes[here].sum() - round(int(sizes[here].sum()) * (1 - share))


def test_a_border_between_documents_cuts_none():
    split = by_tail(np.array([50, 50]), np.array([0, 0]), 0.5)
    assert (split.whole.tolist(), split.cuts) == ([False, True], {})


def by_tail_file_after_file(sizes, files, share):
    """What `by_tail` is to give, spelled out by looking through all documents for each file."""
    whole, cuts = np.zeros(len(sizes), dtype=bool), {}
    for file in np.unique(files):
        here = np.flatnonzero(files == file)
        ends = np.cumsum(sizes[here])
        border = round(int(ends[-1]) * (1 - share))
        for index, end in zip(here.tolist(), ends.tolist(), strict=True):
            start = end - int(sizes[index])
            whole[index] = start >= border
            if start < border < end:
                cuts[index] = border - start
    return whole.tolist(), cuts


@given(sizes=sizes_of | st.just(np.zeros(0, dtype=np.int64)), files=st.integers(1, 50), share=st.floats(0.001, 0.5))
def test_files_are_taken_one_after_the_other(sizes, files, share):
    numbers = np.sort(np.random.default_rng(1).integers(0, files, len(sizes)))
    split = by_tail(sizes, numbers, share)
    assert (split.whole.tolist(), split.cuts) == by_tail_file_after_file(sizes, numbers, share)


@pytest.mark.parametrize(
    ("at", "begins"),
    [("paragraph", "C"), ("line", "B")],
)
def test_a_text_is_cut_at_the_nearest_paragraph_or_line(at, begins):
    text = "A" * 5000 + "\n" + "B" * 400 + "\n\n" + "C" * 5000
    before, after = cut(text, 4990, at)
    assert before + after == text
    assert after[0] == begins


def test_a_text_without_any_border_is_cut_at_the_byte():
    assert cut("字" * 10_000, 9_001, "paragraph") == ("字" * 3000, "字" * 7000)
