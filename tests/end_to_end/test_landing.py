"""A landing from a kept checkpoint is what the run's own landing would have been, and the same every time."""

import json
import os
import shutil
import signal

import pytest

from zaohua import cli, folders
from zaohua.training import loop

pytestmark = pytest.mark.slow
TRAIN = (
    "--length", "32", "--rows", "4", "--warmup", "4", "--steps", "30", "--landing", "0.2", "--precision", "fp32",
    "--optimizer", "muon", "--ema", "0.5", "--z-loss", "1e-3",
    "--model.dim", "16", "--model.layers", "1", "--model.dropout", "0.2",
)  # fmt: skip
WATCH = ("--validate-rows", "4", "--validate-every", "9", "--sample-every", "0")


def out(capsys, *arguments) -> str:
    code = cli.run([str(each) for each in arguments])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


@pytest.fixture(scope="module")
def texts(finished):
    return finished / "tokens", finished / "tokenizer"


@pytest.fixture(scope="module")
def trunk(texts, tmp_path_factory):
    """A run of 30 steps that lands from step 24 on, with checkpoints of steps 8, 16 and 24."""
    folder = tmp_path_factory.mktemp("trunk") / "trunk"
    assert cli.run([*map(str, ("pretrain", *texts, "-o", folder, *TRAIN, *WATCH, "--keep-every", "8"))]) == 0
    return folder


def weights(folder):
    return folders.digest(folder / "model" / "model.safetensors")


def steps_of(folder):
    entries = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{**entry, "seconds": 0} for entry in entries if entry["event"] == "step"]


def test_landed_from_where_it_landed_itself_a_run_comes_to_the_same_bits(texts, trunk, tmp_path, capsys):
    out(capsys, "pretrain", *texts, "--land", f"{trunk}@24", "--steps", "6", "-o", tmp_path / "same", *WATCH)
    assert weights(tmp_path / "same") == weights(trunk)
    assert steps_of(tmp_path / "same") == steps_of(trunk)[24:]
    manifest = folders.manifest_of(tmp_path / "same")
    assert manifest["inputs"]["checkpoint"] == folders.summary_digest(trunk / "checkpoints" / "step-00000024")
    assert folders.problems(tmp_path / "same") == []


def test_a_landing_from_elsewhere_goes_on_where_the_run_stood_and_falls_in_its_own_steps(
    texts, trunk, tmp_path, capsys
):
    out(capsys, "pretrain", *texts, "--land", f"{trunk}@16", "--steps", "5", "-o", tmp_path / "a", *WATCH)
    found, before = steps_of(tmp_path / "a"), steps_of(trunk)
    assert [entry["step"] for entry in found] == [17, 18, 19, 20, 21]
    first = {**found[0], "learning_rate": before[16]["learning_rate"]}
    assert first == before[16], "the same rows, weights and dropout, at the peak"
    assert [entry["learning_rate"] for entry in found] == pytest.approx([1e-3 * (5 - i) / 5 for i in range(5)])
    assert weights(tmp_path / "a") != weights(trunk)


def test_broken_off_its_trunk_gone_it_comes_to_the_same_bits(texts, trunk, tmp_path, capsys, monkeypatch):
    own = shutil.copytree(trunk, tmp_path / "trunk")
    shutil.rmtree(own / "checkpoints" / "step-00000030")
    shutil.rmtree(own / "checkpoints" / "step-00000029", ignore_errors=True)
    land = ("pretrain", *texts, "--land", own, "--steps", "5", "-o")  # without a step: the newest, which is 24
    out(capsys, *land, tmp_path / "whole", *WATCH)
    update, calls = loop.Optimizer.step, []

    def ended(self, factor):
        update(self, factor)
        calls.append(factor)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(loop.Optimizer, "step", ended)
    assert cli.run([*map(str, (*land, tmp_path / "broken", *WATCH))]) == 75
    shutil.rmtree(own / "checkpoints")
    out(capsys, *land, tmp_path / "broken", *WATCH)
    assert weights(tmp_path / "broken") == weights(tmp_path / "whole")
    assert steps_of(tmp_path / "broken") == steps_of(tmp_path / "whole")
    assert len(calls) == 5
    assert "is up to date" in out(capsys, *land, tmp_path / "broken", *WATCH)


@pytest.mark.parametrize("damaged", [False, True])
def test_ended_before_a_checkpoint_of_its_own_it_begins_anew(texts, trunk, tmp_path, monkeypatch, damaged):
    land = ["pretrain", *map(str, texts), "--land", f"{trunk}@16", "--steps", "5", *WATCH, "-o"]
    update, calls = loop.Optimizer.step, []

    def fails(self, factor):
        calls.append(factor)
        if len(calls) == 3:
            raise RuntimeError("as if by a bug")
        update(self, factor)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Optimizer, "step", fails)
        assert cli.run([*land, str(tmp_path / "broken")]) == 2
    assert len(steps_of(tmp_path / "broken")) == 2
    if damaged:
        file = tmp_path / "broken" / "checkpoints" / "step-00000016" / "weights.safetensors"
        file.write_bytes(file.read_bytes()[:-1])
    for name in ("broken", "whole"):
        assert cli.run([*land, str(tmp_path / name)]) == 0
    assert steps_of(tmp_path / "broken") == steps_of(tmp_path / "whole")
    assert weights(tmp_path / "broken") == weights(tmp_path / "whole")


def test_another_step_or_length_is_another_landing_and_the_first_is_kept(texts, trunk, tmp_path, capsys):
    for steps in ("3", "4"):
        out(capsys, "pretrain", *texts, "--land", f"{trunk}@8", "--steps", steps, "-o", tmp_path / "a", *WATCH)
    assert len(steps_of(tmp_path / "a-old-1")) == 3
    assert len(steps_of(tmp_path / "a")) == 4


def test_what_cannot_be_landed_is_a_sentence(texts, trunk, finished, tmp_path, mistake):
    def land(place, *more):
        return mistake("pretrain", *texts, "-o", tmp_path / "no", "--land", place, *more)

    five = ("--steps", "5")
    assert "there is no training in" in land(tmp_path, *five)
    assert "is no step" in land(f"{trunk}@x", *five)
    assert "holds no whole checkpoint of step 9; there are 8, 16, 24" in land(f"{trunk}@9", *five)
    assert "has fallen already" in land(f"{trunk}@30", *five)
    assert "is no pretraining" in land(finished / "chat", *five)
    assert "leave --rows out" in land(f"{trunk}@8", *five, "--rows", "8")
    assert "leave --seconds out" in land(f"{trunk}@8", "--seconds", "5")
    assert "give --steps or --seconds" in land(f"{trunk}@8")
    assert "leave the settings of the model out" in land(f"{trunk}@8", *five, "--model.dim", "32")
    assert "was not trained with this --start" in land(f"{trunk}@8", *five, "--start", finished)
    assert "into itself" in mistake("pretrain", *texts, "-o", trunk, "--land", f"{trunk}@8", *five)
    assert not (tmp_path / "no").exists()


def test_a_damaged_checkpoint_is_not_landed(texts, trunk, tmp_path, mistake):
    own = shutil.copytree(trunk, tmp_path / "trunk")
    file = own / "checkpoints" / "step-00000016" / "weights.safetensors"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    said = mistake("pretrain", *texts, "-o", tmp_path / "no", "--land", f"{own}@16", "--steps", "5")
    assert "the checkpoint of step 16" in said
    assert "is damaged" in said
    assert not any((tmp_path / "no" / "checkpoints").iterdir())
