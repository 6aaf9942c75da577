"""transformers' GPT-2 in a plain loop, written as its users write it."""

from collections.abc import Callable
from typing import Any

import torch
from cases import Case
from torch import Tensor
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from systems import Setting, loop

FASTER_GELU = "gelu_pytorch_tanh"
"""The same function as the model's default, `gelu_new`, in one kernel of torch's: what a careful user would choose."""


def model(case: Case, attention: str = "", activation: str = FASTER_GELU) -> GPT2LMHeadModel:
    """GPT-2 of this shape without dropout; sdpa is its default attention."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=case.vocab,
        n_positions=case.context,
        n_embd=case.dim,
        n_layer=case.layers,
        n_head=case.heads,
        activation_function=activation,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
        use_cache=False,
    )
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention or "sdpa").train()


def loss_of(gpt: Callable[..., Any], ids: Tensor, _: Tensor) -> Tensor:
    """Nats per token, a scalar; the model shifts the labels itself."""
    return gpt(input_ids=ids, labels=ids).loss


def train(case: Case, setting: Setting, steps: int, step_ended: Callable[[], None], device: str = "cpu") -> float:
    """One optimiser step for each batch -> the last loss, in nats per token."""
    return loop.train(model(case, setting.attention), loss_of, case, setting, steps, step_ended, device)
