"""Runs as their folders tell of them: found, listed, compared, and the damaged named as damaged."""

import json
import math

import pytest

from zaohua import cli, folders
from zaohua.settings import UserError
from zaohua.watching import runs as trainings
from zaohua.watching.runs import ABOUT, differences, find, named, read

ABOUT_IT = {"parameters": 1_234_567, "layers": 6, "dim": 384, "flops_per_token": 1e6, "ceiling": 1e9}


def write_run(folder, *, steps=10, finished=True, rows=8, about=ABOUT_IT, stage="pretrain", rate=1.0):
    folder.mkdir(parents=True)
    model = {"model": {"family": "qwen3", "layers": 6, "dim": 384, "preset": None}} if stage == "pretrain" else {}
    begun = {
        "stage": stage,
        "settings": {**model, "training": {"rows": rows, "steps": steps}},
        "inputs": {"tokens": "ab"},
    }
    (folder / folders.BEGUN).write_text(json.dumps(begun))
    if about:
        (folder / ABOUT).write_text(json.dumps(about))
    lines = []
    for step in range(1, steps + 1):
        loss = 1 + 4 * math.exp(-rate * step / steps)
        lines.append({"event": "step", "step": step, "tokens": 100 * step, "loss": loss, "seconds": float(step)})
        if step % 5 == 0:
            lines.append({"event": "validate", "step": step, "bits_per_byte": 1.5, "loss": loss + 0.5})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if finished:
        folders.seal(folder, {"stage": stage})
    return folder


@pytest.fixture
def some(tmp_path):
    write_run(tmp_path / "runs" / "one" / "pretrain")
    write_run(tmp_path / "runs" / "one" / "chat", stage="chat", finished=False, steps=4)
    write_run(tmp_path / "runs" / "two", rows=16, rate=3.0, about=None)
    write_run(tmp_path / "runs" / ".two.tmp-1")
    (tmp_path / "runs" / "texts").mkdir()
    return tmp_path / "runs"


def test_every_training_folder_below_is_found_and_read(some):
    found = find([some])
    assert [run.folder.relative_to(some).as_posix() for run in found] == ["one/chat", "one/pretrain", "two"]
    assert [run.state for run in found] == ["unfinished", "finished", "finished"]
    pretrained = found[1]
    assert (pretrained.steps, pretrained.tokens, pretrained.seconds) == (10, 1000, 10.0)
    assert pretrained.bits_per_byte == 1.5
    assert [place for place, _ in pretrained.heldout.points] == [500, 1000], "over tokens"
    said = pretrained.as_json()
    assert (said["tokens_per_second"], said["share_of_ceiling"], said["shape"]) == (100.0, 0.1, "6 × 384")
    assert found[2].as_json()["share_of_ceiling"] is None
    assert found[2].shape == "6 × 384", "as it was asked for"


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "metrics.jsonl").write_text('{"event": "step"}\n{"event": "step"}\n'),
        lambda folder: (folder / "metrics.jsonl").write_text("nonsense\n{}\n"),
        lambda folder: (folder / "metrics.jsonl").write_text('{"event": 3}\n'),
        lambda folder: (folder / "begun.json").write_text("{"),
        lambda folder: (folder / "begun.json").write_text("[]"),
        lambda folder: (folder / "manifest.json").write_text("{"),
        lambda folder: (folder / "about.json").unlink(),
    ],
)
def test_what_is_damaged_is_named_so_and_hides_no_other(some, damage):
    damage(some / "one" / "pretrain")
    assert [run.state for run in find([some])] == ["unfinished", "damaged", "finished"]


def test_the_last_line_of_a_run_that_goes_on_may_be_half_written(some):
    with (some / "one" / "chat" / "metrics.jsonl").open("a") as file:
        file.write('{"event": "step", "st')
    run = read(some / "one" / "chat")
    assert (run.state, run.steps) == ("unfinished", 4)


def test_a_run_that_has_not_made_a_step_is_listed(tmp_path, capsys):
    write_run(tmp_path / "new", steps=0, finished=False)
    assert cli.run(["runs", str(tmp_path)]) == 0
    assert "unfinished" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["texts", "nowhere"])
def test_no_runs_is_a_sentence(some, place):
    with pytest.raises(UserError, match=r"give (a folder|one) that holds"):
        find([some / place])


def test_a_run_is_named_by_its_folder_or_by_its_training(some):
    assert named(some / "one").folder == named(some / "one" / "pretrain").folder == some / "one" / "pretrain"
    with pytest.raises(UserError, match="is no run"):
        named(some / "texts")


def test_settings_that_differ_are_named_by_their_place(some):
    first, second = named(some / "one"), named(some / "two")
    assert differences(first.settings, second.settings) == {"training.rows": (8, 16)}
    assert differences(first.settings, first.settings) == {}
    assert differences({"a": 1}, {"b": None, "c": 2}) == {"a": (1, None), "c": (None, 2)}


def said(capsys, *words) -> str:
    assert cli.run(["runs", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_the_list(some, capsys, monkeypatch):
    lines = said(capsys, some).splitlines()
    (row,) = [line.split() for line in lines if "pretrain" in line]
    assert row == [str(some / "one/pretrain"), "finished", "6", "×", "384", "1,234,567", "1,000", "1.500", "100", "10%",
                   "10", "s"]  # fmt: skip
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    shown = said(capsys, some)
    assert all(word in shown for word in ("已完成", "未完成", "占机器上限", "10 秒"))


def test_the_list_looks_into_runs_unless_told_where(some, capsys, monkeypatch):
    monkeypatch.chdir(some.parent)
    assert "runs/one/pretrain" in said(capsys)


def test_a_folder_s_name_is_no_markup(tmp_path, capsys):
    write_run(tmp_path / "[red]a[/]")
    assert "[red]a[/]" in said(capsys, tmp_path)
    assert "[red]a[/]" in said(capsys, "--compare", tmp_path / "[red]a[/]", tmp_path / "[red]a[/]")


def test_the_list_for_programs(some, capsys):
    found = json.loads(said(capsys, some, "--json"))
    assert [each["state"] for each in found] == ["unfinished", "finished", "finished"]
    assert found == json.loads(trainings.as_json(find([some])))


def test_two_runs_beside_each_other(some, capsys, monkeypatch):
    shown = said(capsys, "--compare", some / "one", some / "two")
    assert [line.split() for line in shown.splitlines() if "training.rows" in line] == [["training.rows", "8", "16"]]
    assert "bits/byte" in shown
    curves = [line for line in shown.splitlines() if any("\u2801" <= letter <= "\u28ff" for letter in line)]
    assert len(curves) >= 12
    half = max(map(len, curves)) // 2
    for side in ("".join(line[:half] for line in curves), "".join(line[half:] for line in curves)):
        assert any(letter >= "\u2801" for letter in side)
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    assert "奈特/词元" in said(capsys, "--compare", some / "one", some / "two")
    assert "设置相同" in said(capsys, "--compare", some / "one", some / "one")


def test_two_runs_for_programs(some, capsys):
    found = json.loads(said(capsys, "--compare", some / "one", some / "two", "--json"))
    assert found["differ"] == {"training.rows": [8, 16]}
    assert [each["tokens"] for each in found["runs"]] == [1000, 1000]


@pytest.mark.parametrize("width", [200, 80, 50, 20])
def test_curves_fit_into_the_width_and_have_one_scale(some, width):
    from rich.cells import cell_len

    from zaohua.watching.table import curves

    lines = curves(named(some / "one"), named(some / "two"), width, chinese=False)
    assert max(cell_len(line) for line in lines if "nats" not in line) <= width
    tops = [line for line in lines if line.lstrip()[:1].isdigit()]
    assert tops, "the scale is named"
    assert (len(lines) == 16) == (width >= 62), "one above the other where it is narrow"
