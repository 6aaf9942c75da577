"""HTTP answers as they were sent: chunks, packing, and what is said wrongly about both."""

import gzip
import zlib

import pytest

from zaohua.corpus.formats.answers import body_of, heads_of, unpacked
from zaohua.corpus.formats.items import SetAsideError


def answer(body: bytes, *heads: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([status, *heads, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n", b"abcdefg"),
        (b"3\nabc\n0\n\n", b"abc"),
        (b"<html>not chunked", b"<html>not chunked"),
        (b"3\r\nabc\r\nzz\r\n", b"abc"),
        (b"ff\r\ncut", b"cut"),
        (b"-5\r\nabc", b"-5\r\nabc"),
        (b"3\r\nabc\r\n-5\r\nabc", b"abc"),
        (b"5\r\nabcde\r\n3", b"abcde"),
        (b"0x3\r\nabc", b"0x3\r\nabc"),
        (b"", b""),
    ],
)
def test_chunks(body, expected):
    assert body_of(answer(body, "Transfer-Encoding: Chunked"), 999)[2] == expected


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"text")),
        ("x-gzip", gzip.compress(b"text")),
        ("deflate", zlib.compress(b"text")),
        ("deflate", zlib.compress(b"text")[2:-4]),
        ("gzip", b"text"),
        ("identity", b"text"),
        ("", b"text"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"text"))),
        ("gzip", gzip.compress(b"text" + bytes(9000))[:-12]),
    ],
)
def test_packed_content(encoding, body):
    assert unpacked(body, encoding, 20_000)[:4] == b"text"


@pytest.mark.parametrize(
    ("encoding", "body", "said"),
    [
        ("gzip", gzip.compress(bytes(10**7)), "more than 999 bytes"),
        ("br", b"x", "packed as br"),
        ("deflate", b"\xff\xff\xff", "damaged"),
    ],
)
def test_bombs_and_what_is_not_known_are_set_aside(encoding, body, said):
    with pytest.raises(SetAsideError, match=said):
        unpacked(body, encoding, 999)


def test_status_and_heads():
    status, heads, body = body_of(
        answer(b"x", "A: 1", "a: 2", "Folded: one", "  two", "nonsense", status="HTTP/2 404"), 9
    )
    assert (status, body) == (404, b"x")
    assert heads == {"a": "1", "folded": "one two"}
    assert body_of(b"<html>", 9) == (200, {}, b"<html>")
    assert heads_of([b"\xff: \xfe\r\n"])
