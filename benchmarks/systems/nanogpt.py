"""A GPT-2 as short as it can be, in the manner of nanoGPT: one product for q, k and v, torch's own attention."""

from collections.abc import Callable
from typing import Any

import torch
from cases import Case
from torch import Tensor, nn
from torch.nn import functional as F

from systems import Setting, loop


class Block(nn.Module):
    """hidden (rows, time, dim) -> the same shape"""

    def __init__(self, dim: int, heads: int, *, bias: bool, gelu: str) -> None:
        super().__init__()
        self.heads, self.gelu = heads, gelu
        self.mixing_norm, self.mlp_norm = nn.LayerNorm(dim, bias=bias), nn.LayerNorm(dim, bias=bias)
        self.query_key_value, self.mixed = nn.Linear(dim, 3 * dim, bias=bias), nn.Linear(dim, dim, bias=bias)
        self.up, self.down = nn.Linear(dim, 4 * dim, bias=bias), nn.Linear(4 * dim, dim, bias=bias)

    def forward(self, hidden: Tensor) -> Tensor:
        parts = self.query_key_value(self.mixing_norm(hidden)).chunk(3, dim=-1)
        query, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        seen = F.scaled_dot_product_attention(query, key, value, is_causal=True)  # (rows, heads, time, width)
        hidden = hidden + self.mixed(seen.transpose(1, 2).flatten(2))
        return hidden + self.down(F.gelu(self.up(self.mlp_norm(hidden)), approximate=self.gelu))


class PlainGPT(nn.Module):
    """ids (rows, time) -> scores of the next token (rows, time, vocab), or with labels their mean loss in nats.

    `bias=False` and `gelu="none"` (by the error function) are as nanoGPT trains; the others are GPT-2's.
    """

    def __init__(self, case: Case, *, bias: bool = True, gelu: str = "tanh") -> None:
        super().__init__()
        self.token, self.position = nn.Embedding(case.vocab, case.dim), nn.Embedding(case.context, case.dim)
        self.blocks = nn.Sequential(*(Block(case.dim, case.heads, bias=bias, gelu=gelu) for _ in range(case.layers)))
        self.norm = nn.LayerNorm(case.dim, bias=bias)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:  # of what is added to the residual stream less (Radford et al. 2019, section 2.3)
                added = name.endswith(("mixed.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / (2 * case.layers) ** 0.5 if added else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids: Tensor, labels: Tensor | None = None) -> Tensor:
        hidden = self.token(ids) + self.position.weight[: ids.shape[1]]
        scores = F.linear(self.norm(self.blocks(hidden)), self.token.weight)  # (rows, time, vocab)
        return scores if labels is None else F.cross_entropy(scores.flatten(0, 1), labels.flatten())


def loss_of(gpt: Callable[..., Any], ids: Tensor, labels: Tensor) -> Tensor:
    """Nats per token, a scalar."""
    return gpt(ids, labels)


def train(case: Case, setting: Setting, steps: int, step_ended: Callable[[], None], device: str = "cpu") -> float:
    """One optimiser step for each batch -> the last loss, in nats per token."""
    torch.manual_seed(0)
    return loop.train(PlainGPT(case), loss_of, case, setting, steps, step_ended, device)
