"""Archives of web traffic, WARC and WET: the pages that were answered, and texts that others took from them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from zaohua.corpus import html
from zaohua.corpus.encodings import UndecodableError
from zaohua.corpus.formats.answers import body_of, heads_of
from zaohua.corpus.formats.contents import Content, Span
from zaohua.corpus.formats.items import Found, Item, Noted, SetAsideError, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import BLOCK, Unpacked, opened, read_up_to

_LONGEST_HEAD = 2**16  # bytes of a record's own lines
SET_ASIDE = "text/x-set-aside"
"""The kind of a record of ours that says why a page is missing."""
_TEXTS = ("text/html", "application/xhtml+xml", "text/plain")
_SIZE = re.compile(r"[0-9]{1,18}")
_TAG = re.compile(rb"<(?:!doctype|html|head|body)\b", re.I)


@dataclass(frozen=True)
class Record:
    """One record's heads, in lower case, and its content; of a content over the limit its size alone."""

    heads: dict[str, str]
    content: bytes | int

    @property
    def url(self) -> str:
        """The page's address."""
        return self.heads.get("warc-target-uri", "").strip("<>")


def read_warc(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The texts of a WARC or WET file, numbered by record."""
    with opened(content, settings, noted, span) as stream:
        number = span.first
        for record in records_of(stream, settings.largest_document):
            item = _text(record, number, settings, noted)
            if item is not None:
                yield item
            number += 1


def records_of(stream: Unpacked, limit: int) -> Iterator[Record]:
    """The records of a stream; raises SetAsideError at what is none, EOFError where the last one is cut off."""
    while True:
        line = _line(stream)
        while line in (b"\r\n", b"\n"):
            line = _line(stream)
        if not line:
            return
        if not line.startswith(b"WARC/"):
            raise SetAsideError("no WARC record where one must begin: the rest is left")
        lines = []
        while (line := _line(stream)) not in (b"\r\n", b"\n"):
            if not line:
                raise EOFError("it ends in the middle of a record")
            lines.append(line)
        heads = heads_of(lines)
        size = heads.get("content-length", "")
        if not _SIZE.fullmatch(size):
            raise SetAsideError("a WARC record without a length: the rest is left")
        yield Record(heads, _content(stream, int(size), limit))


def _line(stream: Unpacked) -> bytes:
    line = stream.readline(_LONGEST_HEAD)
    if len(line) == _LONGEST_HEAD:
        raise SetAsideError("no WARC record where one must begin: the rest is left")
    return line


def _content(stream: Unpacked, size: int, limit: int) -> bytes | int:
    """The next `size` bytes, or their number when they are over the limit."""
    if size <= limit:
        data = read_up_to(stream, size)
        if len(data) < size:
            raise EOFError("it ends in the middle of a record")
        return data
    left = size
    while left:
        block = stream.read(min(left, BLOCK))
        if not block:
            raise EOFError("it ends in the middle of a record")
        left -= len(block)
    return size


def _text(record: Record, number: int, settings: ReadingSettings, noted: Noted) -> Item | None:
    """A record's text, or None where it holds no page."""
    kind, url = record.heads.get("warc-type", "").lower(), record.url
    mime = record.heads.get("content-type", "").lower()
    if mime == SET_ASIDE and isinstance(record.content, bytes):
        return Unreadable(record.content.decode("utf-8", "replace"), number, url=url)
    if kind not in ("response", "resource", "conversion"):
        return None
    if isinstance(record.content, int):
        if kind == "response" or mime.startswith(_TEXTS):
            return Unreadable(f"a record of {record.content:,} bytes (largest_document)", number, url=url)
        return None
    data = record.content
    if kind == "response" and mime.startswith("application/http"):
        try:
            status, heads, data = body_of(data, settings.largest_document)
        except SetAsideError as error:
            return Unreadable(str(error), number, url=url)
        if status != 200:
            return None
        mime = heads.get("content-type", "").lower()
    if (mime and not mime.startswith(_TEXTS)) or (not mime and not _TAG.search(data[:2000])):
        return None
    try:
        return _page(data, mime, number, url, record, settings, noted)
    except (UndecodableError, SetAsideError) as error:
        return Unreadable(str(error), number, url=url)


def _page(
    data: bytes, mime: str, number: int, url: str, record: Record, settings: ReadingSettings, noted: Noted
) -> Item:
    charset = html.charset_of(mime)
    fields = {"date": record.heads["warc-date"]} if "warc-date" in record.heads else {}
    text, noted.encoding = html.decoded(data, charset, settings.encoding)
    if mime.startswith("text/plain"):
        return Found(text, number, fields, url, plain=True)
    page = html.page(text, settings.html)
    if not page.text:
        return Unreadable("a page without a main text", number, url=url)
    return Found(page.text, number, fields | ({"title": page.title} if page.title else {}), url)
