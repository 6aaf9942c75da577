"""Answers as OpenAI's clients read them: whole bodies and the chunks of a stream, from the pieces of a text."""

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from zaohua.inspection.scoring import Score
from zaohua.server.writing import Piece
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


def likeliest_choices(choices: list[Choice], keep: int, echoed: int) -> list[Choice]:
    """The `keep` choices of the highest mean logprob per written token, best first; `echoed` tokens do not count."""

    def likelihood(choice: Choice) -> float:
        written = [score.logprob or 0.0 for score in choice.scores[echoed:]]
        return sum(written) / max(len(written), 1)

    return sorted(choices, key=likelihood, reverse=True)[:keep]


class Reply:
    """What every body and chunk of one answer shares: its id, time, model and counted tokens.

    `alternatives` is None where no logprobs are wanted.
    """

    def __init__(self, model: str, tokenizer: Tokenizer, prompt_tokens: int, alternatives: int | None) -> None:
        self.id = uuid.uuid4().hex
        self.created = int(time.time())
        self.model, self.tokenizer = model, tokenizer
        self.prompt_tokens, self.completion_tokens = prompt_tokens, 0
        self.alternatives = alternatives

    @property
    def usage(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }

    def _bytes(self, token: int) -> bytes:
        """A token's bytes; a special token's spelling; nothing for ids that only pad the model's table."""
        if token >= self.tokenizer.vocab_size:
            return b""
        return self.tokenizer.token_bytes[token] or self.tokenizer.decode([token], skip_specials=False).encode()


class ChatReply(Reply):
    """An answer of /v1/chat/completions."""

    def body(self, choices: list[Choice]) -> dict[str, Any]:
        listed = [
            {
                "index": index,
                "message": {"role": "assistant", "content": choice.text, "refusal": None},
                "logprobs": self._logprobs(choice.scores),
                "finish_reason": choice.reason,
            }
            for index, choice in enumerate(choices)
        ]
        return self._frame("chat.completion", listed) | {"usage": self.usage}

    def opening(self, choices: int) -> list[dict[str, Any]]:
        """The first chunk of each choice: only these name the role."""
        return [self._chunk(index, {"role": "assistant", "content": ""}) for index in range(choices)]

    def chunks(self, piece: Piece) -> list[dict[str, Any]]:
        """A piece as chunks: text and scores, then, alone, why the choice ended."""
        found = []
        if piece.text or piece.scores:
            found.append(self._chunk(piece.choice, {"content": piece.text}, scores=piece.scores))
        if piece.reason:
            found.append(self._chunk(piece.choice, {}, reason=piece.reason))
        return found

    def counts(self) -> dict[str, Any]:
        return self._frame("chat.completion.chunk", []) | {"usage": self.usage}

    def _chunk(
        self, index: int, delta: dict[str, str], *, scores: list[Score] | None = None, reason: str | None = None
    ) -> dict[str, Any]:
        logprobs = self._logprobs(scores) if scores else None
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": reason}
        return self._frame("chat.completion.chunk", [choice])

    def _frame(self, kind: str, choices: list[Any]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self.id}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }

    def _logprobs(self, scores: list[Score]) -> dict[str, Any] | None:
        if self.alternatives is None:
            return None
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

    def body(self, choices: list[Choice]) -> dict[str, Any]:
        listed = [self._choice(i, choice.text, choice.scores, choice.reason) for i, choice in enumerate(choices)]
        return self._frame(listed) | {"usage": self.usage}

    def opening(self, choices: int) -> list[dict[str, Any]]:
        return []

    def chunks(self, piece: Piece) -> list[dict[str, Any]]:
        """A piece as chunks: text and scores, then, alone, why the choice ended."""
        found = []
        if piece.text or piece.scores:
            found.append(self._frame([self._choice(piece.choice, piece.text, piece.scores, None)]))
        if piece.reason:
            found.append(self._frame([self._choice(piece.choice, "", [], piece.reason)]))
        return found

    def counts(self) -> dict[str, Any]:
        return self._frame([]) | {"usage": self.usage}

    def _frame(self, choices: list[Any]) -> dict[str, Any]:
        return {
            "id": f"cmpl-{self.id}",
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }

    def _choice(self, index: int, text: str, scores: list[Score], reason: str | None) -> dict[str, Any]:
        return {"text": text, "index": index, "logprobs": self._logprobs(scores), "finish_reason": reason}

    def _logprobs(self, scores: list[Score]) -> dict[str, Any] | None:
        if self.alternatives is None:
            return None
        tops = [{self._name(token): finite(value) for token, value in score.alternatives} for score in scores]
        return {
            "tokens": [self._name(score.token) for score in scores],
            "token_logprobs": [None if score.logprob is None else finite(score.logprob) for score in scores],
            "top_logprobs": [top or None for top in tops] if self.alternatives else None,
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
