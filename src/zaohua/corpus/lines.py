"""Boilerplate: lines or paragraphs that stand in many documents, counted over all files and cut out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from zaohua.corpus import arrays
from zaohua.corpus.comparison import Boilerplate
from zaohua.corpus.engine.merging import merging
from zaohua.corpus.engine.task import Function, Task

Paths = Sequence[Path]
_BYTES_A_LINE = 50  # so short lines are at least, on average
_ROW = 80  # bytes that a line takes while its counts are added
_UNITS = {"line": re.compile(r"\n"), "paragraph": re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")}


def functions() -> dict[str, Function]:
    """What the names of these tasks stand for."""
    return {
        "merged_lines": Function(merged_lines, 1),
        "common_lines": Function(common_lines, 1),
        "all_common_lines": Function(all_common_lines, 1),
    }


def tasks(counts: Sequence[str], settings: Boilerplate, partitions: int, folder: str, *, size: int = 0) -> list[Task]:
    """From files that `write_line_counts` wrote to `folder/common`, which `read_common` reads.

    `size`, the bytes of all texts, estimates memory.
    """
    assert settings.documents is not None, "no line is common"
    whole = size // _BYTES_A_LINE * _ROW
    merged, few = merging("merged_lines", counts, f"{folder}/merged", each=whole // max(len(counts), 1))
    names = [f"{folder}/lines/{number:06}" for number in range(partitions)]
    chosen = {"documents": settings.documents}
    found = [
        Task("common_lines", few, {"partition": number, **chosen}, (name,), memory=whole // partitions + 1)
        for number, name in enumerate(names)
    ]
    memory = whole // (settings.documents + 1) + 1
    return [*merged, *found, Task("all_common_lines", tuple(names), {}, (f"{folder}/common",), memory=memory)]


def line_hashes(text: str, settings: Boilerplate) -> list[int]:
    """For each line of a text a number that equal lines share, white space apart; 0 for those too short to count."""
    return [_hash(line, settings) for line in _UNITS[settings.unit].split(text)]


def write_line_counts(path: Path, texts: Iterable[str], settings: Boilerplate, partitions: int) -> None:
    """In how many of the texts of one file each line stands, by partitions of the range of hashes."""
    found = [np.unique(np.array(line_hashes(text, settings), dtype=np.uint64)) for text in texts]
    hashes, counts = np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *found]), return_counts=True)
    _write(path, hashes[hashes > 0], counts[hashes > 0], partitions)


def _write(path: Path, hashes: np.ndarray, counts: np.ndarray, partitions: int) -> None:
    borders = np.array([(number << 64) // partitions for number in range(1, partitions)], dtype=np.uint64)
    starts = np.concatenate([[0], np.searchsorted(hashes, borders), [len(hashes)]])
    arrays.write(path, {"start": starts, "hash": hashes, "count": counts})


def merged_lines(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """The counts of several files as those of one."""
    found = [arrays.read(path) for path in inputs]
    hashes, counts = _added([each["hash"] for each in found], [each["count"] for each in found])
    _write(outputs[0], hashes, counts, len(found[0]["start"]) - 1)


def _added(hashes: Sequence[np.ndarray], counts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Each hash once, ascending, and its counts together."""
    lines, where = np.unique(np.concatenate(hashes), return_inverse=True)
    total = np.zeros(len(lines), dtype=np.int64)
    np.add.at(total, where, np.concatenate(counts))
    return lines, total


def common_lines(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> dict[str, int]:
    """One partition of the counts of all files -> the lines that stand in too many documents."""
    hashes, counts = [], []
    for path in inputs:
        found = arrays.read(path)
        low, high = found["start"][settings["partition"] : settings["partition"] + 2].tolist()
        hashes.append(found["hash"][low:high])
        counts.append(found["count"][low:high])
    lines, total = _added(hashes, counts)
    common = total > settings["documents"]
    arrays.write(outputs[0], {"hash": lines[common], "count": total[common]})
    return {"lines": len(lines), "common_lines": int(common.sum())}


def all_common_lines(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """The common lines of all partitions, which are in order, as one file."""
    found = [arrays.read(path) for path in inputs]
    arrays.write(outputs[0], {name: np.concatenate([each[name] for each in found]) for name in ("hash", "count")})


def read_common(path: Path) -> np.ndarray:
    """The hashes of the lines that are to be cut out, ascending, (lines,) uint64; mapped, whatever their number."""
    return arrays.read(path)["hash"]


def cut_lines(text: str, common: np.ndarray, settings: Boilerplate) -> tuple[str, list[str]]:
    """A text without its common lines, and these. What is left stands as it stood; white space at its ends goes."""
    lines = list(_with_separators(text, _UNITS[settings.unit]))
    hashes = np.array([_hash(line, settings) for line, _ in lines], dtype=np.uint64)
    gone = _among(hashes, common)
    cut = [line for (line, _), is_gone in zip(lines, gone.tolist(), strict=True) if is_gone]
    kept = [line + following for (line, following), is_gone in zip(lines, gone.tolist(), strict=True) if not is_gone]
    return ("".join(kept).lstrip("\n").rstrip(), cut) if cut else (text, cut)


def _among(hashes: np.ndarray, common: np.ndarray) -> np.ndarray:
    """Which of the hashes stand among the common ones, (n,) bool."""
    if not len(common):
        return np.zeros(len(hashes), dtype=bool)
    return common[np.minimum(np.searchsorted(common, hashes), len(common) - 1)] == hashes


def _with_separators(text: str, separator: re.Pattern[str]) -> Iterable[tuple[str, str]]:
    start = 0
    for match in separator.finditer(text):
        yield text[start : match.start()], match.group()
        start = match.end()
    yield text[start:], ""


def _hash(line: str, settings: Boilerplate) -> int:
    words = "".join(line.split())
    return (
        xxhash.xxh3_64_intdigest(words.encode("utf-8", "surrogatepass")) if len(words) >= settings.min_characters else 0
    )
