"""Files cut into pieces of some 32 MB: huge ones into spans that are read alone, small ones put together."""

import csv
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from pydantic import BaseModel

from zaohua.corpus.archives import tar_members, zip_members
from zaohua.corpus.encodings import UndecodableError
from zaohua.corpus.formats.contents import WHOLE, Content, Span, of_file
from zaohua.corpus.formats.items import Noted, SetAsideError, Unreadable
from zaohua.corpus.formats.lines import HEAD, WIDE, sized_lines
from zaohua.corpus.formats.plain import part_size
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import BLOCK, DAMAGED, Unpacked, opened, random_access
from zaohua.corpus.formats.tables import table_rows
from zaohua.corpus.formats.warc import records_of
from zaohua.corpus.formats.wikipedia import BEGIN
from zaohua.corpus.reading import read
from zaohua.corpus.sources import Entry, Piece
from zaohua.settings import UserError

SIZE = 32 * 2**20
"""Bytes of a piece."""
_BUNDLE = 1000  # files in a piece at most
_TWICE = 8
"""Times its size that a packed file may be unpacked in all only to come to where its pieces begin; bz2 and xz, which
unpack ten times slower, a quarter of it."""

Cut = tuple[int, int]
"""A place where a piece may begin: (byte of the unpacked file, row group or member; number of what begins there)."""


@dataclass(frozen=True)
class _Cuts:
    """Where a file may be cut, and where it ends, with the bytes of its pieces that each counts as."""

    cuts: list[Cut]
    restarts: list[tuple[int, int]]
    end: int


def pieces_of(entries: Sequence[Entry], settings: BaseModel, size: int = SIZE) -> list[Piece]:
    """The pieces of all entries in their order: read one after the other they give what the files give."""
    pieces: list[Piece] = []
    bundle: list[Entry] = []
    held = 0
    for entry in entries:
        taken = entry.size
        if bundle and (taken >= size or held + taken > size or entry.source != bundle[0].source or len(bundle) == _BUNDLE):
            pieces.append(_bundled(bundle))
            bundle, held = [], 0
        if taken >= size:
            pieces += cut(entry, settings, size)
        else:
            bundle.append(entry)
            held += taken
    return pieces + ([_bundled(bundle)] if bundle else [])


def cut(entry: Entry, settings: BaseModel, size: int = SIZE) -> list[Piece]:
    """One file's pieces; a file that cannot be cut, or not be read, is one."""
    chosen = ReadingSettings.of(settings)
    content = of_file(entry.path, entry.name, entry.size)
    cutter = CUTTERS.get(content.kind)
    if cutter is None:
        return [Piece.of(entry)]
    try:
        noted = _first_look(entry, chosen)
        if noted.encoding.startswith(WIDE):
            return [Piece.of(entry)]
        with_head = Span(encoding=noted.encoding, text_field=noted.text_field, header=noted.header)
        spans = cutter(content, chosen, noted, size)
    except (OSError, UserError, UndecodableError, SetAsideError, zipfile.BadZipFile, *DAMAGED):
        return [Piece.of(entry)]  # reading it will say what is wrong
    if len(spans) < 2:
        return [Piece.of(entry)]
    each, rest = divmod(entry.size, len(spans))
    return [
        Piece.of(
            entry,
            replace(with_head, **{k: getattr(span, k) for k in ("start", "end", "first", "seek", "seek_at")}),
            each + (index < rest),
        )
        for index, span in enumerate(spans)
    ]


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


def _first_look(entry: Entry, settings: ReadingSettings) -> Noted:
    """What a file's first records tell about all of it."""
    noted = Noted()
    if entry.kind not in ("zip", "tar", "warc"):
        look = settings if settings.documents != "file" else settings.model_copy(update={"documents": "line"})
        next(read(entry, look, noted), None)
    return noted


def _lines(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Spans that begin where a line does, or a document between blank lines."""
    in_parts = content.kind == "text" and settings.documents == "file"
    wanted = part_size(settings) if in_parts else size
    blank = content.kind == "text" and settings.documents == "blank_line"

    def fits(block: bytes, at: int) -> bool:
        line = block[block.rfind(b"\n", 0, at - 1) + 1 : at] if at > 1 else b"?"
        return not blank or (b"\n" in block[: at - 1] and not line.strip())

    with opened(content, settings, Noted()) as stream:
        found = _cut_at(stream, b"\n", 1, wanted, fits)
        if in_parts and found.end <= settings.largest_document:
            return []
        return _spans(found, size, content)


def _pages(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Spans of a Wikipedia dump that begin with a page."""
    with opened(content, settings, Noted()) as stream:
        return _spans(_cut_at(stream, BEGIN, 0, size, lambda block, at: True), size, content)


def _cut_at(
    stream: Unpacked, token: bytes, after: int, size: int, fits: Callable[[bytes, int], bool]
) -> _Cuts:
    """Cuts at the first token that lies `size` bytes behind the last one; they are numbered by tokens.

    A cut is before the token, or with `after` behind it. Damage ends them: the last piece will meet it.
    """
    cuts: list[Cut] = []
    last, base, number = 0, 0, 1
    keep = len(token) - 1
    block = b""
    with _until_damage():
        pass
    try:
        while more := stream.read(BLOCK):
            carried = block[-keep:] if keep else b""
            base += len(block) - len(carried)
            block = carried + more
            at = 0
            while True:
                wanted = max(at, last + size - base - (len(token) if after else 0), 0)
                place = block.find(token, wanted) if wanted < len(block) else -1
                if place < 0:
                    number += block.count(token, at)
                    break
                stop = place + (len(token) if after else 0)
                number += block.count(token, at, stop)
                at = place + len(token)
                if not after:
                    number_here = number
                    number += 1
                else:
                    number_here = number
                if fits(block, stop):
                    cuts.append((base + stop, number_here))
                    last = base + stop
    except (SetAsideError, OSError, *DAMAGED):
        pass
    return _Cuts(cuts, list(stream.restarts), stream.tell())
