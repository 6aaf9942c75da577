"""The inventory: every file once, by a name of its own, in an order that depends on names alone."""

import os
from pathlib import Path

import pytest

from zaohua.corpus.sources import READABLE, Entry, Piece, inventory
from zaohua.settings import UserError


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_files_come_by_relative_path_whatever_order_the_disk_has(tmp_path, monkeypatch):
    made(tmp_path, "b.txt", "a/z.txt", "a/b/c.zip", "a.txt", "a/.hidden", ".git/x")
    expected = [f"{tmp_path.name}/{name}" for name in ("a.txt", "a/b/c.zip", "a/z.txt", "b.txt")]
    assert [entry.name for entry in inventory([str(tmp_path)])] == expected
    walk = os.walk

    def backwards(top):
        for place, inner, files in walk(top):
            inner.sort(reverse=True)
            yield place, inner, sorted(files, reverse=True)

    monkeypatch.setattr(os, "walk", backwards)
    assert [entry.name for entry in inventory([str(tmp_path)])] == expected


def test_kind_and_compression_by_the_name(tmp_path):
    made(tmp_path, "A.JSONL.GZ", "b.tgz", "c.exe")
    assert [(entry.kind, entry.compression) for entry in inventory([str(tmp_path)])] == [
        ("records", "gz"),
        ("tar", "gz"),
        ("unknown", "none"),
    ]


def test_two_files_of_one_name_have_two_names(tmp_path):
    made(tmp_path, "one/texts/a.txt", "two/texts/a.txt")
    entries = inventory([str(tmp_path / "one" / "texts"), str(tmp_path / "two" / "texts")])
    assert [entry.name for entry in entries] == ["texts/a.txt", "texts/a.txt@2"]


def test_a_file_that_vanishes_has_no_size(tmp_path):
    assert Entry("x", tmp_path / "gone.txt", "gone.txt").size == 0
    assert Piece.of(Entry("x", tmp_path / "gone.txt", "gone.txt")).size == 0


def test_what_is_elsewhere_is_fetched_by_who_can(tmp_path):
    made(tmp_path, "page.warc")
    entries = inventory(["https://example.org/a"], fetch=lambda source: [(tmp_path / "page.warc", "example.org/a")])
    assert entries == [Entry("https://example.org/a", tmp_path / "page.warc", "example.org/a")]


@pytest.mark.parametrize("source", ["https://example.org", "http://example.org", "hf:name"])
def test_nothing_is_fetched_without_leave(source):
    with pytest.raises(UserError, match="unless you say so"):
        inventory([source])


@pytest.mark.parametrize(
    ("name", "said"),
    [("none", "there is no file or folder"), ("empty", "holds no files"), ("*.txt", "matches no files")],
)
def test_a_source_without_files_is_one_sentence(tmp_path, name, said):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=said) as caught:
        inventory([str(tmp_path / name)])
    assert READABLE in str(caught.value)
