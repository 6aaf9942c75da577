"""The bytes of a file or of an archive's member, and the part of them that is read."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from zaohua.corpus.formats.kinds import ends_of


@dataclass(frozen=True)
class Span:
    """A part of a file that is read by itself; plain values. The one without arguments is a whole file.

    `start` and `end` are bytes of the unpacked file, or row groups, or a zip's members; `first` is the number of the
    line, record or row that begins there. Unpacking begins at byte `seek` of the packed file, which is byte `seek_at`
    of the unpacked one. The others say what the file's beginning told about all of it.
    """

    start: int = 0
    end: int | None = None
    first: int = 1
    seek: int = 0
    seek_at: int = 0
    encoding: str = ""
    text_field: str = ""
    header: str = ""


WHOLE = Span()


@dataclass(frozen=True)
class Content:
    """Packed bytes and their kind under the unique name of their file; `depth` counts the archives around them."""

    name: str
    kind: str
    compression: str
    size: int
    open: Callable[[], IO[bytes]]
    depth: int = 0


def of_file(path: Path, name: str, size: int) -> Content:
    """A file's content."""
    return Content(name, *ends_of(path.name), size, lambda: path.open("rb"))


def of_bytes(data: bytes, name: str, ends: str, depth: int = 0) -> Content:
    """Content that lies in memory; `ends` is a name that tells its kind."""
    return Content(name, *ends_of(ends), len(data), lambda: io.BytesIO(data), depth)
