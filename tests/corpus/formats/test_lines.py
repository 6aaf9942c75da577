"""Lines are bounded in length, and numbered whatever is in them."""

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.formats.contents import Content
from zaohua.corpus.formats.items import Noted, Unreadable
from zaohua.corpus.formats.kinds import ends_of
from zaohua.corpus.formats.lines import lines_of
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.reading import read_content


@given(st.binary(max_size=200), st.integers(1, 50), st.integers(1, 30))
def test_lines_are_those_of_the_whole_however_it_comes(data, step, limit):
    blocks = [data[at : at + step] for at in range(0, len(data), step)]
    expected = [line if len(line) <= limit else len(line) for line in io.BytesIO(data)]
    assert list(lines_of(blocks, limit)) == expected


def test_a_line_without_end_takes_no_memory():
    tracemalloc.start()
    lines = list(lines_of((b"x" * size for size in [2**20] * 100), 4 * 2**20))
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()
    assert lines == [100 * 2**20]


def test_a_line_that_is_too_long_is_set_aside_with_its_length_and_the_others_are_read(items_of):
    for encoding in ("utf-8", "utf-16"):
        text = "first line\n" + "x" * 5000 + "\nlast line\n"
        first, second, third = items_of("a.txt", text.encode(encoding), documents="line", largest_document=1024)
        assert (first.text, first.line, third.text, third.line) == ("first line", 1, "last line", 3)
        assert isinstance(second, Unreadable)
        assert second.line == 2
        assert "a line of 5,001 bytes" in second.reason


def test_nul_bytes_are_text_among_text_and_binary_data_without(items_of):
    sound = "天地玄黄，宇宙洪荒。" * 40
    (item,) = items_of("a.txt", (b"\0" * 300))
    assert item.reason == "binary data"
    found = items_of("b.jsonl", '{"text": "a\\u0000b"}\n{"text": "c\0d"}\n' + f'{{"text": "{sound}"}}\n')
    assert found[0].text == "a\0b"
    assert "not JSON" in found[1].reason
    assert found[2].text == sound


class LongLine(io.RawIOBase):
    """A line of so many MB and more that is written while it is read, a numbered megabyte of text after the other."""

    TEXT = ("the old captain saw the harbour, 老船长看见了港口。" * 17_000).encode()

    def __init__(self, begin: bytes, megabytes: int) -> None:
        self.held, self.number, self.megabytes = begin, 0, megabytes

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self.held and self.number < self.megabytes:
            self.held, self.number = b"%08d" % self.number + self.TEXT, self.number + 1
        taken, self.held = self.held[:size], self.held[size:]
        return taken


@pytest.mark.parametrize(
    ("name", "begin", "documents"),
    [
        pytest.param("a.txt", b"", "file", marks=pytest.mark.slow),
        ("a.txt", b"", "line"),
        ("a.txt", b"", "blank_line"),
        ("a.jsonl", b'{"text": "', "file"),
        ("a.json", b'[{"text": "', "file"),
        ("a.csv", b"text\n", "file"),
    ],
)
def test_a_line_of_ten_gigabytes_of_text_takes_the_memory_of_a_few_documents(name, begin, documents):
    content = Content(name, *ends_of(name), 10 * 2**30, lambda: LongLine(begin, 10_240))
    settings = ReadingSettings(largest_document=4 * 2**20, documents=documents)
    tracemalloc.start()
    (item,) = read_content(content, settings, Noted())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(item, Unreadable)
    assert "largest_document" in item.reason
    if name != "a.json":  # the rest of which is left
        assert int(item.reason.split()[3].replace(",", "")) > 10**10
    assert peak < 10 * settings.largest_document
