"""An HTTP answer as it was sent: its status, its heads, and its content unpacked."""

import re
import zlib
from collections.abc import Iterable

from zaohua.corpus.formats.items import SetAsideError

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})")
_LENGTH = re.compile(rb"[ \t]*+([0-9a-fA-F]{1,16}+)[ \t\r]*+[;\n]")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


def heads_of(lines: Iterable[bytes]) -> dict[str, str]:
    """Header lines as name -> value, names in lower case; of a repeated one the first."""
    heads: dict[str, list[str]] = {}
    last: list[str] = []
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text[:1] in (" ", "\t") and last:
            last.append(text.strip())
            continue
        name, colon, value = text.partition(":")
        if colon:
            last = [value.strip()]
            heads.setdefault(name.strip().lower(), last)
    return {name: " ".join(parts) for name, parts in heads.items()}


def body_of(data: bytes, limit: int) -> tuple[int, dict[str, str], bytes]:
    """(status, heads, content) of a whole answer; raises SetAsideError where the content cannot be had."""
    status = _STATUS.match(data)
    end = _HEAD_END.search(data)
    if not status or not end:
        return 200, {}, data  # HTTP/0.9, or the heads were left out
    heads = heads_of(data[: end.start()].split(b"\n")[1:])
    body = data[end.end() :]
    if "chunked" in heads.get("transfer-encoding", "").lower():
        body = _dechunked(body)
    return int(status.group(1)), heads, unpacked(body, heads.get("content-encoding", ""), limit)


def _dechunked(body: bytes) -> bytes:
    """Chunks as one; what is not chunked although it was said to be stays as it is."""
    parts, at = [], 0
    while at < len(body):
        end = body.find(b"\n", at)
        size = _LENGTH.match(body, at)
        if not size or end < 0:
            return b"".join(parts) if parts else body
        length = int(size.group(1), 16)
        if not length:
            break
        parts.append(body[end + 1 : end + 1 + length])
        at = end + 1 + length
        at += 2 if body[at : at + 2] == b"\r\n" else 1
    return b"".join(parts)


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The content that was packed as `encoding` says, at most `limit` bytes of it."""
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        if name in ("", "identity", "none", "utf-8", "binary", "8bit"):
            continue
        if name not in ("gzip", "x-gzip", "deflate"):
            raise SetAsideError(f"a page packed as {name}, which is not read")
        if name != "deflate" and not body.startswith(b"\x1f\x8b"):
            continue  # unpacked before it was kept
        body = _inflated(body, limit)
    return body


def _inflated(body: bytes, limit: int) -> bytes:
    problem = ""
    for bits in (47, -15):  # gzip or zlib by their heads; deflate without one
        decoder = zlib.decompressobj(wbits=bits)
        try:
            data = decoder.decompress(body, limit + 1)
        except zlib.error as error:
            problem = str(error)
            continue
        if len(data) > limit:
            raise SetAsideError(f"a page of more than {limit:,} bytes (largest_document)")
        return data
    raise SetAsideError(f"a damaged packed page ({problem})")
