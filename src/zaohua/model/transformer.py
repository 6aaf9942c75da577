"""The transformer: a stack of blocks makes a decoder (GPT, Llama), an encoder (BERT) or both (encoder-decoder)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zaohua.model.attention import Attention, mask_bias, padding_bias, rotation, visible
from zaohua.model.cache import KeyValueCache
from zaohua.model.config import TransformerConfig
from zaohua.model.layers import Embedding, Linear
from zaohua.model.norm import make_norm


class Transformer(nn.Module):
    """Token ids -> hidden states; `logits` turns hidden states into scores of the next token."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = InputEmbedding(config)
        self.encoder = Stack(config, config.encoder_layers, sees_all=True) if config.encoder_layers else None
        self.stack = Stack(config, config.layers, crosses=config.encoder_layers > 0)
        self.head = None if config.tied_head else Linear(config.dim, config.vocab_size, bias=False)

    def forward(
        self,
        ids: Tensor,
        *,
        positions: Tensor | None = None,
        documents: Tensor | None = None,
        padding: Tensor | None = None,
        memory: Tensor | None = None,
        memory_padding: Tensor | None = None,
        segments: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """ids (batch, time) -> hidden (batch, time, dim).

        positions (batch or 1, time): 0, 1, 2 … unless given; with a cache, each row continues after what it holds.
        documents (batch, time): number of each token's document in a packed row; a token sees only its own.
        padding (batch, time): True at real tokens. With a cache it may only end a row, not begin it.
        memory (batch, source, dim) is what `encode` returned, memory_padding (batch, source) as `padding`.
        segments (batch, time): sentence numbers, 0 unless given.
        """
        if cache is not None:
            if positions is not None or documents is not None:
                raise ValueError("with a cache, positions and documents are the cache's own")
            positions = cache.positions(ids.shape[1])
        elif positions is None:
            positions = torch.arange(ids.shape[1], device=ids.device)[None]  # (1, time)
        hidden = self.embedding(ids, positions, segments)
        hidden = self.stack(
            hidden,
            positions,
            biases=self._biases(hidden, positions, documents, padding, cache),
            cache=cache,
            memory=memory,
            memory_bias=padding_bias(memory_padding, compute_dtype(hidden)),
        )
        if cache is not None:
            cache.advance(ids.shape[1], padding)
        return hidden

    def encode(self, ids: Tensor, padding: Tensor | None = None) -> Tensor:
        """Source ids (batch, source), padding alike -> memory (batch, source, dim), for an encoder-decoder."""
        if self.encoder is None:
            raise ValueError("this model has no encoder")
        positions = torch.arange(ids.shape[1], device=ids.device)[None]
        hidden = self.embedding(ids, positions, None)
        bias = padding_bias(padding, compute_dtype(hidden))
        return self.encoder(hidden, positions, biases=(bias, bias))

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden (…, dim) -> (…, vocab)"""
        return F.linear(hidden, self.head_weight)

    @property
    def head_weight(self) -> Tensor:
        """The output projection (vocab, dim): the token embedding where the head is tied to it."""
        return self.embedding.token.weight if self.head is None else self.head.weight

    @property
    def device(self) -> torch.device:
        """Where the weights lie, and where ids must lie to be read."""
        return self.head_weight.device

    def _biases(
        self,
        hidden: Tensor,
        positions: Tensor,
        documents: Tensor | None,
        padding: Tensor | None,
        cache: KeyValueCache | None,
    ) -> tuple[Tensor | None, Tensor | None]:
        """What to add to the scores, (batch, 1, time, keys), in dense and in local layers.

        None where attention by itself hides the right keys: only the future, and what lies before the window. So a
        fresh cache needs no bias: padding stands at the end of its rows, in the future of every real token.
        """
        mask = None
        if cache is not None:
            if cache.longest == 0:
                return None, None
        elif documents is not None:
            mask = documents[:, None, :, None] == documents[:, None, None, :]
            if padding is not None:
                mask = mask & padding[:, None, None, :]
        elif padding is not None:
            mask = padding[:, None, None, :]
        else:
            return None, None
        slots = torch.arange(hidden.shape[1] + (0 if cache is None else cache.longest), device=hidden.device)
        queries = slots[:, None] if cache is None else positions[:, None, :, None]

        def bias(window: int) -> Tensor:
            if mask is not None and self.config.attends == "both_ways":
                return mask_bias(mask, compute_dtype(hidden))
            seen = visible(queries, slots, window)
            return mask_bias(seen if mask is None else mask & seen, compute_dtype(hidden))

        dense = bias(0)
        return dense, bias(self.config.local_window) if self.config.local_window else dense


class InputEmbedding(nn.Module):
    """Tokens, and where the config asks for them, positions and segments."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.token = Embedding(config.vocab_size, config.dim)
        self.position = Embedding(config.max_length, config.dim) if config.position == "learned" else None
        self.segment = Embedding(config.segments, config.dim) if config.segments else None
        self.norm = make_norm(config) if config.embedding_norm else nn.Identity()
        self.dropout = nn.Dropout(config.embedding_dropout)

    def forward(self, ids: Tensor, positions: Tensor, segments: Tensor | None) -> Tensor:
        """ids (batch, time), positions (batch or 1, time), segments (batch, time) -> (batch, time, dim)"""
        hidden = self.token(ids)
        if self.position is not None:
            hidden = hidden + self.position(positions)
        if self.segment is not None:
            hidden = hidden + self.segment(torch.zeros_like(ids) if segments is None else segments)
        return self.dropout(self.norm(hidden))


class Stack(nn.Module):
    """Blocks, and the norm after the last one when norms come first."""

    def __init__(
        self, config: TransformerConfig, layers: int, *, crosses: bool = False, sees_all: bool = False
    ) -> None:
        super().__init__()
        self.config = config
        self.blocks = nn.ModuleList(Block(config, layer, crosses=crosses, sees_all=sees_all) for layer in range(layers))
        self.norm = make_norm(config) if config.norm_first else nn.Identity()

    def forward(
        self,
        hidden: Tensor,
        positions: Tensor,
        *,
        biases: tuple[Tensor | None, Tensor | None],
        cache: KeyValueCache | None = None,
        memory: Tensor | None = None,
        memory_bias: Tensor | None = None,
    ) -> Tensor:
        """hidden (batch, time, dim) -> (batch, time, dim); biases are those of dense and of local layers."""
        angles = None
        if self.config.position == "rotary":
            angles = rotation(positions, self.config.head_dim, self.config.rope_base, compute_dtype(hidden))
        for layer, block in enumerate(self.blocks):
            hidden = block(
                hidden,
                positions=positions,
                bias=biases[1] if self.config.window(layer) else biases[0],
                rotation=angles,
                cache=cache,
                memory=memory,
                memory_bias=memory_bias,
            )
        return self.norm(hidden)


class Block(nn.Module):
    """Self-attention, then cross-attention in the decoder of an encoder-decoder, then the MLP."""

    def __init__(self, config: TransformerConfig, layer: int, *, crosses: bool, sees_all: bool) -> None:
        super().__init__()
        self.norm_first = config.norm_first
        self.attention, self.attention_norm = Attention(config, layer, sees_all=sees_all), make_norm(config)
        if crosses:
            self.cross, self.cross_norm = Attention(config, layer, sees_all=True), make_norm(config)
        self.mlp, self.mlp_norm = MLP(config), make_norm(config)
        self.dropout = nn.Dropout(config.residual_dropout)

    def forward(
        self,
        hidden: Tensor,
        *,
        positions: Tensor,
        bias: Tensor | None,
        rotation: tuple[Tensor, Tensor] | None,
        cache: KeyValueCache | None,
        memory: Tensor | None,
        memory_bias: Tensor | None,
    ) -> Tensor:
        """hidden (batch, time, dim) -> (batch, time, dim)"""

        def attention(x: Tensor) -> Tensor:
            return self.attention(x, x, bias=bias, rotation=rotation, positions=positions, cache=cache)

        hidden = self._residual(hidden, self.attention_norm, attention)
        if memory is not None:
            hidden = self._residual(hidden, self.cross_norm, lambda x: self.cross(x, memory, bias=memory_bias))
        return self._residual(hidden, self.mlp_norm, self.mlp)

    def _residual(self, hidden: Tensor, norm: nn.Module, branch: Callable[[Tensor], Tensor]) -> Tensor:
        if self.norm_first:
            return hidden + self.dropout(branch(norm(hidden)))
        return norm(hidden + self.dropout(branch(hidden)))


class MLP(nn.Module):
    """Each position by itself: out to `ffn_dim`, through the non-linearity, and back."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.kind = config.mlp
        self.up = Linear(config.dim, config.ffn_dim, bias=config.mlp_bias)
        self.gate = Linear(config.dim, config.ffn_dim, bias=config.mlp_bias) if config.mlp == "swiglu" else None
        self.down = Linear(config.ffn_dim, config.dim, bias=config.mlp_bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """hidden (batch, time, dim) -> (batch, time, dim)"""
        if self.gate is not None:
            return self.down(F.silu(self.gate(hidden)) * self.up(hidden))
        if self.kind == "relu":
            return self.down(F.relu(self.up(hidden)))
        return self.down(F.gelu(self.up(hidden), approximate="tanh" if self.kind == "gelu_tanh" else "none"))


def compute_dtype(hidden: Tensor) -> torch.dtype:
    """What matrix products of `hidden` come out as: autocast's type where it is on, the tensor's own elsewhere."""
    device = hidden.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
