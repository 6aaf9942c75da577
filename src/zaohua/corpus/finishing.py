"""The last tasks of the stage: which documents are held out, and each piece's documents as they leave it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.corpus import arrays
from zaohua.corpus.cleaning import Tally, removed_row, to_json
from zaohua.corpus.clustering import standing
from zaohua.corpus.comparison import Boilerplate
from zaohua.corpus.decontaminate import Index, decontaminate, read_index, write_gram_counts
from zaohua.corpus.documents import CLEANED, DOCUMENT, FREE, REMOVED, TEST, Table, read_table
from zaohua.corpus.heldout import bins_of, by_hash, by_tail, cut, together, weighed
from zaohua.corpus.keys import dedup_key
from zaohua.corpus.lines import cut_lines, read_common, write_line_counts
from zaohua.corpus.privacy import mask
from zaohua.corpus.settings import CorpusSettings
from zaohua.settings import check

OUTPUTS = ("documents", "heldout", "removed_late", "grams")
"""What finishing a piece writes, in this order."""

FINISHING = frozenset({"boilerplate", "decontaminate", "min_characters", "privacy", "salt", "split"})
"""The settings that finishing a piece reads."""

Paths = Sequence[Path]


def weigh(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """A piece's facts, its cleaned documents and the clusters -> what it weighs, and the ids of those others repeat."""
    facts, clusters = arrays.read(inputs[0]), arrays.read(inputs[2])
    free = _standing_free(facts, inputs[2])
    ids, sizes = facts["id"][free], facts["bytes"][free]
    told = weighed(ids, sizes, bins_of(facts["key"][free], settings["salt"]), settings["heldout"])
    files, place = np.unique(facts["file"][free], return_inverse=True)
    weights = np.bincount(place, weights=sizes, minlength=len(files)).astype(np.int64)
    piece = np.full(len(files), settings["number"], dtype=np.int64)
    arrays.write(outputs[0], told | {"piece": piece, "file": files, "file_bytes": weights})
    low, high = np.searchsorted(
        clusters["id"], settings["number"] + np.arange(2, dtype=np.uint64) << np.uint64(32)
    ).tolist()
    here = clusters["id"][low:high]
    _write_names(inputs[1], here[here == clusters["kept"][low:high]], outputs[1])


def merged_weights(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """What several pieces weigh, as `weigh` tells it of one."""
    pieces = [arrays.read(path) for path in inputs]
    files = {name: np.concatenate([each[name] for each in pieces]) for name in ("piece", "file", "file_bytes")}
    arrays.write(outputs[0], together(pieces) | files)


def _standing_free(facts: Mapping[str, np.ndarray], clusters: Path) -> np.ndarray:
    """Which documents of a piece are no repeats and not held out or kept by where they came from, (n,) bool."""
    return (standing(clusters, facts["id"])[0] == facts["id"]) & (facts["part"] == FREE)


def _write_names(cleaned: Path, wanted: np.ndarray, output: Path) -> None:
    """The ids of some documents of a piece by number, for pieces that hold what repeats them."""
    numbers, names = [], []
    for rows in read_table(cleaned, ["number", "id"]) if len(wanted) else ():
        here = np.isin(np.array([row["number"] for row in rows], dtype=np.uint64), wanted)
        numbers += [rows[place]["number"] for place in np.flatnonzero(here).tolist()]
        names += [rows[place]["id"].encode() for place in np.flatnonzero(here).tolist()]
    ends = np.cumsum([len(name) for name in names], dtype=np.int64)
    text = np.frombuffer(b"".join(names), dtype=np.uint8)
    arrays.write(output, {"number": np.array(numbers, dtype=np.uint64), "end": ends, "text": text})


def count_lines(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """A piece's cleaned documents and the clusters -> in how many documents that repeat no other each line stands."""
    texts = (text for rows in read_table(inputs[0], ["number", "text"]) for text in _standing_texts(rows, inputs[1]))
    write_line_counts(outputs[0], texts, check(Boilerplate, settings["boilerplate"]), settings["partitions"])


def _standing_texts(rows: list[dict[str, Any]], clusters: Path) -> list[str]:
    numbers = np.array([row["number"] for row in rows], dtype=np.uint64)
    stands = standing(clusters, numbers)[0] == numbers
    return [rows[place]["text"] for place in np.flatnonzero(stands).tolist()]


def divide(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """What all pieces weigh -> where the held-out part begins: a bin and the ends of large documents, or of files."""
    pieces = [arrays.read(path) for path in inputs]
    border, cuts = by_hash(pieces, settings["heldout"]) if settings["split"] == "auto" else (0, {})
    piece, file, size = (np.concatenate([each[name] for each in pieces]) for name in ("piece", "file", "file_bytes"))
    wholes = np.bincount(file, weights=size) if len(file) else np.zeros(0)
    kept = np.round(wholes * (1 - settings["heldout"])).astype(np.int64)
    order = np.argsort(file, kind="stable")  # within a file its pieces stand in order
    before = np.cumsum(size[order]) - size[order]
    begins = np.flatnonzero(np.diff(file[order], prepend=-1))
    before -= np.repeat(before[begins], np.diff([*begins.tolist(), len(file)]))
    left = np.empty(len(file), dtype=np.int64)
    left[order] = kept[file[order]] - before
    arrays.write(outputs[0], {
        "border": np.array([border]), "cut": np.array(list(cuts), dtype=np.uint64),
        "byte": np.array(list(cuts.values()), dtype=np.int64), "piece": piece, "file": file, "left": left,
    })  # fmt: skip


def join_names(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """The ids that each piece wrote -> those of all pieces, by number."""
    parts = [arrays.read(path) for path in inputs]
    sizes = np.cumsum([0, *(len(part["text"]) for part in parts)])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in ("number", "text")}
    ends = np.concatenate([part["end"] + before for part, before in zip(parts, sizes, strict=False)])
    arrays.write(outputs[0], {"number": joined["number"], "end": ends, "text": joined["text"]})


class _Names:
    """The ids of documents by number, from the file that `join_names` wrote."""

    def __init__(self, path: Path) -> None:
        self.found = arrays.read(path)

    def __getitem__(self, number: int) -> str:
        row = int(np.searchsorted(self.found["number"], np.uint64(number)))
        begin = int(self.found["end"][row - 1]) if row else 0
        return self.found["text"][begin : int(self.found["end"][row])].tobytes().decode()


class Finisher:
    """The documents of a piece, one batch after the other, to where they belong."""

    def __init__(self, settings: CorpusSettings, inputs: Mapping[str, Path], tables: Mapping[str, Table]) -> None:
        self.settings, self.inputs, self.tables = settings, inputs, tables
        self.tally = Tally()
        self.whole, self.cuts = _held_out(settings, inputs)
        self.split = Counter[str]()
        self.names = _Names(inputs["names"])
        self.common = read_common(inputs["common"]) if "common" in inputs else np.zeros(0, dtype=np.uint64)
        self.index: Index | None = None
        if "index" in inputs:
            self.index = read_index(inputs["index"], settings.decontaminate)
        self.grams: list[np.ndarray] = []

    def take(self, rows: list[dict[str, Any]]) -> None:
        """Some rows of CLEANED."""
        numbers = np.array([row["number"] for row in rows], dtype=np.uint64)
        kept, sizes, exact = standing(self.inputs["clusters"], numbers)
        whole = np.isin(numbers, self.whole)
        left = []
        for place, row in enumerate(rows):
            if kept[place] != numbers[place]:
                rule, how = ("duplicates", "repeats") if exact[place] else ("near_duplicates", "nearly repeats")
                self._remove(row, rule, f"{how} another text", kept=self.names[int(kept[place])])
                continue
            if sizes[place] > 1:
                row["meta"] = to_json(json.loads(row["meta"]) | {"cluster_size": int(sizes[place])})
            left.append((row, "heldout" if whole[place] else "documents"))
            self.split["whole"] += int(whole[place])
        for row, part in self._clean_of_evaluations(list(self._without_common(left))):
            if self.settings.privacy:
                row["text"], masked = mask(row["text"])
                self.tally.changed.update({f"masked: {kind}": count for kind, count in masked.items()})
            self._place(row, part)

    def _without_common(self, rows: list[tuple[dict[str, Any], str]]) -> Iterator[tuple[dict[str, Any], str]]:
        for row, part in rows:
            if len(self.common):
                left, gone = cut_lines(row["text"], self.common, self.settings.boilerplate)
                self.tally.changed["boilerplate lines"] += len(gone)
                if len(left.strip()) < self.settings.min_characters:
                    self._remove(row, "boilerplate", "nothing but lines that many documents have")
                    continue
                row["text"] = left
            yield row, part

    def _clean_of_evaluations(self, rows: list[tuple[dict[str, Any], str]]) -> Iterator[tuple[dict[str, Any], str]]:
        if self.index is None:
            yield from rows
            return
        texts = [row["text"] for row, _ in rows]
        found, grams = decontaminate(texts, [dedup_key(text) for text in texts], self.index, dedup_key)
        self.grams.append(grams)
        for place, (row, part) in enumerate(rows):
            if place not in found:
                yield row, part
                continue
            evaluations = sorted({name for name, _, _ in found[place].found})
            self.tally.changed.update({f"evaluation: {name}": 1 for name in evaluations})
            left = found[place].text
            if left is None or len(left.strip()) < self.settings.min_characters:
                _, _, excerpt = found[place].found[0]
                self._remove(row, "contaminated", f"holds texts of {', '.join(evaluations)}: {excerpt}")
            else:
                yield row | {"text": left}, part

    def _place(self, row: dict[str, Any], part: str) -> None:
        byte = self.cuts.get(row["number"])
        if byte is None:
            self._keep(row, part)
            return
        self.split["cut"] += 1
        byte = min(byte, len(row["text"].encode()))
        head, tail = cut(row["text"], byte, "line" if self.settings.split == "tail" else "paragraph")
        if head:
            self._keep(row | {"text": head}, "documents")
        if tail:
            self._keep(row | {"text": tail, "id": f"{row['id']}#tail"}, "heldout")

    def _keep(self, row: Mapping[str, Any], part: str) -> None:
        prefix = "" if part == "documents" else "heldout_"
        size = {"documents": 1, "characters": len(row["text"]), "bytes": len(row["text"].encode())}
        self.tally.sources[row["source"]].update({prefix + name: count for name, count in size.items()})
        self.tables[part].add({name: row[name] for name in DOCUMENT})

    def _remove(self, row: Mapping[str, Any], rule: str, reason: str, kept: str = "") -> None:
        self.tally.removed[row["source"]][rule] += 1
        entry = removed_row(row["id"], row["text"], row["source"], row["meta"], rule, reason, kept=kept)
        self.tables["removed"].add(entry)


def _held_out(settings: CorpusSettings, inputs: Mapping[str, Path]) -> tuple[np.ndarray, dict[int, int]]:
    """The ids of a piece's documents that are held out whole, and of those that are cut the byte where."""
    facts, divided = arrays.read(inputs["facts"]), arrays.read(inputs["divided"])
    whole = facts["part"] == TEST
    free = np.flatnonzero(_standing_free(facts, inputs["clusters"]))
    if settings.split == "auto":
        cuts = dict(zip(divided["cut"].tolist(), divided["byte"].tolist(), strict=True))
        here = free[~np.isin(facts["id"][free], divided["cut"])]
        whole[here] = bins_of(facts["key"][here], settings.salt) < divided["border"][0]
        return facts["id"][whole], cuts
    mine = divided["piece"] == int(facts["id"][0] >> np.uint64(32)) if len(facts["id"]) else np.zeros(0, dtype=bool)
    left = dict(zip(divided["file"][mine].tolist(), divided["left"][mine].tolist(), strict=True))
    held, cuts = by_tail(facts["bytes"][free], facts["file"][free], left)
    whole[free[held]] = True
    return facts["id"][whole], {int(facts["id"][free[place]]): byte for place, byte in cuts.items()}


def finish(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> dict[str, Any]:
    """A piece's cleaned documents, and what was found out over all pieces (`names` tells what) -> OUTPUTS."""
    named = dict(zip(settings["names"], inputs, strict=True))
    columns = (DOCUMENT, DOCUMENT, REMOVED)
    with (
        Table(outputs[0], columns[0]) as documents,
        Table(outputs[1], columns[1]) as heldout,
        Table(outputs[2], columns[2]) as removed,
    ):
        tables = {"documents": documents, "heldout": heldout, "removed": removed}
        finisher = Finisher(check(CorpusSettings, settings["settings"]), named, tables)
        for rows in read_table(named["cleaned"]):
            assert rows[0].keys() == CLEANED.keys(), "a row group of cleaned documents"
            finisher.take(rows)
    grams = np.concatenate([np.zeros(0, dtype=np.int64), *finisher.grams])
    write_gram_counts(outputs[3], grams)
    rows = {"documents": documents.rows, "heldout": heldout.rows, "removed": removed.rows}
    return finisher.tally.content() | {"rows": rows, "split": dict(finisher.split)}


def added(counts: Sequence[Mapping[str, Any]]) -> Tally:
    """The counts of many tasks in one."""
    total = Tally()
    for each in counts:
        for mine, theirs in ((total.sources, each["sources"]), (total.removed, each["removed"])):
            for source, some in theirs.items():
                mine[source].update(some)
        total.languages.update(each["languages"])
        total.changed.update(each["changed"])
        total.first_reason = total.first_reason or each["first_reason"]
    return total
