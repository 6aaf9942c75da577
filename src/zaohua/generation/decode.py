"""Prompts of ids -> more ids: one prefill of a batch, then a token a row and step, until all rows have ended."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from zaohua.generation.sampling import choose, uniforms
from zaohua.generation.settings import Sampling
from zaohua.model.cache import KeyValueCache
from zaohua.model.transformer import Transformer
from zaohua.settings import UserError


def generate(
    model: Transformer,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    *,
    end_ids: Collection[int],
    forbidden: Collection[int] = (),
    batch: int = 128,
) -> Iterator[list[int]]:
    """The new ids of each prompt without the end, in their order, `batch` of them at a time.

    A row draws the same whatever stands beside it: its numbers depend on the seed, its place in `prompts` and the
    position. `forbidden` ids are never drawn. Stop strings are text and are not looked for here. Raises UserError for
    a prompt that fills the model's whole length.
    """
    for first in range(0, len(prompts), batch):
        part = prompts[first : first + batch]
        found: list[list[int]] = [[] for _ in part]
        for rows, ids, _ in tokens(model, part, sampling, end_ids=end_ids, forbidden=forbidden, first_row=first):
            for row, index in zip(rows, ids, strict=True):
                found[row].append(index)
        for ids in found:
            yield ids[:-1] if ids[-1] in end_ids else ids


@torch.inference_mode()
def tokens(
    model: Transformer,
    prompts: Sequence[Sequence[int]],
    sampling: Sampling,
    *,
    end_ids: Collection[int],
    forbidden: Collection[int] = (),
    first_row: int = 0,
) -> Iterator[tuple[list[int], list[int], Tensor]]:
    """Each step's rows still unfinished, their next ids, and the logits (rows, vocab) float32 that these came from.

    A row's last id is an end, or the last that it may have. The logits are the model's own: before any temperature,
    and with the `forbidden` ids in them. Finished rows leave the batch. `first_row` is the number of the first prompt
    in the drawing of random numbers.
    """
    device = model.device
    limit, ends = model.config.max_length, frozenset(end_ids)
    lengths = [len(prompt) for prompt in prompts]
    if min(lengths) < 1:
        raise ValueError("a prompt needs at least one token")
    if max(lengths) >= limit:
        raise UserError(
            f"the prompt has {max(lengths)} tokens, but the model reads and writes {limit}: shorten it",
            f"提示有 {max(lengths)} 个词元，而模型连读带写至多 {limit} 个：请缩短提示",
        )
    rooms = [min(sampling.max_new_tokens, limit - length) for length in lengths]
    cache = KeyValueCache(
        model.config,
        len(prompts),
        max(length + room for length, room in zip(lengths, rooms, strict=True)),
        device=device,
        dtype=model.head_weight.dtype,
    )
    logits = _prefill(model, prompts, lengths, cache)
    never = _never(model, forbidden)
    seen = _seen(model, prompts) if sampling.repetition_penalty != 1.0 else None
    rows = list(range(len(prompts)))  # which prompt each row of the batch continues
    for step in range(max(rooms)):
        drawn = torch.from_numpy(uniforms(sampling.seed, np.array(rows) + first_row, step)).to(device)
        next_ids = choose(logits + never, sampling, drawn, seen)  # (rows,)
        ids = next_ids.tolist()
        yield list(rows), ids, logits
        left = _without_finished([ids[i] in ends or step + 1 == rooms[row] for i, row in enumerate(rows)])
        if not left:
            return
        if len(left) < len(rows):
            rows = [rows[i] for i in left]
            cache.keep(left, max(lengths[row] for row in rows) + step)
            chosen = torch.tensor(left, device=device)
            next_ids, seen = next_ids[chosen], None if seen is None else seen[chosen]
        if seen is not None:
            seen.scatter_(1, next_ids[:, None], True)
        logits = model.logits(model(next_ids[:, None], cache=cache)[:, 0]).float()  # (rows, vocab)


def _prefill(model: Transformer, prompts: Sequence[Sequence[int]], lengths: list[int], cache: KeyValueCache) -> Tensor:
    """Read all prompts, padded at the end, into the cache -> the scores (rows, vocab) of each one's next token."""
    device, longest = model.device, max(lengths)
    ids = torch.tensor([[*prompt, *[0] * (longest - len(prompt))] for prompt in prompts], device=device)
    last = torch.tensor(lengths, device=device) - 1
    padding = torch.arange(longest, device=device) <= last[:, None]  # (rows, longest)
    hidden = model(ids, padding=padding, cache=cache)
    return model.logits(hidden[torch.arange(len(prompts), device=device), last]).float()


def _never(model: Transformer, forbidden: Collection[int]) -> Tensor:
    """(vocab,): -inf at ids that are never drawn, 0 elsewhere."""
    never = torch.zeros(model.config.vocab_size, device=model.device)
    never[torch.tensor(sorted(forbidden), dtype=torch.long, device=model.device)] = float("-inf")
    return never


def _seen(model: Transformer, prompts: Sequence[Sequence[int]]) -> Tensor:
    """(rows, vocab): True where an id stands in the prompt."""
    seen = torch.zeros((len(prompts), model.config.vocab_size), dtype=torch.bool, device=model.device)
    for row, prompt in enumerate(prompts):
        seen[row, torch.tensor(prompt, device=model.device)] = True
    return seen


def _without_finished(finished: list[bool]) -> list[int]:
    """The places of the unfinished rows, in an order in which as few as possible move: the last ones fill the holes."""
    left = [place for place, done in enumerate(finished) if not done]
    movers = [place for place in left if place >= len(left)]
    return [movers.pop() if done else place for place, done in enumerate(finished[: len(left)])]
