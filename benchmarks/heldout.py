"""Held-out text as every learner reads it: the same bytes, and what predicting them costs in bits a byte."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

IGNORED = -100
UNKNOWN_BITS = 8.0
"""What a character costs a learner whose vocabulary lacks it: a favour, for nothing says that one follows."""


def excerpt(texts: Sequence[str], limit: int) -> list[str]:
    """The beginning of each text, of all the same share: `limit` bytes together at most."""
    whole = sum(len(text.encode()) for text in texts)
    share = min(1.0, limit / max(whole, 1))
    return [text.encode()[: int(len(text.encode()) * share)].decode(errors="ignore") for text in texts]


@dataclass(frozen=True)
class Stream:
    """Ids end to end, (n,) int64, the first of which is given and not predicted; IGNORED: a character without an id."""

    ids: Tensor
    unknown: int
    text_bytes: int


@torch.no_grad()
def bits_per_byte(scores_of: Callable[[Tensor], Tensor], stream: Stream, context: int, rows: int = 8) -> float:
    """Each id predicted once from those before it in its row of `context`, as the learner's own measurement does.

    scores_of: ids (rows, context) -> (rows, context, vocab). Unknown characters are read as the id 0.
    """
    ids = stream.ids
    count = len(ids) - 1
    padded = F.pad(ids, (0, -(-count // context) * context + 1 - len(ids)), value=IGNORED)
    read = padded[:-1].clamp(min=0).view(-1, context)  # (all rows, context)
    labels = padded[1:].view(-1, context)
    nats = 0.0
    for some, wanted in zip(read.split(rows), labels.split(rows)):
        scores = scores_of(some).float().flatten(0, 1)
        nats += float(F.cross_entropy(scores, wanted.flatten(), ignore_index=IGNORED, reduction="sum"))
    return (nats / math.log(2) + UNKNOWN_BITS * stream.unknown) / stream.text_bytes
