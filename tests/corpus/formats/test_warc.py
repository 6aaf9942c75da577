"""WARC and WET: the pages that were answered, numbered by record; a cut loses what follows it alone."""

import gzip
import os
from pathlib import Path

import pytest

from zaohua.corpus.formats.contents import of_file
from zaohua.corpus.formats.items import Noted, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import opened
from zaohua.corpus.formats.warc import records_of

TEXT = "今天天气很好，我们去公园散步。他说：这里的花开得真漂亮！后来大家一起回家吃饭。" * 3
PAGE = f"<html><head><title>公园</title></head><body><article><p>{TEXT}</p></article></body></html>"


def record(
    kind: str, body: bytes, mime: str = "application/http; msgtype=response", url: str = "https://example.org/a"
) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
    return f"{head}Content-Type: {mime}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n"


def response(body: bytes, mime: str = "text/html", status: int = 200, *heads: str) -> bytes:
    lines = [f"HTTP/1.1 {status} x", f"Content-Type: {mime}", *heads, "", ""]
    return record("response", "\r\n".join(lines).encode() + body)


def test_pages_and_texts_are_read_and_what_else_was_recorded_is_not(items_of):
    data = [
        record("warcinfo", b"software: x", "application/warc-fields"),
        record("request", b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request"),
        response(PAGE.encode("gbk"), "text/html; charset=gb2312"),
        response(b"nothing here", status=404),
        response(b"\x89PNG", "image/png"),
        response(
            gzip.compress(PAGE.encode("big5hkscs", "ignore")), "text/html; charset=big5", 200, "Content-Encoding: gzip"
        ),
        response(b"plain text", "text/plain"),
        record("resource", PAGE.encode(), "text/html"),
        record("conversion", "WET 的正文".encode(), "text/plain"),
    ]
    found = items_of("a.warc.gz", b"".join(map(gzip.compress, data)))
    assert [item.line for item in found] == [3, 6, 7, 8, 9]
    assert [item.text[:4] for item in found] == ["今天天气", found[1].text[:4], "plai", "今天天气", "WET "]
    assert found[0].fields == {"date": "2024-01-01T00:00:00Z", "title": "公园"}
    assert {item.url for item in found} == {"https://example.org/a"}


def test_a_warc_cut_in_the_middle_keeps_the_records_before(items_of):
    data = response(PAGE.encode()) + response(b"second page", "text/plain") + response(b"third page", "text/plain")
    for name, cut in (("a.warc", data[:-15]), ("a.warc.gz", gzip.compress(data, 0)[:-40])):
        first, second, last = items_of(name, cut)
        assert (first.text, second.text) == (TEXT, "second page")
        assert "in the middle" in last.reason


def test_a_bad_record_costs_itself_or_the_rest(items_of):
    big = response(b"x" * 9000, "text/plain")
    deep = response(b"<div>" * 100_000)
    bomb = response(gzip.compress(bytes(10**6)), "text/html", 200, "Content-Encoding: gzip")
    empty = response(b"<html><script>x</script></html>")
    found = items_of("a.warc", big + bomb + empty + response(b"good", "text/plain"), largest_document=4096)
    assert [type(item) for item in found] == [Unreadable, Unreadable, Unreadable, type(found[-1])]
    assert "a record of 9," in found[0].reason
    assert "more than 4,096 bytes" in found[1].reason
    assert "without a main text" in found[2].reason
    assert "nested 100,000 deep" in items_of("a.warc", deep)[0].reason
    good, bad = items_of("a.warc", response(b"good", "text/plain") + b"nonsense\r\n" * 9)
    assert (good.text, "no WARC record" in bad.reason) == ("good", True)
    assert "no WARC record" in items_of("a.warc", b"x" * 10**6)[0].reason


@pytest.mark.slow
def test_the_test_archives_of_others_give_the_records_that_fastwarc_gives():
    fastwarc = pytest.importorskip("fastwarc")
    folder = Path(os.environ.get("ZAOHUA_DATA", "../shared/data")) / "web/warc"
    if not folder.exists():
        pytest.skip(f"{folder} is absent")
    compared = 0
    for path in sorted(folder.glob("*.warc*")):
        ours = []
        content = of_file(path, path.name, path.stat().st_size)
        try:
            with opened(content, ReadingSettings(), Noted()) as stream:
                ours = [(each.url, each.content) for each in records_of(stream, 2**30)]
        except Exception:  # broken on purpose: theirs end where ours do, or go on
            continue
        with path.open("rb") as file:
            theirs = [
                (each.headers.get("WARC-Target-URI", "").strip("<>"), each.reader.read())
                for each in fastwarc.ArchiveIterator(file, parse_http=False)
            ]
        assert ours == theirs, path.name
        compared += 1
    assert compared >= 6
