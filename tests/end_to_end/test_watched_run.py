"""A run as those see it who watch it: its speed in log, model and card, the list of runs, a profile."""

import contextlib
import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios

import pytest

from zaohua import cli, folders

pytestmark = pytest.mark.slow


def out(capsys, *arguments) -> str:
    code = cli.run([str(each) for each in arguments])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


def entries(stage, kind: str) -> list[dict]:
    lines = (stage / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if entry["event"] == kind]


@pytest.mark.parametrize("stage", ["pretrain", "chat"])
def test_log_and_model_say_how_fast_it_learned_of_what_the_machine_can(finished, stage):
    about = json.loads((finished / stage / "about.json").read_text())
    assert about["ceiling"] > 1e8
    assert about["flops_per_token"] > 6 * 2 * 12 * 32**2
    last = entries(finished / stage, "speed")[-1]
    assert last["step"] == entries(finished / stage, "step")[-1]["step"]
    share = last["tokens_per_second"] * about["flops_per_token"] / about["ceiling"]
    assert last["share_of_ceiling"] == pytest.approx(share, rel=0.01, abs=1e-4)
    model = json.loads((finished / stage / "model" / "zaohua.json").read_text())
    assert model["speed"]["ceiling"] == about["ceiling"]
    assert not {"speed", "sample"} & set(model["results"])
    assert entries(finished / stage, "sample")[-1]["text"] is not None


def test_the_card_says_so_in_both_languages(finished):
    for page, said in (("card.md", "tokens a second in training"), ("card.zh.md", "训练时每秒")):
        text = (finished / "report" / page).read_text(encoding="utf-8")
        assert said in text
        assert "FLOP/s" in text


def test_the_list_of_runs_shows_both_stages(finished, capsys):
    found = json.loads(out(capsys, "runs", finished, "--json"))
    assert [(each["stage"], each["state"], each["shape"]) for each in found] == [
        ("chat", "finished", "2 × 32"),
        ("pretrain", "finished", "2 × 32"),
    ]
    assert found[1]["bits_per_byte"] == entries(finished / "pretrain", "validate")[-1]["bits_per_byte"]
    assert "training.rows" not in out(capsys, "runs", "--compare", finished, finished)


def pretrain(finished, output, *flags) -> tuple:
    tiny = ("--steps", 8, "--length", 64, "--rows", 2, "--warmup", 1, "--precision", "fp32", "--validate-rows", 2)
    shape = ("--model.dim", 32, "--model.layers", 1)
    return ("pretrain", finished / "tokens", finished / "tokenizer", *shape, *tiny, *flags, "-o", output)


def in_terminal(words, *, rows: int, columns: int) -> str:
    """What a command writes into a terminal of so many cells; it must succeed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "zaohua.cli", *map(str, words)]
    written = b""
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):  # the other end is closed
            while data := os.read(ours, 65536):
                written += data
        os.close(ours)
    assert process.returncode == 0, written.decode(errors="replace")
    return written.decode(errors="replace")


@pytest.mark.parametrize(("rows", "columns", "view"), [(30, 90, True), (10, 30, False)])
def test_in_a_terminal_the_curve_is_drawn_where_there_is_room(finished, tmp_path, rows, columns, view):
    said = in_terminal(pretrain(finished, tmp_path / "a"), rows=rows, columns=columns)
    assert ("step 8 of 8" in said) == view
    assert any("\u2801" <= letter <= "\u28ff" for letter in said) == view, "a bar elsewhere"
    assert said.rindex("\x1b[?25h") > said.rindex("\x1b[?25l"), "the cursor is back"
    assert "8 steps" in said


def test_a_profile_is_no_part_of_the_run_and_may_be_deleted(finished, tmp_path, capsys):
    plain, looked = tmp_path / "plain", tmp_path / "looked"
    out(capsys, *pretrain(finished, plain))
    said = out(capsys, *pretrain(finished, looked, "--profile", 2))
    assert f"where the time of 2 steps went: {looked / 'profile' / 'table.md'}" in said
    weights = [(folder / "model" / "model.safetensors").read_bytes() for folder in (plain, looked)]
    assert weights[0] == weights[1]
    assert "is up to date" in out(capsys, *pretrain(finished, looked))
    shutil.rmtree(looked / "profile")
    assert folders.problems(looked) == []
    assert "is up to date" in out(capsys, *pretrain(finished, looked, "--profile", 3))


def test_who_watches_and_fails_stops_no_training(finished, tmp_path, capsys, monkeypatch):
    class Broken:
        """A package that is there and does not work."""

        def __getattr__(self, name):
            raise ConnectionError("nobody answers")

    monkeypatch.setitem(sys.modules, "wandb", Broken())
    said = out(capsys, *pretrain(finished, tmp_path / "a", "--watch", "wandb"))
    assert said.count("wandb no longer watches, the run goes on (ConnectionError: nobody answers)") == 1
    assert "is up to date" in out(capsys, *pretrain(finished, tmp_path / "a"))


def test_a_service_that_is_not_installed_is_a_sentence_before_anything_begins(finished, tmp_path, mistake, monkeypatch):
    monkeypatch.setitem(sys.modules, "swanlab", None)
    monkeypatch.delitem(sys.modules, "swanlab")
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None)
    said = mistake(*pretrain(finished, tmp_path / "a", "--watch", "swanlab"))
    assert "pip install 'zaohua[swanlab]'" in said
    recipe = finished.parent / "recipe.toml"
    said = mistake("run", recipe, "-o", tmp_path / "run", "--chat.training.watch", "swanlab")
    assert "pip install 'zaohua[swanlab]'" in said
    assert list(tmp_path.iterdir()) == []
