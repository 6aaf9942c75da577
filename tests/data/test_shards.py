"""Token shards: nothing lost, sizes and tokenizer checked, the same whatever the size of a shard."""

import itertools
import json

import numpy as np
import pytest

from zaohua.corpus.documents import read_documents
from zaohua.data import shards
from zaohua.data.settings import TokensSettings
from zaohua.data.shards import Part, TokenStore
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.texts import text_bytes
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.training import train_tokenizer

EVENTS = Events(console=False)


@pytest.fixture
def tokens(made, tmp_path):
    return shards.run(TokensSettings(shard_tokens=1024), made / "corpus", made / "tokenizer", tmp_path / "t", EVENTS)


def stream(part: Part) -> list[int]:
    return part.tokens[0 : len(part.tokens)].tolist()


@pytest.mark.parametrize(("part", "source"), [("train", "documents"), ("heldout", "heldout")])
def test_the_stream_is_each_document_between_marks(made, tokens, part, source):
    tokenizer = Tokenizer.load(made / "tokenizer")
    texts = [document.text for document in read_documents(made / "corpus", source)]
    found = TokenStore.open(tokens, tokenizer).part(part)
    ids = stream(found)
    expected = [tokenizer.end_of_text]
    for text in texts:
        expected += [*tokenizer.encode(text), tokenizer.end_of_text]
    assert texts
    assert ids == expected
    assert found.bytes == text_bytes(made / "corpus", source) == sum(len(text.encode()) for text in texts)
    marks = [place for place, token in enumerate(ids) if token == tokenizer.end_of_text]
    assert [tokenizer.decode(ids[a:b]) for a, b in itertools.pairwise(marks)] == texts


def test_the_size_of_shards_changes_nothing_but_the_files(made, tokens, tmp_path):
    whole = shards.run(TokensSettings(), made / "corpus", made / "tokenizer", tmp_path / "whole", EVENTS)
    first, second = TokenStore.open(tokens), TokenStore.open(whole)
    assert len(first.part("train").tokens.shards) > 2
    assert len(second.part("train").tokens.shards) == 1
    for part in shards.PARTS:
        assert stream(first.part(part)) == stream(second.part(part))


def test_any_slice_across_shards_is_the_slice_of_the_stream(tokens):
    found = TokenStore.open(tokens).part("train").tokens
    ids = np.array(found[0 : len(found)])
    for start, stop in [(0, 5), (1000, 1050), (1023, 1024), (1024, 3000), (500, len(ids) + 10), (7, 7)]:
        assert np.array_equal(found[start:stop], ids[start:stop])


def test_a_folder_holds_ids_their_index_and_the_manifest_alone(tokens):
    kinds = {path.name if path.suffix == ".json" else path.suffix for path in tokens.iterdir()}
    assert kinds == {".bin", "index.json", "manifest.json"}


def test_small_vocabularies_take_two_bytes_and_the_index_says_so(tokens):
    index = json.loads((tokens / "index.json").read_text())
    assert index["dtype"] == "<u2"
    counts = index["parts"]["train"]
    assert (tokens / "train-0000.bin").stat().st_size == 2 * counts["shards"][0]
    assert counts["tokens"] == sum(counts["shards"])


def test_unchanged_inputs_are_not_encoded_again(made, tokens, tmp_path, monkeypatch):
    monkeypatch.setattr(Tokenizer, "encode_batch", None)
    again = shards.run(TokensSettings(shard_tokens=1024), made / "corpus", made / "tokenizer", tmp_path / "t", EVENTS)
    assert again == tokens


def test_the_corpus_is_read_once(made, tmp_path, monkeypatch):
    read, groups = [], shards.row_groups
    monkeypatch.setattr(shards, "row_groups", lambda folder, names: read.append(folder.name) or groups(folder, names))
    shards.run(TokensSettings(), made / "corpus", made / "tokenizer", tmp_path / "t", EVENTS)
    assert read == ["documents", "heldout"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(made, tmp_path, monkeypatch):
    begin = shards._Writer.__init__

    def onto_a_full_disk(writer, folder, part, *rest):
        begin(writer, folder, part, *rest)
        (folder / f"{part}-0000.bin").symlink_to("/dev/full")

    monkeypatch.setattr(shards._Writer, "__init__", onto_a_full_disk)
    with pytest.raises(UserError, match="the disk is full while writing"):
        shards.run(TokensSettings(), made / "corpus", made / "tokenizer", tmp_path / "t", EVENTS)
    assert not list(tmp_path.iterdir())


def test_another_tokenizer_is_refused(tokens):
    other = train_tokenizer(["other words " * 50], TokenizerSettings())
    with pytest.raises(UserError, match="another tokenizer"):
        TokenStore.open(tokens, other)


@pytest.mark.parametrize("name", ["train-0001.bin", "heldout-0000.bin", "index.json"])
def test_a_cut_or_missing_file_is_refused_by_name(tokens, name):
    path = tokens / name
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(UserError, match=r"damaged .*make it again"):
        TokenStore.open(tokens)
    path.unlink()
    with pytest.raises(UserError, match=r"damaged .*make it again"):
        TokenStore.open(tokens)


def test_a_missing_folder_names_the_command(tmp_path):
    with pytest.raises(UserError, match="zaohua tokens"):
        TokenStore.open(tmp_path / "none")
