"""One file as the texts in it; what cannot be read is set aside with its line and its reason, and reading goes on."""

import contextlib
import functools
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import truediv
from typing import IO, Any, cast

from zaohua.corpus.encodings import UndecodableError, encoding_of
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import READABLE, Entry
from zaohua.settings import UserError

TEXT_FIELDS = (
    "text",
    "content",
    "body",
    "paragraphs",
    "article",
    "document",
    "passage",
    "story",
    "raw_text",
    "正文",
    "内容",
)
"""Names under which records hold their text, the most usual first."""

_HEAD = 2**20  # bytes by which a streamed file's encoding is told
_WIDE = ("utf-16", "utf-32")  # encodings whose line ends are not single bytes
_RECORDS = 100  # records by which a file's text field is told


@dataclass(frozen=True)
class Found:
    """A text as it stands in its file; `line` is 0 where the file is one document."""

    text: str
    line: int = 0
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Unreadable:
    """A line, or with line 0 a whole file, that is set aside."""

    reason: str
    line: int = 0
    text: str = ""


Item = Found | Unreadable


@dataclass
class Noted:
    """What was found out about a file on the way, and which share of it has been read."""

    encoding: str = ""
    text_field: str = ""
    share: Callable[[], float] = lambda: 1.0


def read(entry: Entry, settings: CorpusSettings, noted: Noted) -> Iterator[Item]:
    """The texts of a file and what in it cannot be read; raises UserError when the declared encoding is wrong."""
    reader = {"text": _read_text, "records": _read_records, "json": _read_json, "parquet": _read_parquet}.get(
        entry.kind
    )
    if reader is None:
        yield Unreadable(f"not a kind of file that is read ({READABLE})")
        return
    try:
        yield from reader(entry, settings, noted)
    except UndecodableError as error:
        yield Unreadable(str(error))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield Unreadable(f"damaged or cut-off compressed file ({error})")
    except OSError as error:
        yield Unreadable(f"the file cannot be read ({error.strerror or error})")


@contextlib.contextmanager
def _opened(entry: Entry, noted: Noted) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked."""
    size = max(entry.size, 1)
    with entry.path.open("rb") as file:
        noted.share = lambda: 1.0 if file.closed else min(file.tell() / size, 1.0)
        if entry.compression == "gz":
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file))
        elif entry.compression == "zst":
            yield io.BufferedReader(_Zstandard(file))
        else:
            yield file


class _Zstandard(io.RawIOBase):
    """A .zst file of one or more frames; a damaged one raises EOFError, as a damaged .gz does."""

    def __init__(self, file: IO[bytes]) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        self._reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._reader.readinto(buffer)
        except self._error as error:
            raise EOFError(str(error)) from None


def _read_text(entry: Entry, settings: CorpusSettings, noted: Noted) -> Iterator[Item]:
    if settings.documents != "file":
        yield from _blocks(_lines(entry, settings, noted), by_line=settings.documents == "line")
        return
    with _opened(entry, noted) as file:
        data = file.read()
    noted.encoding = settings.encoding or encoding_of(data)
    try:
        yield Found(data.decode(noted.encoding))
    except UnicodeDecodeError as error:
        if settings.encoding:
            raise _not_declared(entry, settings.encoding, error) from None
        if noted.encoding.startswith(_WIDE):
            raise UndecodableError(f"not {noted.encoding} ({error.reason})") from None
        kept: list[str] = []
        for item in _decoded_lines(data.splitlines(keepends=True), noted.encoding, entry, settings):
            if isinstance(item, Unreadable):
                yield item
            else:
                kept.append(item.text)
        yield Found("".join(kept))


def _blocks(lines: Iterable[Item], *, by_line: bool) -> Iterator[Item]:
    """Each line that is not blank, or what stands between blank lines, as a document."""
    block: list[str] = []
    first = 0
    for item in lines:
        if isinstance(item, Unreadable):
            yield item
        elif by_line:
            if item.text.strip():
                yield Found(item.text.rstrip("\r\n"), item.line)
        elif item.text.strip():
            first = first if block else item.line
            block.append(item.text)
        elif block:
            yield Found("".join(block).rstrip("\r\n"), first)
            block = []
    if block:
        yield Found("".join(block).rstrip("\r\n"), first)


def _lines(entry: Entry, settings: CorpusSettings, noted: Noted) -> Iterator[Item]:
    """The lines of a file, streamed, numbered from 1."""
    with _opened(entry, noted) as file:
        head = file.read(_HEAD)
        rest = file.readline() if len(head) == _HEAD else b""
        head += rest
        noted.encoding = settings.encoding or encoding_of(head, whole=len(head) < _HEAD)
        if noted.encoding.startswith(_WIDE):
            stream = io.StringIO((head + file.read()).decode(noted.encoding, "replace"))
            yield from (Found(line, number) for number, line in enumerate(stream, 1))
        else:
            lines = _measured(chain(io.BytesIO(head), file), len(head), noted)
            yield from _decoded_lines(lines, noted.encoding, entry, settings)


def _measured(lines: Iterable[bytes], ahead: int, noted: Noted) -> Iterator[bytes]:
    """The lines, with the share that was read corrected for what lies `ahead` in memory."""
    taken = 0
    unpacked = noted.share
    noted.share = lambda: unpacked() * taken / max(ahead, taken, 1)
    for line in lines:
        taken += len(line)
        yield line


def _decoded_lines(lines: Iterable[bytes], encoding: str, entry: Entry, settings: CorpusSettings) -> Iterator[Item]:
    for number, line in enumerate(lines, 1):
        try:
            yield Found(line.decode(encoding if number == 1 or encoding != "utf-8-sig" else "utf-8"), number)
        except UnicodeDecodeError as error:
            if settings.encoding:
                raise _not_declared(entry, settings.encoding, error, number) from None
            yield Unreadable(f"not {encoding} ({error.reason})", number, line.decode("utf-8", "backslashreplace"))


def _not_declared(entry: Entry, encoding: str, error: UnicodeDecodeError, line: int = 0) -> UserError:
    where = f"line {line}" if line else f"byte {error.start:,}"
    return UserError(
        f"{entry.path} is not in the encoding {encoding} that was declared ({where}: {error.reason}): "
        f"declare the right one, or none, and it is recognised for each file"
    )


def _read_records(entry: Entry, settings: CorpusSettings, noted: Noted) -> Iterator[Item]:
    def parsed() -> Iterator[tuple[int, Any] | Unreadable]:
        for item in _lines(entry, settings, noted):
            if isinstance(item, Unreadable):
                yield item
            elif item.text.strip():
                try:
                    yield item.line, json.loads(item.text.lstrip("\ufeff"))
                except (ValueError, RecursionError) as error:
                    yield Unreadable(f"not JSON ({error})", item.line, item.text)

    yield from _texts(parsed(), settings, noted)


def _read_json(entry: Entry, settings: CorpusSettings, noted: Noted) -> Iterator[Item]:
    with _opened(entry, noted) as file:
        data = file.read()
    noted.encoding = settings.encoding or encoding_of(data)
    try:
        content = json.loads(data.decode(noted.encoding))
    except UnicodeDecodeError as error:
        if settings.encoding:
            raise _not_declared(entry, settings.encoding, error) from None
        raise UndecodableError(f"not {noted.encoding} ({error.reason})") from None
    except (ValueError, RecursionError) as error:
        yield Unreadable(f"not JSON ({error})")
        return
    records = content if isinstance(content, list) else [content]
    yield from _texts(enumerate(records, 1), settings, noted)


def _read_parquet(entry: Entry, settings: CorpusSettings, noted: Noted) -> Iterator[Item]:
    import pyarrow
    import pyarrow.parquet

    if entry.compression != "none":
        yield Unreadable("a compressed Parquet file: unpack it, Parquet is compressed inside")
        return

    def rows() -> Iterator[tuple[int, Any]]:
        number = 0
        with pyarrow.parquet.ParquetFile(entry.path) as file:
            for group in range(file.num_row_groups):
                noted.share = functools.partial(truediv, group, file.num_row_groups)
                for row in file.read_row_group(group).to_pylist():
                    number += 1
                    yield number, row

    noted.encoding = "utf-8"
    try:
        yield from _texts(rows(), settings, noted)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        yield Unreadable(f"not a Parquet file ({str(error).splitlines()[0]})")


def _texts(records: Iterable[tuple[int, Any] | Unreadable], settings: CorpusSettings, noted: Noted) -> Iterator[Item]:
    """Records as texts, by the field that was set or that the first records have."""
    records = iter(records)
    head = list(islice(records, _RECORDS))
    noted.text_field = settings.text_field or _text_field(item[1] for item in head if not isinstance(item, Unreadable))
    for item in chain(head, records):
        if isinstance(item, Unreadable):
            yield item
            continue
        number, record = item
        text = record if isinstance(record, str) else _text(record, noted.text_field)
        if text is None:
            shown = json.dumps(record, ensure_ascii=False, default=str)
            known = noted.text_field or f"none of {', '.join(TEXT_FIELDS)}; name it with text_field"
            yield Unreadable(f"no text in the record (field {known})", number, shown)
        else:
            rest = {k: v for k, v in record.items() if k != noted.text_field} if isinstance(record, dict) else {}
            yield Found(text, number, rest)


def _text_field(records: Iterable[Any]) -> str:
    """The first usual name that at least half of the records with any of them have; empty when none has."""
    has: Callable[[Any], list[str]] = lambda record: [name for name in TEXT_FIELDS if _text(record, name) is not None]  # noqa: E731
    named = [names for record in records if (names := has(record))]
    counts = Counter(chain.from_iterable(named))
    return next((name for name in TEXT_FIELDS if 2 * counts[name] >= len(named) > 0), "")


def _text(record: Any, name: str) -> str | None:
    """The text in a record's field: a string, or a list of strings as lines."""
    value = record.get(name) if isinstance(record, dict) else None
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value if isinstance(value, str) and value.strip() else None
