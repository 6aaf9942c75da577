"""Answers as OpenAI's clients read them: whole bodies and the chunks of a stream, from the pieces of a text."""

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from zaohua.inspection.scoring import Score
from zaohua.server.writing import Order, Piece
from zaohua.tokenizer.tokenizer import Tokenizer


@dataclass
class Choice:
    """One finished choice: its pieces put together."""

    text: str = ""
    scores: list[Score] = field(default_factory=list)
    reason: str | None = None


def gather(pieces: Iterable[Piece], count: int) -> list[Choice]:
    """The pieces of an answer, in any order of choices, as whole choices."""
    choices = [Choice() for _ in range(count)]
    for piece in pieces:
        choice = choices[piece.choice]
        choice.text += piece.text
        choice.scores += piece.scores
        choice.reason = piece.reason or choice.reason
    return choices


def likeliest_choices(choices: Sequence[Choice], orders: Iterable[Order], keep: int) -> list[Choice]:
    """Of each order's choices the `keep` of the highest mean logprob per written token, best first; no echo counts."""
    found: list[Choice] = []
    for order in orders:
        own = choices[order.first_choice : order.first_choice + order.choices]
        found += sorted(own, key=partial(_likelihood, echoed=len(order.echo)), reverse=True)[:keep]
    return found


def _likelihood(choice: Choice, *, echoed: int) -> float:
    written = [score.logprob or 0.0 for score in choice.scores[echoed:]]
    return sum(written) / max(len(written), 1)


class Reply(ABC):
    """One answer: its id, time, model and counted tokens, and what of it stands in a whole body and in a chunk.

    `alternatives` is None where no logprobs are wanted.
    """

    PREFIX: ClassVar[str]
    """What its id begins with."""
    BODY: ClassVar[str]
    CHUNK: ClassVar[str]
    """OpenAI's names for the two kinds of object."""

    def __init__(self, model: str, tokenizer: Tokenizer, prompt_tokens: int, alternatives: int | None) -> None:
        self.id = f"{self.PREFIX}-{uuid.uuid4().hex}"
        self.created = int(time.time())
        self.model, self.tokenizer = model, tokenizer
        self.prompt_tokens, self.completion_tokens = prompt_tokens, 0
        self.alternatives = alternatives

    @abstractmethod
    def _choice(
        self, index: int, text: str, scores: list[Score], reason: str | None, *, whole: bool = False
    ) -> dict[str, Any]:
        """One choice, `whole` as in a body, or what a chunk brings of it."""

    @abstractmethod
    def _logprobs(self, scores: list[Score], alternatives: int) -> dict[str, Any]:
        """The scores of tokens, each with at most so many rivals."""

    def opening(self, choices: int) -> list[dict[str, Any]]:
        """The chunks before any text of so many choices."""
        return []

    def body(self, choices: list[Choice]) -> dict[str, Any]:
        """The answer as a whole."""
        listed = [
            self._choice(index, choice.text, choice.scores, choice.reason, whole=True)
            for index, choice in enumerate(choices)
        ]
        return self._frame(self.BODY, listed) | {"usage": self._usage()}

    def chunks(self, piece: Piece) -> list[dict[str, Any]]:
        """A piece as chunks: text and scores, then, alone, why the choice ended."""
        found = []
        if piece.text or piece.scores:
            found.append(self._choice(piece.choice, piece.text, piece.scores, None))
        if piece.reason:
            found.append(self._choice(piece.choice, "", [], piece.reason))
        return [self._frame(self.CHUNK, [choice]) for choice in found]

    def counts(self) -> dict[str, Any]:
        """The chunk after all choices: how many tokens there were."""
        return self._frame(self.CHUNK, []) | {"usage": self._usage()}

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model, "choices": choices}

    def _usage(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }

    def _scored(self, scores: list[Score]) -> dict[str, Any] | None:
        return None if self.alternatives is None else self._logprobs(scores, self.alternatives)

    def _bytes(self, token: int) -> bytes:
        """A token's bytes; a special token's spelling; nothing for ids that only pad the model's table."""
        if token >= self.tokenizer.vocab_size:
            return b""
        return self.tokenizer.token_bytes[token] or self.tokenizer.decode([token], skip_specials=False).encode()


class ChatReply(Reply):
    """An answer of /v1/chat/completions."""

    PREFIX, BODY, CHUNK = "chatcmpl", "chat.completion", "chat.completion.chunk"

    def opening(self, choices: int) -> list[dict[str, Any]]:
        """The first chunk of each choice: only these name the role."""
        delta = {"role": "assistant", "content": ""}
        return [
            self._frame(self.CHUNK, [{"index": index, "delta": delta, "logprobs": None, "finish_reason": None}])
            for index in range(choices)
        ]

    def _choice(
        self, index: int, text: str, scores: list[Score], reason: str | None, *, whole: bool = False
    ) -> dict[str, Any]:
        if whole:
            said = {"message": {"role": "assistant", "content": text, "refusal": None}}
        else:
            said = {"delta": {} if reason else {"content": text}}
        logprobs = self._scored(scores) if whole or scores else None
        return {"index": index, **said, "logprobs": logprobs, "finish_reason": reason}

    def _logprobs(self, scores: list[Score], alternatives: int) -> dict[str, Any]:
        content = [
            self._token(score.token, score.logprob or 0.0)
            | {"top_logprobs": [self._token(token, logprob) for token, logprob in score.alternatives]}
            for score in scores
        ]
        return {"content": content, "refusal": None}

    def _token(self, token: int, logprob: float) -> dict[str, Any]:
        content = self._bytes(token)
        return {"token": content.decode("utf-8", "replace"), "logprob": finite(logprob), "bytes": list(content)}


class CompletionReply(Reply):
    """An answer of /v1/completions."""

    PREFIX, BODY, CHUNK = "cmpl", "text_completion", "text_completion"

    def _choice(
        self, index: int, text: str, scores: list[Score], reason: str | None, *, whole: bool = False
    ) -> dict[str, Any]:
        return {"text": text, "index": index, "logprobs": self._scored(scores), "finish_reason": reason}

    def _logprobs(self, scores: list[Score], alternatives: int) -> dict[str, Any]:
        tops = [{self._name(token): finite(value) for token, value in score.alternatives} for score in scores]
        return {
            "tokens": [self._name(score.token) for score in scores],
            "token_logprobs": [None if score.logprob is None else finite(score.logprob) for score in scores],
            "top_logprobs": [top or None for top in tops] if alternatives else None,
            "text_offset": [score.start for score in scores],
        }

    def _name(self, token: int) -> str:
        """A token's text, or for a part of a character its bytes, written as OpenAI writes them."""
        content = self._bytes(token)
        try:
            return content.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in content)


def finite(logprob: float) -> float:
    """JSON has no infinity: what cannot happen is -9999, as OpenAI writes it."""
    return max(logprob, -9999.0)
