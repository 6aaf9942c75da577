"""Archives are read as folders are, and believed in nothing: names, links, sizes, depth."""

import gzip
import io
import json
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from zaohua.corpus.formats.items import Found, Noted, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.reading import read
from zaohua.corpus.sources import inventory


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def tarred(path: Path, files: dict[str, bytes], *more: tarfile.TarInfo, **settings) -> Path:
    with tarfile.open(path, f"w:{path.suffix[1:] if path.suffix != '.tar' else ''}", **settings) as file:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
        for info in more:
            file.addfile(info)
    return path


def items(path: Path, noted: Noted | None = None, **settings) -> list[Found | Unreadable]:
    (entry,) = inventory([str(path)])
    return list(read(entry, ReadingSettings(**settings), noted or Noted()))


def by_file(found: list[Found | Unreadable]) -> dict[str, str]:
    return {item.file: item.text if isinstance(item, Found) else item.reason for item in found}


FILES = {
    "一/正文.txt": "今天天气很好，我们去公园散步。".encode("gbk"),
    "b.jsonl.gz": gzip.compress(json.dumps({"text": "a record"}).encode()),
    ".hidden/c.txt": b"hidden",
    "__MACOSX/._b.txt": b"resource",
    "d.png": b"\x89PNG",
}


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tgz"])
def test_members_are_read_as_files_are(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    if ending == "zip":
        zipped(path, FILES)
    else:
        made = tarred(tmp_path / f"x.{ending.replace('tgz', 'tar.gz')}", FILES)
        made.rename(path)
    noted = Noted()
    found = items(path, noted)
    assert by_file(found)[f"a.{ending}/一/正文.txt"] == "今天天气很好，我们去公园散步。"
    assert by_file(found)[f"a.{ending}/b.jsonl.gz"] == "a record"
    assert "not a kind of file" in by_file(found)[f"a.{ending}/d.png"]
    assert len(found) == 3
    assert noted.files[f"a.{ending}/一/正文.txt"].encoding == "gbk"
    assert noted.files[f"a.{ending}/b.jsonl.gz"].text_field == "text"


def test_names_that_lead_out_and_links_and_devices_are_set_aside(tmp_path):
    link, device, hard = tarfile.TarInfo("link.txt"), tarfile.TarInfo("device.txt"), tarfile.TarInfo("hard.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard.type, hard.linkname = tarfile.LNKTYPE, "good.txt"
    device.type = tarfile.CHRTYPE
    names = {"../out.txt": b"x", "/etc/abs.txt": b"x", "a/../../b.txt": b"x", "good.txt": b"good"}
    found = by_file(items(tarred(tmp_path / "a.tar", names, link, device, hard)))
    assert found["a.tar/good.txt"] == "good"
    assert found["a.tar/../out.txt"] == found["a.tar/a/../../b.txt"] == "a name that leads out of its archive (..)"
    assert found["a.tar//etc/abs.txt"] == "an absolute name in an archive"
    assert found["a.tar/link.txt"] == found["a.tar/hard.txt"] == "a link in an archive"
    assert found["a.tar/device.txt"] == "a device in an archive"

    path = zipped(tmp_path / "a.zip", names | {"C:\\windows.txt": b"x", "..\\up.txt": b"x"})
    with zipfile.ZipFile(path, "a") as file:
        info = zipfile.ZipInfo("link.txt")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    found = by_file(items(path))
    assert found["a.zip/good.txt"] == "good"
    assert found["a.zip/link.txt"] == "a link in an archive"
    assert sum("leads out" in said or "absolute" in said for said in found.values()) == 5
    assert {each.name for each in tmp_path.iterdir()} == {"a.tar", "a.zip"}


def test_an_archive_in_an_archive_is_read_and_no_deeper_one(tmp_path):
    inner = zipped(
        tmp_path / "inner.zip",
        {"deep.txt": b"deep", "deepest.zip": zipped(tmp_path / "x", {"a.txt": b"x"}).read_bytes()},
    )
    nested_tar = tarred(tmp_path / "inner.tar", {"t.txt": b"tar"})
    path = zipped(
        tmp_path / "a.zip", {"inner.zip": inner.read_bytes(), "i.tar": nested_tar.read_bytes(), "top.txt": b"top"}
    )
    assert by_file(items(path)) == {
        "a.zip/top.txt": "top",
        "a.zip/i.tar/t.txt": "tar",
        "a.zip/inner.zip/deep.txt": "deep",
        "a.zip/inner.zip/deepest.zip": "an archive in an archive in an archive",
    }
    path = tarred(tmp_path / "b.tar", {"inner.zip": inner.read_bytes(), "top.txt": b"top"})
    assert by_file(items(path))["b.tar/inner.zip/deep.txt"] == "deep"


def test_bombs_are_told_by_their_ratio(tmp_path):
    one = by_file(
        items(
            zipped(tmp_path / "a.zip", {"bomb.txt": bytes(4_000_000), "good.txt": b"good " * 9}), largest_document=2**16
        )
    )
    assert all("250 times" in said for said in one.values())
    good = {f"{n}.txt": b"good text %d" % n * 30 for n in range(400)}
    found = by_file(items(zipped(tmp_path / "b.zip", good | {"bomb.txt": bytes(4_000_000)}), largest_document=2**16))
    assert "250 times" in found.pop("b.zip/bomb.txt")
    assert len(found) == 400
    path = tarred(tmp_path / "c.tar.gz", {"good.txt": b"good", "bomb.txt": bytes(40_000_000), "lost.txt": b"lost"})
    found = by_file(items(path, largest_document=2**16))
    assert found["c.tar.gz/good.txt"] == "good"
    assert any("250 times" in said for said in found.values())


def test_members_with_one_name_keep_their_own(tmp_path):
    path = tarred(tmp_path / "a.tar", {"a.txt": b"first"})
    with tarfile.open(path, "a") as file:
        info = tarfile.TarInfo("a.txt")
        info.size = 6
        file.addfile(info, io.BytesIO(b"second"))
    assert by_file(items(path)) == {"a.tar/a.txt": "first", "a.tar/a.txt@2": "second"}


def test_names_in_the_encoding_of_an_old_machine(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        info = zipfile.ZipInfo("x" * 12 + ".txt")
        file.writestr(info, b"text")
    name = "三国演义正文".encode("gbk")
    path.write_bytes(path.read_bytes().replace(b"x" * 12, name))
    assert list(by_file(items(path))) == ["a.zip/三国演义正文.txt"]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_in_tars(tmp_path, form):
    name = "/".join(["很长的名字"] * 30) + ".txt"
    assert by_file(items(tarred(tmp_path / "a.tar", {name: b"text"}, format=form))) == {f"a.tar/{name}": "text"}


def test_damaged_archives_keep_what_came_before(tmp_path):
    files = {f"{n}.txt": b"text %d " % n * 100 for n in range(20)}
    sound = tarred(tmp_path / "a.tar", files).read_bytes()
    (tmp_path / "b.tar").write_bytes(sound[: len(sound) // 2 + 100])
    found = by_file(items(tmp_path / "b.tar"))
    assert len(found) > 6
    assert "in the middle of a member" in " ".join(found.values())
    (tmp_path / "c.tar").write_bytes(sound[:7680] + b"x" * 512 + sound[8192:])
    found = by_file(items(tmp_path / "c.tar"))
    assert "no member where one must begin" in found["c.tar"]
    path = zipped(tmp_path / "d.zip", files)
    path.write_bytes(path.read_bytes()[:-40])
    assert "damaged inside" in by_file(items(path))["d.zip"]
    data = bytearray(zipped(tmp_path / "e.zip", files).read_bytes())
    data[40] ^= 255
    path.write_bytes(data)
    found = by_file(items(path))
    assert sum(said.startswith("text") for said in found.values()) == 19


def test_sparse_files_and_locked_members_are_set_aside(tmp_path):
    path = tarred(tmp_path / "a.tar", {"sparse.txt": b"x" * 600, "good.txt": b"good"})
    data = bytearray(path.read_bytes())
    data[156:157] = tarfile.GNUTYPE_SPARSE
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    path.write_bytes(data)
    assert by_file(items(path)) == {"a.tar/sparse.txt": "a sparse file in an archive", "a.tar/good.txt": "good"}
    path = zipped(tmp_path / "a.zip", {"locked.txt": b"x", "good.txt": b"good"})
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1
    path.write_bytes(data)
    assert by_file(items(path))["a.zip/locked.txt"] == "encrypted"


def test_a_member_too_large_to_hold_is_set_aside_and_a_long_one_of_lines_is_read(tmp_path):
    lines = "".join(json.dumps({"text": f"line {n}"}) + "\n" for n in range(900)).encode()
    path = tarred(tmp_path / "a.tar", {"a.jsonl": lines, "b.html": b"<p>" + b"x" * 9000, "c.txt": b"text"})
    found = items(path, largest_document=2048)
    assert sum(item.file == "a.tar/a.jsonl" for item in found) == 900
    assert "larger than 2,048 bytes" in by_file(found)["a.tar/b.html"]
    assert by_file(found)["a.tar/c.txt"] == "text"


def test_a_member_that_is_packed_otherwise_than_by_deflate_is_set_aside(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.txt", "a text", zipfile.ZIP_BZIP2)
        file.writestr("b.txt", "a text", zipfile.ZIP_STORED)
    found = by_file(items(tmp_path / "a.zip"))
    assert "not by deflate" in found["a.zip/a.txt"]
    assert found["a.zip/b.txt"] == "a text"
