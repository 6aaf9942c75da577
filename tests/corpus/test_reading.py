"""Whatever a file holds, reading goes on: what cannot be read is one reason, and the next file is read."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.pieces import pieces_of
from zaohua.corpus.reading import READERS, Found, Noted, Unreadable, read
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import Entry, Piece, inventory
from zaohua.settings import UserError

BYTES = {
    "nothing": b"",
    "zeros": bytes(5000),
    "every byte": bytes(range(256)) * 20,
    "ascii": b"x" * 5000,
    "half a gzip": gzip.compress(os.urandom(5000))[:3000],
    "angle brackets": b"<" * 5000,
    "open brackets": b"[" * 5000,
    "quotes": b'"' * 5001,
    "zip's mark": b"PK\x03\x04" + b"\xff" * 500,
    "lines": b"\n" * 5000,
}
KINDS = {
    **{kind: f".{kind}" for kind in READERS},
    "text": ".txt",
    "records": ".jsonl",
    "wikipedia": ".xml",
    "zip": ".zip",
    "tar": ".tar",
}


@pytest.mark.parametrize(
    "ending", sorted({*KINDS.values(), ".txt.gz", ".jsonl.zst", ".html.xz", ".xml.bz2", ".warc.gz", ".tgz"})
)
@pytest.mark.parametrize("content", BYTES)
def test_no_bytes_under_any_name_are_an_error(tmp_path, ending, content):
    (tmp_path / f"a{ending}").write_bytes(BYTES[content])
    entries = inventory([str(tmp_path)])
    for settings in (ReadingSettings(largest_document=2048), ReadingSettings(documents="line", largest_document=2048)):
        items = list(read(entries[0], settings, Noted()))
        assert all(isinstance(item, Found | Unreadable) and item.file == entries[0].name for item in items)
        assert all(item.reason for item in items if isinstance(item, Unreadable))
        assert [item for piece in pieces_of(entries, settings, 500) for item in read(piece, settings, Noted())] == items


def texts(tmp_path: Path, count: int = 3) -> list[Entry]:
    for n in range(count):
        (tmp_path / f"{n}.txt").write_text(f"text {n}")
    return inventory([str(tmp_path)])


def test_the_settings_of_the_stage_are_those_of_reading(tmp_path):
    (entry, *_) = texts(tmp_path)
    assert [item.text for item in read(entry, CorpusSettings(documents="line"), Noted())] == ["text 0"]


def test_files_of_a_piece_are_told_apart(tmp_path):
    entries = texts(tmp_path)
    (piece,) = pieces_of(entries, ReadingSettings())
    noted = Noted()
    assert [(item.file, item.text) for item in read(piece, ReadingSettings(), noted)] == [
        (entry.name, f"text {n}") for n, entry in enumerate(entries)
    ]
    assert set(noted.files) == {entry.name for entry in entries}


def test_a_file_that_changed_or_went_since_it_was_listed_is_set_aside_and_the_others_are_read(tmp_path):
    entries = texts(tmp_path, 4)
    (piece,) = pieces_of(entries, ReadingSettings())
    entries[0].path.unlink()
    entries[1].path.write_text("another text")
    found = list(read(piece, ReadingSettings(), Noted()))
    assert "the file cannot be read (No such file" in found[0].reason
    assert "has changed since it was listed" in found[1].reason
    assert [item.text for item in found[2:]] == ["text 2", "text 3"]


def test_a_file_that_grows_while_it_is_read_is_told(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "first"}\n' * 3)
    items = read(Piece.of(inventory([str(path)])[0]), ReadingSettings(), Noted())
    next(items)
    with path.open("a") as file:
        file.write('{"text": "more"}\n')
    assert "changed while it was read" in list(items)[-1].reason


def test_links_to_nowhere_folders_under_file_names_and_locked_files_are_reasons(tmp_path, monkeypatch):
    texts(tmp_path, 1)
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "locked.txt").write_text("x")
    real = Path.open

    def locked(self, *arguments, **settings):
        if self.name == "locked.txt":
            raise PermissionError(13, "Permission denied")
        return real(self, *arguments, **settings)

    monkeypatch.setattr(Path, "open", locked)
    found = [item for entry in inventory([str(tmp_path)]) for item in read(entry, ReadingSettings(), Noted())]
    assert found[0].text == "text 0"
    assert "cannot be read (No such file" in found[1].reason
    assert "cannot be read (Permission denied)" in found[2].reason


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    entry = Entry("x", tmp_path / "pipe.txt", "pipe.txt")
    (item,) = read(entry, ReadingSettings(), Noted())
    assert "not a file" in item.reason


def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    monkeypatch.setitem(__import__("sys").modules, "pypdf", None)
    (item,) = read(inventory([str(tmp_path)])[0], ReadingSettings(), Noted())
    assert "pip install pypdf" in item.reason


def zip_with_a_wrong_name() -> bytes:
    """A zip whose member's name is said to be UTF-8 and is not."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("字.txt", "x")
    return held.getvalue().replace("字".encode(), b"\xd7\xd6.")


def tar_with_a_wrong_size() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as file:
        info = tarfile.TarInfo("a.txt")
        info.size, info.pax_headers = 4, {"size": "²"}
        file.addfile(info, io.BytesIO(b"text"))
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.zip", zip_with_a_wrong_name(), "UnicodeDecodeError"),
        ("a.tar", tar_with_a_wrong_size(), "text"),
        ("a.warc", b"WARC/1.0\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", "without a length"),
    ],
)
def test_nothing_in_a_file_ends_more_than_its_own_reading(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    (tmp_path / "b.txt").write_text("good")
    for size in (500, 2**20):
        bad, good = [item for piece in pieces_of(inventory([str(tmp_path)]), ReadingSettings(), size)
                     for item in read(piece, ReadingSettings(), Noted())]  # fmt: skip
        assert said in (bad.reason if isinstance(bad, Unreadable) else bad.text)
        assert good.text == "good"


def test_what_a_reader_raises_is_a_reason_but_for_the_users_mistakes_and_the_machines_end(tmp_path, monkeypatch):
    (entry,) = texts(tmp_path, 1)

    def stumbling(error: Exception):
        def reader(*_):
            yield Found("before")
            raise error

        return reader

    monkeypatch.setitem(READERS, "text", stumbling(KeyError("x")))
    before, after = read(entry, ReadingSettings(), Noted())
    assert (before.text, after.reason) == ("before", "the file cannot be read (KeyError: 'x')")
    for error in (UserError("no", "不行"), MemoryError()):
        monkeypatch.setitem(READERS, "text", stumbling(error))
        with pytest.raises(type(error)):
            list(read(entry, ReadingSettings(), Noted()))


def test_running_text_is_told_from_records_and_lines(tmp_path):
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nsome plain text"
    head = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n"
    for name, data in {
        "a.txt": b"a text\n\nof lines",
        "bad.md": b"a text\nof lines\n\xff\xff\n" + b"more of them, as they are typed\n" * 9,
        "b.jsonl": b'{"text": "a record"}',
        "c.warc": head % len(answer) + answer,
        "d.html": b"<p>a page with a sentence or two that are its text</p>",
    }.items():
        (tmp_path / name).write_bytes(data)

    def plain(**settings) -> dict[str, set[bool]]:
        items = [
            item for entry in inventory([str(tmp_path)]) for item in read(entry, ReadingSettings(**settings), Noted())
        ]
        found = [item for item in items if isinstance(item, Found)]
        return {name: {item.plain for item in found if item.file.endswith(name)} for name in names}

    names = sorted(path.name for path in tmp_path.iterdir())
    running = {"a.txt": {True}, "b.jsonl": {False}, "bad.md": {True}, "c.warc": {True}, "d.html": {False}}
    assert plain() == plain(documents="blank_line") == running
    assert plain(documents="line") == running | {"a.txt": {False}, "bad.md": {False}}
    with (tmp_path / "a.txt").open("ab") as file:
        file.write(b"x" * 500 + b"\nlines of a large file\n" * 100)
    assert plain(largest_document=1024)["a.txt"] == {True}


def test_what_is_in_a_bundled_archive_tells_the_archives_place(tmp_path):
    (tmp_path / "a.txt").write_text("first")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
        file.writestr("x.txt", "in the archive")
        file.writestr("y.bin", "unreadable")
    (tmp_path / "c.txt").write_text("last")
    (piece,) = pieces_of(inventory([str(tmp_path)]), ReadingSettings())
    assert [item.place for item in read(piece, ReadingSettings(), Noted())] == [0, 1, 1, 2]


def test_lone_surrogates_in_what_a_record_says_are_spelled_out(tmp_path):
    (tmp_path / "a.jsonl").write_text(r'{"text": "x", "url": "https://x/\udc80", "k\ud800": [{"v": "\ud800é"}]}')
    (item,) = read(inventory([str(tmp_path)])[0], ReadingSettings(), Noted())
    assert item.url == item.fields["url"] == r"https://x/\udc80"
    assert item.fields[r"k\ud800"] == [{"v": r"\ud800é"}]


def test_fields_nested_too_deep_cost_their_record(tmp_path):
    deep = '{"text": "x", "deep": ' + '{"a": ' * 600 + "1" + "}" * 601
    (tmp_path / "a.jsonl").write_text(deep + '\n{"text": "good"}')
    bad, good = read(inventory([str(tmp_path)])[0], ReadingSettings(), Noted())
    assert (bad.reason, bad.line, bad.text) == ("fields nested too deep", 1, "x")
    assert good.text == "good"
