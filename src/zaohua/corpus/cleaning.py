"""The first task of the stage: a piece of the sources -> its texts, cleaned and judged, and what was removed."""

import contextlib
import itertools
import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.corpus import arrays, language, mojibake
from zaohua.corpus.addresses import read_domains, unwanted
from zaohua.corpus.documents import CLEANED, FREE, REMOVED, Table, storable
from zaohua.corpus.formats.items import Found, Item, Noted, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.keys import dedup_key, exact_key
from zaohua.corpus.normalize import normalize
from zaohua.corpus.pieces import from_json
from zaohua.corpus.presets import preset_for, presets_of
from zaohua.corpus.reading import read
from zaohua.corpus.rejoin import rejoin
from zaohua.corpus.rules import Dropped, judge
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.shingles import is_spaceless
from zaohua.corpus.sketches import KeyWriter
from zaohua.corpus.sources import Piece
from zaohua.settings import check

OUTPUTS = ("cleaned", "removed", "facts", "keys")
"""What the task writes, in this order: documents, what was removed, arrays about each document, and dedup keys."""

CLEANING = frozenset(
    {
        *ReadingSettings.model_fields,
        "addresses",
        "mojibake",
        "rejoin",
        "normalise",
        "languages",
        "rules",
        "min_characters",
    }
)
"""The settings that cleaning a piece reads."""

_NAMED = 1000  # files named one by one in the manifest

Paths = Sequence[Path]


class Tally:
    """Counts by source, which add up over pieces."""

    def __init__(self) -> None:
        self.sources: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.removed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.languages: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self.first_reason = ""

    def content(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "sources": {source: dict(counts) for source, counts in self.sources.items()},
            "removed": {source: dict(counts) for source, counts in self.removed.items()},
            "languages": dict(self.languages),
            "changed": dict(self.changed),
            "first_reason": self.first_reason,
        }


class Cleaner:
    """Texts one after the other through all that is done to a text by itself."""

    def __init__(
        self,
        settings: CorpusSettings,
        cleaned: Table,
        removed: Table,
        keys: KeyWriter,
        number: int,
        domains: np.ndarray | None = None,
    ) -> None:
        """`number` is the piece's, `domains` what `read_domains` gives."""
        self.settings, self.cleaned, self.removed, self.keys = settings, cleaned, removed, keys
        self.domains = domains
        self.number = number << 32
        self.presets = presets_of(settings.rules)
        self.tally = Tally()
        self.facts = array("q")
        """Number, bytes, file and part of each document, one after the other."""
        self.digests = bytearray()

    def take(self, item: Item, source: str, file: int, part: int, **known: str) -> None:
        """One text of a file, or what could not be read."""
        place: dict[str, Any] = {"file": item.file} | ({"line": item.line} if item.line else {})
        name = storable(f"{item.file}:{item.line}" if item.line else item.file)
        if item.url:
            place["url"] = item.url
        self.tally.sources[source]["texts"] += 1
        if isinstance(item, Unreadable):
            self._remove(name, item.text, source, place, "unreadable", item.reason)
            return
        if item.url and (reason := unwanted(item.url, self.settings.addresses, self.domains)):
            self._remove(name, item.text, source, place, "address", reason)
            return
        text, meta = self._mended(item), place | known | ({"fields": item.fields} if item.fields else {})
        if self.settings.mojibake and (reason := mojibake.damaged(text)):
            self._remove(name, text, source, meta, "unreadable", reason)
            return
        found = language.identify(text)
        code = known.get("language", found.code)
        meta |= {"language": code, "script": found.script}
        if self.settings.languages and code not in self.settings.languages:
            self._remove(name, text, source, meta, "language", f"{code} is not wanted", found.score)
            return
        verdict = judge(text, preset_for(self.presets, code), code, found.score)
        if isinstance(verdict, Dropped):
            sign = "under" if verdict.side == "min" else "over"
            reason = f"{verdict.rule} is {verdict.value:.4g}, {sign} {verdict.limit:g}"
            self._remove(name, text, source, meta, verdict.rule, reason, verdict.value, verdict.limit)
            return
        self.tally.changed.update({f"lines: {why}": count for why, count in verdict.removed_lines.items()})
        text = verdict.text
        if (length := len(text.strip())) < self.settings.min_characters:
            least = self.settings.min_characters
            self._remove(name, text, source, meta, "short", f"under {least} characters", length, least)
            return
        self.tally.languages[f"{code} {found.script}"] += 1
        row = {"id": name, "text": text, "source": source, "meta": to_json(meta), "number": self.number, "part": part}
        self.cleaned.add(row)
        self.facts.extend((self.number, len(text.encode()), file, part))
        key = dedup_key(text)
        self.digests += exact_key(key)
        self.keys.add(self.number, key, characters=is_spaceless(key))
        self.number += 1

    def _mended(self, item: Found) -> str:
        text = item.text
        if self.settings.mojibake:
            text, done = mojibake.repair(text)
            if done:
                self.tally.changed[f"repaired: {done}"] += 1
        text = normalize(text, self.settings.normalise)
        if self.settings.rejoin and item.plain and (joined := rejoin(text)) != text:
            self.tally.changed["rejoined lines"] += 1
            text = joined
        return text

    def _remove(
        self, name: str, text: str, source: str, meta: Mapping[str, Any], rule: str, reason: str,
        value: float = 0.0, limit: float = 0.0,
    ) -> None:  # fmt: skip
        self.tally.removed[source][rule] += 1
        if rule == "unreadable":
            self.tally.first_reason = self.tally.first_reason or storable(f"{name}: {reason}")
        self.removed.add(removed_row(name, text, source, to_json(meta), rule, reason, value, limit))


def clean(inputs: Paths, settings: Mapping[str, Any], outputs: Paths) -> dict[str, Any]:
    """A piece -> OUTPUTS. Settings: the piece, its number, how many texts of each file are read at `most`, and those of
    the stage that concern single texts."""
    chosen, piece = check(CorpusSettings, settings["settings"]), from_json(settings["piece"])
    noted = Noted()
    with _writing(outputs) as tables:
        domains = read_domains(inputs[-1]) if chosen.addresses.domains else None
        cleaner = Cleaner(chosen, *tables, settings["number"], domains)
        for item in read(piece, chosen, noted, most=settings["most"]):
            cleaner.take(item, piece.source, settings["file"] + item.place, FREE)
    size = piece.size if settings["most"] is None else _read_of(piece, noted)
    cleaner.tally.sources[piece.source].update(files=0 if piece.span.start else len(piece.files), bytes_in=size)
    return _told(cleaner, outputs[2]) | {"found": _found(piece.files, noted)}


def clean_world(inputs: Paths, settings: Mapping[str, Any], outputs: Paths, *, embedded: Any) -> dict[str, Any]:
    """A stretch of an embedded world's documents -> OUTPUTS, as they are: they are clean by construction."""
    world, part = settings["world"], settings["part"]
    plain = check(CorpusSettings, settings["settings"]).model_copy(
        update={"mojibake": False, "rejoin": False, "rules": check(type(CorpusSettings().rules), {"preset": "none"})}
    )
    taken = itertools.islice(embedded(world, settings["name"]), *settings["range"])
    with _writing(outputs) as tables:
        cleaner = Cleaner(plain, *tables, settings["number"])
        for name, text, code in taken:
            cleaner.tally.sources[world]["bytes_in"] += len(text.encode())
            cleaner.take(Found(text, file=f"{world}/{name}"), world, settings["file"], part, language=code)
    return _told(cleaner, outputs[2])


@contextlib.contextmanager
def _writing(outputs: Paths) -> Iterator[tuple[Table, Table, KeyWriter]]:
    """What documents, removed texts and dedup keys are written to, until it is left."""
    with (
        Table(outputs[0], CLEANED) as cleaned,
        Table(outputs[1], REMOVED) as removed,
        KeyWriter(outputs[3]) as keys,
    ):
        yield cleaned, removed, keys


def _read_of(piece: Piece, noted: Noted) -> int:
    """The bytes of a piece's files that were read of them, roughly."""
    each = noted.files or {piece.files[0][1]: noted}
    return round(sum(size * each[name].share() for _, name, size in piece.files if name in each))


def _told(cleaner: Cleaner, facts: Path) -> dict[str, Any]:
    """Write the facts about each document; the counts."""
    told = np.frombuffer(cleaner.facts, dtype=np.int64).reshape(-1, 4)
    digests = np.frombuffer(cleaner.digests, dtype=np.uint8).reshape(-1, 16)
    columns = {"bytes": told[:, 1], "file": told[:, 2], "part": told[:, 3]}
    arrays.write(facts, {"id": told[:, 0].astype(np.uint64), **columns, "key": digests})
    return cleaner.tally.content()


def _found(files: Sequence[tuple[str, str, int]], noted: Noted) -> dict[str, dict[str, list[str]]]:
    """Encodings and text fields, with the files that each was found in."""
    seen: dict[str, dict[str, list[str]]] = {"encodings": {}, "text_fields": {}}
    each = noted.files or {files[0][1]: noted}
    for name, one in each.items():
        for kind, value in (("encodings", one.encoding), ("text_fields", one.text_field)):
            if value and len(seen[kind].setdefault(value, [])) < _NAMED:
                seen[kind][value].append(storable(name))
    return seen


def removed_row(
    name: str, text: str, source: str, meta: str, rule: str, reason: str,
    value: float = 0.0, limit: float = 0.0, kept: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A row of REMOVED. Raw text may hold lone surrogates, files may not."""
    row = {"id": name, "text": storable(text), "source": source, "meta": meta}
    return row | {"rule": rule, "reason": storable(reason), "value": float(value), "limit": float(limit), "kept": kept}


def to_json(meta: Mapping[str, Any]) -> str:
    """Metadata as text that a file can hold."""
    return storable(json.dumps(meta, ensure_ascii=False, default=str))
