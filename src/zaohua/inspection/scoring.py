"""Log-probabilities of a text that is being written: each token's own, and those of its likeliest rivals."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zaohua.inspection.probabilities import expectations, likeliest
from zaohua.model.cache import KeyValueCache
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


class Scorer:
    """Reads along while a text is written; what it reports is the model's own distribution, before any temperature."""

    def __init__(self, model: Transformer, prompt: Sequence[int], room: int, alternatives: int) -> None:
        """`room`: how many tokens may follow the prompt; `alternatives`: how many rivals to report."""
        self.model, self.alternatives = model, alternatives
        self.device = model.head_weight.device
        capacity = min(len(prompt) + room, model.config.max_length)
        self.cache = KeyValueCache(model.config, 1, capacity, device=self.device, dtype=model.head_weight.dtype)
        self.distribution = self._read(prompt)

    @torch.inference_mode()
    def score(self, token: int, start: int) -> Score:
        """The score of the token that comes next."""
        best = likeliest(self.distribution, self.alternatives)[0] if self.alternatives else torch.empty(0).long()
        rivals = list(zip(best.tolist(), self.distribution[0, best].tolist(), strict=True))
        return Score(token, start, float(self.distribution[0, token]), rivals)

    @torch.inference_mode()
    def follow(self, token: int) -> None:
        """Take the token as written. Not to be called for a last token, which nothing follows."""
        self.distribution = self._read([token])

    @torch.inference_mode()
    def _read(self, ids: Sequence[int]) -> Tensor:
        hidden = self.model(torch.tensor([ids], device=self.device), cache=self.cache)
        return self.model.logits(hidden[:, -1]).float().log_softmax(-1).cpu()  # (1, vocab)


def prompt_scores(model: Transformer, prompt: Sequence[int], starts: Sequence[int], alternatives: int) -> list[Score]:
    """The scores of a prompt's own tokens, whose starts in the text are given."""
    found = expectations(model, torch.tensor(prompt, device=model.head_weight.device), max(alternatives, 1))
    scores = [Score(prompt[0], starts[0], None, [])]
    for place in range(1, len(prompt)):
        rivals = zip(found.top_ids[place - 1].tolist(), found.top_logprobs[place - 1].tolist(), strict=True)
        listed = list(rivals) if alternatives else []
        scores.append(Score(prompt[place], starts[place], float(found.logprobs[place]), listed))
    return scores
