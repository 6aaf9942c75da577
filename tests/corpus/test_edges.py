"""Pairs of documents that share a key: enough to join all that do, and none besides."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.components import components
from zaohua.corpus.edges import edges, jaccard, verified
from zaohua.corpus.signatures import NearDuplicates

rows_of = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 20)), max_size=40)


def columns(rows) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(rows, dtype=np.uint64).reshape(-1, 2)
    return table[:, 0] << np.uint64(40), table[:, 1]


@given(rows=rows_of, neighbours=st.integers(0, 3))
def test_documents_that_share_a_key_are_joined_and_no_others(rows, neighbours):
    pairs = edges(*columns(rows), neighbours=neighbours)
    holders = {key: {id for other, id in rows if other == key} for key, _ in rows}
    assert all(any({a, b} <= ids for ids in holders.values()) for a, b in pairs.tolist())
    label = dict(zip(*(column.tolist() for column in components(pairs))))
    for ids in holders.values():
        assert len({label.get(id, id) for id in ids}) == 1
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    star = edges(*columns(rows))
    assert len(star) <= sum(len(ids) - 1 for ids in holders.values())


@given(rows=rows_of)
def test_the_order_of_rows_changes_nothing(rows):
    assert edges(*columns(rows), neighbours=2).tolist() == edges(*columns(rows[::-1]), neighbours=2).tolist()


def test_keys_of_two_columns_are_equal_when_both_are():
    keys = np.array([[1, 1], [1, 2], [1, 1], [2, 1]], dtype=np.uint64)
    assert edges(keys, np.array([10, 11, 12, 13], dtype=np.uint64)).tolist() == [[10, 12]]


def test_neighbours_are_compared_besides_the_first():
    pairs = edges(np.zeros(5, dtype=np.uint64), np.arange(5, dtype=np.uint64), neighbours=1)
    assert pairs.tolist() == [[0, 1], [0, 2], [0, 3], [0, 4], [1, 2], [2, 3], [3, 4]]


def test_jaccard_is_what_both_hold_over_what_either_holds():
    first, second = np.array([1, 2, 3, 4], dtype=np.uint64), np.array([3, 4, 5], dtype=np.uint64)
    assert jaccard(first, second) == 2 / 5
    assert jaccard(first, first) == 1
    assert jaccard(first[:0], first[:0]) == 0


def test_pairs_are_verified_in_small_blocks_as_in_one():
    texts = {
        0: "一二三四五六七八九十",
        1: "一二三四五六七八九百",
        2: "甲乙丙丁戊己庚辛壬癸",
        3: "one two three four",
        4: "one two three five",
    }

    def look_up(ids):
        asked.append(sum(sizes(ids).tolist()))
        return [texts[id] for id in ids.tolist()], ids < 3

    def sizes(ids):
        return np.array([len(texts[id].encode()) for id in ids.tolist()])

    asked = []
    pairs = np.array([[0, 1], [0, 2], [1, 2], [3, 4], [0, 4]], dtype=np.uint64)
    for settings, expected in (
        (NearDuplicates(characters=2, words=2, verify=0.5), [[0, 1], [3, 4]]),
        (NearDuplicates(characters=2, words=2, verify=0.7), [[0, 1]]),
        (NearDuplicates(characters=2, words=5, verify=0.5), [[0, 1]]),
    ):
        assert verified(pairs, look_up, settings, sizes=sizes).tolist() == expected
        assert len(asked) == 1
        assert verified(pairs, look_up, settings, sizes=sizes, most=2).tolist() == expected
        assert len(asked) == 1 + len(pairs)
        assert verified(pairs, look_up, settings, sizes=sizes, most_bytes=60).tolist() == expected
        assert max(asked[1 + len(pairs) :]) <= 60
        assert verified(pairs, look_up, settings, sizes=sizes, most_bytes=1).tolist() == expected
        asked.clear()
