"""Completions and replies: what is read, what may be written, and where it ends."""

import dataclasses

import pytest
import torch

from zaohua.checkpoint.model_folder import LoadedModel, load_model, save_model
from zaohua.generation.settings import Sampling
from zaohua.generation.text import complete, never_written, reply
from zaohua.model.initialization import new_model
from zaohua.model.presets import shape
from zaohua.settings import UserError
from zaohua.tokenizer.chat import render
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer

TEXTS = ["造化钟神秀，阴阳割昏晓。", "The cat sat on the mat. ", "a b c " * 20]
PAD = 5  # rows of the model that no token has


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS * 20, TokenizerSettings(vocab_size="auto"))


@pytest.fixture
def loaded(tokenizer):
    """A model that prefers nothing, with more rows than the tokenizer has tokens."""
    config = shape("llama", dim=16, layers=1, vocab_size=tokenizer.vocab_size + PAD, max_length=64)
    model = new_model(config, generator=torch.Generator().manual_seed(0)).eval()
    return LoadedModel(model, tokenizer, {})


def always(loaded, *ids):
    """The same, with a model that writes these ids and no other: its scores are given by a hook."""

    def prefer(module, inputs, hidden):
        return torch.full_like(hidden, 1.0)

    loaded.model.stack.register_forward_hook(prefer)
    with torch.no_grad():
        loaded.model.head_weight.zero_()
        for rank, index in enumerate(ids):
            loaded.model.head_weight[index] = 100.0 - rank
    return loaded


def passes(loaded):
    """The ids (rows, time) of each pass of the model from now on: the prompt, then each new token but the last."""
    found = []
    loaded.model.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0]))
    return found


def test_the_prompt_is_read_and_every_piece_says_something_and_a_seed_repeats_them(loaded):
    prompt = [loaded.tokenizer.end_of_text, *loaded.tokenizer.encode("造化")]
    for seed in range(5):
        read = passes(loaded)
        pieces = list(complete(loaded, "造化", Sampling(max_new_tokens=40, temperature=1.0, seed=seed)))
        assert pieces
        assert all(pieces)
        assert read[0].tolist() == [prompt]
        assert len(read) <= 40
        again = list(complete(loaded, "造化", Sampling(max_new_tokens=40, temperature=1.0, seed=seed)))
        assert again == pieces


def test_neither_padding_rows_nor_special_tokens_are_ever_written(loaded):
    tokenizer = loaded.tokenizer
    never = never_written(tokenizer, loaded.model.config.vocab_size, {tokenizer.end_of_text})
    assert len(never) == PAD + len(tokenizer.specials) - 1
    letter = tokenizer.encode("c")[0]
    writing = complete(always(loaded, *never, letter), "", Sampling(temperature=0.0, max_new_tokens=3))
    assert "".join(writing) == "ccc", "three tokens were allowed"


def test_the_end_of_text_ends_a_completion_and_shows_nothing(loaded):
    read = passes(loaded)
    assert list(complete(always(loaded, loaded.tokenizer.end_of_text), "The cat", Sampling(temperature=0.0))) == []
    assert len(read) == 1, "nothing follows the end"


def test_a_stop_string_ends_it_and_is_not_shown(loaded):
    letter, read = loaded.tokenizer.encode("c")[0], passes(loaded)
    writing = complete(always(loaded, letter), "", Sampling(temperature=0.0, max_new_tokens=9, stop=("ccccc",)))
    assert list(writing) == []
    assert len(read) == 5, "the fifth letter ends it"
    writing = complete(loaded, "", Sampling(temperature=0.0, max_new_tokens=4, stop=("ccccc",)))
    assert "".join(writing) == "cccc", "a stop string that never came whole is text"


def test_a_reply_may_end_with_the_end_of_a_message(loaded):
    messages, read = [{"role": "user", "content": "hello <|end|>"}], passes(loaded)
    writing = reply(always(loaded, loaded.tokenizer.specials["<|end|>"]), messages, Sampling(temperature=0.0))
    assert list(writing) == []
    assert [ids.tolist() for ids in read] == [[render(loaded.tokenizer, messages, add_reply=True).ids]]


def test_the_oldest_messages_give_way_but_never_the_system_s(loaded):
    system = [{"role": "system", "content": "c"}]
    turns = [{"role": role, "content": "a b c a b"} for _ in range(6) for role in ("user", "assistant")][:-1]
    whole = len(render(loaded.tokenizer, system + turns, add_reply=True).ids)
    assert whole > loaded.model.config.max_length
    read = passes(loaded)
    list(reply(loaded, system + turns, Sampling(max_new_tokens=10)))
    fitting = [
        ids
        for first in range(len(turns))
        if len(ids := render(loaded.tokenizer, system + turns[first:], add_reply=True).ids) + 10
        <= loaded.model.config.max_length
    ]
    assert read[0].tolist() == fitting[:1], "no more is left out than must be"
    assert len(turns) == 11, "the caller's list is not changed"
    with pytest.raises(UserError, match=r"the prompt has .* tokens, but the model reads and writes 64: shorten it"):
        list(reply(loaded, [{"role": "user", "content": "我" * 200}], Sampling()))


def test_without_a_tokenizer_there_is_no_text(loaded):
    with pytest.raises(UserError, match="has no tokenizer, so it can read no text"):
        complete(dataclasses.replace(loaded, tokenizer=None), "x", Sampling())


def test_a_folder_with_a_tokenizer_writes_the_same_text(loaded, tmp_path):
    save_model(tmp_path, loaded.model, tokenizer=loaded.tokenizer)
    again = load_model(tmp_path)
    sampling = Sampling(max_new_tokens=20)
    assert list(complete(again, "The cat", sampling)) == list(complete(loaded, "The cat", sampling))
    assert again.generation["eos_token_id"] == loaded.tokenizer.end_of_text


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(loaded, tokenizer, tmp_path):
    config = dataclasses.replace(loaded.model.config, vocab_size=tokenizer.vocab_size - 1)
    model = new_model(config, generator=torch.Generator())
    with pytest.raises(UserError, match="take the tokenizer that the model was trained with"):
        save_model(tmp_path, model, tokenizer=tokenizer)
