"""Attention maps: how much every token looks at every earlier one, in each head of each layer."""

import torch
from torch import Tensor

from zaohua.model.attention import record_attention
from zaohua.model.transformer import Transformer


@torch.inference_mode()
def attention_maps(model: Transformer, ids: Tensor) -> Tensor:
    """Weights of one text's ids (time,) -> (layers, heads, time, time) float32 on the CPU.

    Row t says where token t looks: it sums to 1, and in a causal model what stands after t is exactly 0, because a
    token that could see the next one would only have to copy it.
    """
    with record_attention(model) as maps:
        model(ids[None])
    return torch.stack([layer[0] for layer in maps]).float().cpu()  # (layers, heads, time, time)
