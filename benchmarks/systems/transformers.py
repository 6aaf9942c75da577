"""transformers' GPT-2 in a plain loop, written as its users write it, with fused AdamW."""

import contextlib
from collections.abc import Callable

import torch
from cases import Case, windows
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from systems import BETAS, CLIP, LEARNING_RATE, WEIGHT_DECAY


def model(case: Case, precision: str) -> GPT2LMHeadModel:
    """GPT-2 of this shape without dropout, with the attention that `precision` names (sdpa is its default)."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=case.vocab,
        n_positions=case.context,
        n_embd=case.dim,
        n_layer=case.layers,
        n_head=case.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
        use_cache=False,
    )
    attention = "eager" if "eager" in precision else "sdpa"
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention).train()


def train(case: Case, precision: str, steps: int, step_ended: Callable[[], None]) -> float:
    """One optimiser step for each batch -> the last loss, in nats per token."""
    gpt, loss = model(case, precision), torch.tensor(float("nan"))
    optimizer = torch.optim.AdamW(
        gpt.parameters(), lr=LEARNING_RATE, betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True
    )
    autocast = torch.autocast("cpu", dtype=torch.bfloat16) if "bf16" in precision else contextlib.nullcontext()
    ids, _ = windows(case, steps)
    for rows in torch.from_numpy(ids):
        with autocast:
            loss = gpt(input_ids=rows, labels=rows).loss  # it shifts the labels itself
        loss.backward()
        torch.nn.utils.clip_grad_norm_(gpt.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step_ended()
    return float(loss)
