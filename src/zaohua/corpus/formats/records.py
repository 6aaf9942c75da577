"""Records: lines of JSON, JSON files, tables; the text is one of their fields."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from zaohua.corpus.encodings import UndecodableError
from zaohua.corpus.formats.contents import Content, Span
from zaohua.corpus.formats.items import Found, Item, Noted, Unreadable
from zaohua.corpus.formats.lines import HEAD, encoding_by_head, not_declared, text_lines
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.formats.streams import BLOCK, opened, read_up_to

TEXT_FIELDS = (
    "text",
    "content",
    "body",
    "paragraphs",
    "article",
    "document",
    "passage",
    "story",
    "raw_text",
    "正文",
    "内容",
)
"""Names under which records hold their text, the most usual first."""

_RECORDS = 100  # records by which a file's text field is told
_AHEAD = 16 * 2**20  # characters of them, for they are held in memory
_SPACE, _BETWEEN = re.compile(r"[ \t\r\n]*"), re.compile(r"[ \t\r\n,]*")
_URL_FIELDS = ("url", "URL", "link", "链接")

Record = tuple[int, Any]
"""(number, content)."""


def read_records(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The texts of lines of JSON."""

    def parsed() -> Iterator[Record | Unreadable]:
        for item in text_lines(content, settings, noted, span):
            if isinstance(item, Unreadable):
                yield item
            elif item.text.strip():
                try:
                    yield item.line, json.loads(item.text.lstrip("\ufeff"))
                except (ValueError, RecursionError) as error:
                    yield Unreadable(f"not JSON ({error})", item.line, item.text)

    yield from texts_of(parsed(), settings, noted, span.text_field)


def read_json(content: Content, settings: ReadingSettings, noted: Noted, span: Span) -> Iterator[Item]:
    """The texts of a JSON file: of the elements of its list, or of the values one after the other."""
    with opened(content, settings, noted) as stream:
        head = read_up_to(stream, HEAD)
        noted.encoding = settings.encoding or encoding_by_head(head, stream)
        decoder = codecs.getincrementaldecoder(noted.encoding)()

        def decoded() -> Iterator[str]:
            block = head
            while block:
                yield decoder.decode(block)
                block = stream.read(BLOCK) or b""
            yield decoder.decode(b"", final=True)

        try:
            yield from texts_of(_values(decoded(), settings.largest_document), settings, noted, span.text_field)
        except UnicodeDecodeError as error:
            if settings.encoding:
                raise not_declared(content, settings.encoding, error) from None
            raise UndecodableError(f"not {noted.encoding} ({error.reason})") from None


def _values(blocks: Iterator[str], limit: int) -> Iterator[Record | Unreadable]:
    """The numbered values in JSON text, one in memory at a time; the first mistake ends them."""
    scan = json.JSONDecoder().raw_decode
    text = next(blocks, "").lstrip("\ufeff \t\r\n")
    in_list = text.startswith("[")
    at, number, final = int(in_list), 0, False
    while True:
        between = (_BETWEEN if in_list else _SPACE).match(text, at)
        at = between.end() if between else at
        if in_list and text[at : at + 1] == "]":
            return
        problem: Exception | None = None
        if at < len(text):
            try:
                value, end = scan(text, at)
                if final or _ended(value, text, end):
                    number += 1
                    yield (number, value) if end - at <= limit else _too_large(end - at, number)
                    text, at = (text[end:], 0) if end > BLOCK else (text, end)
                    continue
            except (ValueError, RecursionError) as error:
                problem = error
        if problem and (final or _certain(problem, len(text))):
            yield Unreadable(f"not JSON ({problem})")
            return
        if final:
            if in_list or not number:
                yield Unreadable(f"not JSON ({'the list has no end' if in_list else 'the file is empty'})")
            return
        if len(text) - at > limit:
            yield Unreadable(f"a value of more than {limit:,} characters: the rest is left (largest_document)")
            return
        more = "".join(islice(blocks, max(1, (len(text) - at) // BLOCK)))  # doubles: each end is looked for anew
        text, at, final = text[at:] + more, 0, not more


def _ended(value: Any, text: str, end: int) -> bool:
    """Whether a value that was read up to `end` cannot go on in the text that is still to come."""
    return end < len(text) and not (isinstance(value, int | float) and text[end] in ".eE+-0123456789")


def _too_large(size: int, number: int) -> Unreadable:
    return Unreadable(f"a value of {size:,} characters (largest_document)", number)


def _certain(problem: Exception, size: int) -> bool:
    """Whether a mistake stays one however the text of `size` characters goes on."""
    if not isinstance(problem, json.JSONDecodeError):
        return True
    return problem.pos < size - 20 and not problem.msg.startswith("Unterminated string")


def texts_of(
    records: Iterable[Record | Unreadable], settings: ReadingSettings, noted: Noted, text_field: str = ""
) -> Iterator[Item]:
    """Records as texts, by the field that was set or that the first records have."""
    records = iter(records)
    head: list[Record | Unreadable] = []
    problem: Exception | None = None
    held = 0
    try:
        while not text_field and len(head) < _RECORDS and held < _AHEAD and (item := next(records, None)):
            head.append(item)
            held += _characters(item)
    except Exception as error:  # raised again behind the records that came before it
        problem = error
    read, given = noted.share, 0
    noted.share = lambda: read() * (given / held if held else 1.0)  # what is still held here was not given yet
    known = text_field or settings.text_field
    noted.text_field = known or _text_field(item[1] for item in head if not isinstance(item, Unreadable))
    for place, item in enumerate(chain(head, _raising(problem) if problem else records)):
        given += _characters(item) if place < len(head) else 0
        if isinstance(item, Unreadable):
            yield item
            continue
        number, record = item
        text = record if isinstance(record, str) else _text(record, noted.text_field)
        if text is None:
            shown = json.dumps(record, ensure_ascii=False, default=str)
            name = noted.text_field or f"none of {', '.join(TEXT_FIELDS)}; name it with text_field"
            yield Unreadable(f"no text in the record (field {name})", number, shown)
        elif len(text) > settings.largest_document:
            yield _too_large(len(text), number)
        else:
            rest = {k: v for k, v in record.items() if k != noted.text_field} if isinstance(record, dict) else {}
            url = next((rest[name] for name in _URL_FIELDS if isinstance(rest.get(name), str)), "")
            yield Found(text, number, rest, url)


def _characters(item: Record | Unreadable) -> int:
    record = item.text if isinstance(item, Unreadable) else item[1]
    values = list(record.values()) if isinstance(record, dict) else [record]
    inner = (each for value in values for each in (value if isinstance(value, list) else [value]))
    return sum(len(each) for each in inner if isinstance(each, str))


def _raising(problem: Exception) -> Iterator[Any]:
    raise problem
    yield


def _text_field(records: Iterable[Any]) -> str:
    """The first usual name that at least half of the records with any of them have; empty when none has."""
    has: Callable[[Any], list[str]] = lambda record: [name for name in TEXT_FIELDS if _text(record, name) is not None]  # noqa: E731
    named = [names for record in records if (names := has(record))]
    counts = Counter(chain.from_iterable(named))
    return next((name for name in TEXT_FIELDS if 2 * counts[name] >= len(named) > 0), "")


def _text(record: Any, name: str) -> str | None:
    """The text in a record's field: a string, or a list of strings as lines."""
    value = record.get(name) if isinstance(record, dict) else None
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value if isinstance(value, str) and value.strip() else None
