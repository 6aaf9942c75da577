"""The command line: what it accepts, what it shows, and that each end says what is true."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zaohua import cli, folders, terminal, verbs
from zaohua.corpus.documents import DOCUMENT, Table
from zaohua.generation.settings import Sampling
from zaohua.settings import UserError
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer

WRITING = {"quickstart", "make", "run", "corpus", "tokenizer", "tokens", "pretrain", "finetune"}


def ending_with(error: type[BaseException] | BaseException):
    def verb(*words: str) -> None:
        raise error

    return verb


def help_of(verb: str, capsys) -> str:
    assert cli.run([verb, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("verb", cli.VERBS)
def test_only_what_can_be_continued_says_so_when_it_is_interrupted(verb, monkeypatch, capsys):
    monkeypatch.setattr(verbs, verb, ending_with(KeyboardInterrupt))
    assert cli.run([verb]) == (75 if verb in WRITING else 130)
    said = capsys.readouterr().err
    assert "interrupted" in said
    assert ("the same command continues" in said) == (verb in WRITING)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("verb", cli.VERBS)
def test_a_run_whose_reader_left_is_not_done(verb, monkeypatch, capsys):
    monkeypatch.setattr(verbs, verb, ending_with(BrokenPipeError))
    assert cli.run([verb]) == (75 if verb in WRITING else 0)
    assert ("the same command continues" in capsys.readouterr().err) == (verb in WRITING)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (verbs.Interrupted("saved at step 3", "已存到第 3 步"), "已中断：已存到第 3 步；重复同一命令即可继续\n"),
        (KeyboardInterrupt(), "已中断；重复同一命令即可继续\n"),
        (BrokenPipeError(), "输出端已关闭；重复同一命令即可继续\n"),
    ],
)
def test_how_a_verb_ends_is_said_in_the_reader_s_language(ends, said, monkeypatch, capsys):
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    monkeypatch.setattr(verbs, "run", ending_with(ends))
    assert cli.run(["run"]) == 75
    assert capsys.readouterr().err == said


def test_no_texts_to_write_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="--count is 0: give 1 or more"):
        terminal.write(tmp_path, "", Sampling(), 0)


@pytest.mark.slow
def test_a_reader_who_leaves_is_no_error(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    (tmp_path / "recipe.toml").write_text("[pretrain]\nsteps = 1\n")
    folders.seal(tmp_path, {})
    for arguments, code in ((["run", tmp_path, "--dry-run"], 75), (["verify", tmp_path], 0)):
        command = [sys.executable, "-m", "zaohua.cli", *arguments]
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
        assert (done.returncode, "Exception" in done.stderr) == (code, False), done.stderr
    os.close(writing)


def test_neither_help_nor_the_flags_load_what_only_the_work_needs():
    program = (
        "import sys; from zaohua import cli; cli.run(['--help']); print('pydantic' in sys.modules);"
        "import zaohua.verbs; print(sorted({'torch', 'numpy', 'fastapi', 'uvicorn', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["False", "[]"]


@pytest.mark.parametrize("verb", ["make", "plan", "run"])
def test_what_a_recipe_keeps_for_itself_is_no_flag(verb, capsys):
    assert "--request" not in help_of(verb, capsys)
    assert cli.run([verb, "x", "--request", "y"]) == 1
    assert "--request" in capsys.readouterr().err


@pytest.mark.parametrize(("verb", "flag"), [("corpus", "--sources"), ("make", "--corpus.sources")])
def test_sources_that_stand_as_words_are_no_flag_too(verb, flag, capsys):
    shown = help_of(verb, capsys)
    assert flag not in shown
    assert flag.replace("sources", "heldout") in shown
    assert cli.run([verb, "x", "-o", "y", flag, "z"]) == 1
    assert flag in capsys.readouterr().err


def test_a_run_may_read_other_sources(tmp_path, capsys):
    (tmp_path / "recipe.toml").write_text('[corpus]\nsources = ["a"]\n')
    assert cli.run(["run", str(tmp_path), "--corpus.sources", "b", "--dry-run"]) == 0
    assert 'sources = ["b"]' in capsys.readouterr().out


def test_a_mistake_in_a_flag_names_the_setting(capsys):
    assert cli.run(["make", "x", "--corpus.heldout", "2"]) == 1
    assert "error: --corpus.heldout is 2; it must be less than or equal to 0.5" in capsys.readouterr().err
    assert cli.run(["corpus", "x", "-o", "y", "--heldout", "2"]) == 1
    assert "error: --heldout is 2; it must be less than or equal to 0.5" in capsys.readouterr().err


def test_a_kept_plan_is_shown_again(tmp_path, capsys):
    text = tmp_path / "x.txt"
    text.write_text("text")
    files = folders.digest_of([("x.txt", 4)])
    request = json.dumps({"texts": [str(text)], "files": files, "minutes": 3.0, "changes": {}}, sort_keys=True)
    kept = f"minutes = 3.0\nrequest = {json.dumps(request)}\n\n[model]\ndim = 96\n"
    (tmp_path / "recipe.toml").write_text(kept)
    assert cli.run(["make", str(text), "--minutes", "3", "-o", str(tmp_path), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "[model]\ndim = 96" in said
    assert "request" not in said


@pytest.mark.parametrize("verb", ["pretrain", "finetune"])
def test_a_stage_without_a_length_names_its_own_flags(verb, capsys):
    assert cli.run([verb, "x", "y", "-o", "z"]) == 1
    said = capsys.readouterr().err
    assert "give --steps or --seconds" in said
    assert "minutes" not in said


def test_a_run_without_a_length_names_its_minutes(tmp_path, capsys):
    (tmp_path / "recipe.toml").write_text('[corpus]\nsources = ["a"]\n')
    assert cli.run(["run", str(tmp_path)]) == 1
    assert "give --pretrain.steps, --pretrain.seconds or --minutes" in capsys.readouterr().err


def test_the_flags_of_serve_are_its_settings(tmp_path, monkeypatch, capsys):
    from zaohua.server import serve

    (tmp_path / "config.json").touch()
    asked = []
    monkeypatch.setattr(serve, "serve", lambda folder, settings, events: asked.append(settings))
    flags = ["--port", "0", "--waiting", "3", "--drain-seconds", "1.5", "--insecure-no-auth"]
    assert cli.run(["serve", str(tmp_path), *flags]) == 0, capsys.readouterr().err
    assert cli.run(["serve", str(tmp_path)]) == 0
    assert asked[0].model_dump() == {
        "host": "127.0.0.1", "port": 0, "insecure_no_auth": True, "waiting": 3, "drain_seconds": 1.5,
    }  # fmt: skip
    assert (asked[1].port, asked[1].waiting) == (8000, 64)
    assert cli.run(["serve", str(tmp_path), "--port", "70000"]) == 1
    assert re.match(r"error: --port is 70000; it must be .*65535", capsys.readouterr().err)


def shown_by_a_dry_run(recipe: str, folder, capsys, *flags: str) -> tuple[int, str]:
    (folder / "recipe.toml").write_text('[corpus]\nsources = ["a"]\n' + recipe)
    code = cli.run(["run", str(folder), "--dry-run", *flags])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_flags_are_held_against_the_recipe_that_they_change(tmp_path, capsys):
    rows = (
        "[pretrain]\nlength = 128\nrows = 24\n[chat]\nsources = ['microworld:small']\n[chat.training]\nlength = 128\n"
    )
    changes = ["--model.max-length", "200", "--pretrain.micro-rows", "12", "--chat.training.micro-rows", "4"]
    code, said = shown_by_a_dry_run(rows, tmp_path, capsys, *changes)
    assert (code, "max_length = 200" in said, "micro_rows = 12" in said) == (0, True, True), said
    code, said = shown_by_a_dry_run(rows, tmp_path, capsys, "--model.max-length", "100")
    assert (code, "pretrain.length (128) is above model.max_length (100)" in said) == (1, True), said
    code, said = shown_by_a_dry_run(rows, tmp_path, capsys, "--pretrain.micro-rows", "16")
    assert (code, "rows (24) is not a multiple of micro_rows (16)" in said) == (1, True), said
    code, said = shown_by_a_dry_run(rows, tmp_path, capsys, "--minutes", "5", "--pretrain.steps", "9")
    assert (code, "leave one out" in said) == (1, True), said


def test_what_a_run_without_conversations_never_reads_is_not_checked(tmp_path, capsys):
    code, said = shown_by_a_dry_run("[model]\nmax_length = 128\n[pretrain]\nlength = 128\n", tmp_path, capsys)
    assert code == 0, said
    chat = '[chat]\nsources = ["microworld:small"]\n'
    code, said = shown_by_a_dry_run(f"[model]\nmax_length = 128\n[pretrain]\nlength = 128\n{chat}", tmp_path, capsys)
    assert (code, "chat.training.length (256) is above" in said) == (1, True), said


def test_what_would_be_ignored_is_refused(tmp_path, capsys):
    assert cli.run(["evaluate", str(tmp_path), "--against", str(tmp_path / "a.txt")]) == 1
    assert "--against is for a text to predict" in capsys.readouterr().err
    assert cli.run(["finetune", "m", "d", "-o", str(tmp_path / "x"), "--task", "sing", "--steps", "1"]) == 1
    assert "sing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "found", "shown"),
    [
        ("{}/bin/zaohua", "{}/bin/zaohua", "zaohua"),
        ("{}/bin/zaohua", None, "{}/bin/zaohua"),
        ("{}/bin/zaohua", "{}/other/zaohua", "{}/bin/zaohua"),
        ("/x/zaohua/cli.py", None, "zaohua"),
    ],
)
def test_the_next_command_is_one_that_the_user_can_type(typed, found, shown, tmp_path, monkeypatch):
    from zaohua.verbs import flags

    for place in ("bin", "other"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "zaohua").touch()
    monkeypatch.setattr(sys, "argv", [typed.format(tmp_path)])
    monkeypatch.setattr(flags.shutil, "which", lambda name: found and found.format(tmp_path))
    assert flags.command_of("serve", Path("a b")) == f"{shown.format(tmp_path)} serve 'a b'"


@pytest.mark.parametrize(("terminal", "wanted"), [(True, True), (True, False), (False, True)])
def test_a_terminal_ends_with_the_chat_page_where_it_is_wanted(terminal, wanted, tmp_path, monkeypatch, capsys):
    from zaohua.events import Events
    from zaohua.server import serve
    from zaohua.verbs import whole

    served = []
    (tmp_path / "chat" / "model").mkdir(parents=True)
    (tmp_path / "chat" / "model" / "config.json").touch()
    monkeypatch.setattr(whole.sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(serve, "serve", lambda model, settings, events: served.append((model, settings.port)))
    whole._end_with_page(tmp_path, Events(), serve=wanted, talks=True)
    assert served == ([(tmp_path / "chat" / "model", 0)] if terminal and wanted else [])
    assert ("talk to it" in capsys.readouterr().out) == (not served)


@pytest.mark.parametrize("talks", [True, False])
def test_a_model_without_conversations_is_not_said_to_talk(talks, tmp_path, capsys):
    from zaohua.events import Events
    from zaohua.verbs import whole

    whole._end_with_page(tmp_path / "my run", Events(), serve=False, talks=talks)
    said = capsys.readouterr().out
    assert f"serve '{tmp_path}/my run'" in said
    assert ("talk" in said) == talks


def test_a_dry_run_writes_a_sample_and_its_report_beside_the_folder_that_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "texts").mkdir()
    for n in range(9):
        lines = (f"第{n}篇第{m}行：小猫坐在第{m * n}张垫子上，the cat sat on mat {m + n}." for m in range(80))
        (tmp_path / "texts" / f"{n}.txt").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    flags = ["--dry-run", "5", "--runner", "local", "--rules.preset", "none"]
    assert cli.run(["corpus", "../texts", "-o", ".", *flags]) == 0, capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out-sample", "texts"]
    report = json.loads((tmp_path / "out-sample/report.json").read_text())
    assert (report["sample"], report["total"]["texts"]) == (5, 5)
    assert (tmp_path / "out-sample/report.html").is_file()
    assert cli.run(["corpus", "../texts", "-o", "/", *flags]) == 1
    assert "error: / cannot be replaced: give another place with -o" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["tokenizer", "train", "../corpus", "--vocab-size", "270"],
        ["tokenizer", "import", "../tokenizer"],
        ["tokenizer", "extend", "../tokenizer", "--words", "../words"],
        ["tokens", "../corpus", "../tokenizer"],
    ],
)
def test_the_folder_that_one_stands_in_is_a_place_to_write(words, tmp_path, monkeypatch, capsys):
    with folders.writing(tmp_path / "corpus", {"stage": "corpus", "settings": {}, "inputs": {}}) as corpus:
        for part in ("documents", "heldout"):
            (corpus / part).mkdir()
            with Table(corpus / part / "part-000000.parquet", DOCUMENT) as table:
                table.add({"id": "1", "text": "the cat sat on a mat\n" * 500, "source": "a", "meta": "{}"})
        total = {"bytes": 10500, "heldout_bytes": 10500}
        folders.write_json(corpus / "report.json", {"total": total, "sources": {"a": total}})
    train_tokenizer(["the cat sat on a mat\n" * 500], TokenizerSettings(vocab_size=270)).save(tmp_path / "tokenizer")
    (tmp_path / "words").write_text("mat mat\ncats\n")
    for place, said in ((".", ""), ("/", "error: / cannot be replaced: give another place with -o")):
        (tmp_path / "out").mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / "out")
        assert cli.run([*words, "-o", place]) == (1 if said else 0), capsys.readouterr().err
        assert said in capsys.readouterr().err
        assert folders.problems(tmp_path / "out") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out", "tokenizer", "words"]


def test_the_runner_has_a_short_flag(monkeypatch, capsys):
    from zaohua.corpus import stage

    asked = []
    monkeypatch.setattr(stage, "run", lambda settings, *_, **__: asked.append(settings.run))
    flags = ["--run.workers", "3", "--run.address", "auto"]
    for chosen in ([], ["--runner", "ray"], ["--run.runner", "ray"]):
        assert cli.run(["corpus", "x", "-o", "y", *chosen, *flags]) == 0, capsys.readouterr().err
    assert [run.runner for run in asked] == ["local", "ray", "ray"]
    assert {(run.workers, run.address) for run in asked} == {(3, "auto")}
    assert cli.run(["corpus", "x", "-o", "y", "--runner", "spark"]) == 1
    assert "runner is 'spark'; it must be one of 'local' or 'ray'" in capsys.readouterr().err
