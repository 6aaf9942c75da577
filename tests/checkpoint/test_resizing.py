"""A model with more words: old texts keep their logits, new rows begin at the mean of their pieces."""

import dataclasses
import json
from functools import partial

import pytest
import torch

from zaohua.checkpoint.model_folder import load_model, save_model
from zaohua.checkpoint.resizing import extend_model, resized, resized_state
from zaohua.model.initialization import new_model
from zaohua.model.presets import shape
from zaohua.objectives.causal import Causal
from zaohua.settings import UserError
from zaohua.tokenizer.extension import extended
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer
from zaohua.training.optimizer import Optimizer
from zaohua.training.settings import TrainingSettings


def adding(*words):
    return partial(extended, words=words)


PIECES = {40: [1, 2, 2], 41: [39], 42: [5, 6]}


def model_of(vocab_size=40, **change):
    config = dataclasses.replace(shape("qwen3", dim=16, layers=2, vocab_size=vocab_size, max_length=32), **change)
    return new_model(config, generator=torch.Generator().manual_seed(0)).eval()


@pytest.mark.parametrize("tied", [True, False])
def test_old_ids_keep_their_logits_and_new_rows_are_means(tied):
    model = model_of(tied_head=tied)
    larger = resized(model, PIECES, 43)
    ids = torch.randint(40, (2, 20), generator=torch.Generator().manual_seed(1))
    hidden, again = model(ids), larger(ids)
    assert torch.equal(hidden, again)
    before, after = model.logits(hidden), larger.logits(again)
    assert after.shape[-1] == 43
    torch.testing.assert_close(after[..., :40], before, rtol=0, atol=1e-6)
    for table, old in (
        (larger.embedding.token.weight, model.embedding.token.weight),
        (larger.head_weight, model.head_weight),
    ):
        assert torch.equal(table[:40], old)
        torch.testing.assert_close(table[40], (old[1] + 2 * old[2]) / 3)
        assert torch.equal(table[41], old[39])
    torch.testing.assert_close(after[..., 42], (before[..., 5] + before[..., 6]) / 2, rtol=0, atol=1e-5)
    assert (larger.head is None) == tied
    assert model.config.vocab_size == 40


def test_the_old_model_is_left_alone():
    model = model_of()
    larger = resized(model, PIECES, 43)
    with torch.no_grad():
        for parameter in larger.parameters():
            parameter.zero_()
    assert all(parameter.abs().sum() > 0 for parameter in model.parameters() if parameter.ndim > 1)


def test_rows_that_padded_the_table_are_used_first():
    larger = resized(model_of(64), {40: [1], 41: [2]}, 42)
    assert larger.config.vocab_size == 64
    assert torch.equal(larger.embedding.token.weight[40], larger.embedding.token.weight[1])


def test_half_precision_stays():
    assert resized(model_of().to(torch.bfloat16), PIECES, 43).embedding.token.weight.dtype == torch.bfloat16


@pytest.mark.parametrize("tied", [True, False])
def test_training_goes_on_with_the_larger_tables(tied):
    """The state of the old rows is what it was, and the optimiser takes up the larger one."""
    objective = Causal(model_of(tied_head=tied).train())
    optimizer = Optimizer(objective, TrainingSettings(steps=1))
    objective.model.logits(objective.model(torch.arange(20)[None])).square().sum().backward()
    optimizer.step(1.0)
    state = optimizer.state()
    larger = Causal(resized(objective.model, PIECES, 43))
    found = resized_state(state, PIECES, 43)
    assert found.keys() == state.keys()
    tables = [key for key in found if found[key].shape != state[key].shape]
    assert len(tables) == (2 if tied else 4)
    for key in tables:
        assert torch.equal(found[key][:40], state[key])
        if key.endswith("exp_avg"):
            assert not found[key][40:].any()
        else:
            assert torch.equal(found[key][41], state[key][39])
    again = Optimizer(larger, TrainingSettings(steps=1))
    again.load(found)
    larger.model.logits(larger.model(torch.tensor([[40, 41, 42]]))).square().sum().backward()
    again.step(1.0)


TEXT = "我们今天在图书馆学习中文 the cat sat on a mat " * 200


@pytest.fixture
def folder(tmp_path):
    tokenizer = train_tokenizer([TEXT], TokenizerSettings(vocab_size=300))
    path = tmp_path / "model"
    path.mkdir()
    save_model(path, model_of(300), tokenizer=tokenizer, generation={"temperature": 0.7})
    (path / "zaohua.json").write_text('{"chat": true}')
    return path


def test_a_model_folder_gets_words_and_old_texts_keep_ids_and_logits(folder, tmp_path):
    old = load_model(folder)
    found = extend_model(folder, adding("人工智能", "dog", "图书馆"), tmp_path / "larger")
    new = load_model(tmp_path / "larger")
    assert new.tokenizer is not None
    assert new.tokenizer.digest == found.tokenizer.digest
    assert new.model.config.vocab_size == found.tokenizer.vocab_size == 300 + len(found.pieces)
    assert new.generation["temperature"] == 0.7
    assert json.loads((tmp_path / "larger" / "zaohua.json").read_text()) == {"chat": True}
    for text in ("我们今天在学习", "the cat sat", "dogs and category"):
        ids = old.tokenizer.encode(text)
        assert new.tokenizer.encode(text) == ids
        before, after = (each.model(torch.tensor([ids])) for each in (old, new))
        assert torch.equal(before, after)
        logits = new.model.logits(after)[..., :300]
        torch.testing.assert_close(logits, old.model.logits(before), rtol=0, atol=1e-6)
    word = new.tokenizer.encode("人工智能")
    assert len(word) == 1
    pieces = torch.tensor(found.pieces[word[0]])
    expected = old.model.embedding.token.weight[pieces].mean(dim=0)
    torch.testing.assert_close(new.model.embedding.token.weight[word[0]], expected)


def test_a_folder_that_we_wrote_may_take_its_own_place_and_no_other(folder, tmp_path):
    with pytest.raises(UserError, match="did not write"):
        extend_model(folder, adding("人工智能"), folder)
    extend_model(folder, adding("人工智能"), tmp_path / "larger")
    extend_model(tmp_path / "larger", adding("机器学习"), tmp_path / "larger")
    assert load_model(tmp_path / "larger").tokenizer.words.ids.keys() == {"人工智能", "机器学习"}


def test_nothing_new_is_said_in_a_sentence(folder, tmp_path):
    extend_model(folder, adding("人工智能"), tmp_path / "larger")
    with pytest.raises(UserError, match="has a token for all of this already"):
        extend_model(tmp_path / "larger", adding("人工智能"), tmp_path / "more")
