"""How large a model is, and what it costs to train."""

import torch

from zaohua.model.config import TransformerConfig
from zaohua.model.transformer import Transformer


def parameter_count(config: TransformerConfig) -> int:
    """Trainable numbers in the whole model, every table and bias included, tied weights once."""
    with torch.device("meta"):  # shapes without memory
        return sum(parameter.numel() for parameter in Transformer(config).parameters())


def flops_per_token(config: TransformerConfig, length: int) -> float:
    """Floating-point operations to learn from one token in a row of `length` (Chowdhery et al. 2022, appendix B).

    Two per weight of every matrix product, and four per head width and visible key, as if every key were visible;
    all of it three times, for the forward and the backward pass. Decoder-only models and encoders.
    """
    attention = config.dim * config.head_dim * 2 * (config.heads + config.kv_heads)
    mlp = config.dim * config.ffn_dim * (3 if config.mlp == "swiglu" else 2)
    products = config.layers * (attention + mlp) + config.vocab_size * config.dim
    keys = sum(min(length, config.window(layer) or length) for layer in range(config.layers))
    return 3.0 * (2.0 * products + 4.0 * config.heads * config.head_dim * keys)
