"""What a tokenizer is made by."""

from typing import Annotated, Literal

from pydantic import Field

from zaohua.settings import Settings
from zaohua.tokenizer.splitting import HanziRule

SMALLEST_VOCABULARY = 262
"""The 256 bytes and the six special tokens: a vocabulary without a single merge."""

Kind = Literal["bpe", "unigram", "wordpiece", "characters"]


class TokenizerSettings(Settings):
    """How the vocabulary is learned."""

    kind: Kind = "bpe"
    """`bpe`: bytes joined by merges (Sennrich et al. 2016; GPT-2). `unigram`: the likeliest pieces (Kudo 2018), whose
    scores differ a little from run to run. `wordpiece`: the longest pieces first (BERT). `characters`: no piece is
    longer than a character. All give every text back but `wordpiece`, which has one token for what it cannot spell."""

    vocab_size: Annotated[int, Field(ge=SMALLEST_VOCABULARY, le=1_000_000)] | Literal["auto"] = "auto"
    """Ids in all, the six special tokens included; `auto` follows from the size of the text."""

    hanzi: HanziRule = "run"
    """Where runs of hanzi are cut before pieces are learned: `run` nowhere, `four` / `two` after at most that many
    characters, `single` after each, `words` at the borders of rjieba's words, for learning only. Whole runs gave the
    lowest bits per byte on web text at 8,000 ids (one seed); recipes/tokenizer compares all of them."""

    sample_bytes: int = Field(default=20_000_000, ge=10_000)
    """UTF-8 bytes of text that the vocabulary is learned from: an equal share of each source, the same every time."""
