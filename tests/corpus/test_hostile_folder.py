"""A folder with all that can be wrong with files, and good text: it ends, in bounded memory, a reason for each."""

import gzip
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
import zstandard

from zaohua.corpus.documents import read_documents

pytestmark = pytest.mark.slow
GOOD = "\n".join(f"第{n}段：小猫坐在第{n}张垫子上，the cat number {n} sat on its mat." for n in range(400))
PAGE = "\n".join(f"第{n}页：老船长在第{n}个港口，the old captain saw harbour {n} at night." for n in range(300))
RUN = "import resource, sys; from zaohua import cli; code = cli.run(sys.argv[1:]); " \
      "print('PEAK', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"  # fmt: skip


def warc(pages: int) -> bytes:
    body = f"<html><body><p>{PAGE}</p></body></html>".encode()
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    record = (b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/\r\n"
              b"Content-Type: application/http; msgtype=response\r\n"
        b"Content-Length: %d\r\n\r\n" % len(http)) + http  # fmt: skip
    return b"".join([record + b"\r\n\r\n"] * pages)


@pytest.fixture
def folder(tmp_path) -> Path:
    """The bad files, each with a name that says what is wrong with it."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "good.txt").write_text(GOOD, encoding="utf-8")
    zeros = b"a" * 2**20
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.txt", "w") as file:
        for _ in range(400):
            file.write(zeros)
    with gzip.open(folder / "bomb.txt.gz", "wb") as file:
        for _ in range(400):
            file.write(zeros)
    with zstandard.open(folder / "bomb.jsonl.zst", "wb") as file:
        for _ in range(400):
            file.write(zeros)
    with tarfile.open(folder / "leading-out.tar", "w") as archive:
        for name in ("../outside.txt", "/outside.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = len(PAGE.encode())
            archive.addfile(entry, io.BytesIO(PAGE.encode()))
        for name, kind in (("link.txt", tarfile.SYMTYPE), ("device", tarfile.CHRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    with (folder / "one-line.txt").open("wb") as file:
        for _ in range(200):
            file.write(zeros)
    with (folder / "one-line.jsonl").open("wb") as file:
        file.write(b'{"text": "')
        for _ in range(200):
            file.write(zeros)
    with (folder / "sparse.txt").open("wb") as file:
        file.truncate(10 * 2**30)
    (folder / "nul.txt").write_bytes(GOOD.encode().replace("，".encode(), b"\0" * 40))
    pyarrow.parquet.write_table(pyarrow.table({"text": [PAGE] * 50}), folder / "truncated.parquet")
    whole = (folder / "truncated.parquet").read_bytes()
    (folder / "truncated.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "cut.warc").write_bytes(warc(3)[:-2000])
    (folder / "cut.warc.gz").write_bytes(gzip.compress(warc(3))[:-700])
    (folder / "nested.html").write_text("<div>" * 100_000 + PAGE + "</div>" * 100_000, encoding="utf-8")
    (folder / "nested.json").write_text("[" * 100_000 + "]" * 100_000)
    (folder / "nowhere.txt").symlink_to(tmp_path / "missing")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket.txt"))
    return folder


def test_one_reason_for_each_and_the_rest_is_read(folder, tmp_path):
    outside = {path.name for path in tmp_path.iterdir()}
    done = subprocess.run(
        [sys.executable, "-c", RUN, "corpus", str(folder), "-o", str(tmp_path / "corpus"), "--run.workers", "0"],
        capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    peak = int(done.stderr.split("PEAK ")[1].split()[0]) / 1024
    assert peak < 1500, f"{peak:.0f} MB"
    assert {path.name for path in tmp_path.iterdir()} == outside | {"corpus"}
    rows = [
        row
        for path in sorted((tmp_path / "corpus/removed").glob("*"))
        for row in pyarrow.parquet.read_table(path).to_pylist()
    ]
    reasons = {}
    for row in rows:
        if row["rule"] == "unreadable":
            reasons.setdefault(row["id"].split("/")[1].split("!")[0].split(":")[0], row["reason"])
    bad = {path.name for path in folder.iterdir()} - {"good.txt", "one-line.txt", "nested.html", "nul.txt"}
    assert bad <= reasons.keys(), bad - reasons.keys()
    assert all("\n" not in reason and len(reason) < 300 for reason in reasons.values())
    kept = {
        each.id: each.text for part in ("documents", "heldout") for each in read_documents(tmp_path / "corpus", part)
    }
    assert kept["texts/good.txt"] + kept.get("texts/good.txt#tail", "") == GOOD
    assert not any("root:" in text for text in kept.values())
    assert any("老船长" in text for name, text in kept.items() if "cut.warc" in name)
    report = json.loads((tmp_path / "corpus/report.json").read_text())
    assert report["total"]["files"] == len(list(folder.iterdir()))
    print({name: reasons[name] for name in sorted(reasons)}, f"{peak:.0f} MB")
