"""What a tokenizer is made by."""

from typing import Annotated, Literal

from pydantic import Field

from zaohua.settings import Settings
from zaohua.tokenizer.splitting import HanziRule

SMALLEST_VOCABULARY = 262
"""The 256 bytes and the six special tokens: a vocabulary without a single merge."""


class TokenizerSettings(Settings):
    """How the vocabulary is learned."""

    vocab_size: Annotated[int, Field(ge=SMALLEST_VOCABULARY, le=1_000_000)] | Literal["auto"] = "auto"
    """Ids in all, the six special tokens included; `auto` follows from the size of the text."""

    hanzi: HanziRule = "run"
    """Where runs of hanzi are cut before merges are learned: `run` nowhere, `four` / `two` after at most that many
    characters, `single` after each. Whole runs gave the lowest bits per byte on web text at 8,000 ids."""

    sample_bytes: int = Field(default=20_000_000, ge=10_000)
    """UTF-8 bytes of text that merges are learned from, drawn evenly from the whole corpus."""
