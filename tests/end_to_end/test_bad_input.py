"""What people get wrong: each mistake is one sentence with the next step, exit code 1, and nothing is lost."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from zaohua import cli, folders

pytestmark = pytest.mark.slow


def snapshot(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): folders.digest(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def test_an_empty_folder(tmp_path, mistake):
    (tmp_path / "empty").mkdir()
    assert "give" in mistake("corpus", tmp_path / "empty", "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_binaries(tmp_path, mistake):
    (tmp_path / "binaries").mkdir()
    (tmp_path / "binaries" / "a.txt").write_bytes(bytes(range(256)) * 64)
    (tmp_path / "binaries" / "b.exe").write_bytes(b"MZ\x00\x01" * 500)
    assert "text" in mistake("corpus", tmp_path / "binaries", "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_text_too_small_to_train_on(tmp_path, mistake):
    (tmp_path / "a.txt").write_text("Only one line.\n")
    said = mistake("make", tmp_path / "a.txt", "--minutes", "1", "-o", tmp_path / "out")
    assert "too little to train on: give at least 2,000 characters, better a million" in said
    assert not (tmp_path / "out" / "corpus").exists()
    assert not (tmp_path / "out" / "recipe.toml").exists(), "a plan for this text would be taken for one for more"


def test_a_wrong_declared_encoding(tmp_path, mistake):
    (tmp_path / "a.txt").write_bytes("天地玄黄，宇宙洪荒。".encode("gb18030") * 300)
    said = mistake("corpus", tmp_path / "a.txt", "--encoding", "utf-8", "-o", tmp_path / "out")
    assert "is not in the encoding utf-8 that was declared" in said
    assert "declare the right one, or none" in said
    assert not (tmp_path / "out").exists()
    assert "unknown encoding" in mistake("corpus", tmp_path / "a.txt", "--encoding", "utf-9", "-o", tmp_path / "out")


def test_a_misspelt_setting_on_the_command_line_and_in_a_recipe(tmp_path, mistake):
    assert "--pretrain.learning-rate" in mistake("run", "x.toml", "--pretrain.learning-rat", "1")
    (tmp_path / "recipe.toml").write_text("[pretrain]\nlearning_rat = 0.1\n")
    assert "did you mean pretrain.learning_rate?" in mistake("run", tmp_path / "recipe.toml")
    assert "did you mean make?" in mistake("maek", "x")


def test_a_wrong_value_on_the_command_line(mistake):
    assert "steps" in mistake("pretrain", "a", "b", "-o", "c", "--steps", "many")
    assert "greater than or equal to 1" in mistake("pretrain", "a", "b", "-o", "c", "--steps", "0")


def test_a_missing_model_folder(tmp_path, mistake):
    assert "no model" in mistake("generate", tmp_path / "none", "hello")


def copy_of(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished / "pretrain" / "model", tmp_path / "model")
    return tmp_path / "model"


def test_a_damaged_model_folder(finished, tmp_path, mistake):
    model = copy_of(finished, tmp_path)
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    assert "the weights are damaged" in mistake("generate", model, "hello")
    assert "model.safetensors" in mistake("verify", model)


def test_one_flipped_bit_is_found(finished, tmp_path, mistake):
    model = copy_of(finished, tmp_path)
    data = bytearray((model / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (model / "model.safetensors").write_bytes(data)
    assert "has changed" in mistake("verify", model)
    for words in (("generate", model, "hello"), ("chat", model), ("inspect", model, "hello")):
        assert "has changed (its SHA-256 is not the manifest's): copy or make the model again" in mistake(*words)
    (model / "manifest.json").unlink()
    assert cli.run(["generate", str(model), "hello", "--max-new-tokens", "1"]) == 0


def test_an_extra_or_missing_weight(finished, tmp_path, mistake):
    model = copy_of(finished, tmp_path)
    weights = load_file(model / "model.safetensors")
    name = sorted(weights)[0]
    save_file({**weights, "model.stranger": weights[name].clone()}, model / "model.safetensors", {"format": "pt"})
    assert "model.stranger" in mistake("generate", model, "hello")
    save_file({k: v for k, v in weights.items() if k != name}, model / "model.safetensors", {"format": "pt"})
    assert name in mistake("generate", model, "hello")


def test_a_vocabulary_larger_than_the_text_supports(tmp_path, mistake):
    (tmp_path / "a.txt").write_text("".join(f"The cat number {n} sat on mat {n % 7}.\n" for n in range(300)))
    assert cli.run(["corpus", str(tmp_path / "a.txt"), "-o", str(tmp_path / "corpus")]) == 0
    said = mistake("tokenizer", "train", tmp_path / "corpus", "-o", tmp_path / "tokenizer", "--vocab-size", "50000")
    assert "larger than the text supports" in said
    assert not (tmp_path / "tokenizer").exists()


def test_a_full_disk_loses_nothing(finished, tmp_path, mistake, monkeypatch):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    before = snapshot(run / "tokens")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders.os, "fsync", full)
    arguments = ("tokens", run / "corpus", run / "tokenizer", "-o", run / "tokens", "--shard-tokens", "4096")
    assert "the disk is full" in mistake(*arguments)
    monkeypatch.undo()
    assert snapshot(run / "tokens") == before


def test_a_second_run_in_the_same_folder(finished, tmp_path, mistake):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    hold = "from zaohua.folders import locked; from pathlib import Path\n"
    hold += f"with locked(Path({str(run)!r})): print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        before = snapshot(run)
        assert "another zaohua process" in mistake("run", run)
        assert snapshot(run) == before
        other.kill()


def test_the_wrong_kind_of_folder(finished, tmp_path, mistake):
    said = mistake("tokens", finished / "tokenizer", finished / "tokenizer", "-o", tmp_path / "out")
    assert "zaohua corpus" in said


def test_bad_conversations_name_their_line(finished, tmp_path, mistake):
    good = json.dumps({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})
    (tmp_path / "chats.jsonl").write_text(good + '\n{"text": 1}\n')
    arguments = (
        "finetune",
        finished,
        tmp_path / "chats.jsonl",
        "-o",
        tmp_path / "out",
        "--steps",
        "2",
        "--length",
        "64",
    )
    assert "line 2" in mistake(*arguments)


def test_nothing_says_how_long(tmp_path, mistake):
    assert "how long to train" in mistake("pretrain", tmp_path, tmp_path, "-o", tmp_path / "out")


def test_training_into_a_folder_of_something_else_leaves_it_alone(finished, tmp_path, mistake):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("dear diary")
    said = mistake("pretrain", finished / "tokens", finished / "tokenizer", "-o", tmp_path / "notes", "--steps", 1)
    assert "did not write" in said
    assert (tmp_path / "notes" / "diary.txt").read_text() == "dear diary"


def test_a_preset_and_a_shape_exclude_each_other(tmp_path, mistake):
    (tmp_path / "r.toml").write_text('[model]\npreset = "gpt1"\ndim = 64\n[pretrain]\nsteps = 1\n')
    assert "gpt1 says dim already" in mistake("run", tmp_path / "r.toml", "-o", tmp_path / "run")
    (tmp_path / "r.toml").write_text('[model]\npreset = "gpt9"\n[pretrain]\nsteps = 1\n')
    assert "unknown preset gpt9" in mistake("run", tmp_path / "r.toml", "-o", tmp_path / "run")


def test_missing_conversations_are_found_before_anything_is_made(tmp_path, mistake):
    (tmp_path / "r.toml").write_text(
        '[pretrain]\nsteps = 1\n[chat]\nsources = ["no.jsonl"]\n[chat.training]\nsteps = 1\n'
    )
    assert "no.jsonl" in mistake("run", tmp_path / "r.toml", "-o", tmp_path / "run")
    assert not (tmp_path / "run" / "corpus").exists()


def test_a_disk_that_fills_up_while_training(finished, tmp_path):
    """Files may grow to 100 kB only: checkpoints do not fit."""
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "from zaohua import cli; sys.exit(cli.run(sys.argv[1:]))"
    )
    train = ["pretrain", finished / "tokens", finished / "tokenizer", "-o", tmp_path / "out", "--steps", "3",
             "--length", "32", "--rows", "2", "--save-every", "0.001", "--precision", "fp32"]  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program, *map(str, train)], capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "the disk is full" in done.stderr
    assert not list((tmp_path / "out" / "checkpoints").glob("*"))


def test_a_path_that_cannot_be(finished, tmp_path, mistake):
    (tmp_path / "file").write_text("x")
    assert "missing" in mistake("inspect", finished, "One day", "-o", tmp_path / "missing" / "look.html")
    assert "file" in mistake("run", finished / "recipe.toml", "-o", tmp_path / "file")
    assert "file" in mistake("corpus", "microworld:small:1MB", "-o", tmp_path / "file" / "corpus")
    assert (tmp_path / "file").read_text() == "x"


def test_a_recipe_is_not_overwritten_by_its_run(tmp_path, mistake):
    (tmp_path / "recipe.toml").write_text("# mine\n[pretrain]\nsteps = 1\n")
    assert "would be overwritten" in mistake("run", tmp_path / "recipe.toml", "-o", tmp_path)
    assert "# mine" in (tmp_path / "recipe.toml").read_text()


def test_conversations_with_nothing_to_learn(finished, tmp_path, mistake, capsys):
    said = {"messages": [{"role": "user", "content": "hello"}]}
    (tmp_path / "a.jsonl").write_text(json.dumps(said) + "\n\n")
    train = ("finetune", finished / "pretrain", tmp_path / "a.jsonl", "-o", tmp_path / "out", "--steps", "2")
    assert "no conversation has an answer" in mistake(*train, "--length", "64")
    said["messages"].append({"role": "assistant", "content": "hello to you " * 40})
    (tmp_path / "a.jsonl").write_text((json.dumps(said) + "\n") * 3 + "\n")
    assert cli.run([str(each) for each in (*train, "--length", "64", "--rows", "2", "--precision", "fp32")]) == 0
    assert "lost their beginning" in capsys.readouterr().out
    (tmp_path / "recipe.toml").write_text('minutes = 5\n[chat]\nsources = ["a.jsonl"]\n')
    (tmp_path / "a.jsonl").write_text(json.dumps(said) + "\nbroken\n")
    assert "line 2" in mistake(
        "run", tmp_path / "recipe.toml", "--chat.sources", tmp_path / "a.jsonl", "-o", tmp_path / "run"
    )
    assert not (tmp_path / "run").exists()


def test_minutes_and_a_length_of_ones_own(tmp_path, mistake):
    (tmp_path / "recipe.toml").write_text("minutes = 5\n[pretrain]\nseconds = 9\n")
    assert "leave one out" in mistake("run", tmp_path / "recipe.toml", "-o", tmp_path / "run")


def test_two_processes_in_one_training_folder(finished, tmp_path, mistake):
    train = ("pretrain", finished / "tokens", finished / "tokenizer", "-o", tmp_path / "out", "--steps", "1")
    with folders.alone(tmp_path / "out"):
        assert "another zaohua process" in mistake(*train, "--length", "32")
    assert not (tmp_path / "out").exists()


def test_a_mistake_leaves_a_finished_run_where_it_is(finished, tmp_path, mistake):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    before = snapshot(run)
    told = {"messages": [{"role": "user", "content": "hello"}]}
    (tmp_path / "mute.jsonl").write_text((json.dumps(told) + "\n") * 30)
    told["messages"].append({"role": "assistant", "content": "hello to you"})
    (tmp_path / "good.jsonl").write_text((json.dumps(told) + "\n") * 30)
    finetune = ("finetune", run / "pretrain", "-o", run / "chat", "--steps", "1")
    assert "is above the model's" in mistake(*finetune, tmp_path / "good.jsonl", "--length", "4096")
    assert "no conversation has an answer" in mistake(*finetune, tmp_path / "mute.jsonl", "--length", "64")
    pretrain = ("pretrain", run / "tokens", run / "tokenizer", "-o", run / "pretrain", "--steps", "1")
    assert "is above the model's" in mistake(*pretrain, "--length", "64", "--model.max-length", "32")
    assert "names no source" in mistake(*pretrain, "--length", "64", "--mix", "nothing=1")
    assert "is above the model's" in mistake(*pretrain, "--start", finished, "--length", "1024")
    assert "the folder of a whole run" in mistake(*pretrain[:3], "-o", run, "--steps", "1")
    assert snapshot(run) == before
    assert not list(run.glob("*-old-*"))
