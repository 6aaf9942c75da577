"""What may be drawn, with which probability, and that a row's draw is its own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.generation.sampling import choose, uniforms
from zaohua.generation.settings import Sampling
from zaohua.settings import UserError, check

PROBABILITIES = torch.tensor([0.1, 0.4, 0.05, 0.3, 0.15])


def drawn(sampling, probabilities=PROBABILITIES, count=4000, seen=None):
    """How often each id comes, over evenly spread draws."""
    uniform = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    logits = probabilities.log().expand(count, -1)
    ids = choose(logits, sampling, uniform, None if seen is None else seen.expand(count, -1))
    return torch.bincount(ids, minlength=len(probabilities)) / count


def test_temperature_one_draws_the_model_s_distribution():
    torch.testing.assert_close(drawn(Sampling(temperature=1.0)), PROBABILITIES, rtol=0, atol=1e-3)


def test_temperature_sharpens_and_flattens():
    for temperature in (0.5, 2.0):
        expected = PROBABILITIES ** (1 / temperature)
        got = drawn(Sampling(temperature=temperature))
        torch.testing.assert_close(got, expected / expected.sum(), rtol=0, atol=1e-3)


@pytest.mark.parametrize("temperature", [0.0, 1e-30, 1e-4])
def test_no_temperature_takes_the_most_probable(temperature):
    assert drawn(Sampling(temperature=temperature)).tolist() == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("top_k", [1, 2, 4, 5, 9])
def test_top_k_keeps_the_most_probable(top_k):
    kept = PROBABILITIES.sort(descending=True).indices[:top_k]
    expected = torch.zeros(5).index_copy(0, kept, PROBABILITIES[kept])
    got = drawn(Sampling(temperature=1.0, top_k=top_k))
    torch.testing.assert_close(got, expected / expected.sum(), rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.3, [1]), (0.41, [1, 3]), (0.69, [1, 3]), (0.84, [1, 3, 4]), (0.96, [0, 1, 2, 3, 4])]
)
def test_top_p_keeps_the_token_that_crosses_it(top_p, kept):
    expected = torch.zeros(5)
    expected[kept] = PROBABILITIES[kept]
    got = drawn(Sampling(temperature=1.0, top_p=top_p))
    torch.testing.assert_close(got, expected / expected.sum(), rtol=0, atol=1e-3)


def test_the_order_is_temperature_then_top_k_then_top_p():
    # At temperature 1/2 the first two have 16 : 9, so that 0.6 is crossed by the first alone; at 1 by the second.
    assert drawn(Sampling(temperature=0.5, top_k=2, top_p=0.6)).tolist() == [0, 1, 0, 0, 0]
    assert (drawn(Sampling(temperature=1.0, top_k=2, top_p=0.6)) > 0).tolist() == [False, True, False, True, False]


def test_top_p_over_a_flat_vocabulary_equals_the_sorted_whole():
    flat = torch.full((1000,), 1e-3)
    assert int((drawn(Sampling(temperature=1.0, top_p=0.9), flat) > 0).sum()) in (900, 901)
    peaked = torch.cat((torch.tensor([0.5, 0.3]), torch.full((998,), 0.2 / 998)))
    assert (drawn(Sampling(temperature=1.0, top_p=0.75), peaked) > 0).nonzero().flatten().tolist() == [0, 1]


def test_repetition_penalty_divides_what_is_for_and_multiplies_what_is_against():
    logits = torch.tensor([[2.0, -2.0, 2.1, 0.0]])
    seen = torch.tensor([[False, False, True, False]])
    half = torch.zeros(1, dtype=torch.float64)
    assert choose(logits, Sampling(temperature=0.0), half, seen).tolist() == [2]
    assert choose(logits, Sampling(temperature=0.0, repetition_penalty=1.2), half, seen).tolist() == [0]
    got = drawn(
        Sampling(temperature=1.0, repetition_penalty=2.0), seen=torch.tensor([[False, True, False, False, False]])
    )
    expected = PROBABILITIES.clone()
    expected[1] = expected[1] ** 2
    torch.testing.assert_close(got, expected / expected.sum(), rtol=0, atol=1e-3)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.one_of(st.just(float("-inf")), st.floats(-50, 50, width=32)), min_size=1, max_size=12),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([0.0, 0.01, 1.0, 100.0]),
    st.sampled_from([0, 1, 3]),
    st.sampled_from([1e-9, 0.5, 1.0]),
)
def test_a_forbidden_id_never_comes_even_at_the_ends_of_the_range(logits, uniform, temperature, top_k, top_p):
    if max(logits) == float("-inf"):
        return
    for u in (uniform, 0.0, 1.0 - 2.0**-53):
        chosen = choose(
            torch.tensor([logits]),
            Sampling(temperature=temperature, top_k=top_k, top_p=top_p),
            torch.tensor([u], dtype=torch.float64),
        )
        assert logits[int(chosen)] > float("-inf")


def test_random_numbers_depend_on_seed_row_and_position_alone():
    rows = np.arange(10)
    whole = uniforms(1, rows, 5)
    assert (uniforms(1, rows[[7, 2]], 5) == whole[[7, 2]]).all()
    numbers = np.array([uniforms(seed, np.arange(100), position) for seed in (0, 1) for position in range(100)])
    assert len(np.unique(numbers)) == numbers.size
    assert abs(numbers.mean() - 0.5) < 0.01
    assert abs(numbers.var() - 1 / 12) < 0.005
    assert abs(np.corrcoef(numbers[:, :-1].ravel(), numbers[:, 1:].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(numbers[:-1].ravel(), numbers[1:].ravel())[0, 1]) < 0.03


@pytest.mark.parametrize(
    "change", [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.1}, {"max_new_tokens": 0}, {"topp": 0.5}]
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(UserError, match=next(iter(change))):
        check(Sampling, change)
