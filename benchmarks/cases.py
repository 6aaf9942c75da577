"""The shapes that are trained, and the tokens that every system is given for them."""

from dataclasses import dataclass

import numpy as np

from zaohua.model.config import TransformerConfig
from zaohua.model.presets import shape
from zaohua.model.size import flops_per_token

END_OF_TEXT = 0
DOCUMENT = 200  # mean length of a document, in tokens


@dataclass(frozen=True, kw_only=True)
class Case:
    """A GPT-2 of this shape, in batches of `rows` rows of `context` tokens."""

    name: str
    layers: int
    dim: int
    heads: int
    context: int
    vocab: int
    rows: int

    @property
    def tokens(self) -> int:
        """Tokens in one optimiser step."""
        return self.rows * self.context


CASES = {
    case.name: case
    for case in (
        Case(name="A", layers=6, dim=384, heads=6, context=256, vocab=8_000, rows=16),
        Case(name="B", layers=12, dim=768, heads=12, context=512, vocab=40_478, rows=4),
        Case(name="toy", layers=2, dim=64, heads=4, context=32, vocab=300, rows=4),
        Case(name="gpt2", layers=12, dim=768, heads=12, context=1024, vocab=50_304, rows=32),
        Case(name="gpt2-medium", layers=24, dim=1024, heads=16, context=1024, vocab=50_304, rows=32),
    )
}


def model_config(case: Case) -> TransformerConfig:
    """Our model of this case, without dropout."""
    config = shape("gpt2", dim=case.dim, layers=case.layers, vocab_size=case.vocab, max_length=case.context)
    assert config.heads == case.heads, "the case's heads are not those of the family's shape"
    return config


def step_flops(case: Case) -> float:
    """Floating-point operations per token, forward and backward: one count for every system."""
    return flops_per_token(model_config(case), case.context)


def stream(case: Case, steps: int) -> np.ndarray:
    """Random tokens end to end, (steps * rows * context + 1,) int64, the same in every process."""
    generator = np.random.default_rng(0)
    tokens = generator.integers(1, case.vocab, steps * case.tokens + 1)
    tokens[generator.random(len(tokens)) < 1 / DOCUMENT] = END_OF_TEXT
    return tokens


def windows(case: Case, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The same tokens as ids and labels, each (steps, rows, context) int64; a label is the next token."""
    tokens = stream(case, steps)
    form = (steps, case.rows, case.context)
    return tokens[:-1].reshape(form), tokens[1:].reshape(form)
