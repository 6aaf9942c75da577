"""Choosing the next token from its scores, reproducibly for each row by itself."""

import numpy as np
import torch
from torch import Tensor

from zaohua.generation.settings import Sampling
from zaohua.hashing import GOLDEN, scramble

COLD = 1e-5  # below this temperature nothing but the most probable token is ever drawn
RANKED = 256  # candidates for top-p that are looked at before the whole vocabulary is sorted


def choose(logits: Tensor, sampling: Sampling, uniform: Tensor, seen: Tensor | None = None) -> Tensor:
    """logits (rows, vocab) float32, uniform (rows,) float64 in [0, 1) -> ids (rows,).

    seen (rows, vocab) is True at tokens that stand in the text. A score of -inf is never chosen beside a finite one.
    """
    if seen is not None and sampling.repetition_penalty != 1.0:
        penalty = sampling.repetition_penalty
        logits = torch.where(seen, torch.where(logits > 0, logits / penalty, logits * penalty), logits)
    if sampling.temperature < COLD:
        return logits.argmax(-1)
    logits = logits / sampling.temperature
    vocab, ranked = logits.shape[-1], None  # ids in order of probability, where not all may be drawn
    if 0 < sampling.top_k < vocab:
        logits, ranked = logits.topk(sampling.top_k)  # (rows, top_k)
    reach = logits.softmax(-1).double().cumsum(-1)  # (rows, candidates)
    total = reach[:, -1:]
    if sampling.top_p < 1.0:
        if ranked is None:
            probabilities, ranked = logits.softmax(-1).topk(min(vocab, RANKED))
            reach = probabilities.double().cumsum(-1)
            if bool((reach[:, -1:] < sampling.top_p * total).any()):
                probabilities, ranked = logits.softmax(-1).sort(descending=True, stable=True)
                reach = probabilities.double().cumsum(-1)
        dropped = (reach >= sampling.top_p * total)[:, :-1].sum(-1, keepdim=True)  # (rows, 1), after the crossing one
        total = reach.gather(-1, reach.shape[-1] - 1 - dropped)
    # Strictly below the total, so that the first to pass it may be drawn and has a probability above 0.
    aim = torch.minimum(uniform[:, None].double() * total, torch.nextafter(total, torch.zeros_like(total)))
    place = torch.searchsorted(reach, aim, right=True)  # (rows, 1)
    return (place if ranked is None else ranked.gather(-1, place)).squeeze(-1)


def uniforms(seed: int, rows: np.ndarray, position: int) -> np.ndarray:
    """One number in [0, 1) for each of `rows`, float64: a function of seed, row and position and of nothing else.

    So a row draws the same whatever stands beside it. SplitMix64 (Steele et al. 2014), keyed by one after the other.
    """
    state = scramble(np.array([seed], dtype=np.uint64) + GOLDEN)
    state = scramble((state ^ rows.astype(np.uint64)) + GOLDEN)
    state = scramble((state ^ np.array([position], dtype=np.uint64)) + GOLDEN)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53
