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

    def backwards(top, **named):
        for place, inner, files in walk(top, **named):
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


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_file_whose_name_looks_like_a_second_one_keeps_a_name_of_its_own(tmp_path, order):
    made(tmp_path, "one/texts/a.txt", "one/texts/a.txt@2", "two/texts/a.txt")
    entries = inventory([str(tmp_path / folder / "texts") for folder in order])
    assert len({entry.name for entry in entries}) == 3


def test_a_source_that_is_not_utf_8_is_refused_and_the_folder_above_it_is_read(tmp_path):
    name = os.fsdecode("中文".encode("gbk"))
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.txt").write_text("a")
    with pytest.raises(UserError, match=r"udcd6.* is a name that is not UTF-8: give the folder that it lies in"):
        inventory([str(tmp_path / name)])
    for source in (str(tmp_path), f"{tmp_path}/*"):
        (entry,) = inventory([source])
        assert entry.name.endswith("/中文/a.txt")


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


def test_folders_that_are_linked_or_locked_are_told_of_and_the_rest_is_read(tmp_path, monkeypatch):
    made(tmp_path, "texts/a.txt", "texts/locked/b.txt", "novels/c.txt")
    for name in ("novels", "texts"):  # the second leads round in a circle
        (tmp_path / "texts" / f"to_{name}").symlink_to(tmp_path / name)
    scan = os.scandir

    def refusing(place):
        if Path(place).name == "locked":  # whoever runs the tests may read everything
            raise PermissionError(13, "Permission denied", os.fspath(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", refusing)
    entries = inventory([str(tmp_path / "texts")])
    items = [item for entry in entries for item in read(entry, ReadingSettings(), Noted())]
    found = {item.file: item.text if isinstance(item, Found) else item.reason for item in items}
    linked = "a link to a folder: what is in it is read when the link itself is named as a source"
    assert found == {
        "texts/a.txt": "texts/a.txt",
        "texts/locked": "a folder that cannot be read",
        "texts/to_novels": linked,
        "texts/to_texts": linked,
    }
    assert [entry.size for entry in entries] == [11, 0, 0, 0]
    assert [entry.path.name for entry in inventory([str(tmp_path / "texts" / "to_novels")])] == ["c.txt"]
    (entry,) = inventory([str(tmp_path / "texts" / "locked")])
    assert [item.reason for item in read(entry, ReadingSettings(), Noted())] == ["a folder that cannot be read"]


def test_a_glob_in_quotes_finds_what_the_shell_would(tmp_path):
    made(tmp_path, "data/a.txt", "data/more/b.txt", "data/more/.hidden", "novels/c.txt")
    (tmp_path / "data/novels").symlink_to(tmp_path / "novels")
    (tmp_path / "data/gone.txt").symlink_to(tmp_path / "missing")
    quoted = inventory([str(tmp_path / "data/*")])
    names = [entry.path.relative_to(tmp_path / "data").as_posix() for entry in quoted]
    assert names == ["a.txt", "gone.txt", "more/b.txt", "novels/c.txt"]
    by_the_shell = sorted(place for place in (tmp_path / "data").iterdir() if place.exists())
    assert [entry.path for entry in inventory(list(map(str, by_the_shell)))] == [
        entry.path for entry in quoted if entry.path.exists()
    ]
