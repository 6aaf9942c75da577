"""What the documents of a file are compared by: their dedup keys, and sketches of these, cut in partitions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from zaohua.corpus import arrays
from zaohua.corpus.keys import exact_key
from zaohua.corpus.signatures import NearDuplicates, signatures

Columns = Sequence[np.ndarray]


def write_keys(path: Path, ids: np.ndarray, keys: Sequence[str], characters: np.ndarray) -> None:
    """Documents' ids (n,) uint64, ascending, their dedup keys, and whether each is cut into code points (n,) bool."""
    encoded = [key.encode("utf-8", "surrogatepass") for key in keys]
    arrays.write(
        path,
        {
            "id": np.asarray(ids, dtype=np.uint64),
            "characters": np.asarray(characters, dtype=bool),
            "end": np.cumsum([len(each) for each in encoded], dtype=np.int64),
            "text": np.frombuffer(b"".join(encoded), dtype=np.uint8),
        },
    )


def read_keys(path: Path, ids: np.ndarray | None = None) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Ids, dedup keys and characters of a file's documents, or of those with these ids."""
    found = arrays.read(path)
    rows = np.arange(len(found["id"])) if ids is None else np.searchsorted(found["id"], ids)
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


def write_sketch(
    path: Path,
    ids: np.ndarray,
    keys: Sequence[str],
    characters: np.ndarray,
    settings: NearDuplicates | None,
    partitions: int,
) -> None:
    """What the documents of a file are compared by: band keys (none without settings), a digest of the whole key, and
    its length."""
    whole = np.frombuffer(b"".join(map(exact_key, keys)), dtype="<u8").reshape(-1, 2)
    lengths = np.array([len(key) for key in keys], dtype=np.int64)
    none = np.zeros(0, dtype=np.uint64)
    near = (none, none) if settings is None else signatures(keys, characters, ids, settings)
    _write(path, near, (whole, ids), (ids, lengths), partitions)


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
