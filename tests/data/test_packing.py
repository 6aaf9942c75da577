"""Rows: every token a target once, documents marked, whatever the length of rows and the borders of shards."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.packing import Rows
from zaohua.data.rows import IGNORED
from zaohua.data.shards import Part, Tokens

END = 99

documents_of = st.lists(st.lists(st.integers(0, 98), min_size=1, max_size=20), max_size=8)


def rows_of(rows: Rows) -> list[SimpleNamespace]:
    """All rows, one by one: ids, labels, positions, documents, each (length,)."""
    batches = [rows.batch(np.array([index])) for index in range(len(rows))]
    return [SimpleNamespace(**{name: array[0] for name, array in batch.items()}) for batch in batches]


def part_of(documents: list[list[int]], shard: int = 7) -> Part:
    stream = [END] * bool(documents) + [token for document in documents for token in [*document, END]]
    shards = [np.array(stream[start : start + shard], dtype="<u2") for start in range(0, len(stream), shard)]
    return Part(Tokens(shards), 0, END)


@given(documents=documents_of, length=st.integers(1, 16), shard=st.integers(1, 30))
def test_every_token_is_a_target_once_and_follows_its_input(documents, length, shard):
    part = part_of(documents, shard)
    rows = Rows(part, length)
    stream = part.tokens[0 : len(part.tokens)].tolist()
    inputs, targets = [], []
    for row in rows_of(rows):
        real = row.labels != IGNORED
        inputs += row.ids[real].tolist()
        targets += row.labels[real].tolist()
    assert inputs == stream[:-1]
    assert targets == stream[1:]
    assert rows.targets == len(targets)


@given(documents=documents_of, length=st.integers(1, 16))
def test_positions_and_documents_start_anew_with_each_document(documents, length):
    rows = Rows(part_of(documents), length)
    for row in rows_of(rows):
        document = position = -1
        for place in range(length):
            if place == 0 or row.ids[place] == END:
                document, position = document + 1, -1
            position += 1
            assert (row.documents[place], row.positions[place]) == (document, position)


@given(documents=documents_of.filter(bool), length=st.integers(1, 16), data=st.data())
def test_a_batch_is_its_rows(documents, length, data):
    rows = Rows(part_of(documents), length)
    indices = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=5)), dtype=np.int64)
    batch, alone = rows.batch(indices), rows_of(rows)
    for name, array in batch.items():
        assert array.shape == (len(indices), length)
        assert array.dtype == np.int64
        assert all(np.array_equal(array[n], getattr(alone[index], name)) for n, index in enumerate(indices))


def test_a_document_is_its_leading_mark_and_its_tokens():
    rows = Rows(part_of([[1, 2], [3]]), 8)
    (row,) = rows_of(rows)
    assert row.ids.tolist() == [END, 1, 2, END, 3, END, END, END]
    assert row.labels.tolist() == [1, 2, END, 3, END, IGNORED, IGNORED, IGNORED]
    assert row.documents.tolist()[:5] == [0, 0, 0, 1, 1]
    assert row.positions.tolist()[:5] == [0, 1, 2, 0, 1]


def test_no_text_gives_no_rows():
    rows = Rows(part_of([]), 8)
    assert (len(rows), rows.targets) == (0, 0)
