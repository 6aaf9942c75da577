"""Files, and pieces of them, as the texts in them; what cannot be read is set aside with its place and its reason."""

import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from zaohua.corpus.archives import read_archive
from zaohua.corpus.encodings import UndecodableError
from zaohua.corpus.formats.books import read_docx, read_epub, read_pdf
from zaohua.corpus.formats.contents import WHOLE, Content, Span, of_file
from zaohua.corpus.formats.items import Found, Item, Noted, SetAsideError, Unreadable
from zaohua.corpus.formats.kinds import ARCHIVES, READABLE
from zaohua.corpus.formats.pages import read_page
from zaohua.corpus.formats.plain import read_text
from zaohua.corpus.formats.records import TEXT_FIELDS, read_json, read_records
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import DAMAGED
from zaohua.corpus.formats.tables import read_parquet, read_table
from zaohua.corpus.formats.warc import read_warc
from zaohua.corpus.formats.wikipedia import read_dump
from zaohua.corpus.sources import Entry, Piece
from zaohua.settings import UserError

__all__ = ["TEXT_FIELDS", "Found", "Item", "Noted", "Unreadable", "read", "read_content"]

READERS: dict[str, Callable[[Content, ReadingSettings, Noted, Span], Iterator[Item]]] = {
    "text": read_text,
    "records": read_records,
    "json": read_json,
    "csv": read_table,
    "tsv": read_table,
    "parquet": read_parquet,
    "html": read_page,
    "epub": read_epub,
    "docx": read_docx,
    "pdf": read_pdf,
    "warc": read_warc,
    "wikipedia": read_dump,
}
"""kind of file -> what reads it."""
_LINKED = "a link to a folder: what is in it is read when the link itself is named as a source"


def read(given: Entry | Piece, settings: ReadingSettings, noted: Noted, *, most: int | None = None) -> Iterator[Item]:
    """The texts of a file or piece and what in it cannot be read, each with its file's name; `most` of each file.

    Raises UserError when the declared encoding is wrong.
    """
    piece = given if isinstance(given, Piece) else Piece.of(given)
    for place, (path, name, size) in enumerate(piece.files):
        found = noted if len(piece.files) == 1 else noted.files.setdefault(name, Noted())
        for item in islice(_read_file(Path(path), name, size, settings, found, piece.span), most):
            item = replace(item, file=item.file or name, url=_storable(item.url), place=place)
            yield _with_storable_fields(item) if isinstance(item, Found) and item.fields else item


def _with_storable_fields(item: Found) -> Item:
    try:
        return replace(item, fields=_storable(item.fields))
    except RecursionError:
        return Unreadable("fields nested too deep", item.line, item.text, item.url, item.file, item.place)


def _storable(value: Any) -> Any:
    """What a record says, with lone surrogates spelled out: no file can hold them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    return list(map(_storable, value)) if isinstance(value, list) else value


def _read_file(path: Path, name: str, size: int, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """A file's items; where it is another than was listed, or becomes it, that is one of them."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            yield Unreadable(_LINKED if path.is_symlink() else "a folder that cannot be read")
            return
        if not stat.S_ISREG(about.st_mode):
            yield Unreadable("not a file")
            return
        if about.st_size != size:
            yield Unreadable("the file has changed since it was listed")
            return
    except OSError as error:
        yield Unreadable(f"the file cannot be read ({error.strerror or error})")
        return
    yield from read_content(of_file(path, name, size), settings, noted, span)
    try:
        changed = path.stat().st_size != size
    except OSError:
        changed = True
    if changed:
        yield Unreadable("the file changed while it was read: its last texts may be cut")


def read_content(content: Content, settings: ReadingSettings, noted: Noted, span: Span = WHOLE) -> Iterator[Item]:
    """What a file or a member of an archive holds; what ends the reading is the last item."""
    try:
        if content.kind in ARCHIVES:
            yield from read_archive(content, settings, noted, span, read_content)
        elif content.kind in READERS:
            yield from READERS[content.kind](content, settings, noted, span)
        else:
            yield Unreadable(f"not a kind of file that is read ({READABLE})")
    except (UndecodableError, SetAsideError) as error:
        yield Unreadable(str(error))
    except DAMAGED as error:
        yield Unreadable(f"damaged or cut-off file ({error})")
    except zipfile.BadZipFile as error:
        yield Unreadable(f"damaged inside ({error})")
    except ImportError as error:
        yield Unreadable(f"reading .{content.kind} files needs the package {error.name}: pip install {error.name}")
    except OSError as error:
        yield Unreadable(f"the file cannot be read ({error.strerror or error})")
    except (UserError, MemoryError):
        raise
    except Exception as error:  # libraries raise nearly anything on hostile bytes; it costs this file alone
        yield Unreadable(f"the file cannot be read ({type(error).__name__}: {error})")
