"""An order for text and the pieces it is delivered in: several choices, stop strings, scores, counted tokens."""

import codecs
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from zaohua.checkpoint.model_folder import LoadedModel, tokenizer_of
from zaohua.generation.decode import tokens
from zaohua.generation.settings import Sampling
from zaohua.generation.streaming import TextStream
from zaohua.generation.text import never_written
from zaohua.inspection.scoring import Score, prompt_scores, score

Reason = Literal["stop", "length"]
"""Why a choice ended: an end or a stop string came, or the allowed number of tokens was reached."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one prompt is to be continued by."""

    prompt: list[int]
    echo: list[int] = field(default_factory=list)  # the part of the prompt that is repeated before the continuation
    sampling: Sampling
    write: bool = True  # False: nothing new is wanted, only the prompt itself
    choices: int
    ends: frozenset[int]
    alternatives: int | None = None  # how many rivals to list at each token; None: no scores
    first_choice: int = 0  # the number of this order's first choice in the whole answer


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some more text of one choice, the scores of the tokens that begin in it, and in the last one why it ended."""

    choice: int
    text: str = ""
    scores: list[Score] = field(default_factory=list)
    reason: Reason | None = None
    tokens: int = 0  # drawn since this choice's last piece, ends included


def write(loaded: LoadedModel, order: Order) -> Iterator[Piece]:
    """The pieces of an order, choices side by side. Closing the iterator ends the writing."""
    states = [_Choice(loaded, order, number) for number in range(order.choices)]
    yield from (piece for state in states if (piece := state.echoed()))
    if not order.write:
        yield from (Piece(choice=state.number, reason="length") for state in states)
        return
    forbidden = never_written(tokenizer_of(loaded), loaded.model.config.vocab_size, order.ends)
    steps = tokens(
        loaded.model, [order.prompt] * order.choices, order.sampling, end_ids=order.ends, forbidden=forbidden
    )
    for rows, ids, logits in steps:
        scored = order.alternatives is not None
        distributions = logits.log_softmax(-1).cpu() if scored else [None] * len(rows)  # (rows, vocab)
        for row, token, logprobs in zip(rows, ids, distributions, strict=True):
            if piece := states[row].take(token, logprobs):
                yield piece
        if all(state.reason for state in states):
            return
    yield from (state.finish("length") for state in states if not state.reason)


class Places:
    """Where tokens begin in the decoded text, in characters; inside a character counts as at its beginning."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.end = 0

    def next(self, spelling: bytes) -> int:
        """The place of the next token. Bytes before it that never became a character stand there as U+FFFD."""
        completed = len(self.decoder.decode(spelling))
        own = len(spelling.decode("utf-8", "replace"))
        start = self.end + max(completed - own, 0)
        self.end += completed
        return start


def starts_in_text(token_bytes: Sequence[bytes], ids: Collection[int]) -> list[int]:
    """Where each token begins in the decoded text, in characters."""
    places = Places()
    return [places.next(token_bytes[token]) for token in ids]


class _Choice:
    """One continuation while it is written."""

    def __init__(self, loaded: LoadedModel, order: Order, row: int) -> None:
        self.loaded, self.order, self.number = loaded, order, order.first_choice + row
        self.token_bytes = tokenizer_of(loaded).token_bytes
        self.stream = TextStream(self.token_bytes, stop=order.sampling.stop)
        self.places = Places()
        self.told = 0  # characters already delivered
        self.waiting: list[Score] = []  # scores of tokens whose text is not delivered yet
        self.drawn = 0  # tokens not yet reported
        self.reason: Reason | None = None

    def echoed(self) -> Piece | None:
        """The prompt as the first piece, where it is asked for."""
        order = self.order
        if not order.echo:
            return None
        text = b"".join(self.token_bytes[token] for token in order.echo).decode("utf-8", errors="replace")
        scores: list[Score] = []
        if order.alternatives is not None:
            offset = len(order.prompt) - len(order.echo)
            starts = [0] * offset + starts_in_text(self.token_bytes, order.echo)
            scores = prompt_scores(self.loaded.model, order.prompt, starts, order.alternatives)[offset:]
        self.places.end = self.told = len(text)
        return Piece(choice=self.number, text=text, scores=scores)

    def take(self, token: int, logprobs: Tensor | None) -> Piece | None:
        """The next token, and the distribution (vocab,) it comes from -> what it makes certain, if anything."""
        if self.reason:
            return None
        self.drawn += 1
        if token in self.order.ends:
            return self.finish("stop")
        start = self.places.next(self.token_bytes[token])
        if logprobs is not None:
            self.waiting.append(score(logprobs, token, start, self.order.alternatives or 0))
        text = self.stream.feed([token])
        if self.stream.stopped:
            return self.finish("stop", text)
        return self._piece(text) if text else None

    def finish(self, reason: Reason, text: str = "") -> Piece:
        """The last piece: what was held back, and why the choice ended."""
        text += self.stream.flush()
        self.reason = "stop" if self.stream.stopped else reason
        return self._piece(text)

    def _piece(self, text: str) -> Piece:
        self.told += len(text)
        ready = [score for score in self.waiting if score.start < self.told]
        self.waiting = self.waiting[len(ready) :]
        drawn, self.drawn = self.drawn, 0
        return Piece(choice=self.number, text=text, scores=ready, reason=self.reason, tokens=drawn)
