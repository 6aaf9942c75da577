"""Plain text as one document, or a line, or a block each; the very large in parts."""

import pytest

from zaohua.corpus.formats import plain
from zaohua.corpus.formats.items import Unreadable
from zaohua.settings import UserError


def test_a_file_is_a_document(items_of):
    (item,) = items_of("a.txt", "one\r\n\r\ntwo")
    assert (item.text, item.line, item.file) == ("one\r\n\r\ntwo", 0, "a.txt")


def test_a_file_too_large_for_one_document_is_read_in_parts_that_end_with_lines(items_of):
    lines = [f"line {n} 第{n}行\n" for n in range(600)]
    found = items_of("a.txt", "".join(lines), largest_document=1024)
    assert "".join(item.text for item in found) == "".join(lines)
    assert all(item.text.endswith("\n") for item in found)
    assert len(found) > 9
    assert all(1024 <= len(item.text.encode()) < 1060 for item in found[:-1])
    assert [lines[item.line - 1] for item in found] == [item.text.splitlines(keepends=True)[0] for item in found]


def test_a_file_of_several_megabytes_is_no_one_document(items_of, monkeypatch):
    monkeypatch.setattr(plain, "LARGE", 2000)
    lines = [f"line {n}\n" for n in range(600)]
    for settings in ({}, {"documents": "blank_line"}):
        found = items_of("a.txt", "".join(lines), **settings)
        assert "\n".join(item.text.rstrip("\n") for item in found) == "".join(lines).rstrip("\n")
        assert len(found) == 3
    (whole,) = items_of("b.txt", "".join(lines)[:2000])
    assert len(whole.text) == 2000


def test_blocks_between_blank_lines(items_of):
    found = items_of("a.txt", "\n\none\ntwo\n \t\nthree\n", documents="blank_line")
    assert [(item.text, item.line) for item in found] == [("one\ntwo", 3), ("three", 6)]


def test_a_block_without_end_is_cut(items_of):
    found = items_of("a.txt", "ten bytes\n" * 1000, documents="blank_line", largest_document=1024)
    assert "\n".join(item.text for item in found) == "\n".join(["ten bytes"] * 1000)
    assert all(len(item.text) < 1040 for item in found)


@pytest.mark.parametrize("documents", ["file", "line", "blank_line"])
def test_bad_bytes_cost_their_line(items_of, documents):
    data = "天地玄黄\n".encode() * 40 + b"\xff\xfe broken\n" + "宇宙洪荒\n".encode() * 40
    found = items_of("a.txt", data, documents=documents)
    (bad,) = [item for item in found if isinstance(item, Unreadable)]
    assert (bad.line, bad.text) == (41, "\\xff\\xfe broken\n")
    text = "".join(item.text for item in found if item is not bad)
    assert text.count("天地玄黄") == text.count("宇宙洪荒") == 40


def test_a_declared_encoding_that_is_wrong_is_the_users_mistake(items_of):
    with pytest.raises(UserError, match=r"a\.txt is not in the encoding utf-8 that was declared"):
        items_of("a.txt", "天地玄黄".encode("gbk"), encoding="utf-8")


def test_the_first_line_loses_its_mark_and_only_that(items_of):
    found = items_of("a.txt", "\ufeffone\n\ufefftwo", documents="line")
    assert [item.text for item in found] == ["one", "\ufefftwo"]
