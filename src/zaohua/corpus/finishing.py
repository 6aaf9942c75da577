"""The last tasks of the stage: which documents are held out, and each piece's documents as they leave it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.corpus import arrays
from zaohua.corpus.cleaning import Tally, removed_row, to_json
from zaohua.corpus.clustering import standing
from zaohua.corpus.decontaminate import Index, decontaminate, read_index, write_gram_counts
from zaohua.corpus.documents import CLEANED, DOCUMENT, FREE, REMOVED, TEST, Table, read_table
from zaohua.corpus.heldout import Split, by_hash, by_tail, cut
from zaohua.corpus.keys import dedup_key
from zaohua.corpus.lines import cut_lines, read_common
from zaohua.corpus.privacy import mask
from zaohua.corpus.settings import CorpusSettings
from zaohua.settings import check

OUTPUTS = ("documents", "heldout", "removed_late", "grams")
"""What finishing a piece writes, in this order."""

Paths = Sequence[Path]


def divide(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> dict[str, Any]:
    """The facts of all pieces, and the clusters -> which documents are held out, whole or from which byte on."""
    found = [arrays.read(path) for path in inputs[:-1]]
    ids, sizes, files, parts, keys = (
        np.concatenate([each[name] for each in found]) for name in ("id", "bytes", "file", "part", "key")
    )
    kept = standing(inputs[-1], ids)[0] == ids
    free = np.flatnonzero(kept & (parts == FREE))
    if settings["split"] == "tail":
        chosen = by_tail(sizes[free], files[free], settings["heldout"])
    else:
        chosen = by_hash(sizes[free], keys[free], settings["heldout"], settings["salt"])
    whole = kept & (parts == TEST)
    whole[free[chosen.whole]] = True
    places = np.array(sorted(chosen.cuts), dtype=np.int64)
    at = np.array([chosen.cuts[place] for place in places.tolist()], dtype=np.int64)
    arrays.write(outputs[0], {"whole": ids[whole], "cut": ids[free[places]], "byte": at})
    return {"whole": int(whole.sum()), "cut": len(places)}


def name_kept(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> None:
    """The cleaned documents of all pieces, and the clusters -> the ids of those that others repeat, by number."""
    import pyarrow.parquet

    clusters = arrays.read(inputs[-1])
    wanted = np.unique(clusters["kept"])
    names: dict[int, str] = {}
    for path in inputs[:-1]:
        table = pyarrow.parquet.read_table(path, columns=["number", "id"])
        numbers = table["number"].to_numpy()
        for row in np.flatnonzero(np.isin(numbers, wanted)).tolist():
            names[int(numbers[row])] = table["id"][row].as_py()
    texts = [names[number].encode() for number in sorted(names)]
    arrays.write(
        outputs[0],
        {
            "number": np.array(sorted(names), dtype=np.uint64),
            "end": np.cumsum([len(text) for text in texts], dtype=np.int64),
            "text": np.frombuffer(b"".join(texts), dtype=np.uint8),
        },
    )


class _Names:
    """The ids of documents by number, from the file that `name_kept` wrote."""

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
        divided = arrays.read(inputs["divided"])
        self.split = Split(divided["whole"], dict(zip(divided["cut"].tolist(), divided["byte"].tolist(), strict=True)))
        self.names = _Names(inputs["names"])
        self.common = read_common(inputs["common"]) if "common" in inputs else frozenset()
        self.index: Index | None = None
        if "index" in inputs:
            self.index = read_index(inputs["index"], settings.decontaminate)
        self.grams: list[np.ndarray] = []

    def take(self, rows: list[dict[str, Any]]) -> None:
        """Some rows of CLEANED."""
        numbers = np.array([row["number"] for row in rows], dtype=np.uint64)
        kept, sizes, exact = standing(self.inputs["clusters"], numbers)
        whole = np.isin(numbers, self.split.whole)
        left = []
        for place, row in enumerate(rows):
            if kept[place] != numbers[place]:
                rule, how = ("duplicates", "repeats") if exact[place] else ("near_duplicates", "nearly repeats")
                self._remove(row, rule, f"{how} another text", kept=self.names[int(kept[place])])
                continue
            if sizes[place] > 1:
                row["meta"] = to_json(json.loads(row["meta"]) | {"cluster_size": int(sizes[place])})
            left.append((row, "heldout" if whole[place] else "documents"))
        for row, part in self._clean_of_evaluations(list(self._without_common(left))):
            if self.settings.privacy:
                row["text"], masked = mask(row["text"])
                self.tally.changed.update({f"masked: {kind}": count for kind, count in masked.items()})
            self._place(row, part)

    def _without_common(self, rows: list[tuple[dict[str, Any], str]]) -> Iterator[tuple[dict[str, Any], str]]:
        for row, part in rows:
            if self.common:
                row["text"], gone = cut_lines(row["text"], self.common, self.settings.boilerplate)
                self.tally.changed["boilerplate lines"] += len(gone)
                if len(row["text"].strip()) < self.settings.min_characters:
                    self._remove(row, "boilerplate", "nothing but lines that many documents have")
                    continue
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
        byte = self.split.cuts.get(row["number"])
        if byte is None:
            self._keep(row, part)
            return
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
    return finisher.tally.content() | {"rows": rows}


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
