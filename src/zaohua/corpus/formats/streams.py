"""The unpacked bytes of a file, from any place in it, with bounds on what they may unpack to."""

import bz2
import contextlib
import io
import lzma
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from typing import IO, Any

from zaohua.corpus.formats.contents import WHOLE, Content, Span
from zaohua.corpus.formats.items import Noted, SetAsideError
from zaohua.corpus.formats.settings import ReadingSettings

BLOCK = 2**20
_FEED = 2**16
_FEED_ZSTANDARD = 2**9  # its decoder has no bound of its own: so many bytes unpack to 16 MB at most
_MEMORY = 2**29  # bytes that an .xz file may ask for

BY_STEPS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How a member of a zip is packed that can be read block by block: others zipfile unpacks without a bound."""
DAMAGED = (EOFError, zlib.error, lzma.LZMAError)
"""What a packed file raises that is damaged or cut off."""


class Unpacked(io.RawIOBase):
    """The unpacked bytes of a span; raises one of DAMAGED, or SetAsideError for a bomb.

    Once raised, it is `damage`, and raised again at the next read. `restarts` are the places passed where unpacking
    can begin anew, as (byte of the packed, of the unpacked file).
    """

    def __init__(self, file: IO[bytes], content: Content, span: Span, settings: ReadingSettings) -> None:
        self._file, self._content, self._span, self._settings = file, content, span, settings
        plain = not content.compression
        self.restarts = [(span.start, span.start) if plain else (span.seek, span.seek_at)]
        self._at = self.restarts[0][1]
        if self.restarts[0][0]:
            file.seek(self.restarts[0][0])
        self._held, self._from = b"", 0
        self.damage: Exception | None = None
        self._blocks = iter(lambda: file.read(BLOCK), b"") if plain else self._unpack()
        while self._at < span.start and self._take(span.start - self._at):
            pass

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        taken = self._take(len(buffer))
        buffer[: len(taken)] = taken
        return len(taken)

    def read(self, size: int | None = -1, /) -> bytes:
        """Some bytes, at most `size`; none at the end."""
        return self.readall() if size is None or size < 0 else self._take(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        """The bytes up to the next line end, at most `size` of them."""
        wanted = 2**62 if size is None or size < 0 else size
        parts: list[bytes] = []
        while wanted > 0 and self._ready():
            end = self._held.find(b"\n", self._from, self._from + wanted) + 1
            taken = self._take(end - self._from if end else wanted)
            parts.append(taken)
            wanted -= len(taken)
            if end or not taken:
                break
        return b"".join(parts)

    def tell(self) -> int:
        """The byte of the unpacked file that comes next."""
        return self._at

    def restart_before(self, at: int) -> tuple[int, int]:
        """The last place at or before byte `at` of the unpacked file where unpacking can begin."""
        if not self._content.compression:
            return at, at
        return self.restarts[bisect_right(self.restarts, at, key=lambda place: place[1]) - 1]

    def share(self) -> float:
        """Which share of the span was read."""
        if self._span.end is not None:
            return (self._at - self._span.start) / max(self._span.end - self._span.start, 1)
        return 1.0 if self._file.closed else min(self._file.tell() / max(self._content.size, 1), 1.0)

    def _take(self, wanted: int) -> bytes:
        """Some of the bytes that come next, within the span."""
        if self._span.end is not None:
            wanted = min(wanted, self._span.end - self._at)
        if wanted <= 0 or not self._ready():
            return b""
        taken = self._held[self._from : self._from + wanted]
        self._from += len(taken)
        self._at += len(taken)
        return taken

    def _ready(self) -> bool:
        """Whether there are bytes in memory, after unpacking more where there were none."""
        if self._from == len(self._held):
            if self.damage:
                raise self.damage
            try:
                self._held, self._from = next(self._blocks, b""), 0
            except (OSError, SetAsideError, *DAMAGED) as error:
                self.damage = error
                raise
        return self._from < len(self._held)

    def _unpack(self) -> Iterator[bytes]:
        begun, total = self.restarts[0]
        consumed = begun
        decoder = _decoder(self._content.compression, self._settings)
        pending, fresh = b"", True
        while True:
            if not pending and getattr(decoder, "needs_input", True):
                pending = self._file.read(_FEED_ZSTANDARD if self._content.compression == "zst" else _FEED)
                if not pending and fresh:
                    return
                if not pending:
                    raise EOFError("it ends in the middle")
                consumed += len(pending)
            block, pending = _step(decoder, pending)
            fresh = False
            total += len(block)
            self._check(total - self.restarts[0][1], consumed - begun)
            if block:
                yield block
            if decoder.eof:
                pending = decoder.unused_data
                if not pending.strip(b"\0"):  # tapes and some tools fill up with zeros
                    pending = pending.strip(b"\0")
                self.restarts.append((consumed - len(pending), total))
                decoder, fresh = _decoder(self._content.compression, self._settings), True

    def _check(self, unpacked: int, packed: int) -> None:
        times = self._settings.largest_expansion
        if unpacked > max(times * packed, self._settings.largest_document):
            raise SetAsideError(f"unpacks to more than {times} times its size: no text does (largest_expansion)")


def _decoder(compression: str, settings: ReadingSettings) -> Any:
    match compression:
        case "gz":
            return zlib.decompressobj(wbits=31)
        case "bz2":
            return bz2.BZ2Decompressor()
        case "xz":
            return lzma.LZMADecompressor(memlimit=_MEMORY)
    import zstandard

    return _Zstandard(zstandard, settings.largest_window)


class _Zstandard:
    """Zstandard's decoder with the faces and errors of the others."""

    def __init__(self, library: Any, window: int) -> None:
        self._error, self._window = library.ZstdError, window
        self._decoder = library.ZstdDecompressor(max_window_size=window).decompressobj()

    def decompress(self, data: bytes) -> bytes:
        try:
            return self._decoder.decompress(data)
        except self._error as error:
            if "too much memory" in str(error):
                raise SetAsideError(f"unpacking it takes over {self._window:,} bytes (largest_window)") from None
            raise EOFError(str(error)) from None

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data


def _step(decoder: Any, data: bytes) -> tuple[bytes, bytes]:
    """(some unpacked bytes, the data that is still to be unpacked)."""
    if isinstance(decoder, _Zstandard):
        return decoder.decompress(data), b""
    try:
        block = decoder.decompress(data, BLOCK)
    except OSError as error:  # bz2 calls damaged data that
        raise EOFError(str(error)) from None
    return block, getattr(decoder, "unconsumed_tail", b"")


@contextlib.contextmanager
def opened(content: Content, settings: ReadingSettings, noted: Noted, span: Span = WHOLE) -> Iterator[Unpacked]:
    """The unpacked bytes of a content's span; `noted.share` tells how far they were read."""
    with content.open() as file:
        stream = Unpacked(file, content, span, settings)
        noted.share = stream.share
        yield stream


def read_up_to(stream: io.RawIOBase, size: int) -> bytes:
    """The next `size` bytes, fewer only at the end or where damage begins, which the next read raises again."""
    parts: list[bytes] = []
    while size > 0:
        try:
            block = stream.read(size)
        except (OSError, SetAsideError, *DAMAGED):
            if not parts:
                raise
            break
        if not block:
            break
        parts.append(block)
        size -= len(block)
    return b"".join(parts)


def whole(content: Content, settings: ReadingSettings, noted: Noted, *, at_most: int = 0) -> bytes:
    """All unpacked bytes; raises SetAsideError where they are more than `at_most`, or than a document may have."""
    limit = at_most or settings.largest_document
    with opened(content, settings, noted) as stream:
        data = io.BytesIO()
        while block := stream.read(BLOCK):
            data.write(block)
            if data.tell() > limit:
                raise SetAsideError(f"larger than {limit:,} bytes (largest_document)")
    return data.getvalue()


@contextlib.contextmanager
def random_access(content: Content, settings: ReadingSettings, noted: Noted) -> Iterator[IO[bytes]]:
    """The unpacked bytes as a file that can be read in any order: where they are packed, held in memory."""
    if content.compression or content.depth:
        yield io.BytesIO(whole(content, settings, noted))
    else:
        with content.open() as file:
            yield file
