"""Choosing the next token from its scores, reproducibly for each row by itself."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from zaohua.settings import Settings

COLD = 1e-5  # below this temperature nothing but the most probable token is ever drawn
RANKED = 256  # candidates for top-p that are looked at before the whole vocabulary is sorted


class Sampling(Settings):
    """How text is drawn: temperature, then top-k, then top-p (Holtzman et al. 2019)."""

    temperature: Annotated[float, Field(ge=0)] = 0.8
    """0 always takes the most probable token; 1 draws from the model's own distribution."""
    top_k: Annotated[int, Field(ge=0)] = 0
    """Draw among this many most probable tokens; 0: all."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Draw among the most probable tokens that together reach this probability, the one that crosses it included."""
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.0
    """Above 1, tokens that already stand in the text become less probable (Keskar et al. 2019, section 4.1)."""
    max_new_tokens: Annotated[int, Field(ge=1)] = 256
    """Stop after this many tokens."""
    stop: tuple[str, ...] = ()
    """Texts that end the answer and are not part of it."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """The same seed gives the same text."""


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
            whole, first = reach[:, -1:], min(vocab, RANKED)
            probabilities, ranked = logits.softmax(-1).topk(first)
            reach = probabilities.double().cumsum(-1)
            if bool((reach[:, -1:] < sampling.top_p * whole).any()):
                probabilities, ranked = logits.softmax(-1).sort(descending=True, stable=True)
                reach = probabilities.double().cumsum(-1)
            total = whole
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
    state = _mix(np.array([seed], dtype=np.uint64))
    state = _mix(state ^ rows.astype(np.uint64))
    state = _mix(state ^ np.array([position], dtype=np.uint64))
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(state: np.ndarray) -> np.ndarray:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
