"""Text made to keep a reader busy: a megabyte of it is read in the time that any megabyte is."""

import contextlib
import re
import signal
from collections.abc import Callable

import pytest

from zaohua.corpus.encodings import UndecodableError, encoding_of
from zaohua.corpus.formats.answers import body_of, heads_of
from zaohua.corpus.formats.items import Noted, SetAsideError
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.tables import table_rows
from zaohua.corpus.formats.wikitext import plain_text
from zaohua.corpus.html import decoded, nesting, title_of
from zaohua.corpus.reading import Found
from zaohua.corpus.robots import robots_of

_SIZE = 2**20
_SECONDS = 10  # machines are busy: it takes one or two, and what is quadratic minutes


def chunked(data: bytes) -> None:
    body_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data, _SIZE)


def rows(data: bytes) -> None:
    lines = ((Found(line, n), len(line)) for n, line in enumerate(data.decode().splitlines(keepends=True), 1))
    list(table_rows(lines, "csv", ReadingSettings(), Noted()))


def recognised(data: bytes) -> None:
    with contextlib.suppress(UndecodableError):
        encoding_of(data)


READERS: dict[Callable[[bytes], object], list[tuple[bytes, bytes]]] = {
    lambda data: nesting(data.decode()): [
        (b"<", b"a"), (b"", b"<a"), (b"", b"<!--"), (b"", b'<a ="'), (b"", b"<div><i></b>"), (b"<b><div>", b"<i></b>"),
        (b"", b"<script>"), (b"<a ", b"= "), (b"", b"<div></x>"), (b"", b"<a title='"),
    ],
    lambda data: title_of(data.decode()): [(b"", b"<title"), (b"", b"<title>"), (b"<title ", b" "), (b"", b"</title")],
    lambda data: plain_text(data.decode()): [
        (b"=", b" "), (b"= ", b"= "), (b"", b"="), (b"", b"=\n"), (b"(", b" "), (b"", b"( "), (b"(,", b" "),
        (b"[//a", b" "), (b"[//", b"a"), (b"", b"[//a "), (b"", b"{{"), (b"", b"{|"), (b"", b"-{"), (b"", b"[["),
        (b"", b"<ref>"), (b"", b"<ref "), (b"<ref>", b"</ref "), (b"", b"<!--"), (b"", b"__A"), (b"__", b"A"),
        (b"-{", b" "), (b"", b"'"), (b"", b"&"), (b"a", b" "), (b"", b"\n "), (b"", b"{{|}}"), (b"<nowiki", b" "),
    ],
    chunked: [(b"-5\r\n", b"a"), (b"5\r\nabcde\r\n", b"3"), (b"", b"1\n"), (b"", b"0"), (b"", b"1;"), (b"1", b" ")],
    lambda data: heads_of(data.splitlines()): [(b"a: b\n", b" c\n"), (b"", b"a:b\n")],
    rows: [(b'"', b"\n"), (b"", b'"\n'), (b"", b","), (b"text\n\"", b"\n")],
    recognised: [(b"\xff", b"a"), (b"\xe1", b"\xe0"), (b"", b"\xc0a"), (b"", b"\xe1\xc1"), (b"\x81", b"a\xe0")],
    lambda data: decoded(data): [(b"\xff", b"<meta "), (b"\xff<meta charset", b" "), (b"\xff<?xml ", b" ")],
    lambda data: robots_of(data * 2, "zaohua"): [
        (b"", b"user-agent: *\n"), (b"user-agent: a\n" * 20_000, b"allow:/\n"), (b"user-agent: *\n", b"allow:*a\n"),
    ],
}  # fmt: skip


def too_long(*_) -> None:
    raise TimeoutError


def comes_to_an_end(read: Callable[[bytes], object], data: bytes) -> bool:
    """Whether reading ends before the alarm that stands for a worker that hangs."""
    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(_SECONDS)
    try:
        with contextlib.suppress(SetAsideError):
            read(data)
    except TimeoutError:
        return False
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return True


def test_what_hangs_is_noticed(monkeypatch):
    monkeypatch.setattr("test_hostile_text._SECONDS", 1)
    assert not comes_to_an_end(lambda data: re.match(b"(a|a)*b", data), b"a" * 60)


@pytest.mark.parametrize(
    ("reader", "begin", "again"),
    [(number, *pair) for number, pairs in enumerate(READERS.values()) for pair in pairs],
)
def test_a_megabyte_is_read_in_seconds(reader, begin, again):
    assert comes_to_an_end(list(READERS)[reader], (begin + again * (_SIZE // len(again)))[:_SIZE])
