"""The whole line as a user walks it: one recipe, every folder, every verb that looks at the result."""

import json
import os
import re
import signal
import warnings

import pytest

from zaohua import cli, events, folders

pytestmark = pytest.mark.slow


def out(capsys, *arguments) -> str:
    code = cli.run([str(each) for each in arguments])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


def test_every_stage_left_a_whole_folder(finished):
    for stage in ("corpus", "tokenizer", "tokens", "pretrain", "chat", "report", "pretrain/model", "chat/model"):
        assert folders.problems(finished / stage) == [], stage


def test_the_card_holds_the_model_beside_its_baselines(finished):
    card = json.loads((finished / "report" / "card.json").read_text(encoding="utf-8"))
    assert 0 < card["heldout"]["bits_per_byte"] < 8
    assert set(card["baselines"]) == {"xz -9", "zstd -19", "ngram"}
    assert set(card["stories"]) == set(card["questions"]) == {"en", "zh"}
    assert set(card["spent"]) == {"plan", "corpus", "tokenizer", "tokens", "pretrain", "chat", "report"}
    for page in ("card.md", "card.zh.md"):
        assert "xz -9" in (finished / "report" / page).read_text(encoding="utf-8")


def test_running_again_does_nothing(finished, capsys):
    before = {p: p.stat().st_mtime_ns for p in finished.glob("*/manifest.json")}
    said = out(capsys, "run", finished)
    assert said.count("is up to date") == 5
    assert {p: p.stat().st_mtime_ns for p in finished.glob("*/manifest.json")} == before


def test_a_changed_setting_runs_its_stage_and_those_after_it_and_keeps_the_old_model(finished, tmp_path, capsys):
    import shutil

    run = tmp_path / "run"
    shutil.copytree(finished, run)
    said = out(capsys, "run", run, "--pretrain.steps", "12")
    assert "12 steps" in said
    assert said.count("is up to date") == 3
    assert (run / "pretrain-old-1" / "model" / "config.json").exists()


def test_a_setting_that_changes_no_weight_trains_nothing_again(finished, tmp_path, capsys):
    import shutil

    run = tmp_path / "run"
    shutil.copytree(finished, run)
    watching = ("keep", "3", "save-every", "9", "sample-every", "7", "validate-every", "5", "validate-rows", "3")
    flags = [f"--{stage}.{word}" if n % 2 == 0 else word for stage in ("pretrain", "chat.training")
             for n, word in enumerate(watching)]  # fmt: skip
    said = out(capsys, "run", run, *flags, "--chat.share", "0.3")
    assert said.count("is up to date") == 5
    assert not list(run.glob("*-old-*"))
    sealed = folders.manifest_of(run / "pretrain")
    assert sealed is not None
    assert "keep" not in sealed["settings"]["training"]
    assert sealed["watching"]["keep"] == 2


def test_a_finished_run_is_known_before_its_model_is_read(finished, capsys, monkeypatch):
    from zaohua import stages

    monkeypatch.setattr(stages, "load_model", lambda folder: pytest.fail("read"))
    monkeypatch.setattr(stages, "new_model", lambda *_, **__: pytest.fail("made"))
    monkeypatch.setattr(stages, "pack_conversations", lambda *_: pytest.fail("read"))
    assert out(capsys, "run", finished).count("is up to date") == 5


def test_the_same_seed_writes_the_same_text(finished, capsys):
    first = out(capsys, "generate", finished, "One day", "--max-new-tokens", "20")
    assert first.startswith("One day")
    assert out(capsys, "generate", finished, "One day", "--max-new-tokens", "20") == first
    assert out(capsys, "generate", finished, "One day", "--max-new-tokens", "20", "--seed", "1") != first


def test_chat_remembers_and_ends_at_the_end_of_input(finished, capsys, typed):
    lines = typed("Tell me a story.", "/new", "你好")
    said = out(capsys, "chat", finished, "--max-new-tokens", "8")
    assert len(said.splitlines()) >= 3
    assert next(lines, None) is None, "every line was read"


def test_inspect_writes_one_page(finished, tmp_path, capsys):
    out(capsys, "inspect", finished, "One day Ben was happy.", "-o", tmp_path / "look.html")
    assert "<html" in (tmp_path / "look.html").read_text(encoding="utf-8")


def test_inspect_prints_a_distribution_over_the_next_token_requirement_41(finished, tmp_path, capsys):
    said = out(capsys, "inspect", finished, "One day Ben was", "-o", tmp_path / "look.html", "--top", "7")
    shares = [float(share) for share in re.findall(r"^ +([0-9.]+)%  '", said, re.MULTILINE)]
    assert len(shares) == 7
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 100.5


@pytest.mark.parametrize("text", [True, False], ids=["a text", "its own text"])
def test_evaluate_shows_how_far_it_is(text, finished, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(events, "EVERY", 0.0)
    (tmp_path / "a.txt").write_text("One day Ben and Mia were in the garden. " * 20)
    said = out(capsys, "evaluate", finished, *([tmp_path / "a.txt"] if text else []))
    assert re.search(r"^  evaluate \d+/\d+ s · left ", said, re.MULTILINE)


def test_evaluate_stands_beside_compressors(finished, tmp_path, capsys):
    (tmp_path / "a.txt").write_text("One day Ben and Mia were in the garden. " * 20)
    said = out(capsys, "evaluate", finished, tmp_path / "a.txt")
    assert "bits/byte" in said
    assert "xz -9" in said


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16"])
def test_evaluate_reads_a_text_in_any_encoding(encoding, finished, tmp_path, capsys, mistake):
    text = "从前有一个小村庄，村子里住着一位老人。他每天都到山上去，看太阳从海里升起来。\n" * 20
    if encoding == "big5":
        text = "從前有一個小村莊，村子裡住著一位老人。他每天都到山上去，看太陽從海裡升起來。\n" * 20
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "b.txt").write_text(text, encoding=encoding)
    plain, other = (out(capsys, "evaluate", finished, tmp_path / name) for name in ("a.txt", "b.txt"))
    assert other.replace("b.txt", "a.txt") == plain
    (tmp_path / "c.txt").write_bytes(bytes(range(256)) * 9)
    assert "c.txt is no text (" in mistake("evaluate", finished, tmp_path / "c.txt")


def test_evaluate_measures_a_run_as_its_card_does(finished, tmp_path, capsys, mistake, monkeypatch):
    from zaohua.evaluation import card

    kept = json.loads((finished / "report" / "card.json").read_text())
    for language in ("en", "zh"):
        monkeypatch.setenv("ZAOHUA_LANG", language)
        assert "\n".join(card.bits(kept, language)) in out(capsys, "evaluate", finished)
    monkeypatch.setenv("ZAOHUA_LANG", "en")
    assert "give a text file" in mistake("evaluate", finished / "pretrain" / "model")
    (tmp_path / "a.txt").write_text("One day Ben and Mia were in the garden. " * 20)
    against = ("evaluate", finished, tmp_path / "a.txt", "--against", tmp_path / "a.txt")
    assert "n-gram model" in out(capsys, *against)
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    said = out(capsys, *against)
    assert "比特/字节" in said
    assert "单独压缩" in said
    assert "五元模型" in said


def test_training_shows_what_the_model_writes_by_now(finished, tmp_path, capsys):
    tiny = ("--steps", "2", "--length", "64", "--rows", "2", "--warmup", "1", "--precision", "fp32")
    pretrain = (
        "pretrain",
        finished / "tokens",
        finished / "tokenizer",
        "--model.dim",
        "32",
        "--model.layers",
        "1",
        *tiny,
    )
    assert out(capsys, *pretrain, "-o", tmp_path / "shown", "--sample-every", "1").count("  » ") == 2
    assert "»" not in out(capsys, *pretrain, "-o", tmp_path / "silent", "--sample-every", "0")


def test_chat_tuning_shows_a_question_and_the_answer_by_now(finished, tmp_path, capsys):
    chats = [
        {"messages": [{"role": "user", "content": f"question {n}"}, {"role": "assistant", "content": "yes"}]}
        for n in range(40)
    ]
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(each) + "\n" for each in chats))
    tiny = ("--steps", "2", "--length", "64", "--rows", "2", "--warmup", "1", "--precision", "fp32")
    finetune = ("finetune", finished / "pretrain" / "model", tmp_path / "chats.jsonl", *tiny)
    said = out(capsys, *finetune, "-o", tmp_path / "shown", "--sample-every", "1")
    assert said.count("  » question 19 → ") == 2, "the first that is kept unseen"
    assert "»" not in out(capsys, *finetune, "-o", tmp_path / "silent", "--sample-every", "0")


def test_verify_walks_the_whole_run(finished, capsys):
    assert "every file is whole" in out(capsys, "verify", finished)


def test_transformers_loads_the_model_and_its_tokenizer(finished):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import AutoModelForCausalLM, AutoTokenizer

        model = AutoModelForCausalLM.from_pretrained(finished / "chat" / "model")
        tokenizer = AutoTokenizer.from_pretrained(finished / "chat" / "model")
    ids = tokenizer("One day Ben was happy.", return_tensors="pt")["input_ids"]
    assert model(ids).logits.shape[:2] == ids.shape


def test_chinese_messages_for_a_chinese_user(finished, capsys, monkeypatch):
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    assert "完成，用时" in out(capsys, "run", finished)


def test_help_teaches(capsys):
    assert "Peak learning rate" in out(capsys, "pretrain", "--help")
    for verb in cli.VERBS:
        assert verb in out(capsys, "--help")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_verb_that_is_asked_to_end_says_that_it_can_be_continued(monkeypatch, capsys, tmp_path, number):
    from zaohua.corpus import stage

    monkeypatch.setattr(stage, "run", lambda *_, **__: os.kill(os.getpid(), number))
    assert cli.run(["corpus", str(tmp_path), "-o", str(tmp_path / "out")]) == 75
    assert "the same command continues" in capsys.readouterr().err
    assert signal.getsignal(number) == signal.SIG_DFL


def test_sources_are_mixed_by_weight(finished, tmp_path, capsys, mistake, monkeypatch):
    from zaohua.training import loop

    for name, line in (("first", "The quick brown fox number {} jumps over it."), ("second", "第{}只小猫坐在垫子上。")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("\n".join(line.format(n) for n in range(3000)), encoding="utf-8")
    out(capsys, "corpus", tmp_path / "first", tmp_path / "second", "--rules.preset", "none", "-o", tmp_path / "corpus")
    out(capsys, "tokens", tmp_path / "corpus", finished / "tokenizer", "-o", tmp_path / "tokens")
    train = ("pretrain", tmp_path / "tokens", finished / "tokenizer", "-o", tmp_path / "run", "--length", "64")
    train += ("--rows", "8", "--steps", "12", "--validate-rows", "2", "--model.dim", "32", "--model.layers", "1")
    assert "give each one a weight" in mistake(*train, "--mix", "first=1")
    assert "names no source" in mistake(*train, "--mix", "third=1")
    taken = []
    whole = loop.make_batch
    monkeypatch.setattr(loop, "make_batch", lambda rows, chosen: taken.extend(chosen.tolist()) or whole(rows, chosen))
    out(capsys, *train, "--mix", "first=3", "--mix", "second=1")
    index = json.loads((tmp_path / "tokens" / "index.json").read_text())["parts"]["train"]["sources"]
    begin, end = index[str(tmp_path / "second")]
    assert (len(taken), sum(begin <= 64 * row < end for row in taken)) == (96, 24)
