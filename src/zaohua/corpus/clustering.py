"""Duplicates among the documents of any number of files, as tasks from files to files.

    keys -> sketch -> edges of each partition of keys -> (verified edges of each partition of pairs) -> clusters

No result depends on how documents are spread over files, on the number of partitions or on who does what when.
"""

import itertools
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.corpus import arrays
from zaohua.corpus.components import clusters, components
from zaohua.corpus.edges import NEIGHBOURS, edges, unique_pairs, verified
from zaohua.corpus.engine.merging import merging
from zaohua.corpus.engine.task import Function, Task
from zaohua.corpus.signatures import NearDuplicates, algorithm
from zaohua.corpus.sketches import (
    merge_sketches,
    read_batches,
    read_keys,
    read_lengths,
    read_partition,
    read_sizes,
    write_sketch,
)
from zaohua.hashing import scramble

Paths = Sequence[Path]
_FOLD = 2**22  # pairs read before they are folded into clusters
_ROW = 64  # bytes that a row takes while its partition is sorted
_PAIR = 120  # bytes that a pair takes while it is folded
_ALIKE = 5  # one document in so many is like another, at most
_VERIFIERS = 256  # tasks that verify pairs: each of them reads the ids of all files of keys
_SKETCHING = 300_000_000  # bytes that a sketch takes, the libraries included
_VERIFYING = 800_000_000  # bytes that a block of pairs takes while it is verified


def functions() -> dict[str, Function]:
    """What the names of these tasks stand for."""
    libraries = {"rensa": algorithm(), "unicode": unicodedata.unidata_version}
    return {
        "sketch": Function(sketch, 1, libraries),
        "merged_sketches": Function(merged_sketches, 1),
        "duplicate_edges": Function(duplicate_edges, 1),
        "verified_edges": Function(verified_edges, 2, {"unicode": unicodedata.unidata_version}),
        "duplicate_clusters": Function(duplicate_clusters, 1),
    }


def sketch_tasks(
    keys: Sequence[str], settings: NearDuplicates, partitions: int, folder: str, *, near: Sequence[bool]
) -> list[Task]:
    """A task for each file of keys, which writes `folder/sketch/N`; without `near` only equal keys count."""
    chosen = settings.model_dump(include={"characters", "words", "bands", "rows", "seed"})
    chosen["partitions"] = partitions
    return [
        Task("sketch", (name,), {**chosen, "near": alike}, (f"{folder}/sketch/{number:06}",), memory=_SKETCHING)
        for number, (name, alike) in enumerate(zip(keys, near, strict=True))
    ]


def cluster_tasks(
    sketches: Sequence[str],
    keys: Sequence[str],
    settings: NearDuplicates,
    partitions: int,
    folder: str,
    *,
    documents: int = 0,
) -> list[Task]:
    """The tasks from sketches to `folder/clusters`. Keys are only read with `verify`; `documents` estimates memory."""
    whole = documents * (settings.bands + 2) * _ROW
    tasks, sketches = merging("merged_sketches", sketches, f"{folder}/merged", each=whole // max(len(sketches), 1))
    memory = whole // partitions + 1
    names = [f"{folder}/edges/{number:06}" for number in range(partitions)]
    verify = settings.verify is not None
    for number, name in enumerate(names):
        chosen: dict[str, Any] = {"partition": number, "verify": verify}
        tasks.append(Task("duplicate_edges", sketches, chosen, (name,), memory=memory))
    inputs = list(names)
    if verify:
        verifiers, read = min(partitions, _VERIFIERS), (*names, *keys)
        chosen = settings.model_dump(include={"characters", "words", "verify"})
        chosen |= {"edges": len(names), "partitions": verifiers}
        for number in range(verifiers):
            name = f"{folder}/verified/{number:06}"
            settled = {**chosen, "partition": number}
            tasks.append(Task("verified_edges", read, settled, (name,), memory=_VERIFYING))
            inputs.append(name)
    longest = settings.keep == "longest"
    settled = {"edges": len(inputs), "near": len(inputs) - len(names) if verify else 0, "keep": settings.keep}
    read = (*inputs, *(sketches if longest else ()))
    memory = _PAIR * (min(_FOLD, documents * settings.bands) + 2 * documents // _ALIKE) + 1
    tasks.append(Task("duplicate_clusters", read, settled, (f"{folder}/clusters",), memory=memory))
    return tasks


def partitions_for(documents: int, settings: NearDuplicates, memory: int) -> int:
    """How many partitions make one fit into so many bytes while it is sorted."""
    return max(1, -(-documents * (settings.bands + 2) * _ROW // memory))


def sketch(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """A file of keys -> its sketch."""
    chosen = {name: value for name, value in settings.items() if name not in ("partitions", "near")}
    near = NearDuplicates(**chosen) if settings["near"] else None
    write_sketch(outputs[0], read_batches(inputs[0]), near, settings["partitions"])


def merged_sketches(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """Several sketches -> one."""
    merge_sketches(inputs, outputs[0])


def duplicate_edges(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> dict[str, int]:
    """One partition of all sketches -> pairs of documents that share a band key, and pairs with the same exact key."""
    result: dict[str, np.ndarray] = {}
    for name in ("near", "exact"):
        found = [read_partition(path, name, settings["partition"]) for path in inputs]
        keys, ids = (np.concatenate(columns) for columns in zip(*found, strict=True))
        neighbours = NEIGHBOURS if settings["verify"] and name == "near" else 0
        result[name] = edges(keys, ids, neighbours=neighbours)
    arrays.write(outputs[0], result)
    return {"near_pairs": len(result["near"]), "exact_pairs": len(result["exact"])}


def verified_edges(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> dict[str, int]:
    """One partition of all pairs, and the keys of the documents -> the pairs that are as alike as is asked."""
    count, partitions, partition = settings["edges"], np.uint64(settings["partitions"]), settings["partition"]
    found = []
    for path in inputs[:count]:
        pairs = arrays.read(path)["near"]
        found.append(pairs[scramble(pairs[:, 0] ^ scramble(pairs[:, 1])) % partitions == partition])
    pairs = unique_pairs(np.concatenate(found))
    near = NearDuplicates(**{name: settings[name] for name in ("characters", "words", "verify")})
    keys = _Keys(inputs[count:])
    kept = verified(pairs, keys, near, sizes=keys.sizes)
    arrays.write(outputs[0], {"near": kept})
    return {"candidate_pairs": len(pairs), "verified_pairs": len(kept)}


class _Keys:
    """The dedup keys of documents by their ids, from files each of which holds another range of ids."""

    def __init__(self, paths: Paths) -> None:
        ranges = []
        for path in paths:
            ids = arrays.read(path)["id"]
            if len(ids):
                ranges.append((int(ids[0]), int(ids[-1]), path))
        ranges.sort()
        self.first = np.array([first for first, _, _ in ranges], dtype=np.uint64)
        self.paths = [path for _, _, path in ranges]
        assert all(a[1] < b[0] for a, b in itertools.pairwise(ranges)), "files of keys overlap in ids"

    def __call__(self, ids: np.ndarray) -> tuple[list[str], np.ndarray]:
        keys: list[str] = []
        characters: list[np.ndarray] = []
        for path, here in self._files(ids):
            _, some, way = read_keys(path, here)
            keys += some
            characters.append(way)
        return keys, np.concatenate(characters)

    def sizes(self, ids: np.ndarray) -> np.ndarray:
        """The bytes of the keys of documents with these ids, ascending; (n,) int64."""
        found = [read_sizes(path, here) for path, here in self._files(ids)]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])

    def _files(self, ids: np.ndarray) -> Iterator[tuple[Path, np.ndarray]]:
        """The files that hold some of the ids, ascending, and which."""
        files = np.searchsorted(self.first, ids, side="right") - 1
        for file in np.unique(files):
            yield self.paths[file], ids[files == file]


def duplicate_clusters(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> dict[str, Any]:
    """All pairs -> the clusters: for each document in one its cluster, the cluster's size, and which one is kept.

    `exact` says whether a document before it, by id, has the same key.
    """
    count, near = settings["edges"], settings["near"]
    exact, pairs = np.zeros(0, dtype=np.uint64), np.zeros((0, 2), dtype=np.uint64)
    limit = _FOLD
    for number, path in enumerate(inputs[:count]):
        found = arrays.read(path)
        chosen = [pairs]
        if "exact" in found:
            exact = np.union1d(exact, found["exact"][:, 1])
            chosen.append(found["exact"])
        if number >= count - near or not near:
            chosen.append(found["near"])
        pairs = np.concatenate(chosen)
        if len(pairs) > limit:  # as many as there are documents in clusters, not as there are pairs
            pairs = np.stack(components(pairs)[::-1], axis=1)
            limit = _FOLD + 2 * len(pairs)
    lengths = _lengths(inputs[count:], np.unique(pairs)) if settings["keep"] == "longest" else None
    result = clusters(pairs, lengths)
    is_exact = np.isin(result.ids, exact)
    content = {"id": result.ids, "cluster": result.clusters, "size": result.sizes, "kept": result.kept}
    arrays.write(outputs[0], content | {"exact": is_exact})
    removed = result.ids != result.kept
    sizes, counts = np.unique(result.sizes[result.ids == result.clusters], return_counts=True)
    return {
        "clusters": int(counts.sum()),
        "exact": int((removed & is_exact).sum()),
        "near": int((removed & ~is_exact).sum()),
        "sizes": dict(zip(map(str, sizes.tolist()), counts.tolist(), strict=True)),
    }


def _lengths(sketches: Paths, ids: np.ndarray) -> np.ndarray:
    result = np.zeros(len(ids), dtype=np.int64)
    for path in sketches:
        some, lengths = read_lengths(path)
        here = np.flatnonzero(np.isin(some, ids))
        result[np.searchsorted(ids, some[here])] = lengths[here]
    return result


def standing(path: Path, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of documents with these ids: the id kept for each (its own where it stays), its cluster's size, and `exact`."""
    found = arrays.read(path)
    kept, sizes, exact = ids.copy(), np.ones(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    if len(found["id"]):
        rows = np.minimum(np.searchsorted(found["id"], ids), len(found["id"]) - 1)
        here = found["id"][rows] == ids
        kept[here], sizes[here] = found["kept"][rows[here]], found["size"][rows[here]]
        exact[here] = found["exact"][rows[here]]
    return kept, sizes, exact
