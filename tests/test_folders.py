"""A stage's folder is whole or absent, whatever happens while it is written."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zaohua import folders
from zaohua.settings import UserError

KNOWN = {"stage": "corpus", "settings": {"a": 1}, "inputs": {}}


def make(folder: Path, text: str = "hello") -> None:
    with folders.writing(folder, KNOWN) as temporary:
        (temporary / "part").mkdir()
        (temporary / "part" / "a.txt").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_finished_folder_verifies_and_names_its_files(tmp_path):
    make(tmp_path / "x")
    assert folders.problems(tmp_path / "x") == []
    assert list(folders.manifest_of(tmp_path / "x")["files"]) == ["part/a.txt"]
    assert names(tmp_path) == ["x"]


def test_a_failure_leaves_what_was_there(tmp_path):
    make(tmp_path / "x", "old")

    def fail():
        with folders.writing(tmp_path / "x", KNOWN) as temporary:
            (temporary / "b.txt").write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (tmp_path / "x" / "part" / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path, monkeypatch):
    make(tmp_path / "x", "old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folders.os, "fsync", full)
    with pytest.raises(UserError, match="the disk is full"):
        make(tmp_path / "x", "new")
    monkeypatch.undo()
    assert folders.problems(tmp_path / "x") == []
    assert (tmp_path / "x" / "part" / "a.txt").read_text() == "old"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: f.unlink(), "is missing"),
        (lambda f: f.write_text("hell"), "bytes instead of"),
        (lambda f: f.write_text("hellO"), "has changed"),
    ],
)
def test_every_damage_is_named(tmp_path, damage, said):
    make(tmp_path / "x")
    damage(tmp_path / "x" / "part" / "a.txt")
    assert said in folders.problems(tmp_path / "x")[0].english


@pytest.mark.parametrize(
    ("before", "after"),
    [('"size"', '"sise"'), ('"sha256"', '"sha25"'), ('"files"', '"fils"'), ('"size": 5', '"size": "5"'), ("{", "[")],
)
def test_a_damaged_manifest_makes_the_folder_unfinished(tmp_path, before, after):
    make(tmp_path / "x", "hello")
    manifest = tmp_path / "x" / "manifest.json"
    assert before in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(before, after))
    assert "or is damaged" in folders.problems(tmp_path / "x")[0].english
    assert not folders.up_to_date(tmp_path / "x", KNOWN)


def test_a_changed_setting_never_reuses(tmp_path):
    make(tmp_path / "x")
    assert folders.up_to_date(tmp_path / "x", KNOWN)
    assert not folders.up_to_date(tmp_path / "x", {**KNOWN, "settings": {"a": 2}})
    assert not folders.up_to_date(tmp_path / "y", KNOWN)


def test_leftovers_of_a_killed_process_are_cleared(tmp_path):
    (tmp_path / ".x.tmp-1").mkdir()
    make(tmp_path / "x")
    assert names(tmp_path) == ["x"]


def test_a_name_that_is_a_pattern_means_itself_alone(tmp_path):
    make(tmp_path / ".x[1].old-1")
    (tmp_path / ".ab.tmp-1").mkdir()
    folders.sweep(tmp_path / "x[1]")
    folders.sweep(tmp_path / "a*")
    assert names(tmp_path) == [".ab.tmp-1", "x[1]"]


def test_a_swap_that_was_cut_in_half_is_completed(tmp_path):
    make(tmp_path / "x", "old")
    (tmp_path / "x").rename(tmp_path / ".x.old-1")
    folders.sweep(tmp_path / "x")
    assert folders.problems(tmp_path / "x") == []


def test_the_wrong_folder_is_named_with_the_command_that_makes_the_right_one(tmp_path):
    make(tmp_path / "x")
    with pytest.raises(UserError, match="is not a tokens folder: make it with `zaohua tokens`"):
        folders.open_folder(tmp_path / "x", "tokens", made_by="zaohua tokens")
    with pytest.raises(UserError, match="does not exist"):
        folders.open_folder(tmp_path / "y", "corpus", made_by="zaohua corpus")


def test_write_file_replaces_whole(tmp_path):
    folders.write_file(tmp_path / "a.json", json.dumps({"a": 1}))
    folders.write_file(tmp_path / "a.json", "{}")
    assert (tmp_path / "a.json").read_text() == "{}"
    assert names(tmp_path) == ["a.json"]


def test_a_second_process_is_refused_and_a_killed_one_is_forgotten(tmp_path):
    hold = "import sys, time\nfrom pathlib import Path\nfrom zaohua.folders import locked\n"
    hold += "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="another zaohua process"), folders.locked(tmp_path):
            pass
        other.kill()
        other.wait()
    with folders.locked(tmp_path):
        pass


def test_a_second_writer_is_refused_and_the_first_one_finishes(tmp_path):
    write = "import sys\nfrom pathlib import Path\nfrom zaohua.folders import writing\n"
    write += "with writing(Path(sys.argv[1]), {'stage': 'corpus'}) as folder:\n"
    write += "    (folder / 'a.txt').write_text('first')\n    print('writing', flush=True)\n    input()\n"
    command = [sys.executable, "-c", write, str(tmp_path / "x")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "writing\n"
        with pytest.raises(UserError, match=r"another zaohua process is working in .*x: wait for it"):
            make(tmp_path / "x", "second")
        other.communicate("\n")
    assert (tmp_path / "x" / "a.txt").read_text() == "first"
    assert folders.problems(tmp_path / "x") == []
    assert names(tmp_path) == ["x"]


def test_a_writer_that_was_killed_is_forgotten(tmp_path):
    write = "import os, sys\nfrom pathlib import Path\nfrom zaohua.folders import writing\n"
    write += "with writing(Path(sys.argv[1]), {}):\n    os.kill(os.getpid(), 9)\n"
    subprocess.run([sys.executable, "-c", write, str(tmp_path / "x")])
    assert len(names(tmp_path)) == 2
    make(tmp_path / "x")
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no file"), (b"{", "cannot be read as JSON"), (b"\xff", "cannot"), (b"[]", "holds no mapping"),
     (b"[" * 10**5, "cannot be read as JSON")],
)  # fmt: skip
def test_what_is_no_mapping_in_json_is_named_with_what_to_do(tmp_path, content, said):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"{said}.*: make it again"):
        folders.read_json(path, "make it again", "请重新生成")


def test_what_we_did_not_write_is_never_replaced(tmp_path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="did not write"):
        make(tmp_path / "documents")
    assert (tmp_path / "documents" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    make(tmp_path / "empty")
    assert folders.problems(tmp_path / "empty") == []


def test_what_comes_while_we_write_is_never_replaced(tmp_path):
    def write() -> None:
        with folders.writing(tmp_path / "x", KNOWN) as temporary:
            (temporary / "a.txt").write_text("ours")
            (tmp_path / "x").mkdir()
            (tmp_path / "x" / "thesis.txt").write_text("years of work")

    with pytest.raises(UserError, match="did not write"):
        write()
    assert (tmp_path / "x" / "thesis.txt").read_text() == "years of work"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("place", [".", "sub/.."])
def test_a_place_without_a_name_is_the_folder_it_means(tmp_path, monkeypatch, place):
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path / "x")
    for _ in range(2):
        make(Path(place))
        assert folders.problems(tmp_path / "x") == []
        with pytest.raises(UserError, match="is gone, or was replaced by a new one: enter it again with cd"):
            make(Path(place))
        monkeypatch.chdir(tmp_path / "x")
    assert names(tmp_path) == ["x"]
    with folders.alone(Path(place)) as folder:
        assert folder.is_absolute()
    with pytest.raises(UserError, match="give another path"):
        folders.write_file(Path(place), "")


def test_a_place_that_is_no_text_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="udcd6 is a path that is not UTF-8: give another folder with -o"):
        make(tmp_path / os.fsdecode(b"\xd6"))


def test_the_root_is_never_replaced():
    with pytest.raises(UserError, match="/ cannot be replaced: give another place with -o"):
        make(Path("/"))


def test_json_is_written_whole_and_read_back(tmp_path):
    folders.write_json(tmp_path / "a.json", {"名": [1, None], "path": Path("x")})
    assert folders.read_json(tmp_path / "a.json", "-", "-") == {"名": [1, None], "path": "x"}
    assert "名" in (tmp_path / "a.json").read_text(encoding="utf-8")
    assert names(tmp_path) == ["a.json"]
