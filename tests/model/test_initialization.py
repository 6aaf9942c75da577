"""First weights have the deviations of the references, and depend on the generator alone."""

import dataclasses
import subprocess
import sys

import pytest
import torch

from zaohua.model.initialization import initialize, new_model
from zaohua.model.presets import shape
from zaohua.model.transformer import Transformer


def model_of(family, seed=0, **change):
    config = shape(family, dim=128, layers=8, vocab_size=2000, max_length=256)
    return new_model(dataclasses.replace(config, **change), generator=torch.Generator().manual_seed(seed))


def deviation(model, name):
    return float(model.get_parameter(name).detach().std())


def test_gpt1_llama_and_qwen3_draw_everything_alike():
    for family in ("openai-gpt", "llama", "qwen3"):
        model = model_of(family)
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2:
                assert deviation(model, name) == pytest.approx(0.02, rel=0.05), (family, name)
            else:
                assert torch.equal(parameter, torch.full_like(parameter, "norm" in name and "weight" in name)), name


def test_gpt2_scales_the_ends_of_residual_branches_and_halves_positions():
    model = model_of("gpt2")
    for name, expected in {
        "embedding.token.weight": 0.02,
        "embedding.position.weight": 0.01,
        "stack.blocks.3.attention.query.weight": 0.02,
        "stack.blocks.3.mlp.up.weight": 0.02,
        "stack.blocks.3.attention.output.weight": 0.02 / 4,  # sqrt(2 * 8 layers)
        "stack.blocks.3.mlp.down.weight": 0.02 / 4,
    }.items():
        assert deviation(model, name) == pytest.approx(expected, rel=0.05), name


def test_unscaled_scores_begin_as_scaled_ones_do():
    assert deviation(model_of("gpt_neo"), "stack.blocks.0.attention.query.weight") == pytest.approx(
        0.02 / 32**0.5, rel=0.05
    )


def test_xavier_follows_the_shape():
    model = model_of("openai-gpt", initializer="xavier")
    assert deviation(model, "stack.blocks.0.mlp.up.weight") == pytest.approx((2 / (128 + 512)) ** 0.5, rel=0.05)


def test_the_generator_decides_alone():
    torch.manual_seed(5)
    first, state = model_of("llama").state_dict(), torch.get_rng_state()
    torch.manual_seed(6)
    again, other = model_of("llama").state_dict(), model_of("llama", seed=1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["embedding.token.weight"], other["embedding.token.weight"])
    torch.manual_seed(5)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_model_in_place_is_drawn_as_a_new_one_is():
    fresh = model_of("gpt2")
    built = initialize(Transformer(fresh.config), torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(fresh.parameters(), built.parameters(), strict=True))


@pytest.mark.slow
def test_a_new_model_does_not_wait_for_the_compiler():
    code = (
        "import sys, torch; from zaohua.model.presets import shape; from zaohua.model.initialization import new_model; "
        "config = shape('qwen3', dim=16, layers=1, vocab_size=9, max_length=8); "
        "new_model(config, generator=torch.Generator()); sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
