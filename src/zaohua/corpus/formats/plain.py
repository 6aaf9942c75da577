"""Plain text files: one document, or one a line, or one between blank lines."""

from collections.abc import Iterable, Iterator

from zaohua.corpus.encodings import UndecodableError, encoding_of
from zaohua.corpus.formats.contents import WHOLE, Content, Span
from zaohua.corpus.formats.items import Found, Item, Noted, Unreadable
from zaohua.corpus.formats.lines import WIDE, bad_line, lines_in, lines_of, not_declared, text_lines
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import opened, read_up_to

LARGE = 8 * 2**20
"""Bytes after which a document of a larger file ends with the next line: what is done to one takes many times that."""


def read_text(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The documents of a .txt or .md file."""
    if settings.documents != "file":
        lines = text_lines(content, settings, noted, span)
        by_line = settings.documents == "line"
        yield from _lines(lines) if by_line else _blocks(lines, part_size(settings))
        return
    size = part_size(settings)
    with opened(content, settings, noted, span) as stream:
        data = read_up_to(stream, size + 1) if span == WHOLE else b""
        if span != WHOLE or len(data) > size:
            lines = lines_in(stream, data, content, settings, noted, span)
            del data
            yield from _parts(lines, size)
            return
        if stream.damage:
            raise stream.damage
    noted.share = lambda: 1.0
    noted.encoding = settings.encoding or encoding_of(data)
    try:
        yield Found(data.decode(noted.encoding), plain=True)
    except UnicodeDecodeError as error:
        if settings.encoding:
            raise not_declared(content, settings.encoding, error) from None
        if noted.encoding.startswith(WIDE):
            raise UndecodableError(f"not {noted.encoding} ({error.reason})") from None
        yield from _without_bad_lines(data, noted.encoding)


def _without_bad_lines(data: bytes, encoding: str) -> Iterator[Item]:
    """The bad lines of a document, and then the document without them."""
    kept: list[str] = []
    for number, line in enumerate(lines_of([data], len(data)), 1):
        assert isinstance(line, bytes)
        try:
            kept.append(line.decode(encoding if number == 1 or encoding != "utf-8-sig" else "utf-8"))
        except UnicodeDecodeError as error:
            yield bad_line(line, number, encoding, error)
    yield Found("".join(kept), plain=True)


def part_size(settings: ReadingSettings) -> int:
    """Bytes that a file may have and be one document; a larger one is cut after so many."""
    return min(LARGE, settings.largest_document)


def _parts(lines: Iterable[tuple[Item, int]], size: int) -> Iterator[Item]:
    """Lines as documents, each ended by the line with which it comes to `size` bytes."""
    part: list[str] = []
    first = taken = 0
    for item, length in lines:
        if isinstance(item, Unreadable):
            yield item
        else:
            first = first if part else item.line
            part.append(item.text)
        taken += length
        if taken >= size:
            if part:
                yield Found("".join(part), first, plain=True)
            part, taken = [], 0
    if part:
        yield Found("".join(part), first, plain=True)


def _lines(lines: Iterable[Item]) -> Iterator[Item]:
    """Each line that is not blank as a document."""
    for item in lines:
        if isinstance(item, Unreadable):
            yield item
        elif item.text.strip():
            yield Found(item.text.rstrip("\r\n"), item.line)


def _blocks(lines: Iterable[Item], limit: int) -> Iterator[Item]:
    """What stands between blank lines as a document, cut where it comes to `limit` characters."""
    block: list[str] = []
    first = held = 0
    for item in lines:
        if isinstance(item, Unreadable):
            yield item
            continue
        blank = not item.text.strip()
        if block and (blank or held >= limit):
            yield Found("".join(block).rstrip("\r\n"), first, plain=True)
            block, held = [], 0
        if not blank:
            first = first if block else item.line
            block.append(item.text)
            held += len(item.text)
    if block:
        yield Found("".join(block).rstrip("\r\n"), first, plain=True)
