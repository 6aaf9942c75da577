"""Training: the same text gives the same tokenizer, in any process; the vocabulary is as asked for or refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from corpora import corpus_of
from strings import text_of

from zaohua import folders
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.tokenizer import training
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.training import train_tokenizer
from zaohua.tokenizer.vocabulary import suggested_vocab_size

EVENTS = Events(console=False)


@pytest.fixture
def corpus(tmp_path):
    texts = [("a", text_of(n, 60)) for n in range(100)]
    return corpus_of(texts, tmp_path / "corpus", heldout=["never learned " * 50])


def test_all_bytes_come_first_and_merges_are_of_this_text(tokenizer):
    assert sorted(tokenizer.token_bytes[:256]) == [bytes([byte]) for byte in range(256)]
    assert {" didn", "图书馆", "——"} <= {token.decode(errors="replace") for token in tokenizer.token_bytes}


@pytest.mark.slow
def test_another_process_learns_the_same(texts, tokenizer):
    program = "import json, sys; from zaohua.tokenizer.training import *; from zaohua.tokenizer.settings import *; " \
        "print(train_tokenizer(json.load(sys.stdin), TokenizerSettings(vocab_size=500)).digest)"  # fmt: skip
    for threads in ("1", "4"):
        environment = os.environ | {"RAYON_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", program], input=json.dumps(texts), text=True, capture_output=True, env=environment
        )
        assert done.stdout.strip() == tokenizer.digest, done.stderr


def test_a_vocabulary_larger_than_the_text_supports_is_refused_with_the_largest(texts):
    with pytest.raises(UserError, match="the most it gives is") as caught:
        train_tokenizer(texts, TokenizerSettings(vocab_size=50_000))
    largest = int(str(caught.value).split("gives is ")[1].split(";")[0].replace(",", ""))
    assert train_tokenizer(texts, TokenizerSettings(vocab_size=largest)).vocab_size == largest
    assert train_tokenizer(texts, TokenizerSettings()).vocab_size <= largest


def test_auto_follows_the_size_of_the_text():
    sizes = [suggested_vocab_size(10**power) for power in range(3, 12)]
    assert sizes == sorted(sizes)
    assert suggested_vocab_size(10_000_000) == 8192
    assert (sizes[0], sizes[-1]) == (512, 65_536)
    assert all(size % 64 == 0 for size in sizes)


@pytest.mark.parametrize("rule", ["run", "four", "two", "single"])
def test_no_token_crosses_the_rule_or_mixes_hanzi_with_anything(texts, rule):
    made = train_tokenizer(texts, TokenizerSettings(vocab_size=420, hanzi=rule))
    limit = {"run": 99, "four": 4, "two": 2, "single": 1}[rule]
    for token in made.token_bytes:
        text = token.decode(errors="ignore")
        hanzi = sum("\u4e00" <= character <= "\u9fff" for character in text)
        assert hanzi in (0, len(text))
        assert hanzi <= limit


def test_no_more_than_the_sample_is_read():
    def endless():
        while True:
            yield text_of(1, 100)

    assert train_tokenizer(endless(), TokenizerSettings(sample_bytes=10_000)).vocab_size > 262


def test_the_stage_learns_from_documents_and_never_from_heldout_text(corpus, tmp_path):
    folder = training.run(TokenizerSettings(vocab_size=400), corpus, tmp_path / "tokenizer", EVENTS)
    texts = [text_of(n, 60) for n in range(100)]
    assert Tokenizer.load(folder).digest == train_tokenizer(texts, TokenizerSettings(vocab_size=400)).digest
    assert folders.problems(folder) == []
    found = json.loads((folder / "report.json").read_text())
    assert set(found["scripts"]) == {"all", "latin", "han"}
    assert 1 < found["scripts"]["han"]["bytes_per_token"] < 30


def test_the_stage_is_skipped_when_nothing_changed(corpus, tmp_path, monkeypatch):
    folder = training.run(TokenizerSettings(vocab_size=400), corpus, tmp_path / "tokenizer", EVENTS)
    before = folders.manifest_of(folder)
    training.run(TokenizerSettings(vocab_size=380), corpus, tmp_path / "tokenizer", EVENTS)
    assert Tokenizer.load(folder).vocab_size == 380
    monkeypatch.setattr(training, "train_tokenizer", None)
    training.run(TokenizerSettings(vocab_size=380), corpus, tmp_path / "tokenizer", EVENTS)
    assert before["settings"]["vocab_size"] == 400


def test_a_folder_that_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(UserError, match="zaohua corpus"):
        training.run(TokenizerSettings(), tmp_path, tmp_path / "tokenizer", EVENTS)


@pytest.mark.slow
def test_both_engines_agree_on_real_text():
    """Novels and news in both languages, every line, with a vocabulary of 8,000 learned from them."""
    folder = Path(os.environ.get("ZAOHUA_DATA", "../shared/data")) / "corpus"
    files = [folder / "zh/web/clue_sampled.txt", folder / "en/novels/pg11.txt", folder / "zh/classics/西游记.txt"]
    if not all(file.exists() for file in files):
        pytest.skip(f"{folder} is absent")
    texts = [file.read_text(encoding="utf-8-sig") for file in files]
    made = train_tokenizer(texts, TokenizerSettings(vocab_size=8000))
    lines = [line for text in texts for line in text.splitlines(keepends=True)] + texts
    found = made._engine.encode_batch_fast(lines, add_special_tokens=False)
    assert made._bulk.encode_ordinary_batch(lines, num_threads=2) == [encoding.ids for encoding in found]
    assert made.decode(made.encode(texts[0])) == texts[0]
