"""Decoding with the cache gives what forward passes without it give, row by row."""

import pytest
import torch

from zaohua.generation.decode import generate, tokens
from zaohua.generation.sampling import choose, uniforms
from zaohua.generation.settings import Sampling
from zaohua.model.presets import shape
from zaohua.model.transformer import Transformer
from zaohua.settings import UserError

VOCAB, LENGTH = 30, 24
PROMPTS = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10], [11, 12], [4]]


@pytest.fixture(params=["gpt2", "gpt_neo", "qwen3"])
def model(request):
    torch.manual_seed(1)
    model = Transformer(shape(request.param, dim=32, layers=2, vocab_size=VOCAB, max_length=LENGTH)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    return model


@torch.no_grad()
def by_whole_passes(model, prompts, sampling, ends):
    """The same, one row at a time, from the whole text at each step."""
    found = []
    for row, prompt in enumerate(prompts):
        text = list(prompt)
        for step in range(min(sampling.max_new_tokens, LENGTH - len(prompt))):
            logits = model.logits(model(torch.tensor([text])))[:, -1]
            seen = torch.zeros(1, VOCAB, dtype=torch.bool)
            seen[0, text] = True
            uniform = torch.from_numpy(uniforms(sampling.seed, torch.tensor([row]).numpy(), step))
            chosen = int(choose(logits, sampling, uniform, seen))
            if chosen in ends:
                break
            text.append(chosen)
        found.append(text[len(prompt) :])
    return found


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.0, max_new_tokens=50),
        Sampling(temperature=1.0, max_new_tokens=9, seed=3),
        Sampling(temperature=1.5, top_k=9, top_p=0.9, max_new_tokens=50, repetition_penalty=1.3),
    ],
    ids=["greedy", "drawn", "all at once"],
)
def test_rows_are_those_of_whole_passes_whatever_the_batch(model, sampling):
    ends = {0, 3, 17, 20}
    expected = by_whole_passes(model, PROMPTS, sampling, ends)
    for batch in (1, 2, 128):
        assert list(generate(model, PROMPTS, sampling, end_ids=ends, batch=batch)) == expected


def test_equal_prompts_in_one_call_draw_differently(model):
    found = list(generate(model, [[4]] * 8, Sampling(temperature=1.0), end_ids=()))
    assert len({tuple(ids) for ids in found}) > 1


def test_a_row_ends_at_the_model_s_length(model):
    found = list(generate(model, PROMPTS, Sampling(max_new_tokens=1000), end_ids=()))
    assert [len(ids) + len(prompt) for ids, prompt in zip(found, PROMPTS, strict=True)] == [LENGTH] * len(PROMPTS)


def test_an_end_is_no_part_of_the_text(model):
    ends = set(range(VOCAB))
    assert list(generate(model, PROMPTS, Sampling(), end_ids=ends)) == [[]] * len(PROMPTS)


def test_forbidden_ids_never_come(model):
    forbidden = set(range(VOCAB)) - {7, 19}
    for sampling in (Sampling(temperature=5.0), Sampling(temperature=0.0), Sampling(temperature=5.0, top_p=0.9)):
        found = list(generate(model, PROMPTS, sampling, end_ids=(), forbidden=forbidden))
        assert {index for ids in found for index in ids} <= {7, 19}


def test_finished_rows_leave_the_batch(model):
    steps = list(tokens(model, PROMPTS, Sampling(temperature=2.0, max_new_tokens=20), end_ids={2, 5, 9, 13, 21}))
    widths = [len(rows) for rows, _, _ in steps]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] == len(PROMPTS)
    ended = set()
    for rows, ids, _ in steps:
        assert not ended & set(rows)
        ended |= {row for row, index in zip(rows, ids, strict=True) if index in {2, 5, 9, 13, 21}}


def test_prompts_that_cannot_be_are_refused(model):
    with pytest.raises(UserError, match="the prompt has 24 tokens, but the model reads and writes 24: shorten it"):
        list(generate(model, [[1], [1] * LENGTH], Sampling(), end_ids=()))
    with pytest.raises(ValueError, match="a prompt needs at least one token"):
        list(generate(model, [[1], []], Sampling(), end_ids=()))
    assert list(generate(model, [], Sampling(), end_ids=())) == []
