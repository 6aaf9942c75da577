"""Lines of bytes and of text, streamed, numbered, and bounded in length."""

import codecs
import io
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain

from zaohua.corpus.encodings import encoding_of
from zaohua.corpus.formats.contents import Content, Span
from zaohua.corpus.formats.items import Found, Item, Noted, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import BLOCK, Unpacked, opened, read_up_to
from zaohua.settings import UserError

HEAD = 2**20  # bytes by which a streamed file's encoding is told
WIDE = ("utf-16", "utf-32")  # encodings whose line ends are not single bytes


def lines_of(blocks: Iterable[bytes], limit: int) -> Iterator[bytes | int]:
    """The lines in blocks of bytes, with their ends; of a line over `limit` bytes its length, and no more in memory."""
    pending: list[bytes] = []
    held = dropped = 0
    for block in blocks:
        end = block.find(b"\n") + 1
        if not end:
            pending.append(block)
            held += len(block)
            if held > limit:
                dropped, held = dropped + held, 0
                pending.clear()
            continue
        if dropped or held + end > limit:
            yield dropped + held + end
        else:
            yield b"".join([*pending, block[:end]])
        pending.clear()
        held = dropped = 0
        rest = io.BytesIO(block)
        rest.seek(end)
        for line in rest:
            if not line.endswith(b"\n"):
                pending, held = [line], len(line)
            else:
                yield line if len(line) <= limit else len(line)
    if dropped:
        yield dropped + held
    elif held:
        yield b"".join(pending) if held <= limit else held


def text_lines(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The lines of a span as text, numbered; raises UserError when the declared encoding is wrong."""
    return (item for item, _ in sized_lines(content, settings, noted, span))


def sized_lines(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[tuple[Item, int]]:
    """The same with the bytes of each line."""
    with opened(content, settings, noted, span) as stream:
        head = b"" if span.encoding else read_up_to(stream, HEAD)
        yield from lines_in(stream, head, content, settings, noted, span)


def lines_in(
    stream: Unpacked, head: bytes, content: Content, settings: ReadingSettings, noted: Noted, span: Span
) -> Iterator[tuple[Item, int]]:
    """The same of a stream of which the first bytes were read already."""
    noted.encoding = span.encoding or settings.encoding or encoding_by_head(head, stream)
    blocks = chain([head] if head else [], iter(partial(stream.read, BLOCK), b""))
    if noted.encoding.startswith(WIDE):
        yield from _wide_lines(blocks, noted.encoding, settings)
    else:
        lines = _measured(lines_of(blocks, settings.largest_document), stream, span, noted)
        yield from _decoded(lines, noted.encoding, content, settings, span.first)


def encoding_by_head(head: bytes, stream: Unpacked) -> str:
    """The encoding of a stream by its first bytes; raises UndecodableError."""
    return encoding_of(head[:HEAD], whole=len(head) < HEAD and not stream.damage)


def _measured(lines: Iterable[bytes | int], stream: Unpacked, span: Span, noted: Noted) -> Iterator[bytes | int]:
    """The lines, with the share that was read corrected for what lies ahead in memory."""
    taken = 0
    noted.share = lambda: stream.share() * taken / max(stream.tell() - span.start, taken, 1)
    for line in lines:
        taken += line if isinstance(line, int) else len(line)
        yield line


def _decoded(
    lines: Iterable[bytes | int], encoding: str, content: Content, settings: ReadingSettings, first: int
) -> Iterator[tuple[Item, int]]:
    for number, line in enumerate(lines, first):
        if isinstance(line, int):
            yield _too_long(line, number), line
            continue
        try:
            found = Found(line.decode(encoding if number == 1 or encoding != "utf-8-sig" else "utf-8"), number)
            yield found, len(line)
        except UnicodeDecodeError as error:
            if settings.encoding:
                raise not_declared(content, settings.encoding, error, number) from None
            yield bad_line(line, number, encoding, error), len(line)


def bad_line(line: bytes, number: int, encoding: str, error: UnicodeDecodeError) -> Unreadable:
    """A line that is not in its file's encoding."""
    return Unreadable(f"not {encoding} ({error.reason})", number, line.decode("utf-8", "backslashreplace"))


def _wide_lines(blocks: Iterable[bytes], encoding: str, settings: ReadingSettings) -> Iterator[tuple[Item, int]]:
    """Lines of UTF-16 and UTF-32, in which broken characters are replaced: there is no telling where a line ends."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    texts = (decoder.decode(block) for block in chain(blocks, [b""]))
    # UTF-8 is only the way through lines_of: a line end is one byte in it.
    lines = lines_of((text.encode("utf-8", "surrogatepass") for text in texts), settings.largest_document)
    for number, line in enumerate(lines, 1):
        if isinstance(line, int):
            yield _too_long(line, number), line
        else:
            yield Found(line.decode("utf-8", "surrogatepass"), number), len(line)


def _too_long(size: int, number: int) -> Unreadable:
    return Unreadable(f"a line of {size:,} bytes, longer than a document may be (largest_document)", number)


def not_declared(content: Content, encoding: str, error: UnicodeDecodeError, line: int = 0) -> UserError:
    """The sentence for a file that is not in the encoding that the user declared."""
    english, chinese = (
        (f"line {line}", f"第 {line} 行") if line else (f"byte {error.start:,}", f"第 {error.start:,} 字节")
    )
    return UserError(
        f"{content.name} is not in the encoding {encoding} that was declared ({english}: {error.reason}): "
        f"declare the right one, or none, and it is recognised for each file",
        f"{content.name} 不是所声明的编码 {encoding}（{chinese}：{error.reason}）："
        "请声明正确的编码，或不声明，由程序逐个文件识别",
    )
