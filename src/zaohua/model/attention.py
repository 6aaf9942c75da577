"""Attention: self and cross, grouped queries, rotary positions, windows, cache."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zaohua.model.cache import KeyValueCache
from zaohua.model.config import TransformerConfig
from zaohua.model.layers import Linear
from zaohua.model.norm import RMSNorm

BLOCK = 128  # query rows attended at once on a CPU; a block multiplies only the keys that it may see


class Attention(nn.Module):
    """Queries from `hidden` look at keys and values from `source` (self-attention: the same).

    `sees_all`: no future to hide, whatever the config says, as in an encoder or over a source.
    """

    def __init__(self, config: TransformerConfig, layer: int, *, sees_all: bool = False) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        self.scale = self.head_dim**-0.5 if config.scaled_attention else 1.0
        self.causal = config.attends == "causal" and not sees_all
        self.window = 0 if sees_all else config.window(layer)
        self.query = Linear(config.dim, self.heads * self.head_dim, bias=config.qkv_bias)
        self.key = Linear(config.dim, self.kv_heads * self.head_dim, bias=config.qkv_bias)
        self.value = Linear(config.dim, self.kv_heads * self.head_dim, bias=config.qkv_bias)
        self.output = Linear(self.heads * self.head_dim, config.dim, bias=config.output_bias)
        self.query_norm = RMSNorm(self.head_dim, eps=config.norm_eps) if config.qk_norm else nn.Identity()
        self.key_norm = RMSNorm(self.head_dim, eps=config.norm_eps) if config.qk_norm else nn.Identity()
        self.dropout = config.attention_dropout
        self.maps: list[Tensor] | None = None  # set by record_attention

    def forward(
        self,
        hidden: Tensor,
        source: Tensor,
        *,
        bias: Tensor | None = None,
        rotation: tuple[Tensor, Tensor] | None = None,
        positions: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """hidden (batch, time, dim), source (batch, keys, dim) -> (batch, time, dim).

        bias (batch or 1, 1, time, keys) is added to the scores and says all that may be attended; without it, causal
        attention hides the future and what the window leaves behind. rotation: cosine and sine, each (batch or 1, time,
        1, head_dim / 2), of queries and keys, which then stand at the same places. positions (batch, time): the slots
        of the cache that the keys go to.
        """
        query = self.query_norm(self.query(hidden).unflatten(-1, (self.heads, -1)))  # (batch, time, heads, head_dim)
        key = self.key_norm(self.key(source).unflatten(-1, (self.kv_heads, -1)))
        value = self.value(source).unflatten(-1, (self.kv_heads, -1))
        if rotation is not None:
            query, key = rotate(query, rotation), rotate(key, rotation)
        query, key, value = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
        whole = cache is None or cache.longest == 0  # the keys are those of the very tokens that ask
        if cache is not None and positions is not None:
            key, value = cache.write(self.layer, positions, key, value)
        mixed = attend(
            query,
            key,
            value,
            scale=self.scale,
            causal=self.causal and whole,
            window=self.window if whole else 0,
            bias=bias,
            dropout=self.dropout if self.training else 0.0,
            maps=self.maps,
        )
        return self.output(mixed)


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    scale: float,
    causal: bool = False,
    window: int = 0,
    bias: Tensor | None = None,
    dropout: float = 0.0,
    maps: list[Tensor] | None = None,
) -> Tensor:
    """query (batch, heads, time, head_dim), key and value (batch, kv_heads, keys, head_dim)
    -> (batch, time, heads * head_dim).

    The one place that chooses how: the fused kernel of an accelerator, or blocks, which are faster on a CPU and which
    also have the weights (batch, heads, time, keys) to append to `maps`. A causal call has time equal to keys.
    """
    if query.device.type != "cpu" and maps is None:
        if bias is None and window:
            bias = edge_bias(query, 0, 0, key.shape[2], window)
        fused = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=bias,
            is_causal=causal and bias is None,
            dropout_p=dropout,
            scale=scale,
            enable_gqa=query.shape[1] != key.shape[1],
        )
        return fused.transpose(1, 2).flatten(2)
    # Query heads that share a key are rows of one product.
    time, keys, groups = query.shape[2], key.shape[2], key.shape[1]
    query = (query * scale).unflatten(1, (groups, -1))  # (batch, groups, shared, time, head_dim)
    shared = query.shape[2]
    if not _rows_follow(key):
        key, value = key.contiguous(), value.contiguous()
    mixed, weights_of = [], []
    for start in range(0, time, BLOCK):
        stop = min(start + BLOCK, time)
        first, last = (max(0, start - window + 1) if window else 0, stop) if causal else (0, keys)
        rows = query[:, :, :, start:stop].flatten(2, 3)  # (batch, groups, shared * rows, head_dim)
        scores = (rows @ key[:, :, first:last].mT).unflatten(2, (shared, -1))  # (batch, groups, shared, rows, keys)
        if bias is not None:
            scores = scores.add_(bias[:, :, None, start:stop, first:last])
        elif causal:
            scores = scores.add_(edge_bias(scores, start, first, last, window, rows=stop - start))
        weights = scores.softmax(-1)
        if maps is not None:
            weights_of.append(F.pad(weights.detach().flatten(1, 2), (first, keys - last)))
        if dropout:
            weights = F.dropout(weights, dropout)
        block = weights.flatten(2, 3) @ value[:, :, first:last]  # (batch, groups, shared * rows, head_dim)
        mixed.append(block.unflatten(2, (shared, -1)).permute(0, 3, 1, 2, 4))  # (batch, rows, groups, shared, head_dim)
    if maps is not None:
        maps.append(torch.cat(weights_of, dim=2))
    return (torch.cat(mixed, dim=1) if len(mixed) > 1 else mixed[0]).flatten(2)


def _rows_follow(tensor: Tensor) -> bool:
    """Whether batch and heads are one step apart, as a product over both wants it (a slice of the cache is)."""
    return tensor.stride(0) == tensor.stride(1) * tensor.shape[1]


def hidden_score(dtype: torch.dtype) -> float:
    """The bias of a key that may not be attended: its weight is exactly 0, unless all keys of a row are hidden.

    Half the lowest number, so that adding a score to it stays finite: such a row gets finite weights and no NaN.
    """
    return torch.finfo(dtype).min / 2


def edge_bias(like: Tensor, start: int, first: int, last: int, window: int, rows: int | None = None) -> Tensor:
    """The bias (rows, keys) of causal queries start … over keys first … last: 0, or hidden."""
    rows = last - start if rows is None else rows
    query = torch.arange(start, start + rows, device=like.device)[:, None]
    key = torch.arange(first, last, device=like.device)
    return mask_bias(visible(query, key, window), like.dtype)


def visible(query: Tensor, key: Tensor, window: int) -> Tensor:
    """Which keys a causal query sees, by the slots of both, broadcast against each other; True may attend."""
    seen = key <= query
    return seen & (key > query - window) if window else seen


def mask_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """mask (…), True may attend -> what to add to the scores, (…)."""
    return torch.zeros((), device=mask.device, dtype=dtype).masked_fill(~mask, hidden_score(dtype))


def padding_bias(padding: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """padding (batch, keys), True at real tokens -> what to add to the scores, (batch, 1, 1, keys), or None."""
    return None if padding is None else mask_bias(padding[:, None, None, :], dtype)


def rotation(positions: Tensor, head_dim: int, base: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each position's angles: positions (batch or 1, time) -> two (batch or 1, time, 1, pairs).

    Su et al. 2021; a pair is a number of a head's first half and its like in the second, as Llama's files have it.
    """
    pairs = torch.arange(0, head_dim, 2, device=positions.device).float()
    angle = positions[:, :, None, None].float() * (1.0 / base ** (pairs / head_dim))  # (batch, time, 1, pairs)
    return angle.cos().to(dtype), angle.sin().to(dtype)


def rotate(heads: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """heads (batch, time, heads, head_dim), each pair turned by its position's angle, of the same shape.

    rotation: cosine and sine, each (batch or 1, time, 1, pairs).
    """
    cosine, sine = rotation
    first, second = heads.chunk(2, dim=-1)
    return torch.cat(
        (torch.addcmul(first * cosine, second, sine, value=-1), torch.addcmul(second * cosine, first, sine)), dim=-1
    )


@contextmanager
def record_attention(model: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the attention weights (batch, heads, time, keys) of each layer, in order, of every forward pass inside.

    Outputs stay what they are; on an accelerator they may differ in the last digits, as its fused kernel is not used.
    """
    maps: list[Tensor] = []
    layers = [module for module in model.modules() if isinstance(module, Attention)]
    for attention in layers:
        attention.maps = maps
    try:
        yield maps
    finally:
        for attention in layers:
            attention.maps = None
