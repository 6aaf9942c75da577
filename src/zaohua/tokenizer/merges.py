"""Byte-level merges learned on characters, so that no token holds one character and a piece of the next.

Merges learned on bytes join 的 with the first byte of 海: a token that is no text, found by chance, and a row of the
table lost. Here merges are learned on characters. Characters that are common enough become tokens themselves, by
merges of their bytes; what is rarer is written as bytes. Both compete for the places by the same measure: how often
the token would be made in the sample.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from zaohua.tokenizer.symbols import BYTE_SYMBOLS

Pair = tuple[bytes, bytes]

LONGEST_TOKEN = 48  # bytes, 16 hanzi: longer ones are rulers, headers and boilerplate, and rows of the table lost
_PORTION = range(100_000, 1_000_000)  # characters of the sample in which merges are counted: a tenth, within these
_SLICE = 16_384
_NEIGHBOURS = 50  # merges on each side whose counts are averaged: the portion is small, and counts fall steadily


def learn(sample: Sequence[str], size: int, expression: str, *, border: str = "", joining: bool = True) -> list[Pair]:
    """Up to `size - 256` merges of bytes, in their order, learned within the pieces that an expression cuts.

    `border` is a character of the sample that stands in no token. Without `joining` only characters become tokens.
    """
    counts = character_counts(sample)
    if border:
        counts[ord(border)] = 0
    merges, uses = _on_characters(sample, counts, size - 256, expression) if joining and size > 256 else ([], [])
    return list(_chosen(counts, merges, uses, size - 256))


def character_counts(texts: Sequence[str]) -> np.ndarray:
    """How often each code point stands in the texts: (1,114,112,) int64."""
    counts = np.zeros(0x110000, dtype=np.int64)
    batch: list[str] = []
    waiting = 0
    for number, text in enumerate(texts, 1):
        batch.append(text)
        waiting += len(text)
        if waiting >= 2**22 or number == len(texts):
            points = np.frombuffer("".join(batch).encode("utf-32-le", "replace"), dtype="<u4")
            counts += np.bincount(points, minlength=0x110000)
            batch, waiting = [], 0
    return counts


def bpe_model(vocabulary: Mapping[str, int], merges: list[list[str]]) -> dict[str, Any]:
    """The model of a tokenizer.json: spelled tokens with their ids, and merges in their order."""
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": dict(vocabulary),
        "merges": merges,
    }


def definition(pairs: Sequence[Pair], expression: str) -> dict[str, Any]:
    """The content of a tokenizer.json for these merges, without special tokens."""
    tokens = [bytes([byte]) for byte in range(256)] + [left + right for left, right in pairs]
    return byte_level(
        bpe_model(
            {spelled(token): index for index, token in enumerate(tokens)},
            [[spelled(left), spelled(right)] for left, right in pairs],
        ),
        expression,
    )


def byte_level(model: dict[str, Any], expression: str) -> dict[str, Any]:
    """The content of a tokenizer.json that cuts text by an expression and gives the pieces' bytes to a model."""
    bytes_of_pieces = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split(expression), bytes_of_pieces]},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": model,
    }


def split(expression: str) -> dict[str, Any]:
    """The part of a tokenizer.json that cuts text into the matches of an expression."""
    return {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False}


def spelled(token: bytes) -> str:
    """A token's bytes under the symbols of the file format."""
    return "".join(map(BYTE_SYMBOLS.__getitem__, token))


def _on_characters(
    sample: Sequence[str], counts: np.ndarray, room: int, expression: str
) -> tuple[list[Pair], list[float]]:
    """Merges of characters in their order, as bytes, and about how often each is made."""
    from tokenizers import Regex, pre_tokenizers

    size = int(np.count_nonzero(counts)) + 1 + room  # all characters, and a border
    joins, uses = joined(sample, pre_tokenizers.Split(Regex(expression), "isolated"), size)
    return [(left.encode(), right.encode()) for left, right in joins], uses


def joined(sample: Sequence[str], cut: Any, size: int) -> tuple[list[tuple[str, str]], list[float]]:
    """Merges of the characters of a sample within the pieces of a pre-tokenizer, until with the characters there are
    `size` tokens; and about how often each is made in the sample, which falls from each to the next."""
    import json

    from tokenizers import Tokenizer as Engine
    from tokenizers import models, trainers

    engine = Engine(models.BPE())
    engine.pre_tokenizer = cut
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, max_token_length=LONGEST_TOKEN, show_progress=False, special_tokens=[]
    )
    engine.train_from_iterator(sample, trainer)
    model = json.loads(engine.to_str())["model"]
    vocabulary, merges = model["vocab"], model["merges"]
    portion = list(_portion(sample))
    used = np.zeros(len(vocabulary), dtype=np.float64)
    for encoding in engine.encode_batch_fast(portion, add_special_tokens=False):
        used += np.bincount(encoding.ids, minlength=len(vocabulary))
    for left, right in reversed(merges):  # whoever uses a token uses the two that it is made of
        made = used[vocabulary[left + right]]
        used[vocabulary[left]] += made
        used[vocabulary[right]] += made
    uses = np.array([used[vocabulary[left + right]] for left, right in merges])
    if len(uses):
        width = np.ones(min(2 * _NEIGHBOURS + 1, len(uses)))
        uses = np.convolve(uses, width, "same") / np.convolve(np.ones(len(uses)), width, "same")
        uses = np.minimum.accumulate(uses) * (sum(map(len, sample)) / max(sum(map(len, portion)), 1))
    return [(left, right) for left, right in merges], uses.tolist()


def _portion(sample: Sequence[str]) -> Iterator[str]:
    """Slices from all over the sample, a tenth of it within the limits of _PORTION."""
    total = sum(map(len, sample))
    step = max(total / min(max(total // 10, _PORTION.start), _PORTION.stop), 1.0)
    due = start = 0.0
    for text in sample:
        for place in range(0, len(text), _SLICE):
            if start + place >= due:
                piece = text[place : place + _SLICE]
                yield piece
                due += len(piece) * step
        start += len(text)


def _chosen(counts: np.ndarray, merges: Sequence[Pair], uses: Sequence[float], room: int) -> Iterator[Pair]:
    """The merges of bytes that fill the room: first those that make characters, by length, then those of characters."""
    points = [int(point) for point in np.flatnonzero(counts[128:] > 1) + 128]
    points.sort(key=lambda point: (-counts[point], point))
    characters: dict[bytes, None] = {}  # of several bytes, and the beginnings of these, in the order of their choice
    joined: dict[Pair, None] = {}
    tokens = {bytes([byte]) for byte in range(256)}

    def add_character(character: bytes) -> None:
        for length in range(2, len(character) + 1):
            if character[:length] not in tokens and len(characters) + len(joined) < room:
                characters[character[:length]] = None
                tokens.add(character[:length])

    next_character = 0
    for (left, right), use in zip(merges, uses, strict=True):
        while next_character < len(points) and counts[points[next_character]] >= use:
            add_character(chr(points[next_character]).encode())
            next_character += 1
        for text in (left, right):
            if len(text) < 5 and text not in tokens and len(text.decode()) == 1:
                add_character(text)
        if len(characters) + len(joined) >= room:
            break
        if left + right not in tokens and len(left + right) <= LONGEST_TOKEN:  # else nor is what is made of it
            joined[left, right] = None
            tokens.add(left + right)
    for point in points[next_character:]:
        add_character(chr(point).encode())
    for character in sorted(characters, key=len):
        yield character[:-1], character[-1:]
    yield from joined
