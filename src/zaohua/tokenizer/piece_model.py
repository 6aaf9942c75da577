"""A SentencePiece model file as the content of a tokenizer.json.

The file is a protocol buffer (google/sentencepiece, sentencepiece_model.proto); the few fields that decide ids are
read here, and a file that needs more is refused. One difference is left: a unigram model with byte pieces takes the
text `<0x41>` for the piece of that name, which SentencePiece does not.
"""

import base64
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from zaohua.settings import UserError

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
_UNIGRAM, _BPE = 1, 2
_SPACE = "▁"


class Piece(NamedTuple):
    """One entry of the vocabulary; `kind` is one of the constants above."""

    text: str
    score: float
    kind: int


def definition(content: bytes) -> dict[str, Any]:
    """A model file's bytes -> the content of a tokenizer.json; raises UserError for what is no such file, or more."""
    try:
        pieces, trainer, normalizer = _parsed(content)
    except (ValueError, IndexError, struct.error):
        raise UserError(
            "it is no SentencePiece model: give the file that SentencePiece wrote",
            "这不是 SentencePiece 模型：请给出 SentencePiece 写出的文件",
        ) from None
    if not pieces:
        raise UserError(
            "it holds no vocabulary: give the file that SentencePiece wrote",
            "其中没有词表：请给出 SentencePiece 写出的文件",
        )
    kind = trainer.get(3, _UNIGRAM)
    if kind not in (_UNIGRAM, _BPE) or trainer.get(24):
        raise UserError(
            "it is no unigram or BPE model with spaces at the beginning of words: others are not known",
            "这不是空格在词首的 unigram 或 BPE 模型：其他种类无法识别",
        )
    special = [index for index, piece in enumerate(pieces) if piece.kind in (UNKNOWN, CONTROL)]
    unknown = next((index for index, piece in enumerate(pieces) if piece.kind == UNKNOWN), None)
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [{"id": index, "content": pieces[index].text, **flags, "special": True} for index in special]
    added += [
        {"id": index, "content": piece.text, **flags, "special": False}
        for index, piece in enumerate(pieces)
        if piece.kind == USER_DEFINED
    ]
    if kind == _BPE:
        model = _bpe(pieces, unknown, bool(trainer.get(35)))
    else:
        scores = [[piece.text, piece.score] for piece in pieces]
        model = {"type": "Unigram", "unk_id": unknown, "vocab": scores, "byte_fallback": bool(trainer.get(35))}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": sorted(added, key=lambda token: token["id"]),
        "normalizer": {"type": "Sequence", "normalizers": _changes(normalizer)},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": _SPACE}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": model,
    }


def all_merges(ranks: Mapping[str, float]) -> list[list[str]]:
    """Every way to join two tokens to a third, in the order of the third's rank: for vocabularies without merges."""
    found = []
    for token, rank in ranks.items():
        for place in range(1, len(token)):
            left, right = token[:place], token[place:]
            if left in ranks and right in ranks:
                found.append((rank, ranks[left], ranks[right], left, right))
    found.sort()
    return [[left, right] for *_, left, right in found]


def _bpe(pieces: Sequence[Piece], unknown: int | None, byte_fallback: bool) -> dict[str, Any]:
    ranks = {piece.text: -piece.score for piece in pieces if piece.kind in (NORMAL, USER_DEFINED)}
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": None if unknown is None else pieces[unknown].text,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": byte_fallback,
        "ignore_merges": False,
        "vocab": {piece.text: index for index, piece in enumerate(pieces)},
        "merges": all_merges(ranks),
    }


def _changes(normalizer: Mapping[int, Any]) -> list[dict[str, Any]]:
    """What is done to text first, in SentencePiece's order."""
    steps: list[dict[str, Any]] = []
    if charsmap := normalizer.get(2):
        steps.append({"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()})
    if normalizer.get(4, 1):
        steps.append({"type": "Strip", "strip_left": True, "strip_right": True})
        steps.append({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})
    if normalizer.get(3, 1):
        steps.append({"type": "Prepend", "prepend": _SPACE})
    return [*steps, {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE}]


def _parsed(content: bytes) -> tuple[list[Piece], dict[int, Any], dict[int, Any]]:
    """The pieces, and the fields of the trainer's and the normalizer's settings by their numbers."""
    pieces: list[Piece] = []
    trainer: dict[int, Any] = {}
    normalizer: dict[int, Any] = {}
    for number, value in _fields(content):
        if number == 1:
            inner = dict(_fields(value))
            pieces.append(Piece(inner[1].decode(), inner.get(2, 0.0), inner.get(3, NORMAL)))
        elif number in (2, 3):
            (trainer if number == 2 else normalizer).update(_fields(value))
    return pieces, trainer, normalizer


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a protocol buffer: integers, 32-bit floats, and bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, place = _varint(message, place)
        elif wire == 5:
            (value,) = struct.unpack_from("<f", message, place)
            place += 4
        elif wire in (1, 2):
            size, place = (8, place) if wire == 1 else _varint(message, place)
            value = message[place : place + size]
            place += size
            if place > len(message):
                raise ValueError("the file ends too early")
        else:
            raise ValueError(f"wire type {wire}")
        yield number, value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
