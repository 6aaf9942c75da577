"""Rows of equal length cut from a stream of documents: nothing is lost, nothing is padded but the last row's end."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from zaohua.data.rows import IGNORED


class Stream(Protocol):
    """Tokens end to end, `end_of_text` before each document and after the last."""

    @property
    def tokens(self) -> "Sliceable": ...

    @property
    def end_of_text(self) -> int: ...


class Sliceable(Protocol):
    def __len__(self) -> int: ...

    def __getitem__(self, span: slice, /) -> np.ndarray: ...


class Rows:
    """The rows of a stream, each token of which is a target exactly once, but for the very first.

    A document is its leading `end_of_text` and its tokens; the label of its last token is the next `end_of_text`. So a
    model may be kept from looking across documents without losing a target, and begins a text from `end_of_text`.
    """

    def __init__(self, part: Stream, length: int) -> None:
        self.part = part
        self.length = length
        self.targets = max(len(part.tokens) - 1, 0)
        """How many labels all rows hold together."""

    def __len__(self) -> int:
        return -(-self.targets // self.length)

    def spans(self, sources: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        """Tokens [begin, end) of each source -> its rows [begin, end): a row is of the source that it begins in."""
        return {name: (-(-begin // self.length), -(-end // self.length)) for name, (begin, end) in sources.items()}

    def batch(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Row numbers (n,) -> ids, labels, positions, documents, each (n, length) int64.

        Positions count from the document's start or, where the document began in an earlier row, from the row's.
        Documents are numbered within the row. After the end of the stream ids are `end_of_text` and labels IGNORED.
        """
        end_of_text = self.part.end_of_text
        window = np.full((len(indices), self.length + 1), end_of_text, dtype=np.int64)
        labels = np.full((len(indices), self.length), IGNORED, dtype=np.int64)
        for place, index in enumerate(indices.tolist()):
            start = index * self.length
            read = self.part.tokens[start : start + self.length + 1]
            window[place, : len(read)] = read
            labels[place, : len(read) - 1] = read[1:]
        ids = window[:, :-1]  # (n, length)
        starts = ids == end_of_text
        starts[:, 0] = True
        documents = np.cumsum(starts, axis=1, dtype=np.int64) - 1
        places = np.arange(self.length, dtype=np.int64)
        positions = places - np.maximum.accumulate(np.where(starts, places, 0), axis=1)
        return {"ids": ids, "labels": labels, "positions": positions, "documents": documents}
