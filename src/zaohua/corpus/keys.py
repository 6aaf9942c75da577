"""The dedup key: what is left of a text when everything is folded that a reader would not call a difference."""

import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import xxhash

from zaohua.corpus.normalize import FOLDS
from zaohua.corpus.script import hanzi, one_way

_LAST = 0x323B0
_PIECE = 1 << 20
_SPACE, _DROPPED = 0x20, 0
_BLOCKS = (range(0x3400), range(0x4DC0, 0x4E00), range(0xA000, 0xAC00), range(0xD7A4, 0x10000), range(0x10000, 0x20000))
# Characters that conversion between the scripts chooses by the words around them, here always the same one.
_VARIANTS = "著着瞭了藉借彷仿沈沉锺钟麽么幺么揹背甦苏谘咨暱昵甯宁麺面覆复像象迳径"
_DENSE = (range(0x3005, 0x3008), range(0x3040, 0x3100), range(0x31F0, 0x3200))  # written without spaces, beside hanzi


def dedup_key(text: str) -> str:
    """The text in NFC, simplified, half width and lower case, without punctuation; words are one space apart.

    No space stands beside hanzi or kana, so that line breaks and spacing in Chinese and Japanese make no difference.
    Symbols such as + and € stay, voicing marks too. A text of nothing but punctuation is its own key.
    """
    if text.isascii():
        folded = text.encode().translate(*_ascii())
        while b"  " in folded:  # a list of its words would take many times the text
            folded = folded.replace(b"  ", b" ")
        key = folded.strip().decode()
    else:
        text = FOLDS["half_width_kana"].apply(unicodedata.normalize("NFC", text))
        key = ""
        for piece, broken in _pieces(text):
            if part := _folded(piece):
                dense = bool(key) and _tables()[1][[ord(key[-1]), ord(part[0])]].any()
                key += part if broken or dense or not key else " " + part
        key = unicodedata.normalize("NFC", key)  # a mark may now stand beside its letter
    return key or text


def exact_key(key: str) -> bytes:
    """16 bytes that texts share when their dedup keys differ in nothing but spaces."""
    return xxhash.xxh3_128_digest(key.replace(" ", "").encode("utf-8", "surrogatepass"))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Parts of a text that bound the memory one takes, cut at line ends; whether a part begins inside a line."""
    start, broken = 0, False
    while start < len(text):
        end = start + _PIECE
        if end < len(text) and (line := text.rfind("\n", start, end)) > start:
            yield text[start:line], broken
            start, broken = line + 1, False
        else:
            yield text[start:end], broken
            start, broken = end, True


def _folded(text: str) -> str:
    fold, dense = _tables()
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    codes = np.where(codes < _LAST, fold.take(codes, mode="clip"), codes)
    codes = codes[codes != _DROPPED]
    if not len(codes):
        return ""
    space = codes == _SPACE
    codes, space = codes[_kept(space)], space[_kept(space)]  # one space of each run, none at the ends
    beside = dense.take(codes, mode="clip")
    needless = space.copy()
    needless[1:-1] &= beside[:-2] | beside[2:]
    return codes[~needless].tobytes().decode("utf-32-le", "surrogatepass") if len(codes) else ""


def _kept(space: np.ndarray) -> np.ndarray:
    """Which places hold no space, or the last of a run of spaces that has something before and after it."""
    kept = ~space
    ends = np.flatnonzero(kept)
    if len(ends):
        last = np.zeros_like(space)
        last[:-1] = space[:-1] & kept[1:]
        last[: ends[0]] = False
        kept = kept | last
    return kept


@cache
def _ascii() -> tuple[bytes, bytes]:
    """What each byte of ASCII becomes, and the bytes that go."""
    folds = [_fold_of(chr(code)) for code in range(128)]
    return bytes(folds) + bytes(range(128, 256)), bytes(code for code in range(128) if folds[code] == _DROPPED)


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """What each code point becomes (0: nothing), and which are written without spaces."""
    fold, dense = np.arange(_LAST, dtype="<u4"), np.zeros(_LAST + 1, dtype=bool)
    for block in _BLOCKS:
        for code in block:
            fold[code] = _fold_of(chr(code))
    simplified = one_way("t2s") | dict(zip(_VARIANTS[::2], _VARIANTS[1::2], strict=True))
    for before, after in simplified.items():
        fold[ord(before)] = ord(simplified.get(after, after))
    dense[[ord(character) for character in hanzi()]] = True
    for block in _DENSE:
        dense[block.start : block.stop] = True
    return fold, dense


def _fold_of(character: str) -> int:
    """The code point that stands for a character in keys: a space for spaces and punctuation, 0 for invisible ones."""
    kind = unicodedata.category(character)
    if character.isspace() or kind[0] in "PZ" or character == "～":
        return _SPACE
    if kind in ("Cc", "Cf") or character in "\ufe0e\ufe0f":
        return _DROPPED
    code = ord(character)
    if 0xFF01 <= code <= 0xFF5E:  # full width
        return _fold_of(chr(code - 0xFEE0))
    lower = character.lower()
    return ord(lower) if len(lower) == 1 else code
