"""One optimiser step, the same for every objective: the only place where losses are divided by counts."""

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager

import torch
from torch.profiler import record_function

from zaohua.data.batches import Batch
from zaohua.objectives.objective import Objective


def accumulate_gradients(
    objective: Objective, batches: Sequence[Batch], compute: AbstractContextManager
) -> dict[str, torch.Tensor]:
    """Backward through every micro-batch -> each term's mean. The gradients equal those of one big batch."""
    counts: Counter[str] = Counter()
    for batch in batches:
        counts.update(batch.counts)
    means: dict[str, torch.Tensor] = {}
    for batch in batches:
        with compute:
            sums = objective(batch)
        parts = {term: total / max(counts[term], 1) for term, total in sums.items()}
        torch.stack([objective.weights[term] * part for term, part in parts.items()]).sum().backward()
        means = {term: means.get(term, 0) + part.detach() for term, part in parts.items()}
    return means


@record_function("zaohua/clip")
def gradient_norm(objective: Objective, clip: float) -> torch.Tensor:
    """The norm of the whole gradient, clipped to `clip` in place where that is above zero."""
    parameters = [p for p in objective.parameters() if p.grad is not None]
    return torch.nn.utils.clip_grad_norm_(parameters, clip if clip > 0 else float("inf"), foreach=True)
