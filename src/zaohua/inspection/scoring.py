"""Log-probabilities of a text that is being written: each token's own, and those of its likeliest rivals."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zaohua.inspection.probabilities import expectations, likeliest
from zaohua.model.transformer import Transformer


@dataclass(frozen=True)
class Score:
    """A token, where it begins in the text in characters, its natural logarithm and those of the likeliest tokens.

    `logprob` is None for the first token of a prompt, which nothing precedes.
    """

    token: int
    start: int
    logprob: float | None
    alternatives: list[tuple[int, float]]


def score(logprobs: Tensor, token: int, start: int, alternatives: int) -> Score:
    """The score of a token that was drawn from a distribution, logprobs (vocab,)."""
    best = likeliest(logprobs[None], alternatives)[0]
    return Score(token, start, float(logprobs[token]), list(zip(best.tolist(), logprobs[best].tolist(), strict=True)))


def prompt_scores(model: Transformer, prompt: Sequence[int], starts: Sequence[int], alternatives: int) -> list[Score]:
    """The scores of a prompt's own tokens, whose starts in the text are given."""
    found = expectations(model, torch.tensor(prompt, device=model.device), alternatives)
    scores = [Score(prompt[0], starts[0], None, [])]
    for place in range(1, len(prompt)):
        rivals = zip(found.top_ids[place - 1].tolist(), found.top_logprobs[place - 1].tolist(), strict=True)
        scores.append(Score(prompt[place], starts[place], float(found.logprobs[place]), list(rivals)))
    return scores
