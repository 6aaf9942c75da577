"""What the report shows of files of documents: counts that add up over files, and a few texts picked by hash."""

import bisect
import itertools
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import xxhash

from zaohua.corpus.documents import DOCUMENT, REMOVED, storable
from zaohua.corpus.privacy import KINDS

EXAMPLES = 10
"""Texts shown for each rule and each kind of placeholder."""

SAMPLES = 300
"""Documents that can be browsed, from all sources."""

SHOWN = 700
"""Characters kept of a text that is shown."""

REPEATS = ("duplicates", "near_duplicates")
"""Rules whose texts are shown beside those that they repeat."""

COMPARED = 20_000
"""Characters kept of such a text."""

EDGES = np.array([math.ceil(round(10 ** (step / 5), 6)) for step in range(51)])
"""Where the bins of lengths begin, in characters: five in each power of ten; 1 and 2 are bins of one length."""

_AROUND = 160  # characters shown before and after a placeholder
_LIMITS = 8  # different limits of one rule that are told apart
_PLACEHOLDER = "<(?:" + "|".join(KINDS) + ")>"

_compute: Any = pyarrow.compute  # its functions are made when it is loaded

Entry = dict[str, Any]


class Picks:
    """Of all texts that are offered those with the smallest hash: the same ones in any order and any files."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._entries: list[tuple[int, str, str, Entry]] = []

    def limit(self) -> int:
        """The largest hash that may still be picked."""
        return self._entries[-1][0] if len(self._entries) >= self.most else 2**64

    def offer(self, entry: Entry) -> None:
        """Take an entry if it is among the first by its `rank`; equal ones stand in the order of their texts."""
        key = (entry["rank"], entry["id"], entry["text"])
        bisect.insort(self._entries, (*key, entry), key=lambda each: each[:3])
        del self._entries[self.most :]

    def shrink(self, most: int) -> None:
        """Pick no more than so many from now on."""
        self.most = most
        del self._entries[most:]

    def entries(self) -> list[Entry]:
        """What was picked, in order."""
        return [entry for *_, entry in self._entries]


class Survey:
    """Counts and picks over files of documents and of removed texts."""

    def __init__(self) -> None:
        self.outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By source: how many texts and (with " bytes") how many bytes became documents, heldout or fell to a rule."""
        self.lengths: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.languages: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.values: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By rule: how many texts measured what, to three digits."""
        self.limits: defaultdict[str, set[float]] = defaultdict(set)
        self.examples: defaultdict[str, Picks] = defaultdict(lambda: Picks(EXAMPLES))
        self.masked: defaultdict[str, Picks] = defaultdict(lambda: Picks(EXAMPLES))
        self.samples: dict[str, Picks] = {}

    def take(self, path: Path, part: str) -> None:
        """A file of `documents`, `heldout` or `removed`, a row group at a time."""
        columns = list(REMOVED if part == "removed" else DOCUMENT)
        with pyarrow.parquet.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=columns)
                if part == "removed":
                    self._removed(table)
                else:
                    self._kept(table, part)

    def _kept(self, table: pyarrow.Table, part: str) -> None:
        sizes = self._count(table, pyarrow.array([part] * len(table)), part)
        metas = [json.loads(meta) for meta in table["meta"].to_pylist()]
        for meta, size in zip(metas, sizes, strict=True):
            name = f"{meta.get('language', 'und')} {meta.get('script', 'Zyyy')}"
            self.languages[name].update({part: 1, f"{part} bytes": size})
        ranks = _ranks(table)
        for source, rows in _groups(table["source"]):
            if source not in self.samples:
                self.samples[source] = Picks(SAMPLES)
                self._spread()
            if source in self.samples:
                for row in _first(rows, ranks, self.samples[source]):
                    entry = _entry(table, row, ranks[row]) | {"part": part}
                    self.samples[source].offer(entry | _told(metas[row]))
        held = _compute.match_substring_regex(table["text"], _PLACEHOLDER).to_numpy()
        if held.any():
            self._placeholders(table, ranks, np.flatnonzero(held))

    def _placeholders(self, table: pyarrow.Table, ranks: np.ndarray, rows: np.ndarray) -> None:
        texts = table["text"].take(rows)
        for kind in KINDS:
            here = rows[_compute.match_substring(texts, f"<{kind}>").to_numpy()]
            for row in _first(here, ranks, self.masked[kind]) if len(here) else ():
                text = table["text"][row].as_py()
                place = text.index(f"<{kind}>")
                begin, end = max(place - _AROUND, 0), place + _AROUND
                entry = _entry(table, row, ranks[row]) | {"text": text[begin:end], "before": begin}
                self.masked[kind].offer(entry)

    def _removed(self, table: pyarrow.Table) -> None:
        self._count(table, table["rule"], "removed")
        ranks = _ranks(table)
        values, limits = table["value"].to_numpy(), table["limit"].to_numpy()
        for rule, rows in _groups(table["rule"]):
            measured = rows[np.isfinite(values[rows]) & ((values[rows] != 0) | (limits[rows] != 0))]
            self.values[rule].update(f"{value:.3g}" for value in values[measured].tolist())
            self._limit(rule, filter(math.isfinite, np.unique(limits[measured]).tolist()))
            for row in _first(rows, ranks, self.examples[rule]):
                entry = _entry(table, row, ranks[row], COMPARED if rule in REPEATS else SHOWN)
                told = {name: table[name][row].as_py() for name in ("reason", "value", "limit", "kept")}
                self.examples[rule].offer(entry | told)

    def _count(self, table: pyarrow.Table, outcomes: Any, part: str) -> list[int]:
        """Count the rows of a table, by outcomes (rows,); the bytes of each text."""
        sizes = _compute.binary_length(table["text"]).to_numpy()
        characters = _compute.utf8_length(table["text"]).to_numpy()
        bins = np.searchsorted(EDGES, characters, side="right") - 1  # -1 for none
        found, counts = np.unique(bins, return_counts=True)
        self.lengths[part].update(dict(zip(map(str, found.tolist()), counts.tolist(), strict=True)))
        for source, rows in _groups(table["source"]):
            for outcome, inside in _groups(outcomes.take(rows)):
                counted = {outcome: len(inside), f"{outcome} bytes": int(sizes[rows[inside]].sum())}
                self.outcomes[source].update(counted)
        return sizes.tolist()

    def _limit(self, rule: str, limits: Iterable[float]) -> None:
        self.limits[rule] = set(sorted(self.limits[rule].union(limits))[:_LIMITS])

    def _spread(self) -> None:
        """With more sources fewer samples are kept of each, and of very many only those of some, by hash."""
        if len(self.samples) > SAMPLES:
            del self.samples[max(self.samples, key=lambda name: (_hash(name), name))]
        most = min(SAMPLES, -(-8 * SAMPLES // len(self.samples)))
        for picks in self.samples.values():
            picks.shrink(most)

    def content(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "outcomes": _plain(self.outcomes),
            "lengths": _plain(self.lengths),
            "languages": _plain(self.languages),
            "values": _plain(self.values),
            "limits": {rule: sorted(limits) for rule, limits in sorted(self.limits.items())},
            "examples": {rule: picks.entries() for rule, picks in sorted(self.examples.items())},
            "masked": {kind: picks.entries() for kind, picks in sorted(self.masked.items())},
            "samples": {source: picks.entries() for source, picks in sorted(self.samples.items())},
        }

    def add(self, content: Mapping[str, Any]) -> None:
        """What another survey counted and picked."""
        for name in ("outcomes", "lengths", "languages", "values"):
            mine = getattr(self, name)
            for key, counts in content[name].items():
                mine[key].update(counts)
        for rule, limits in content["limits"].items():
            self._limit(rule, limits)
        for name in ("examples", "masked"):
            for key, entries in content[name].items():
                for entry in entries:
                    getattr(self, name)[key].offer(entry)
        for source, entries in content["samples"].items():
            if source not in self.samples:
                self.samples[source] = Picks(SAMPLES)
                self._spread()
            for entry in entries if source in self.samples else ():
                self.samples[source].offer(entry)


def survey(inputs: Sequence[Path], settings: Mapping[str, Any], outputs: Sequence[Path]) -> None:
    """Files, of which `parts` says what they hold (documents, heldout or removed) -> what is to be shown of them."""
    found = Survey()
    for path, part in zip(inputs, settings["parts"], strict=True):
        found.take(path, part)
    outputs[0].write_text(json.dumps(found.content(), ensure_ascii=False), encoding="utf-8")


def chosen_samples(samples: Mapping[str, Sequence[Entry]]) -> list[tuple[str, Entry]]:
    """At most SAMPLES of the samples of all sources, (source, sample): the next of each source, turn after turn."""
    turns = itertools.zip_longest(*samples.values())
    spread = ((source, entry) for turn in turns for source, entry in zip(samples, turn, strict=True) if entry)
    return list(itertools.islice(spread, SAMPLES))


def _plain(counts: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(sorted(counter.items())) for name, counter in sorted(counts.items())}


def _groups(column: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Each different string of a column, and the rows where it stands."""
    array = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
    coded = array.dictionary_encode()
    codes = coded.indices.to_numpy()
    for code, name in enumerate(coded.dictionary.to_pylist()):
        yield name, np.flatnonzero(codes == code)


def _ranks(table: pyarrow.Table) -> np.ndarray:
    """A hash for each row, from its source and id, (rows,) uint64."""
    both = zip(table["source"].to_pylist(), table["id"].to_pylist(), strict=True)
    return np.fromiter((_hash(f"{source}\0{name}") for source, name in both), dtype=np.uint64, count=len(table))


def _hash(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode())


def _first(rows: np.ndarray, ranks: np.ndarray, picks: Picks) -> list[int]:
    """Those of the rows that may be picked: the first by rank, and those that rank with the last of them."""
    here = ranks[rows]
    limit = picks.limit()
    if len(here) > picks.most:
        limit = min(limit, int(np.partition(here, picks.most)[picks.most]))
    return rows[here <= np.uint64(min(limit, 2**64 - 1))].tolist()


def _entry(table: pyarrow.Table, row: int, rank: Any, most: int = SHOWN) -> Entry:
    text = table["text"][row].as_py()
    return {
        "rank": int(rank),
        "id": table["id"][row].as_py(),
        "source": table["source"][row].as_py(),
        "text": text[:most],
        "characters": len(text),
    }


def _told(meta: Mapping[str, Any]) -> Entry:
    """What a sample shows of a document's metadata."""
    names = ("language", "script", "url", "cluster_size")
    return {
        name: meta[name] if name == "cluster_size" else storable(str(meta[name])[:300])
        for name in names
        if name in meta
    }
