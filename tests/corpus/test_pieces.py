"""A file in pieces is the file: the same texts, names and numbers, wherever it is cut."""

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zaohua.corpus.engine.local import InProcess
from zaohua.corpus.engine.schedule import run
from zaohua.corpus.engine.task import Function
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.pieces import cut_file, cut_tasks, from_json, pieces_of, read_pieces, to_json
from zaohua.corpus.reading import Noted, read
from zaohua.corpus.sources import Entry, inventory

PACKERS = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
MANY = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def whole(entries: list[Entry], chosen: ReadingSettings) -> list:
    return [item for entry in entries for item in read(entry, chosen, Noted())]


def in_pieces(entries: list[Entry], chosen: ReadingSettings, size: int) -> list:
    pieces = [from_json(to_json(piece)) for piece in pieces_of(entries, chosen, size)]
    assert pieces == pieces_of(entries, chosen, size)
    assert sum(piece.size for piece in pieces) == sum(entry.size for entry in entries)
    return [item for piece in pieces for item in read(piece, chosen, Noted())]


def same(path: Path, size: int, **chosen) -> int:
    """Check that pieces of `size` bytes give what the file does; how many pieces it were."""
    entries = inventory([str(path)])
    settings = ReadingSettings(**chosen)
    assert in_pieces(entries, settings, size) == whole(entries, settings)
    return len(pieces_of(entries, settings, size))


def packed(data: bytes, ending: str, members: int) -> bytes:
    """Data packed as one or several streams, one behind the other, as pigz and dumps of Wikipedia do."""
    step = max(len(data) // members, 1)
    return b"".join(PACKERS[ending](data[at : at + step]) for at in range(0, len(data), step)) if ending else data


LINES = st.lists(
    st.text(st.sampled_from(["a", "é", "字", " ", '"', "\t", "\r", "㐀"]), max_size=12), min_size=1, max_size=60
)


@MANY
@given(
    LINES,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(sorted(PACKERS)),
    st.integers(1, 4),
    st.integers(1, 200),
    st.sampled_from(["line", "blank_line", "file"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
)
def test_lines_of_text(tmp_path, lines, end, ending, members, size, documents, encoding):
    path = tmp_path / f"a.txt{ending}"
    path.write_bytes(packed(end.join(lines).encode(encoding), ending, members))
    assert same(path, size, documents=documents, largest_document=1024) >= 1


@MANY
@given(
    LINES,
    st.sampled_from(sorted(PACKERS)),
    st.integers(1, 4),
    st.integers(1, 300),
    st.sampled_from(["text", "content"]),
)
def test_lines_of_json(tmp_path, lines, ending, members, size, field):
    records = [json.dumps({field: line, "n": n}, ensure_ascii=n % 2 == 0) for n, line in enumerate(lines)]
    records[len(records) // 2 :: 7] = ["{broken"] * len(records[len(records) // 2 :: 7])
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(packed("\n".join([*records, json.dumps({field: "last"})]).encode(), ending, members))
    assert same(path, size) >= 1


@MANY
@given(
    st.lists(st.tuples(st.text(st.sampled_from('ab,"\n\r 字;'), max_size=9), st.text("xyz", max_size=4)), max_size=40),
    st.sampled_from(["", ".gz"]),
    st.integers(1, 200),
    st.sampled_from(["csv", "tsv"]),
)
def test_rows_of_tables_also_with_line_ends_in_fields(tmp_path, rows, ending, size, kind):
    file = io.StringIO()
    writer = csv.writer(file, delimiter="," if kind == "csv" else "\t")
    writer.writerows([("text", "other"), ("first", "x"), *rows])
    path = tmp_path / f"a.{kind}{ending}"
    path.write_bytes(packed((file.getvalue() + 'broken"\nend,"q\n').encode(), ending, 2))
    assert same(path, size) >= 1


@MANY
@given(st.lists(st.text("ab字", max_size=20), min_size=1, max_size=40), st.integers(1, 9), st.integers(1, 500))
def test_rows_of_parquet(tmp_path, texts, rows, size):
    pyarrow.parquet.write_table(pyarrow.table({"text": ["first", *texts]}), tmp_path / "a.parquet", row_group_size=rows)
    assert same(tmp_path / "a.parquet", size) >= 1


def warc(pages: int, kind: str = "conversion") -> list[bytes]:
    records = []
    for n in range(pages):
        body = f"page {n} 第{n}页\n\nwith\r\n\r\nWARC/1.0 in it".encode() * (1 + n % 5)
        head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://example.org/{n}\r\n"
        head += f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        records.append(head.encode() + body + b"\r\n\r\n")
    return records


@MANY
@given(st.integers(1, 40), st.integers(1, 3000), st.sampled_from(["plain", "records", "one stream"]))
def test_records_of_warc(tmp_path, pages, size, how):
    data = b"".join(warc(pages)) if how != "records" else b"".join(map(gzip.compress, warc(pages)))
    path = tmp_path / ("a.warc" if how == "plain" else "a.wet.gz")
    path.write_bytes(gzip.compress(data) if how == "one stream" else data)
    assert same(path, size) >= 1


def dump(pages: int) -> bytes:
    text = "<mediawiki><siteinfo><base>https://zh.wikipedia.org/wiki/Wikipedia:首页</base></siteinfo>\n"
    for n in range(pages):
        redirect = '<redirect title="x"/>' if n % 7 == 3 else ""
        text += (
            f"  <page><title>题{n}</title><ns>{4 * (n % 5 == 4)}</ns>{redirect}<revision><text>'''题{n}'''是&lt;br&gt;"
        )
        text += f"{'一' * (n % 9)}[[链接|条目]]。</text></revision></page>\n"
    return (text + "</mediawiki>").encode()


@MANY
@given(st.integers(1, 60), st.integers(1, 3000), st.sampled_from(sorted(PACKERS)), st.integers(1, 5))
def test_pages_of_dumps(tmp_path, pages, size, ending, members):
    path = tmp_path / f"a.xml{ending}"
    path.write_bytes(packed(dump(pages), ending, members))
    assert same(path, size) >= 1


def archive(path: Path, contents: dict[str, bytes]) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in contents.items():
                file.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as file:
            for name, data in contents.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                file.addfile(info, io.BytesIO(data))


@MANY
@given(
    st.lists(st.text("ab字\n", max_size=900), min_size=1, max_size=25),
    st.integers(1, 4000),
    st.sampled_from(["zip", "tar", "tar.gz"]),
)
def test_members_of_archives(tmp_path, texts, size, ending):
    contents = {f"{n}/{'深' * (60 * (n % 3))}.txt": text.encode() for n, text in enumerate(texts)}
    archive(tmp_path / f"a.{ending}", contents | {"b.jsonl": b'{"text": "x"}\n'})
    assert same(tmp_path / f"a.{ending}", size) >= 1


def test_members_with_one_name_keep_their_own_in_pieces_too(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        for n in range(20):
            info = tarfile.TarInfo(f"{n % 7}.txt")
            info.size = 900
            file.addfile(info, io.BytesIO(f"{n:0900}".encode()))
    assert same(tmp_path / "a.tar", 3000) == 1


def test_large_files_are_cut_and_small_ones_put_together(tmp_path):
    (tmp_path / "big.jsonl").write_text("".join(json.dumps({"text": f"text {n}"}) + "\n" for n in range(5000)))
    (tmp_path / "a.html").write_text("<p>x</p>")
    for n in range(20):
        (tmp_path / f"c{n:02}.txt").write_text(f"small {n}")
    pieces = pieces_of(inventory([str(tmp_path)]), ReadingSettings(), 20_000)
    assert [piece.files[0][1][-3:] for piece in pieces] == ["tml", *["onl"] * (len(pieces) - 2), "txt"]
    assert len(pieces[-1].files) == 20
    assert len(pieces) >= 7
    assert pieces[1].span.end == pieces[2].span.start
    assert all(20_000 <= piece.span.end - piece.span.start < 20_100 for piece in pieces[1:5])


def test_tasks_cut_large_files_as_they_would_be_cut_here(tmp_path, monkeypatch):
    texts, root = tmp_path / "texts", tmp_path / "root"
    for folder in (texts, root):
        folder.mkdir()
    records = "".join(json.dumps({"content": f"text {n}"}) + "\n" for n in range(3000))
    (texts / "a.jsonl").write_text(records)
    (texts / "b.txt").write_text("small")
    (texts / "c.csv.gz").write_bytes(gzip.compress(b"text,n\n" + b"one,2\n" * 30_000, 0)[:-9])
    (texts / "d.html").write_text("<p>" + "word " * 9000)
    monkeypatch.chdir(tmp_path)
    settings = ReadingSettings(text_field="content")
    for chosen in (ReadingSettings(), settings):
        entries = inventory(["texts"])
        tasks = cut_tasks(entries, chosen, 20_000)
        assert list(tasks) == ["texts/a.jsonl", "texts/c.csv.gz"]
        run(list(tasks.values()), {"cut_file": Function(cut_file, 1)}, root, InProcess())
        known = {name: read_pieces(root / task.outputs[0]) for name, task in tasks.items()}
        whole = [Entry(entry.source, entry.path.absolute(), entry.name) for entry in entries]
        assert len(known["texts/a.jsonl"]) > 2
        assert pieces_of(whole, chosen, 20_000, known) == pieces_of(whole, chosen, 20_000)
        assert {piece.span.text_field for piece in known["texts/a.jsonl"]} == {"content"}


@pytest.mark.parametrize("ending", sorted(PACKERS))
def test_a_packed_file_of_several_streams_is_unpacked_only_where_a_piece_begins(tmp_path, ending):
    data = b"".join(json.dumps({"text": f"text {n}"}).encode() + b"\n" for n in range(3000))
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(packed(data, ending, 20))
    pieces = pieces_of(inventory([str(path)]), ReadingSettings(), 5000)
    assert len(pieces) > 5
    assert all(piece.span.start - piece.span.seek_at <= len(data) / 19 for piece in pieces)


def test_one_stream_is_not_unpacked_over_and_over(tmp_path):
    data = b"".join(json.dumps({"text": f"text {n}"}).encode() + b"\n" for n in range(30_000))
    path = tmp_path / "a.jsonl.bz2"
    path.write_bytes(bz2.compress(data))
    pieces = pieces_of(inventory([str(path)]), ReadingSettings(), 5000)
    assert 2 < len(pieces) < 9
    assert sum(piece.span.start for piece in pieces) <= 2 * len(data)


@pytest.mark.parametrize(
    "name", ["a.jsonl.gz", "a.txt.gz", "a.csv.gz", "a.warc.gz", "a.xml.gz", "a.tar.gz", "a.parquet", "a.zip"]
)
def test_damaged_files_are_pieces_too_and_lose_nothing_of_what_was_sound(tmp_path, name):
    lines = "".join(f'{{"text": "line {n}"}}\n' for n in range(400)).encode()
    contents = {
        "a.jsonl.gz": lines,
        "a.txt.gz": lines,
        "a.csv.gz": b"text\n" + lines.replace(b'"', b""),
        "a.warc.gz": b"".join(warc(60)),
        "a.xml.gz": dump(90),
    }
    path = tmp_path / name
    if name in contents:
        path.write_bytes(gzip.compress(contents[name], 0)[:-300])
    elif name == "a.parquet":
        pyarrow.parquet.write_table(pyarrow.table({"text": ["a" * 99] * 99}), path, row_group_size=9)
        path.write_bytes(path.read_bytes()[:-9])
    else:
        archive(path, {f"{n}.txt": b"text " * 99 for n in range(40)})
        path.write_bytes(path.read_bytes()[:-200])
    entries = inventory([str(path)])
    items = whole(entries, ReadingSettings(documents="line"))
    assert in_pieces(entries, ReadingSettings(documents="line"), 700) == items
    assert getattr(items[-1], "reason", "")
    assert name in ("a.parquet", "a.zip") or len(items) > 10


def test_no_piece_of_a_zip_is_empty(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for n in range(4):
            file.writestr(f"{n}.txt", "text " * 100)
    entries = inventory([str(tmp_path / "a.zip")])
    pieces = pieces_of(entries, ReadingSettings(), 500)
    assert [(piece.span.start, piece.span.end) for piece in pieces] == [(0, 1), (1, 2), (2, 3), (3, None)]
    assert in_pieces(entries, ReadingSettings(), 500) == whole(entries, ReadingSettings())
