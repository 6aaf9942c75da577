"""How each kind of vocabulary is learned: a sample, a size and a rule in, the content of a tokenizer.json out."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zaohua.tokenizer import merges
from zaohua.tokenizer.settings import Kind
from zaohua.tokenizer.splitting import WORD_BORDER, HanziRule, bordered, pattern

UNKNOWN = "[UNK]"
_LONGEST_WORD = 100  # characters; WordPiece takes a longer piece for unknown, as BERT does
_LONGEST_PIECE = 16  # characters, SentencePiece's default
_RARE = "\ufffd"
_RARE_RUN = re.compile(f"{_RARE}{{2,}}")
_SPARE = 16  # asked for beyond the size: what stands for rare characters and borders is taken out again


def learn(sample: Sequence[str], kind: Kind, size: int, rule: HanziRule) -> dict[str, Any]:
    """A definition of at most `size` tokens, without the special ones."""
    if rule == "words" and kind != "characters":
        sample = [bordered(text) for text in sample]
    return LEARNERS[kind](sample, size, rule)


def _bpe(sample: Sequence[str], size: int, rule: HanziRule) -> dict[str, Any]:
    border = WORD_BORDER if rule == "words" else ""
    return merges.definition(merges.learn(sample, size, pattern(rule), border=border), pattern(rule))


def _characters(sample: Sequence[str], size: int, rule: HanziRule) -> dict[str, Any]:
    return merges.definition(merges.learn(sample, size, pattern(rule), joining=False), pattern(rule))


def _unigram(sample: Sequence[str], size: int, rule: HanziRule) -> dict[str, Any]:
    """Pieces of whole characters, written as their bytes; single bytes, far less likely, spell what is left.

    The library adds up in no fixed order: the scores differ from run to run in the third digit.
    """
    from tokenizers import models, trainers

    asked = max(size - 256, 1) + 128 + _SPARE  # single ASCII characters are bytes already
    trainer = trainers.UnigramTrainer(
        vocab_size=asked, max_piece_length=_LONGEST_PIECE, show_progress=False, special_tokens=[]
    )
    learned = _learned(models.Unigram(), trainer, _without_rare(sample, (size - 256) // 2), rule)["vocab"]
    pieces = {piece: score for piece, score in learned if _RARE not in piece and WORD_BORDER not in piece}
    lowest = min(pieces.values(), default=0.0) - 10.0
    scores = {merges.spelled(bytes([byte])): lowest for byte in range(256)}
    scores |= {merges.spelled(piece.encode()): score for piece, score in pieces.items()}
    vocabulary = [[token, score] for token, score in scores.items()][:size]
    return merges.byte_level(
        {"type": "Unigram", "unk_id": None, "vocab": vocabulary, "byte_fallback": False}, pattern(rule)
    )


def _wordpiece(sample: Sequence[str], size: int, rule: HanziRule) -> dict[str, Any]:
    """Pieces of whole characters; one that goes on inside a word is marked with ##, and [UNK] has the first id."""
    from tokenizers import models, trainers

    sample = _without_rare(sample, size // 3)
    characters = map(chr, np.flatnonzero(merges.character_counts(sample)))
    first = [UNKNOWN, *(f"##{character}" for character in characters)]  # given, they are not found in random order
    trainer = trainers.WordPieceTrainer(
        vocab_size=size + _SPARE,
        min_frequency=2,
        show_progress=False,
        special_tokens=first,
        continuing_subword_prefix="##",
    )
    learned = _learned(models.WordPiece(unk_token=UNKNOWN), trainer, sample, rule)["vocab"]
    kept = [token for token in sorted(learned, key=learned.__getitem__) if not {_RARE, WORD_BORDER} & set(token)]
    return merges.byte_level(
        {
            "type": "WordPiece",
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": _LONGEST_WORD,
            "vocab": {token: index for index, token in enumerate(kept[:size])},
        },
        pattern(rule),
    ) | {"pre_tokenizer": merges.split(pattern(rule)), "decoder": {"type": "Fuse"}}


LEARNERS: dict[Kind, Callable[[Sequence[str], int, HanziRule], dict[str, Any]]] = {
    "bpe": _bpe,
    "unigram": _unigram,
    "wordpiece": _wordpiece,
    "characters": _characters,
}


def _learned(model: Any, trainer: Any, sample: Sequence[str], rule: HanziRule) -> dict[str, Any]:
    """The model that a trainer of the `tokenizers` library learns from the pieces of a sample."""
    from tokenizers import Regex, pre_tokenizers
    from tokenizers import Tokenizer as Engine

    engine = Engine(model)
    engine.pre_tokenizer = pre_tokenizers.Split(Regex(pattern(rule)), "isolated")  # pyright: ignore[reportAttributeAccessIssue]
    engine.train_from_iterator(sample, trainer)
    return json.loads(engine.to_str())["model"]


def _without_rare(sample: Sequence[str], most: int) -> list[str]:
    """The sample with all but its `most` commonest characters replaced: these trainers keep every one they see."""
    counts = merges.character_counts(sample)
    order = np.argsort(-counts, kind="stable")[: max(most, 1)]
    kept = {int(point) for point in order if counts[point] > 1} | {ord(WORD_BORDER)}
    rare = {int(point): _RARE for point in np.flatnonzero(counts) if int(point) not in kept}
    return [_RARE_RUN.sub(_RARE, text.translate(rare)) for text in sample] if rare else list(sample)
