"""Tables: comma- or tab-separated lines, and Parquet."""

import contextlib
import csv
import functools
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import truediv
from typing import Any

from zaohua.corpus.formats.contents import Content, Span
from zaohua.corpus.formats.items import Found, Item, Noted, SetAsideError, Unreadable
from zaohua.corpus.formats.lines import sized_lines
from zaohua.corpus.formats.records import TEXT_FIELDS, Record, texts_of
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import random_access

_SEPARATORS = (",", "\t", ";", "|")
_ROWS = 1024  # rows that are Python objects at a time
_BATCH = 16 * 2**20  # bytes of them
_BUFFER = 2**20  # bytes of each column that are read at a time: a row group may hold the whole file
_NO_VALUE = (ValueError, OverflowError, LookupError, RuntimeError, TypeError)
"""What pyarrow raises for values that Python has none like: nanoseconds, unknown time zones, broken UTF-8."""


def read_table(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The rows of a .csv or .tsv file, whose first line names the columns; numbered by the line each begins at."""
    noted.header = span.header if span.start else ""
    head = [(Found(noted.header), 0)] if noted.header else []
    rows = table_rows(chain(head, sized_lines(content, settings, noted, span)), content.kind, settings, noted)
    columns: list[str] = []
    for row, _ in rows:
        if isinstance(row, Unreadable):
            yield row
        else:
            columns = [name.strip().lstrip("\ufeff") for name in row[1]]
            break

    def records() -> Iterator[Record | Unreadable]:
        for row, _ in rows:
            if isinstance(row, Unreadable):
                yield row
            elif len(row[1]) == len(columns):
                yield row[0], dict(zip(columns, row[1]))
            elif any(field.strip() for field in row[1]):
                shown = json.dumps(row[1], ensure_ascii=False)
                yield Unreadable(f"{len(row[1])} fields in a table of {len(columns)} columns", row[0], shown)

    only = columns[0] if len(columns) == 1 else ""  # the only column is the text, whatever it is called
    chosen = span.text_field or ("" if settings.text_field or only in TEXT_FIELDS else only)
    yield from texts_of(records(), settings, noted, chosen)


def table_rows(
    lines: Iterable[tuple[Item, int]], kind: str, settings: ReadingSettings, noted: Noted
) -> Iterator[tuple[tuple[int, list[str]] | Unreadable, int]]:
    """((line at which it begins, fields), bytes read to its end) of each row, the header too."""
    csv.field_size_limit(settings.largest_document)
    aside: list[Unreadable] = []
    begun = taken = 0
    header: list[str] = []

    def texts() -> Iterator[str]:
        nonlocal begun, taken
        for item, size in lines:
            taken += size
            if isinstance(item, Unreadable):
                aside.append(item)
                continue
            begun = begun or item.line
            if not noted.header:
                header.append(item.text)
            yield item.text

    source = texts()
    head = next(source, "")
    separator = "\t" if kind == "tsv" else max(_SEPARATORS, key=head.count)
    quoting = csv.QUOTE_NONE if kind == "tsv" else csv.QUOTE_MINIMAL
    source = chain([head] if head else [], source)
    while True:
        try:
            for fields in csv.reader(source, delimiter=separator, quoting=quoting):
                noted.header = noted.header or "".join(header)
                yield from ((item, taken) for item in aside)
                aside.clear()
                if fields:
                    yield (begun, [_unquoted(field) for field in fields] if kind == "tsv" else fields), taken
                begun = 0
        except csv.Error as error:
            yield Unreadable(f"not a table ({error})", begun), taken
            begun = 0
            continue
        break
    yield from ((item, taken) for item in aside)


def _unquoted(field: str) -> str:
    """A field of a .tsv file, where quotes are letters unless they stand around all of it."""
    return field[1:-1].replace('""', '"') if len(field) > 1 and field[0] == field[-1] == '"' else field


def read_parquet(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The rows of a Parquet file, or of row groups `span.start` to `span.end`."""
    import pyarrow
    import pyarrow.parquet

    if content.compression:
        yield Unreadable("a compressed Parquet file: unpack it, Parquet is compressed inside")
        return

    def rows() -> Iterator[Record]:
        number = span.first
        with (
            random_access(content, settings, noted) as bytes_,
            pyarrow.parquet.ParquetFile(bytes_, buffer_size=_BUFFER, pre_buffer=False) as file,
        ):
            end = file.num_row_groups if span.end is None else span.end
            names = file.schema_arrow.names
            for group in range(span.start, end):
                noted.share = functools.partial(truediv, group - span.start, end - span.start)
                about = file.metadata.row_group(group)
                batch = max(1, min(_ROWS, _BATCH * about.num_rows // max(about.total_byte_size, 1)))
                for rows in file.iter_batches(batch, row_groups=[group]):
                    for values in zip(*map(_values, rows.columns), strict=True):
                        yield number, dict(zip(names, values))
                        number += 1

    noted.encoding = "utf-8"
    try:
        taken = 0
        for item in texts_of(rows(), settings, noted, span.text_field):
            taken += len(item.text)
            if taken > max(settings.largest_expansion * content.size, settings.largest_document):
                times = settings.largest_expansion
                raise SetAsideError(f"unpacks to more than {times} times its size: no text does (largest_expansion)")
            yield item
    except (pyarrow.ArrowException, OSError) as error:
        if getattr(error, "errno", None):  # the disk's, not the file's
            raise
        yield Unreadable(f"not a Parquet file, or damaged ({str(error).splitlines()[0]})")


def _values(column: Any) -> list[Any]:
    """A column's values as Python's; times as text, and bytes that are text; None for what has no such form.

    A broken string stays bytes: it is no text, and can be shown.
    """
    import pyarrow

    if pyarrow.types.is_temporal(column.type):
        with contextlib.suppress(*_NO_VALUE):
            return column.cast(pyarrow.string()).to_pylist()
    try:
        values = column.to_pylist()
    except _NO_VALUE:
        return [_value(cell) for cell in column]
    return [_text(value) if isinstance(value, bytes) else value for value in values]


def _value(cell: Any) -> Any:
    for form in (cell.as_py, lambda: cell.as_buffer().to_pybytes()):
        with contextlib.suppress(*_NO_VALUE, AttributeError):
            return form()
    return None


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
