"""Files put together or cut into pieces of some 32 MB, which are read one by one."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from zaohua.corpus.cutting import CUTTERS, cut
from zaohua.corpus.engine.task import Task
from zaohua.corpus.formats.contents import Span
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.sources import Entry, Piece
from zaohua.settings import check

SIZE = 32 * 2**20
"""Bytes of a piece."""
_BUNDLE = 1000  # files in a piece at most
_CUTTING = 400_000_000  # bytes that cutting a file takes, whose first record may be large
_PACKED = 4  # times its size that packed text usually has
_PACKED_KINDS = frozenset({"parquet", "zip", "epub", "docx"})


def cut_tasks(entries: Sequence[Entry], settings: ReadingSettings, size: int) -> dict[str, Task]:
    """By the name of each file that is large and can be cut the task that does it: it writes the file's pieces.

    Where a piece may begin is only seen by reading all before, which is too much for one process to do for all files.
    """
    chosen = settings.model_dump(mode="json", include=set(ReadingSettings.model_fields))
    large = [entry for entry in entries if entry.kind in CUTTERS and text_size(entry) >= size]
    return {
        entry.name: Task(
            "cut_file",
            (os.path.realpath(entry.path),),
            {"file": to_json(Piece.of(replace(entry, path=entry.path.absolute()))), "settings": chosen, "size": size},
            (f"pieces/{number:06}",),
            weight=entry.size / 1e6,
            memory=_CUTTING,
        )
        for number, entry in enumerate(large)
    }


def cut_file(inputs: Sequence[Path], settings: Mapping[str, Any], outputs: Sequence[Path]) -> dict[str, int]:
    """A large file -> its pieces, a line each, which `read_pieces` reads."""
    whole = from_json(settings["file"])
    ((path, name, _),) = whole.files
    entry = Entry(whole.source, Path(path), name)
    pieces = cut(entry, check(ReadingSettings, settings["settings"]), settings["size"])
    outputs[0].write_text("".join(f"{to_json(piece)}\n" for piece in pieces), encoding="ascii")
    return {"pieces": len(pieces)}


def read_pieces(path: Path) -> list[Piece]:
    """The pieces that `cut_file` wrote."""
    return list(map(from_json, path.read_text(encoding="ascii").splitlines()))


def pieces_of(
    entries: Sequence[Entry],
    settings: ReadingSettings,
    size: int = SIZE,
    known: Mapping[str, Sequence[Piece]] | None = None,
) -> list[Piece]:
    """The pieces of all entries in their order: read one after the other they give what the files give.

    `known` are, by their names, those of files that were cut before.
    """
    pieces: list[Piece] = []
    bundle: list[Entry] = []
    held = 0
    for entry in entries:
        taken = text_size(entry)
        full = held + taken > size or len(bundle) == _BUNDLE
        if bundle and (full or entry.source != bundle[0].source):
            pieces.append(_bundled(bundle))
            bundle, held = [], 0
        if taken >= size:
            pieces += (known or {}).get(entry.name) or cut(entry, settings, size)
        else:
            bundle.append(entry)
            held += taken
    return pieces + ([_bundled(bundle)] if bundle else [])


def text_size(entry: Entry) -> int:
    """About how many bytes of text a file holds."""
    packed = entry.compression != "none" or entry.kind in _PACKED_KINDS
    return entry.size * (_PACKED if packed else 1)


def to_json(piece: Piece) -> str:
    """A piece as one line."""
    return json.dumps(asdict(piece), ensure_ascii=True, sort_keys=True)


def from_json(line: str) -> Piece:
    """The piece that `to_json` wrote."""
    values = json.loads(line)
    files = tuple((path, name, size) for path, name, size in values["files"])
    return Piece(values["source"], files, values["size"], Span(**values["span"]))


def _bundled(entries: list[Entry]) -> Piece:
    files = tuple((str(entry.path), entry.name, entry.size) for entry in entries)
    return Piece(entries[0].source, files, sum(size for *_, size in files))
