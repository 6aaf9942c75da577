"""What is held out: the share asked for, by hash or by tail, cut where a reader would cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.heldout import bins_of, by_hash, by_tail, cut, together, weighed

sizes_of = st.lists(st.integers(1, 10_000), min_size=1, max_size=200).map(np.array)


def keys_of(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 16), dtype=np.uint8)


def held(sizes, keys, share, salt="", pieces=1, merged=1) -> tuple[np.ndarray, dict[int, int]]:
    """Which documents are held out whole, and where the ends of the others begin, from so many pieces, some merged."""
    ids = np.arange(len(sizes), dtype=np.uint64)
    bins = bins_of(keys, salt)
    told = [
        weighed(ids[part], sizes[part], bins[part], share) for part in np.array_split(np.arange(len(sizes)), pieces)
    ]
    told = [together(told[begin : begin + merged]) for begin in range(0, len(told), merged)] if merged > 1 else told
    border, cuts = by_hash(told, share)
    return (bins < border) & ~np.isin(ids, list(cuts)), cuts


@given(sizes=sizes_of, share=st.sampled_from([0.01, 0.05, 0.1, 0.3, 0.5]))
def test_something_is_held_out_and_something_is_left(sizes, share):
    whole, cuts = held(sizes, keys_of(len(sizes)), share)
    taken = sizes[whole].sum() + sum(sizes[index] - byte for index, byte in cuts.items())
    assert whole.any() or cuts
    assert abs(taken - share * sizes.sum()) <= max(0.05 * sizes.sum(), len(sizes))


@given(sizes=sizes_of, share=st.sampled_from([0.01, 0.1, 0.5]), pieces=st.integers(2, 9), merged=st.integers(1, 4))
def test_pieces_and_merging_change_nothing(sizes, share, pieces, merged):
    one = held(sizes, keys_of(len(sizes)), share)
    many = held(sizes, keys_of(len(sizes)), share, pieces=pieces, merged=merged)
    assert (one[0].tolist(), one[1]) == (many[0].tolist(), many[1])


def test_what_pieces_tell_of_one_bin_adds_up():
    told = {"bin": np.array([3, 5]), "bytes": np.array([10, 20])}
    told |= dict.fromkeys(("large", "large_bytes", "large_bin"), np.array([7]))
    found = together([told, told, told | {"bin": np.array([4, 5])}])
    assert (found["bin"].tolist(), found["bytes"].tolist()) == ([3, 4, 5], [20, 10, 60])
    assert found["large"].tolist() == [7, 7, 7]


def test_the_order_of_documents_changes_nothing():
    sizes, keys = np.full(1000, 100), keys_of(1000)
    shuffled = np.random.default_rng(1).permutation(1000)
    assert np.array_equal(held(sizes, keys, 0.1)[0][shuffled], held(sizes, keys[shuffled], 0.1)[0])
    assert not np.array_equal(held(sizes, keys, 0.1)[0], held(sizes, keys, 0.1, "other")[0])


def tails_of(sizes, files, share) -> dict[int, int]:
    return {int(file): round(int(sizes[files == file].sum()) * (1 - share)) for file in np.unique(files)}


@given(sizes=sizes_of, files=st.integers(1, 4), share=st.sampled_from([0.1, 0.5]))
def test_the_tail_of_each_file_is_the_share_to_the_byte(sizes, files, share):
    numbers = np.sort(np.random.default_rng(0).integers(0, files, len(sizes)))
    whole, cuts = by_tail(sizes, numbers, tails_of(sizes, numbers, share))
    for file in np.unique(numbers):
        here = np.flatnonzero(numbers == file)
        taken = sum(int(sizes[i]) if whole[i] else int(sizes[i]) - cuts.get(int(i), int(sizes[i])) for i in here)
        assert taken == sizes[here].sum() - round(int(sizes[here].sum()) * (1 - share))


def test_a_border_between_documents_cuts_none():
    whole, cuts = by_tail(np.array([50, 50]), np.array([0, 0]), {0: 50})
    assert (whole.tolist(), cuts) == ([False, True], {})


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
    whole, cuts = by_tail(sizes, numbers, tails_of(sizes, numbers, share))
    assert (whole.tolist(), cuts) == by_tail_file_after_file(sizes, numbers, share)


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
