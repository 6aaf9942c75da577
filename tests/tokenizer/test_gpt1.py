"""GPT-1's preparation against words and ids computed by another implementation, kept in gpt1_golden.jsonl.

That one ran the rules of spaCy 2.0.13 (its own data files) through a plain transcription of its algorithm, after ftfy
4.4.3 and the original's standardisation, and joined the real merges pair by pair. The 300 lines are ours: some written
for a rule each, the rest put together at random. spaCy 3.8's engine with the same rules differs on three of them, and
spaCy 3.8's own rules on 23.
"""

import builtins
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from real import real
from strings import hard_strings

from zaohua.settings import UserError
from zaohua.tokenizer import english
from zaohua.tokenizer.foreign import import_vocabulary
from zaohua.tokenizer.gpt1 import mend, standardize, words_of_gpt1
from zaohua.tokenizer.tokenizer import Tokenizer

GOLDEN = [json.loads(line) for line in (Path(__file__).parent / "gpt1_golden.jsonl").read_text().splitlines()]


def test_all_300_lines_are_cut_into_the_same_words():
    assert len(GOLDEN) == 300
    assert [words_of_gpt1(line["text"]) for line in GOLDEN] == [line["words"] for line in GOLDEN]


def test_all_300_lines_get_the_same_ids():
    tokenizer = import_vocabulary(real("tokenizers/gpt1"))
    assert tokenizer.vocab_size == 40_478
    assert [tokenizer.encode(line["text"]) for line in GOLDEN] == [line["ids"] for line in GOLDEN]
    assert tokenizer.encode_batch([line["text"] for line in GOLDEN]) == [line["ids"] for line in GOLDEN]


def test_the_preparation_is_kept_in_the_folder(tmp_path):
    tokenizer = import_vocabulary(real("tokenizers/gpt1"))
    tokenizer.save(tmp_path)
    again = Tokenizer.load(tmp_path)
    assert again.digest == tokenizer.digest
    assert again.encode("I'll see Dr. Smith.\nBye…") == tokenizer.encode("I'll see Dr. Smith.\nBye…")
    assert not again.lossless
    assert again.decode(again.encode("I'll see Dr. Smith")) == "i 'll see dr. smith"
    config = tmp_path / "tokenizer_config.json"
    config.write_text(config.read_text().replace('"gpt1"', '"other"'))
    with pytest.raises(UserError, match="preparation 'other'"):
        Tokenizer.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n ", []),
        ("wasn't", ["was", "n't"]),
        ("a\n\n b", ["a", "\n", "b"]),
        ("U.S.A. 3.14", ["u.s.a.", "3.14"]),
        ("the end.", ["the", "end", "."]),
        ("see foo.bar, ok", ["see", "foo.bar", ",", "ok"]),
        ("“Hi”—she said…", ['"', "hi", '"', "-", "she", "said", "..."]),
        ("ﬁne Ｆｕｌｌ", ["fine", "full"]),
        ("&lt;3 &amp; x", ["<3", "&", "x"]),
        ("<b>&lt;3</b>", ["<", "b>&lt", ";", "3", "<", "/", "b", ">"]),
    ],
)
def test_each_step_of_the_preparation(text, words):
    assert words_of_gpt1(text) == words


@given(text=st.text() | st.lists(st.sampled_from(hard_strings(200))).map(" ".join))
def test_no_character_is_lost_but_white_space(text):
    standard = standardize(mend(text))
    assert "".join(english.words(standard)).replace("\n", "") == "".join(standard.split())
    assert standardize(standard) == standard


def test_a_text_that_needs_ftfy_says_so_where_there_is_none(monkeypatch):
    found = builtins.__import__

    def without_ftfy(name, *rest):
        if name == "ftfy":
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_ftfy)
    assert words_of_gpt1("plain") == ["plain"]
    with pytest.raises(UserError, match="pip install ftfy"):
        words_of_gpt1("café")
