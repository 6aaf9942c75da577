"""What a model expects at each place of a text: the chance and rank of what stands there, and what it would say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zaohua.model.transformer import Transformer

ROWS = 64
"""Positions whose logits are held at once: (64, vocab) is some megabytes where (time, vocab) may be a gigabyte."""


@dataclass(frozen=True, kw_only=True)
class Expectations:
    """What the model expected along ids (time,); everything float32 or int64 on the CPU, natural logarithms.

    logprobs, ranks (time,): of the token that stands at t, given those before it; rank 1 is the likeliest. The first
    token has nothing before it: its logprob is nan and its rank 0.
    entropies (time,): how open, in nats, the model is about what follows token t.
    top_ids, top_logprobs (time, top): what it thinks may follow token t, likeliest first; equal ones by smaller id.
    """

    logprobs: Tensor
    ranks: Tensor
    entropies: Tensor
    top_ids: Tensor
    top_logprobs: Tensor


@torch.inference_mode()
def expectations(model: Transformer, ids: Tensor, top: int) -> Expectations:
    """Teacher-forced expectations along one text's ids (time,), with the `top` likeliest tokens after each place."""
    hidden = model(ids[None])[0]  # (time, dim)
    following = torch.cat((ids[1:], ids[:1]))  # the last place has no next token: its entry is dropped below
    logprobs, ranks, entropies, top_ids, top_logprobs = [], [], [], [], []
    for start in range(0, len(ids), ROWS):
        distribution = model.logits(hidden[start : start + ROWS]).float().log_softmax(-1).cpu()  # (rows, vocab)
        target = following[start : start + ROWS, None].cpu()
        of_target = distribution.gather(1, target)  # (rows, 1)
        before = torch.arange(distribution.shape[1]) < target
        ahead = (distribution > of_target) | ((distribution == of_target) & before)
        logprobs.append(of_target[:, 0])
        ranks.append(ahead.sum(1) + 1)
        entropies.append(-(distribution.exp() * distribution.clamp(min=torch.finfo(torch.float32).min)).sum(1))
        best = likeliest(distribution, top)
        top_ids.append(best)
        top_logprobs.append(distribution.gather(1, best))
    return Expectations(
        logprobs=torch.cat((torch.tensor([math.nan]), torch.cat(logprobs)[:-1])),
        ranks=torch.cat((torch.tensor([0]), torch.cat(ranks)[:-1])),
        entropies=torch.cat(entropies),
        top_ids=torch.cat(top_ids),
        top_logprobs=torch.cat(top_logprobs),
    )


def next_tokens(model: Transformer, ids: Sequence[int], top: int = 10) -> list[tuple[int, float]]:
    """The likeliest tokens after a text's ids, each with its probability: "The sun rises in the" -> east."""
    found = expectations(model, torch.tensor(ids, device=model.device), top)
    return list(zip(found.top_ids[-1].tolist(), found.top_logprobs[-1].exp().tolist()))


def likeliest(distribution: Tensor, top: int) -> Tensor:
    """distribution (rows, vocab) -> ids (rows, top), likeliest first; topk alone leaves the order of ties open."""
    ids = distribution.topk(min(top, distribution.shape[1])).indices.sort(dim=1).values
    order = distribution.gather(1, ids).sort(dim=1, descending=True, stable=True).indices
    return ids.gather(1, order)
