"""The plain training loop that users of PyTorch write: autocast, fused AdamW, clipping, gradients accumulated."""

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from cases import Case, windows
from torch import Tensor, nn

from systems import BETAS, CLIP, HALF, LEARNING_RATE, WEIGHT_DECAY, Setting

Loss = Callable[[Callable[..., Any], Tensor, Tensor], Tensor]
"""The model, ids and labels (rows, context) -> nats per token, a scalar."""


def train(
    gpt: nn.Module,
    loss_of: Loss,
    case: Case,
    setting: Setting,
    steps: int,
    step_ended: Callable[[], None],
    device: str = "cpu",
) -> float:
    """One optimiser step for each batch of `case.rows` rows -> the last loss, in nats per token."""
    gpt = gpt.to(device, torch.bfloat16 if setting.weights == HALF else torch.float32).train()
    optimizer = torch.optim.AdamW(
        gpt.parameters(), lr=LEARNING_RATE, betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True
    )
    casts = setting.compute == "bf16" and setting.weights != HALF
    autocast = torch.autocast(device, dtype=torch.bfloat16) if casts else contextlib.nullcontext()
    run, passes = torch.compile(gpt) if setting.compiled else gpt, setting.passes(case.rows)
    loss = torch.tensor(float("nan"))
    for ids, labels in zip(*map(torch.from_numpy, windows(case, steps))):
        ids, labels = ids.to(device, non_blocking=True), labels.to(device, non_blocking=True)
        for some_ids, some_labels in zip(ids.chunk(passes), labels.chunk(passes)):
            with autocast:
                loss = loss_of(run, some_ids, some_labels)
            (loss / passes).backward()
        torch.nn.utils.clip_grad_norm_(gpt.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step_ended()
    return float(loss.detach())
