"""The inventory: every file once, by a name of its own, in an order that depends on names alone."""

import os
from pathlib import Path

import pytest

from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.pieces import from_json, pieces_of, to_json
from zaohua.corpus.reading import Found, Noted, read
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


def test_a_name_that_is_not_utf8_is_recognised_and_its_file_opens(tmp_path):
    place = tmp_path / "texts"
    place.mkdir()
    for name in ("今天的文章.txt".encode("gbk"), b"\xff\xfe.txt"):
        Path(os.fsdecode(bytes(place) + b"/" + name)).write_text("a text")
    for source in (place, place / "*.txt"):
        entries = inventory([str(source)])
        (piece,) = (from_json(to_json(piece)) for piece in pieces_of(entries, ReadingSettings()))
        items = list(read(piece, ReadingSettings(), Noted()))
        assert [item.text for item in items if isinstance(item, Found)] == ["a text"] * 2
        assert [item.file for item in items] == [entry.name for entry in entries]
        assert items[0].file.endswith("今天的文章.txt")
        assert all(item.file.encode() for item in items)


def test_a_glob_leaves_out_what_a_folder_leaves_out(tmp_path):
    made(tmp_path, "texts/a.txt", "texts/out/documents/part-0.txt", "texts/other/b.txt")
    (tmp_path / "texts/out/manifest.json").write_text('{"stage": "corpus", "files": {}}')
    (tmp_path / "texts/other/manifest.json").write_text('{"name": "no stage", "files": {}}')
    names = [entry.path.name for entry in inventory([str(tmp_path / "texts/**/*.txt")])]
    assert names == [entry.path.name for entry in inventory([str(tmp_path / "texts")]) if entry.kind == "text"]
    assert names == ["a.txt", "b.txt"]
    inside = inventory([str(tmp_path / "texts/out/documents/*.txt")])  # who names what is inside means it
    assert [entry.path.name for entry in inside] == ["part-0.txt"]
