"""What the documents of a file are compared by: their dedup keys, and sketches of these, cut in partitions."""

import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from zaohua.corpus import arrays
from zaohua.corpus.keys import exact_key
from zaohua.corpus.signatures import NearDuplicates, signatures

Columns = Sequence[np.ndarray]
Batch = tuple[np.ndarray, Sequence[str], np.ndarray]
"""Some documents: ids (n,) uint64, dedup keys, and whether each is cut into code points (n,) bool."""

_TOGETHER = 2**22  # bytes of keys that are in memory together


class KeyWriter:
    """The dedup keys of documents, written one by one to a file; entered and left as a context.

    They wait on disk, not in memory: what cannot be cut into pieces may be of any size.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - closed on leaving
        self._ids, self._ends, self._characters = array("Q"), array("q"), bytearray()

    def __enter__(self) -> "KeyWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._text:
            if kind is None:
                self._write()

    def add(self, number: int, key: str, *, characters: bool) -> None:
        """The key of the next document, whose id is above those before; `characters`: it is cut into code points."""
        encoded = key.encode("utf-8", "surrogatepass")
        self._text.write(encoded)
        self._ids.append(number)
        self._ends.append((self._ends[-1] if self._ends else 0) + len(encoded))
        self._characters.append(characters)

    def _write(self) -> None:
        self._text.flush()
        content = {
            "id": np.frombuffer(self._ids, dtype=np.uint64),
            "characters": np.frombuffer(self._characters, dtype=bool),
            "end": np.frombuffer(self._ends, dtype=np.int64),
            "text": np.zeros(0, dtype=np.uint8),
        }
        if self._ends and self._ends[-1]:
            content["text"] = np.memmap(self._text, dtype=np.uint8, mode="r")
        arrays.write(self._path, content)


def read_batches(path: Path) -> Iterator[Batch]:
    """All documents of a file of keys, in order, some at a time."""
    found = arrays.read(path)
    ends, begin = found["end"], 0
    while begin < len(ends):
        before = int(ends[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(ends, before + _TOGETHER, side="right")), begin + 1)
        yield read_keys(path, found["id"][begin:end])
        begin = end


def read_keys(path: Path, ids: np.ndarray) -> tuple[np.ndarray, list[str], np.ndarray]:
    """A file's documents with these ids, as a Batch."""
    found = arrays.read(path)
    rows = np.searchsorted(found["id"], ids)
    ends = found["end"]
    begins = np.where(rows > 0, ends[rows - 1], 0) if len(rows) else rows
    text = found["text"]
    keys = [
        text[begin:end].tobytes().decode("utf-8", "surrogatepass")
        for begin, end in zip(begins.tolist(), ends[rows].tolist(), strict=True)
    ]
    return found["id"][rows], keys, found["characters"][rows]


def read_sizes(path: Path, ids: np.ndarray) -> np.ndarray:
    """The bytes of the dedup keys of a file's documents with these ids."""
    found = arrays.read(path)
    return np.diff(found["end"], prepend=0)[np.searchsorted(found["id"], ids)]


def write_sketch(path: Path, batches: Iterable[Batch], settings: NearDuplicates | None, partitions: int) -> None:
    """What documents are compared by: band keys (none without settings), a digest of the whole key, and its length."""
    none = np.zeros(0, dtype=np.uint64)
    near, wholes, lengths, every = [(none, none)], [none.reshape(-1, 2)], [none.astype(np.int64)], [none]
    for ids, keys, characters in batches:
        if settings is not None:
            near.append(signatures(keys, characters, ids, settings))
        wholes.append(np.frombuffer(b"".join(map(exact_key, keys)), dtype="<u8").reshape(-1, 2))
        lengths.append(np.array([len(key) for key in keys], dtype=np.int64))
        every.append(ids)
    ids = np.concatenate(every)
    bands = [np.concatenate(column) for column in zip(*near, strict=True)]
    _write(path, bands, (np.concatenate(wholes), ids), (ids, np.concatenate(lengths)), partitions)


def merge_sketches(paths: Sequence[Path], output: Path) -> None:
    """Several sketches of equally many partitions as one."""
    found = [arrays.read(path) for path in paths]

    def joined(*names: str) -> list[np.ndarray]:
        return [np.concatenate([each[name] for each in found]) for name in names]

    near, exact, lengths = joined("near_key", "near_id"), joined("exact_key", "exact_id"), joined("id", "length")
    _write(output, near, exact, lengths, len(found[0]["near_start"]) - 1)


def read_partition(path: Path, name: Literal["near", "exact"], partition: int) -> tuple[np.ndarray, np.ndarray]:
    """The keys and ids of one partition of a sketch."""
    found = arrays.read(path)
    low, high = found[f"{name}_start"][partition : partition + 2].tolist()
    return found[f"{name}_key"][low:high], found[f"{name}_id"][low:high]


def read_lengths(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The ids of a sketch's documents, ascending, and the lengths of their keys."""
    found = arrays.read(path)
    return found["id"], found["length"]


def _write(path: Path, near: Columns, exact: Columns, lengths: Columns, partitions: int) -> None:
    """Keys and their ids, by partition: equal parts of the range of the first 64 bits."""
    order = np.argsort(lengths[0])
    content = {"id": lengths[0][order], "length": lengths[1][order]}
    borders = np.array([(number << 64) // partitions for number in range(1, partitions)], dtype=np.uint64)
    for name, (keys, ids) in (("near", near), ("exact", exact)):
        first = keys if keys.ndim == 1 else keys[:, 0]
        order = np.lexsort((ids, first))
        starts = np.searchsorted(first[order], borders)
        content[f"{name}_start"] = np.concatenate([[0], starts, [len(ids)]])
        content |= {f"{name}_key": keys[order], f"{name}_id": ids[order]}
    arrays.write(path, content)
