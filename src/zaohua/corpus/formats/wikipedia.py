"""Wikipedia's XML dumps: the articles, without redirects and the pages about pages."""

import re
from collections.abc import Iterator
from functools import partial
from xml.etree import ElementTree

from zaohua.corpus.formats.contents import Content, Span
from zaohua.corpus.formats.items import Found, Item, Noted, SetAsideError, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import BLOCK, opened, read_up_to
from zaohua.corpus.formats.wikitext import plain_text

BEGIN, END = b"<page>", b"</page>"
_HEAD = 2**16
_ADDRESS = re.compile(rb"<base>\s*(https?://[^<\s]+/)[^/<]*</base>")


def read_dump(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The articles of a dump as plain text under their titles, numbered as pages of the file."""
    noted.encoding = "utf-8"
    with opened(content, settings, noted, span) as stream:
        head = read_up_to(stream, _HEAD)
        if not span.header and b"<mediawiki" not in head:
            raise SetAsideError("XML that is no dump of Wikipedia")
        address = _ADDRESS.search(head)
        noted.header = span.header or (address.group(1).decode("utf-8", "replace") if address else "-")
        blocks = iter(partial(stream.read, BLOCK), b"")
        number = span.first
        for page in _pages(head, blocks, settings.largest_document):
            item = _too_large(page, number) if isinstance(page, int) else _article(page, number, noted.header)
            if item is not None:
                yield item
            number += 1


def _pages(text: bytes, blocks: Iterator[bytes], limit: int) -> Iterator[bytes | int]:
    """The bytes of each <page>; of one over `limit` bytes its length. Raises EOFError where the last has no end."""
    while True:
        begin = text.find(BEGIN)
        if begin < 0:
            more = next(blocks, b"")
            if not more:
                return
            text = text[-len(BEGIN) :] + more
            continue
        parts, held, dropped = [text[begin:]], len(text) - begin, 0
        while (end := parts[-1].find(END)) < 0:
            if held > limit:
                dropped, held, parts = dropped + held - len(END), len(END), [parts[-1][-len(END) :]]
            more = next(blocks, b"")
            if not more:
                raise EOFError("it ends in the middle of a page")
            tail = parts[-1][-len(END) :]  # the end may stand across two blocks
            parts[-1] = parts[-1][: -len(END)]
            parts.append(tail + more)
            held += len(more)
        after = parts[-1][end + len(END) :]
        size = dropped + held - len(after)
        yield size if dropped or size > limit else b"".join(parts)[:size]
        text = after


def _article(page: bytes, number: int, address: str) -> Found | Unreadable | None:
    """A page's text, or None where it is no article."""
    try:
        tree = ElementTree.fromstring(page)
    except ElementTree.ParseError as error:
        return Unreadable(f"not XML ({error})", number, page.decode("utf-8", "backslashreplace"))
    if tree.findtext("ns", "0").strip() != "0" or tree.find("redirect") is not None:
        return None
    revisions = tree.findall("revision")
    if not revisions or revisions[-1].findtext("model", "wikitext") != "wikitext":
        return None
    title = (tree.findtext("title") or "").strip()
    text = plain_text(revisions[-1].findtext("text") or "")
    if not text:
        return None
    url = address + title.replace(" ", "_") if address.startswith("http") else ""
    return Found(f"{title}\n\n{text}" if title else text, number, {"title": title}, url)


def _too_large(size: int, number: int) -> Unreadable:
    return Unreadable(f"a page of {size:,} bytes (largest_document)", number)
