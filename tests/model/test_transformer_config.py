"""A config is possible or refused in one sentence, and what is left out follows from the rest."""

import dataclasses

import pytest

from zaohua.model.config import TransformerConfig

SMALL = {"vocab_size": 50, "max_length": 16, "dim": 24, "layers": 3, "heads": 4}


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


def test_every_second_layer_is_local():
    local = TransformerConfig(**SMALL, local_window=4)
    assert [local.window(layer) for layer in range(3)] == [0, 4, 0]


def test_dropout_is_set_everywhere_at_once():
    config = TransformerConfig(**SMALL).with_dropout(0.2)
    assert (config.embedding_dropout, config.attention_dropout, config.residual_dropout) == (0.2, 0.2, 0.2)
