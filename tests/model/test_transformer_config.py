"""A config is possible or refused in one sentence, and its arithmetic is that of the model."""

import dataclasses

import pytest
import torch

from zaohua.model.config import TransformerConfig, flops_per_token, parameter_count
from zaohua.model.transformer import Transformer

SMALL = {"vocab_size": 50, "max_length": 16, "dim": 24, "layers": 3, "heads": 4}


def parameters(config):
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in Transformer(config).parameters())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"kv_heads": 2, "head_dim": 10, "ffn_dim": 50, "tied_head": False},
        {"position": "rotary", "norm": "rms", "mlp": "swiglu", "qk_norm": True, "qkv_bias": False},
        {"mlp_bias": False, "output_bias": False, "norm_first": False},
        {"encoder_layers": 2, "segments": 2, "embedding_norm": True},
    ],
)
def test_parameter_count_is_the_model_s(change):
    config = TransformerConfig(**SMALL | change)
    assert parameter_count(config) == parameters(config)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"heads": 5}, r"dim \(24\) is not a multiple of heads \(5\)"),
        ({"kv_heads": 3}, r"heads \(4\) is not a multiple of kv_heads \(3\)"),
        ({"layers": 0}, "layers is 0; it must be at least 1"),
        ({"ffn_dim": -4}, "ffn_dim is -4; it must not be negative"),
        ({"norm": "batch"}, "norm is 'batch'; it must be one of layer, rms"),
        ({"attention_dropout": 1.0}, "attention_dropout is 1.0; it must be at least 0 and below 1"),
        ({"norm_eps": float("nan")}, "norm_eps is nan; it must be a positive number"),
        ({"head_dim": 5, "position": "rotary"}, "head_dim .5. is odd"),
        ({"local_window": 4, "attends": "both_ways"}, "local_window is for causal attention only"),
    ],
)
def test_impossible_configs_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        TransformerConfig(**SMALL | change)


def test_sizes_left_out_follow_from_the_others():
    config = TransformerConfig(**SMALL)
    assert (config.kv_heads, config.head_dim, config.ffn_dim) == (4, 6, 96)
    assert dataclasses.replace(config, layers=5).ffn_dim == 96


def test_flops_are_twice_the_weights_and_four_per_key():
    config = TransformerConfig(**SMALL)
    weights = 3 * (4 * 24 * 24 + 2 * 24 * 96) + 50 * 24
    assert flops_per_token(config, 16, backward=False) == 2 * weights + 3 * 4 * 24 * 16
    assert flops_per_token(config, 16) == 3 * flops_per_token(config, 16, backward=False)


def test_local_layers_see_only_their_window():
    local = dataclasses.replace(TransformerConfig(**SMALL), local_window=4)
    saved = flops_per_token(TransformerConfig(**SMALL), 16) - flops_per_token(local, 16)
    assert saved == 3 * 4 * 24 * (16 - 4)  # one of the three layers
    assert [local.window(layer) for layer in range(3)] == [0, 4, 0]


def test_dropout_is_set_everywhere_at_once():
    config = TransformerConfig(**SMALL).with_dropout(0.2)
    assert (config.embedding_dropout, config.attention_dropout, config.residual_dropout) == (0.2, 0.2, 0.2)
