"""Vocabularies of others give the ids of their own libraries, and their damaged files one sentence."""

import base64
import json

import pytest
import tiktoken
from real import cases, real
from strings import hard_strings, text_of

from zaohua.settings import UserError
from zaohua.tokenizer import splitting
from zaohua.tokenizer.foreign import import_vocabulary
from zaohua.tokenizer.symbols import SYMBOL_BYTES
from zaohua.tokenizer.tokenizer import Tokenizer

HARD = hard_strings(1000, seed=31)


def saved_and_loaded(tokenizer: Tokenizer, folder) -> Tokenizer:
    tokenizer.save(folder)
    again = Tokenizer.load(folder)
    assert again.digest == tokenizer.digest
    assert again.specials == tokenizer.specials
    return again


@pytest.mark.slow
def test_gpt2s_ids_are_those_of_tiktoken_and_of_transformers(tmp_path):
    folder = real("tokenizers/gpt2")
    tokenizer = saved_and_loaded(import_vocabulary(folder, "gpt2"), tmp_path)
    assert (tokenizer.vocab_size, tokenizer.end_of_text) == (50_257, 50_256)
    ranks = {bytes(map(SYMBOL_BYTES.get, token)): index for token, index in
             json.loads((folder / "encoder.json").read_text()).items() if token != "<|endoftext|>"}  # fmt: skip
    expression = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
    theirs = tiktoken.Encoding("gpt2", pat_str=expression, mergeable_ranks=ranks, special_tokens={})
    expected = [theirs.encode_ordinary(text) for text in HARD]
    assert [tokenizer.encode(text) for text in HARD] == expected
    assert tokenizer.encode_batch(HARD * 20) == expected * 20
    assert tokenizer._bulk is not None
    assert [tokenizer.decode(ids) for ids in expected] == HARD
    assert all(tokenizer.encode(text) == ids for text, ids in cases("gpt-2"))
    transformers = pytest.importorskip("transformers")
    assert transformers.AutoTokenizer.from_pretrained(tmp_path)(HARD)["input_ids"] == expected


def test_a_folder_of_transformers_is_read_as_it_is():
    tokenizer = import_vocabulary(real("tokenizers/gpt2"))
    assert tokenizer.specials == {"<|endoftext|>": 50_256}
    assert all(tokenizer.encode(text) == ids for text, ids in cases("gpt-2"))
    assert 50_256 not in tokenizer.encode("<|endoftext|>")


def test_minimind_is_read_with_its_template_and_its_added_words():
    tokenizer = import_vocabulary(real("tokenizers/minimind"))
    assert tokenizer.vocab_size == 6400
    assert "im_start" in (tokenizer.chat_template or "")
    assert tokenizer._bulk is not None
    text = text_of(3, 200) + "<think>好</think>"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode("<think>")) == 1
    assert tokenizer.encode_batch([text] * 200) == [tokenizer.encode(text)] * 200


@pytest.mark.slow
@pytest.mark.parametrize("name", ["google_cased_en", "google_uncased_en", "google_zh"])
def test_berts_ids_are_those_of_transformers(name, tmp_path):
    transformers = pytest.importorskip("transformers")
    file = real(f"tokenizers/bert/{name}_vocab.txt")
    tokenizer = saved_and_loaded(import_vocabulary(file), tmp_path)
    theirs = transformers.BertTokenizer(str(file), do_lower_case=name != "google_cased_en")
    expected = theirs(HARD, add_special_tokens=False)["input_ids"]
    assert [tokenizer.encode(text) for text in HARD] == expected
    assert transformers.AutoTokenizer.from_pretrained(tmp_path)(HARD, add_special_tokens=False)["input_ids"] == expected
    assert not tokenizer.lossless
    assert tokenizer.specials["[MASK]"] not in tokenizer.encode("[MASK] [unused1]")
    assert tokenizer.decode(tokenizer.encode("unaffable 42")) == "unaffable 42"


@pytest.mark.slow
def test_llamas_ids_are_those_of_sentencepiece(tmp_path):
    sentencepiece = pytest.importorskip("sentencepiece")
    folder = real("tokenizers/llama2")
    tokenizer = saved_and_loaded(import_vocabulary(folder), tmp_path)
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    strings = [*HARD, *(text for text, _ in cases("llama-spm")), "", " ", "<s>", "</s> <0x41>", "▁a"]
    assert [tokenizer.encode(text) for text in strings] == [theirs.encode(text) for text in strings]
    assert all(tokenizer.encode(text) == ids for text, ids in cases("llama-spm"))
    assert [tokenizer.decode(tokenizer.encode(text)) for text in HARD] == HARD
    assert tokenizer.end_of_text == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_a_model_of_sentencepiece_that_normalises_gives_its_ids(kind, tmp_path):
    sentencepiece = pytest.importorskip("sentencepiece")
    (tmp_path / "text.txt").write_text("\n".join(text_of(seed, 30) for seed in range(300)))
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text.txt"),
        model_prefix=str(tmp_path / "made"),
        vocab_size=600,
        model_type=kind,
        byte_fallback=True,
        minloglevel=2,
    )
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "made.model"))
    tokenizer = import_vocabulary(tmp_path / "made.model")
    strings = [*hard_strings(1000, seed=5), "<s>", "a<s>b </s>", "<unk>"]
    assert [tokenizer.encode(text) for text in strings] == [theirs.encode(text) for text in strings]


@pytest.mark.slow
@pytest.mark.parametrize("cut", list(splitting.FOREIGN))
def test_a_file_of_tiktoken_gives_the_ids_of_tiktoken(cut, tmp_path):
    vocabulary = json.loads((real("tokenizers/gpt2") / "encoder.json").read_text())
    ranks = {bytes(map(SYMBOL_BYTES.get, token)): index for token, index in vocabulary.items() if index < 20_000}
    file = tmp_path / "made.tiktoken"
    file.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))
    theirs = tiktoken.Encoding(
        "made", pat_str=splitting.FOREIGN[cut], mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 20_000}
    )
    tokenizer = saved_and_loaded(import_vocabulary(file, cut=cut), tmp_path)
    expected = [theirs.encode_ordinary(text) for text in HARD]
    assert [tokenizer.encode(text) for text in HARD] == expected
    assert tokenizer.encode_batch(HARD * 20) == expected * 20
    assert tokenizer._bulk is not None
    assert tokenizer.end_of_text == 20_000
    transformers = pytest.importorskip("transformers")
    assert transformers.AutoTokenizer.from_pretrained(tmp_path)(HARD)["input_ids"] == expected


def tiktoken_file(folder, ranks):
    file = folder / "made.tiktoken"
    file.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))
    return file


BYTES = {bytes([byte]): byte for byte in range(256)}


def test_a_gap_among_ranks_is_an_unused_special_token(tmp_path):
    tokenizer = import_vocabulary(tiktoken_file(tmp_path, BYTES | {b"ab": 258}), cut="gpt2")
    assert tokenizer.specials == {"<|unused-256|>": 256, "<|unused-257|>": 257, "<|endoftext|>": 259}
    assert tokenizer.encode("abc") == [258, 99]


def unigram_without_spaces(folder):
    path = folder / "tokenizer.json"
    path.write_text(json.dumps({"model": {"type": "Unigram", "vocab": [["a", 0.0]]}}))
    return path


@pytest.mark.parametrize(
    ("make", "options", "named"),
    [
        (lambda folder: folder / "nothing", {}, "there is no file or folder"),
        (lambda folder: folder, {}, "no file of a known vocabulary.*gpt1, gpt2, bert"),
        (lambda folder: folder, {"source": "gpt2"}, "vocab.json"),
        (lambda folder: tiktoken_file(folder, BYTES), {}, "does not say how text is cut.*gpt2, cl100k"),
        (lambda folder: tiktoken_file(folder, {b"a": 0}), {"cut": "gpt2"}, "lacks some of the 256 bytes"),
        (lambda folder: tiktoken_file(folder, BYTES | {b"ab": 10**9}), {"cut": "gpt2"}, "gaps"),
        (unigram_without_spaces, {}, "does not know"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(tmp_path, make, options, named):
    with pytest.raises(UserError, match=named):
        import_vocabulary(make(tmp_path), **options)


@pytest.mark.parametrize("content", [b"", b"\xff" * 50, b"no model", b"\x0a\xff\xff\xff\x0f"])
def test_a_file_that_is_no_sentencepiece_model_is_refused(tmp_path, content):
    (tmp_path / "tokenizer.model").write_bytes(content)
    with pytest.raises(UserError, match="SentencePiece"):
        import_vocabulary(tmp_path)


def test_a_vocabulary_without_an_end_of_text_says_so(tmp_path):
    (tmp_path / "vocab.txt").write_text("[UNK]\na\n##b\n")
    tokenizer = import_vocabulary(tmp_path)
    assert tokenizer.encode("ab c") == [1, 2, 0]
    with pytest.raises(UserError, match="no token for the end of a text"):
        _ = tokenizer.end_of_text


def test_a_tokenizer_json_with_an_expression_of_its_own_is_refused(tmp_path, tokenizer):
    tokenizer.save(tmp_path)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text())
    content["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "(a+)+$"
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match="does not know"):
        import_vocabulary(tmp_path)
