"""`zaohua tokenizer`: a model gets new words and trains on, a foreign vocabulary comes in, several are compared."""

import json

import pytest
import torch

from zaohua import cli
from zaohua.checkpoint.model_folder import load_model
from zaohua.tokenizer.tokenizer import Tokenizer

pytestmark = pytest.mark.slow

TINY = ("--length", "64", "--rows", "4", "--steps", "3", "--warmup", "0", "--precision", "fp32", "--validate-rows", "4")


def out(capsys, *arguments) -> str:
    code = cli.run([str(each) for each in arguments])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


def steps(folder) -> list[dict]:
    log = (folder / "metrics.jsonl").read_text().splitlines()
    return [entry for entry in map(json.loads, log) if entry["event"] == "step"]


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "中文词汇.txt"
    path.write_text("# 常用词\n人工智能\n图书馆\n\n人工智能\nzebra\n", encoding="utf-8")
    return path


def test_a_model_gets_words_and_trains_on_from_where_it_was(finished, tmp_path, capsys, words):
    said = out(capsys, "tokenizer", "extend", finished / "pretrain", "--words", words, "-o", tmp_path / "larger")
    assert "3 new tokens, 515 in all" in said
    assert "optimiser's state goes with it" in said
    old, new = load_model(finished / "pretrain" / "model"), load_model(tmp_path / "larger")
    ids = old.tokenizer.encode("Once there was a dog. 有一天，")
    assert new.tokenizer.encode("Once there was a dog. 有一天，") == ids
    assert new.tokenizer.encode("图书馆") == [513]
    assert torch.equal(old.model(torch.tensor([ids])), new.model(torch.tensor([ids])))

    out(capsys, "tokens", finished / "corpus", tmp_path / "larger", "-o", tmp_path / "tokens")
    train = ("pretrain", tmp_path / "tokens", tmp_path / "larger", *TINY)
    out(capsys, *train, "--start", tmp_path / "larger", "-o", tmp_path / "on")
    (tmp_path / "larger" / "optimizer.safetensors").unlink()
    out(capsys, *train, "--start", tmp_path / "larger", "-o", tmp_path / "plain")
    out(capsys, *train, "--model.dim", "32", "--model.layers", "2", "-o", tmp_path / "anew")
    last = steps(finished / "pretrain")[-1]["loss"]
    on, plain, anew = (steps(tmp_path / name) for name in ("on", "plain", "anew"))
    assert on[0]["loss"] == plain[0]["loss"] < last + 0.5 < anew[0]["loss"] - 0.5
    assert on[1]["loss"] != plain[1]["loss"]  # what the optimiser knew


def test_another_optimizer_begins_anew_and_says_so(finished, tmp_path, capsys, words):
    out(capsys, "tokenizer", "extend", finished, "--words", words, "-o", tmp_path / "larger")
    out(capsys, "tokens", finished / "corpus", tmp_path / "larger", "-o", tmp_path / "tokens")
    train = ("pretrain", tmp_path / "tokens", tmp_path / "larger", "--start", tmp_path / "larger", *TINY)
    assert "begins anew" not in out(capsys, *train, "-o", tmp_path / "same")
    assert "begins anew" in out(capsys, *train, "--optimizer", "muon", "-o", tmp_path / "other")


def test_a_vocabulary_grows_on_new_text(finished, tmp_path, capsys):
    text = "图书馆里的人工智能研究所今天开放参观。" * 300
    (tmp_path / "new.txt").write_text("\n\n".join(f"{n} {text}" for n in range(3)), encoding="utf-8")
    out(capsys, "corpus", tmp_path / "new.txt", "--rules.preset", "none", "-o", tmp_path / "corpus")
    extend = ("tokenizer", "extend", finished / "tokenizer", "--grow", "60", "--corpus", tmp_path / "corpus", "--chat")
    assert " new tokens" in out(capsys, *extend, "-o", tmp_path / "larger")
    old, new = Tokenizer.load(finished / "tokenizer"), Tokenizer.load(tmp_path / "larger")
    assert 512 < new.vocab_size <= 572
    assert len(new.encode(text)) < len(old.encode(text)) / 2
    report = ("tokenizer", "report", tmp_path / "corpus", finished / "tokenizer", tmp_path / "larger", "--dim", "64")
    table = out(capsys, *report, "-o", tmp_path / "table.md")
    assert f"| ids | 512 | {new.vocab_size} |" in table
    assert "| bytes per token, zh |" in table
    assert "| bytes per token, new.txt |" in table
    assert "| share of the parameters |" in table
    assert (tmp_path / "table.md").read_text(encoding="utf-8").strip() in table


def test_a_foreign_vocabulary_trains_a_model_that_writes(finished, tmp_path, capsys):
    letters = [*"abcdefghijklmnopqrstuvwxyz.,", *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    said = out(capsys, "tokenizer", "import", tmp_path / "vocab.txt", "-o", tmp_path / "bert")
    assert f"{len(vocabulary)} ids" in said
    assert "not give every text back" in said
    out(capsys, "tokens", finished / "corpus", tmp_path / "bert", "-o", tmp_path / "tokens")
    out(capsys, "pretrain", tmp_path / "tokens", tmp_path / "bert", "--model.dim", "32", "--model.layers", "1", *TINY,
        "--sample-every", "2", "-o", tmp_path / "run")  # fmt: skip
    assert out(capsys, "generate", tmp_path / "run", "one day", "--max-new-tokens", "5").startswith("one day")


def test_what_cannot_be_is_said(finished, tmp_path, mistake, words):
    extend = ("tokenizer", "extend", finished)
    to = ("-o", tmp_path / "out")
    assert "--words" in mistake(*extend, *to)
    assert "together" in mistake(*extend, "--grow", "5", *to)
    assert "one word a line" in mistake(*extend, "--words", tmp_path / "none.txt", *to)
    (tmp_path / "empty.txt").write_text("# nothing\n")
    assert "holds no word" in mistake(*extend, "--words", tmp_path / "empty.txt", *to)
    assert "already" in mistake(*extend, "--chat", *to)
    assert "no model" in mistake("tokenizer", "extend", tmp_path, "--chat", *to)
    assert "known vocabulary" in mistake("tokenizer", "import", tmp_path, *to)
    assert "give the tokenizers" in mistake("tokenizer", "report", finished / "corpus")
    assert not (tmp_path / "out").exists()
    start = ("pretrain", finished / "tokens", finished / "tokenizer", "--steps", "1", *to, "--start")
    assert "leave the settings of the model out" in mistake(*start, finished, "--length", "32", "--model.dim", "64")
    assert "length (1024) is above" in mistake(*start, finished, "--length", "1024")
    assert not (tmp_path / "out").exists()
