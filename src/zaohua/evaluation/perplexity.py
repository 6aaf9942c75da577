"""How well a model predicts text: bits per byte of the raw UTF-8, comparable across tokenizers."""

import math

import numpy as np
import torch

from zaohua.data.batches import RowSource, make_batch
from zaohua.objectives.causal import Causal

NATS_PER_BIT = math.log(2)


@torch.no_grad()
def summed_loss(
    objective: Causal, rows: RowSource, device: torch.device, *, limit: int | None = None
) -> tuple[float, int]:
    """The summed -log p in nats over the rows' targets (at most `limit` rows, spread evenly), and their number."""
    count = len(rows) if limit is None else min(limit, len(rows))
    chosen = np.linspace(0, len(rows) - 1, count).round().astype(np.int64) if count else np.empty(0, dtype=np.int64)
    total, targets = 0.0, 0
    for start in range(0, count, 32):
        batch = make_batch(rows, chosen[start : start + 32]).to(device)
        total += float(objective(batch)["loss"])
        targets += batch.counts["loss"]
    return total, targets


def bits_per_byte(nats: float, text_bytes: float) -> float:
    """Summed nats over so many bytes of raw text -> bits per byte."""
    return nats / NATS_PER_BIT / text_bytes
