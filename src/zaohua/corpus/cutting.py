"""Where a huge file may be cut, so that each of its spans can be read alone."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace

from zaohua.corpus.archives import tar_members, zip_members
from zaohua.corpus.encodings import UndecodableError
from zaohua.corpus.formats.contents import Content, Span, of_file
from zaohua.corpus.formats.items import Item, Noted, SetAsideError
from zaohua.corpus.formats.lines import WIDE, lines_in
from zaohua.corpus.formats.plain import part_size
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import BLOCK, DAMAGED, Unpacked, opened, random_access
from zaohua.corpus.formats.tables import table_rows
from zaohua.corpus.formats.warc import records_of
from zaohua.corpus.formats.wikipedia import BEGIN
from zaohua.corpus.reading import read
from zaohua.corpus.sources import Entry, Piece

_UNPACKED_AGAIN = {"gz": 16, "zst": 16, "bz2": 2, "xz": 4}
"""Times that a file may be unpacked in all only to come to where its pieces begin; slow ones seldom."""

Cut = tuple[int, int]
"""A place where a piece may begin: (byte of the unpacked file, row group or member; number of what begins there)."""
Cutter = Callable[[Content, ReadingSettings, Noted, int], list[Span]]


def cut(entry: Entry, settings: ReadingSettings, size: int) -> list[Piece]:
    """One file's pieces; a file that cannot be cut, or not be read, is one."""
    content = of_file(entry.path, entry.name, entry.size)
    cutter = CUTTERS.get(content.kind)
    if cutter is None:
        return [Piece.of(entry)]
    try:
        noted = _first_look(entry, settings)
        unknown = not noted.encoding and content.kind in {"text", *_RECORDS}
        if unknown or noted.encoding.startswith(WIDE) or (content.kind in _RECORDS and not noted.text_field):
            return [Piece.of(entry)]
        spans = cutter(content, settings, noted, size)
    except MemoryError:
        raise
    except Exception:  # reading it will say what is wrong
        return [Piece.of(entry)]
    if len(spans) < 2:
        return [Piece.of(entry)]
    each, rest = divmod(entry.size, len(spans))
    told = {"encoding": noted.encoding, "text_field": noted.text_field, "header": noted.header}
    return [Piece.of(entry, replace(span, **told), each + (n < rest)) for n, span in enumerate(spans)]


def _first_look(entry: Entry, settings: ReadingSettings) -> Noted:
    """What a file's first records tell about all of it."""
    noted = Noted()
    if entry.kind in {"text", "wikipedia", *_RECORDS}:
        look = settings.model_copy(update={"documents": "line"})
        next(read(entry, look, noted), None)
    return noted


def _cut_lines(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Spans that begin where a line does, or a document between blank lines, or a part of a large one."""
    text = content.kind == "text"
    in_parts = text and settings.documents == "file"
    fits = _after_blank_line if text and settings.documents == "blank_line" else _anywhere
    with opened(content, settings, Noted()) as stream:
        cuts = list(_cuts(stream, b"\n", True, part_size(settings) if in_parts else size, fits))
        if in_parts and stream.tell() <= part_size(settings):
            return []
        return _spans(cuts, size, stream, content)


def _cut_dump(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Spans of a Wikipedia dump that begin with a page."""
    with opened(content, settings, Noted()) as stream:
        return _spans(list(_cuts(stream, BEGIN, False, size, _anywhere)), size, stream, content)


def _cut_table(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Spans of a table that begin with a row, also where fields hold line ends."""
    with opened(content, settings, Noted()) as stream:
        span = Span(encoding=noted.encoding)
        count = 0

        def counted() -> Iterator[tuple[Item, int]]:
            nonlocal count
            for item in lines_in(stream, b"", content, settings, Noted(), span):
                count += 1
                yield item

        ends = ((taken, count + 1) for _, taken in table_rows(counted(), content.kind, settings, Noted()))
        return _spans(_every(ends, size), size, stream, content)


def _cut_warc(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Spans of a WARC that begin with a record."""
    with opened(content, settings, Noted()) as stream:
        ends = ((stream.tell(), number) for number, _ in enumerate(records_of(stream, 0), 2))
        return _spans(_every(ends, size), size, stream, content)


def _cut_tar(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Spans of a tar that begin with a member; none where two members have one name."""
    names: set[str] = set()
    twice = False

    def ends(stream: Unpacked) -> Iterator[Cut]:
        nonlocal twice
        for member in tar_members(stream):
            twice |= member.name in names
            names.add(member.name)
            yield member.end, 1

    with opened(content, settings, Noted()) as stream:
        cuts = _every(ends(stream), size)
        return [] if twice else _spans(cuts, size, stream, content)


def _cut_zip(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Groups of a zip's members."""
    with random_access(content, settings, Noted()) as packed, zipfile.ZipFile(packed) as file:
        starts, held = [0], 0
        members = zip_members(file)
        for number, (info, _) in enumerate(members, 1):
            held += info.compress_size
            if held >= size and number < len(members):
                starts.append(number)
                held = 0
        return [Span(start, end) for start, end in zip(starts, [*starts[1:], None])]


def _cut_parquet(content: Content, settings: ReadingSettings, noted: Noted, size: int) -> list[Span]:
    """Groups of a Parquet file's row groups."""
    import pyarrow
    import pyarrow.parquet

    try:
        with random_access(content, settings, Noted()) as packed, pyarrow.parquet.ParquetFile(packed) as file:
            about = file.metadata
            starts, held, rows = [(0, 1)], 0, 1
            for number in range(about.num_row_groups):
                held += about.row_group(number).total_byte_size
                rows += about.row_group(number).num_rows
                if held >= size and number + 1 < about.num_row_groups:
                    starts.append((number + 1, rows))
                    held = 0
    except pyarrow.ArrowException:
        return []
    ends = [start for start, _ in starts[1:]] + [None]
    return [Span(start, end, first) for (start, first), end in zip(starts, ends)]


CUTTERS: dict[str, Cutter] = {
    "text": _cut_lines,
    "records": _cut_lines,
    "csv": _cut_table,
    "tsv": _cut_table,
    "parquet": _cut_parquet,
    "warc": _cut_warc,
    "wikipedia": _cut_dump,
    "tar": _cut_tar,
    "zip": _cut_zip,
}
"""kind of file -> what cuts it; of the others each is read in one piece."""
_RECORDS = ("records", "csv", "tsv", "parquet")


def _anywhere(block: bytes, at: int) -> bool:
    return True


def _after_blank_line(block: bytes, at: int) -> bool:
    """Whether the line that ends before `at` is blank, as far as the block tells."""
    before = block.rfind(b"\n", 0, at - 1)
    return before >= 0 and not block[before:at].strip()


def _cuts(stream: Unpacked, token: bytes, behind: bool, size: int, fits: Callable[[bytes, int], bool]) -> Iterator[Cut]:
    """A cut at the first fitting token that lies `size` bytes behind the last cut: before it, or `behind` it.

    They are numbered by tokens. Damage ends them: who reads the last piece meets it.
    """
    length = len(token)
    text, base, last, count = b"", 0, 0, 0
    while more := _read(stream):
        text += more
        at = 0
        while True:
            place = text.find(token, max(at, last + size - base - (length if behind else 0)))
            if place < 0:
                break
            count += text.count(token, at, place)
            cut = place + (length if behind else 0)
            if fits(text, cut):
                last = base + cut
                yield last, count + 1 + behind
            count += 1
            at = place + length
        count += text.count(token, at)
        carried = text[len(text) - length + 1 :]  # a token may stand across two blocks
        base += len(text) - len(carried)
        text = carried


def _read(stream: Unpacked) -> bytes:
    try:
        return stream.read(BLOCK) or b""
    except (OSError, SetAsideError, *DAMAGED):
        return b""


def _every(ends: Iterator[Cut], size: int) -> list[Cut]:
    """Of the places where something ends those that lie `size` bytes behind one another; damage ends them."""
    cuts: list[Cut] = []
    try:
        for at, number in ends:
            if at - (cuts[-1][0] if cuts else 0) >= size:
                cuts.append((at, number))
    except (OSError, SetAsideError, UndecodableError, *DAMAGED):
        pass
    return cuts


def _spans(cuts: list[Cut], size: int, stream: Unpacked, content: Content) -> list[Span]:
    """The spans between cuts, `size` bytes or more each; longer where a file must be unpacked anew for each."""
    end = stream.tell()
    chosen: list[Cut] = [(0, 1)]
    for at, number in cuts:
        if at - chosen[-1][0] >= size and at < end:
            chosen.append((at, number))
    again = _UNPACKED_AGAIN.get(content.compression, 0) * end
    while content.compression and sum(at - stream.restart_before(at)[1] for at, _ in chosen) > again:
        chosen = chosen[::2]
    stops = [at for at, _ in chosen[1:]] + [None]
    return [Span(at, stop, number, *stream.restart_before(at)) for (at, number), stop in zip(chosen, stops)]
