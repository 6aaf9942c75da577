"""A model's size is counted to the last bias, and its cost is that of its products."""

import dataclasses

import pytest

from zaohua.model.config import TransformerConfig
from zaohua.model.size import flops_per_token, parameter_count

SMALL = {"vocab_size": 50, "max_length": 16, "dim": 24, "layers": 3, "heads": 4}
MATRICES = 4 * 24 * 24 + 2 * 24 * 96  # of a block: attention and MLP
TABLES, NORM = (50 + 16) * 24, 2 * 24


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, TABLES + NORM + 3 * (MATRICES + 9 * 24 + 2 * NORM)),  # biases: 4 dim in attention, 4 + 1 dim in the MLP
        (
            {"kv_heads": 2, "head_dim": 10, "ffn_dim": 50, "tied_head": False},
            TABLES + 50 * 24 + NORM + 3 * (24 * 10 * 12 + 10 * 8 + 24 + 2 * 24 * 50 + 50 + 24 + 2 * NORM),
        ),
        (
            {"position": "rotary", "norm": "rms", "mlp": "swiglu", "qk_norm": True, "qkv_bias": False},
            50 * 24 + 24 + 3 * (MATRICES + 24 * 96 + 24 + 2 * 6 + 2 * 96 + 24 + 2 * 24),
        ),
        (
            {"mlp_bias": False, "output_bias": False, "norm_first": False},
            TABLES + 3 * (MATRICES + 3 * 24 + 2 * NORM),
        ),
        (
            {"encoder_layers": 2, "segments": 2, "embedding_norm": True},
            TABLES + 2 * 24 + 3 * NORM + 5 * (MATRICES + 9 * 24 + 2 * NORM) + 3 * (4 * 24 * 24 + 4 * 24 + NORM),
        ),
    ],
)
def test_every_table_matrix_bias_and_norm_is_counted_once(change, count):
    assert parameter_count(TransformerConfig(**SMALL | change)) == count


def test_flops_are_twice_the_weights_and_four_per_key():
    config = TransformerConfig(**SMALL)
    forward = 2 * (3 * MATRICES + 50 * 24) + 3 * 4 * 24 * 16
    assert flops_per_token(config, 16) == 3 * forward


def test_local_layers_cost_only_their_window():
    local = dataclasses.replace(TransformerConfig(**SMALL), local_window=4)
    saved = flops_per_token(TransformerConfig(**SMALL), 16) - flops_per_token(local, 16)
    assert saved == 3 * 4 * 24 * (16 - 4)  # one of the three layers
