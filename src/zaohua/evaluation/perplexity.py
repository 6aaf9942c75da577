"""How well a model predicts text: bits per byte of the raw UTF-8, comparable across tokenizers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from zaohua.data.batches import make_batch
from zaohua.data.packing import Rows
from zaohua.data.rows import RowSource
from zaohua.model.transformer import Transformer
from zaohua.objectives.causal import Causal
from zaohua.tokenizer.tokenizer import Tokenizer

NATS_PER_BIT = math.log(2)
TOKENS_AT_ONCE = 8192
"""What bounds the memory of a measurement: their logits stand at once, a gigabyte at 32,000 ids."""


@torch.no_grad()
def summed_loss(
    objective: Causal, rows: RowSource, *, limit: int | None = None, passed: Callable[[], None] = lambda: None
) -> tuple[float, int]:
    """The summed -log p in nats over the rows' targets (at most `limit` rows, spread evenly), and their number.

    `passed()` is called after each batch.
    """
    count = len(rows) if limit is None else min(limit, len(rows))
    chosen = np.linspace(0, len(rows) - 1, count).round().astype(np.int64) if count else np.empty(0, dtype=np.int64)
    total, targets = 0.0, 0
    width = rows.batch(chosen[:1])["ids"].shape[1] if count else 1
    at_once = max(1, TOKENS_AT_ONCE // width)
    for start in range(0, count, at_once):
        batch = make_batch(rows, chosen[start : start + at_once]).to(objective.model.device)
        total += float(objective(batch)["loss"])
        targets += batch.counts["loss"]
        passed()
    return total, targets


def bits_per_byte(nats: float, text_bytes: float) -> float:
    """Summed nats over so many bytes of raw text -> bits per byte."""
    return nats / NATS_PER_BIT / text_bytes


@dataclass(frozen=True)
class TextStream:
    """Texts as a stream of tokens, a mark before each and after the last."""

    tokens: np.ndarray
    end_of_text: int


def stream_of(texts: Sequence[str], tokenizer: Tokenizer) -> TextStream:
    """The texts' tokens end to end."""
    mark = np.array([tokenizer.end_of_text])
    parts = [part for ids in tokenizer.encode_batch(texts) for part in (mark, np.asarray(ids, dtype=np.int64))]
    return TextStream(np.concatenate([*parts, mark]), tokenizer.end_of_text)


def text_bits(
    model: Transformer, stream: TextStream, text_bytes: int, length: int, passed: Callable[[], None] = lambda: None
) -> float:
    """Bits per byte of a stream that is so many bytes of raw UTF-8, read in rows of `length` tokens.

    `passed()` is called after each batch of rows.
    """
    nats, _ = summed_loss(Causal(model), Rows(stream, length), passed=passed)
    return bits_per_byte(nats, text_bytes)
