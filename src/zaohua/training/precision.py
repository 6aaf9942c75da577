"""In which precision the products are computed; the weights that are updated stay fp32."""

import contextlib
import time
from contextlib import AbstractContextManager
from typing import Literal, get_args

import torch

from zaohua.data.batches import Batch
from zaohua.objectives.objective import Objective
from zaohua.training.step import accumulate_gradients

Precision = Literal["fp32", "bf16"]
_PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def computing_in(precision: Precision, device: torch.device) -> AbstractContextManager:
    """A context, enterable many times, in which products run in `precision`."""
    return torch.autocast(device.type, dtype=torch.bfloat16) if precision == "bf16" else contextlib.nullcontext()


def finish(device: torch.device) -> None:
    """Wait until the device has done what it was given, so that a clock tells the truth; a CPU always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def faster_precision(objective: Objective, batch: Batch, device: torch.device, seconds: float = 1.0) -> Precision:
    """The precision in which forward and backward are faster, each measured for `seconds` after a warm-up pass.

    Leaves parameters, gradients and random generators as they were.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        rates = {p: _passes_per_second(objective, batch, p, device, seconds) for p in _PRECISIONS}
    objective.zero_grad(set_to_none=True)
    return "bf16" if rates["bf16"] > 1.05 * rates["fp32"] else "fp32"


def _passes_per_second(
    objective: Objective, batch: Batch, precision: Precision, device: torch.device, seconds: float
) -> float:
    compute = computing_in(precision, device)
    passes, start = -1, time.perf_counter()
    while passes < 1 or time.perf_counter() - start < seconds:
        accumulate_gradients(objective, [batch], compute)
        finish(device)
        passes += 1
        if passes == 0:
            start = time.perf_counter()
    return passes / (time.perf_counter() - start)
