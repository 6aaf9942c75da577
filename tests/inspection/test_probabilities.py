"""Expectations along a text equal a plain recomputation, token by token."""

import math

import pytest
import torch

from zaohua.inspection import probabilities
from zaohua.inspection.probabilities import expectations, next_tokens


@pytest.fixture
def ids(loaded):
    return torch.tensor([loaded.tokenizer.end_of_text, *loaded.tokenizer.encode("One day Ann was in 花园 with 😀")])


def distributions(loaded, ids):
    """Each place's distribution, computed from the prefix alone."""
    with torch.inference_mode():
        return torch.stack([
            loaded.model.logits(loaded.model(ids[None, : end + 1])[0, -1]).double().log_softmax(-1)
            for end in range(len(ids))
        ])  # fmt: skip


def test_logprobs_ranks_and_entropies_equal_those_of_each_prefix_alone(loaded, ids, monkeypatch):
    monkeypatch.setattr(probabilities, "ROWS", 4)  # several pieces, the last one shorter
    found, expected = expectations(loaded.model, ids, 5), distributions(loaded, ids)
    for place in range(1, len(ids)):
        before = expected[place - 1]
        assert found.logprobs[place] == pytest.approx(float(before[ids[place]]), abs=1e-4)
        assert found.ranks[place] == 1 + int((before > before[ids[place]]).sum())
    assert torch.allclose(found.entropies.double(), -(expected.exp() * expected).sum(1), atol=1e-4)
    assert math.isnan(found.logprobs[0])
    assert found.ranks[0] == 0


def test_the_likeliest_come_first(loaded, ids):
    found, expected = expectations(loaded.model, ids, 5), distributions(loaded, ids)
    assert torch.equal(found.top_ids, expected.topk(5).indices)
    assert torch.allclose(found.top_logprobs.double(), expected.topk(5).values, atol=1e-4)


def test_equally_likely_tokens_are_ranked_by_their_number(loaded, ids):
    class Flat:
        def __call__(self, ids):
            return torch.zeros(1, ids.shape[1], 2)

        def logits(self, hidden):
            return torch.zeros(*hidden.shape[:-1], 6)

    found = expectations(Flat(), torch.tensor([0, 3, 5]), 6)
    assert found.ranks.tolist() == [0, 4, 6]
    assert found.top_ids.tolist() == [[0, 1, 2, 3, 4, 5]] * 3
    assert found.entropies[0] == pytest.approx(math.log(6))


def test_a_certain_model_has_no_entropy_and_no_nan(loaded):
    class Certain:
        def __call__(self, ids):
            return torch.zeros(1, ids.shape[1], 2)

        def logits(self, hidden):
            return torch.tensor([0.0, -torch.inf, -torch.inf]).expand(hidden.shape[0], 3)

    assert expectations(Certain(), torch.tensor([0, 0]), 1).entropies.tolist() == [0.0, 0.0]


def test_next_tokens_are_probabilities_of_the_vocabulary(loaded, ids):
    found = next_tokens(loaded.model, ids.tolist(), top=10_000)
    assert len(found) == loaded.model.config.vocab_size
    assert sum(probability for _, probability in found) == pytest.approx(1, abs=1e-4)
    assert found == sorted(found, key=lambda pair: -pair[1])
