"""What the corpus stage has seen so far: counts by source, keys of all texts, and what was set aside."""

import json
from array import array
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.corpus.documents import DOCUMENT, REMOVED, TableWriter
from zaohua.corpus.duplicates import duplicate_key, first_alike
from zaohua.corpus.heldout import Split, by_hash, by_tail
from zaohua.corpus.normalize import normalize
from zaohua.corpus.reading import Item, Noted, Unreadable
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import Entry

FREE, TRAIN, TEST = 0, 1, 2
"""Whether a document's part is still to be chosen, or was by where it came from."""

COUNTS = ("files", "bytes_in", "unreadable", "short", "duplicates", "documents", "characters", "bytes",
          "heldout_documents", "heldout_characters", "heldout_bytes")  # fmt: skip
_NOTED_FILES = 1000  # files named one by one in the manifest
_BROKEN = 0.001  # share of U+FFFD above which a text was damaged before it came here


class Gathering:
    """Texts are cleaned and staged on disk; in memory stay some 40 bytes for each."""

    def __init__(self, staging: Path, removed: Path, settings: CorpusSettings) -> None:
        self.settings = settings
        self.staged = TableWriter(staging, DOCUMENT)
        self.removed = {kind: TableWriter(removed / kind, REMOVED) for kind in ("unreadable", "short", "duplicates")}
        self.counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.characters = 0
        self.first_reason = ""
        self.encodings: defaultdict[str, list[str]] = defaultdict(list)
        self.text_fields: defaultdict[str, list[str]] = defaultdict(list)
        self._keys = bytearray()  # 16 bytes a document
        self._sizes, self._files, self._parts = array("q"), array("q"), array("b")
        self._file = 0
        self._split = Split(np.zeros(0, dtype=bool))

    def begin(self, entry: Entry, size: int) -> None:
        """A file is about to be read."""
        self._file += 1
        self.counts[entry.source].update(files=1, bytes_in=size)

    def note(self, entry: Entry, noted: Noted) -> None:
        """How a file was read."""
        if noted.encoding:
            self.encodings[noted.encoding].append(entry.name)
        if noted.text_field:
            self.text_fields[noted.text_field].append(entry.name)

    def take(self, entry: Entry, item: Item) -> None:
        """One text of a file, or what could not be read."""
        name = f"{entry.name}:{item.line}" if item.line else entry.name
        place: dict[str, Any] = {"file": entry.name} | ({"line": item.line} if item.line else {})
        if isinstance(item, Unreadable):
            self._remove("unreadable", name, item.text, entry.source, place, item.reason)
        else:
            meta = place | ({"fields": item.fields} if item.fields else {})
            self._stage(name, item.text, entry.source, meta, FREE)

    def take_embedded(self, world: str, name: str, text: str, language: str, part: int) -> None:
        """One text of an embedded world."""
        self.counts[world].update(bytes_in=len(text.encode()))
        self._stage(f"{world}/{name}", text, world, {"language": language}, part)

    def close(self) -> None:
        """All sources are read."""
        self.staged.close()

    def decide(self) -> tuple[np.ndarray, Split]:
        """For each staged text the first one like it (n,), and which texts are held out."""
        keys = np.frombuffer(self._keys, dtype=np.uint8).reshape(-1, 16)
        sizes, files, parts = (np.frombuffer(a, dtype=a.typecode) for a in (self._sizes, self._files, self._parts))
        first = first_alike(keys)
        kept = first == np.arange(len(first))
        free = np.flatnonzero(kept & (parts == FREE))
        share = self.settings.heldout
        if self.settings.split == "tail":
            chosen = by_tail(sizes[free], files[free], share)
        else:
            chosen = by_hash(sizes[free], keys[free], share, self.settings.salt)
        whole = kept & (parts == TEST)
        whole[free[chosen.whole]] = True
        self._split = Split(whole, {int(free[index]): byte for index, byte in chosen.cuts.items()})
        return first, self._split

    def keep(self, part: str, writer: TableWriter, row: dict[str, Any]) -> None:
        """A text has found its part, documents or heldout."""
        prefix = "" if part == "documents" else "heldout_"
        size = {"documents": 1, "characters": len(row["text"]), "bytes": len(row["text"].encode())}
        self.counts[row["source"]].update({prefix + name: count for name, count in size.items()})
        writer.add(row)

    def remove_duplicate(self, row: dict[str, Any], kept: str) -> None:
        """A text repeats another."""
        meta = json.loads(row["meta"])
        self._remove("duplicates", row["id"], row["text"], row["source"], meta, "repeats another text", kept)

    def finish(self) -> None:
        """Nothing more is removed."""
        for writer in self.removed.values():
            writer.close()

    def found(self) -> dict[str, Any]:
        """Encodings and text fields, with the first files that each was found in, for the manifest."""
        return {
            kind: {name: {"files": len(files), "first": files[:_NOTED_FILES]} for name, files in sorted(found.items())}
            for kind, found in (("encodings", self.encodings), ("text_fields", self.text_fields))
        }

    def report(self) -> dict[str, Any]:
        """Counts by source and in all, and how the text was split."""
        sources = {source: {name: counts[name] for name in COUNTS} for source, counts in self.counts.items()}
        total = {name: sum(counts[name] for counts in sources.values()) for name in COUNTS}
        both = total["bytes"] + total["heldout_bytes"]
        split = {
            "how": self.settings.split,
            "share": total["heldout_bytes"] / both if both else 0.0,
            "whole": int(self._split.whole.sum()),
            "cut": len(self._split.cuts),
        }
        return {"total": total, "sources": sources, "split": split, "first_reason": self.first_reason}

    def _stage(self, name: str, raw: str, source: str, meta: dict[str, Any], part: int) -> None:
        text = normalize(raw)
        broken = text.count("\ufffd")
        if broken > _BROKEN * len(text):
            self._remove("unreadable", name, text, source, meta, f"{broken:,} characters were lost before (U+FFFD)")
            return
        if len(text.strip()) < self.settings.min_characters:
            self._remove("short", name, text, source, meta, f"under {self.settings.min_characters} characters")
            return
        self.staged.add({"id": name, "text": text, "source": source, "meta": _json(meta)})
        self.characters += len(text)
        self._keys += duplicate_key(text)
        self._sizes.append(len(text.encode()))
        self._files.append(self._file)
        self._parts.append(part)

    def _remove(
        self, kind: str, name: str, text: str, source: str, meta: dict[str, Any], reason: str, kept: str = ""
    ) -> None:
        self.counts[source][kind] += 1
        if kind == "unreadable":
            self.first_reason = self.first_reason or f"{name}: {reason}"
        text = text.encode("utf-8", "backslashreplace").decode()  # raw text may hold lone surrogates, files may not
        place = {"file": meta.get("file", ""), "line": meta.get("line", 0)}
        row = {"id": name, "text": text, "source": source, "meta": _json(meta), **place, "reason": reason, "kept": kept}
        self.removed[kind].add(row)


def _json(meta: dict[str, Any]) -> str:
    text = json.dumps(meta, ensure_ascii=False, default=str)
    return text.encode("utf-8", "backslashreplace").decode()
