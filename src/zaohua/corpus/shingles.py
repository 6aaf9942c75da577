"""Texts as arrays: their code points or words, and a hash of each run of so many of them. No step per document."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal

import numpy as np

from zaohua.hashing import GOLDEN, scramble

_PIECE = 2**20  # code points looked at together
_BLOCK = 2**16  # windows hashed together: what stays in the processor's cache
_STEP = np.uint64(0x632BE59BD9B4E019)
_DENSE = ((0xE00, 0x1100), (0x1780, 0x1800), (0x3005, 0x3008), (0x3040, 0x3130), (0x31A0, 0x3200), (0x3400, 0x4DC0),
          (0x4E00, 0xA000), (0xF900, 0xFB00), (0xFF66, 0xFF9E), (0x20000, 0x323B0))  # fmt: skip
_FACTORS = scramble(np.arange(1, 65, dtype=np.uint64) * GOLDEN) | np.uint64(1)

Way = Literal["characters", "words", "mixed"]
"""What the units of a text are: its code points, its words, or words and, of scripts without spaces, code points."""


def units(texts: Sequence[str], way: Way) -> tuple[np.ndarray, np.ndarray]:
    """What texts consist of, one after the other, and where each begins: (units,) uint64, (texts + 1,) int64.

    Code points stand for themselves, words are hashed. White space, punctuation and controls are no units; they part
    words.
    """
    found: list[np.ndarray] = []
    counts = np.zeros(len(texts) + 1, dtype=np.int64)
    for pieces, owners in _groups(texts):
        points = np.frombuffer("".join(pieces).encode("utf-32-le", "surrogatepass"), dtype="<u4")
        letters = np.flatnonzero(~separators()[points])
        ends = np.cumsum([len(piece) for piece in pieces])
        if way == "characters":
            values, places = points[letters].astype(np.uint64), letters
        else:
            firsts = _first_letters(points, letters, ends, way)
            values, places = _hashes(points[letters], firsts), letters[firsts]
        found.append(values)
        inside = np.diff(np.searchsorted(places, ends), prepend=0)
        np.add.at(counts, np.array(owners) + 1, inside)
    return np.concatenate(found) if found else np.zeros(0, np.uint64), np.cumsum(counts)


def letters_of(text: str) -> np.ndarray:
    """A text's code points that are letters, (letters,) uint32."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return points[~separators()[points]]


def word_letters(text: str) -> np.ndarray:
    """Which of a text's letters begins each mixed unit, and how many letters there are, (units + 1,) int64."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    letters = np.flatnonzero(~separators()[points])
    return np.append(_first_letters(points, letters, np.array([len(points)]), "mixed"), len(letters))


def long_enough(values: np.ndarray, starts: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of texts as units, those with at least `width`: their numbers, their units, and where each begins."""
    counts = np.diff(starts)
    enough = counts >= width
    chosen = np.flatnonzero(enough)
    if len(chosen) < len(counts):
        values = values[np.repeat(enough, counts)]
    return chosen, values, np.concatenate([[0], np.cumsum(counts[chosen])])


def window_hashes(values: np.ndarray, width: int) -> np.ndarray:
    """Units (n,) uint64 -> a hash of each `width` neighbours, (n - width + 1,) uint64."""
    shifted = values + _STEP
    size = len(values) - width + 1
    result, high = np.zeros(size, dtype=np.uint64), np.empty(size, dtype=np.uint64)
    for k in range(width):
        result *= GOLDEN
        result ^= shifted[k : k + size]
        np.right_shift(result, np.uint64(29), out=high)
        result ^= high
    return result


def windows(values: np.ndarray, starts: np.ndarray, width: int) -> Iterator[tuple[np.ndarray, np.ndarray, int, int]]:
    """The hashes of all windows of all texts, in blocks: (hashes, offsets, first text, first window of that text).

    Text `first + i` has hashes[offsets[i] : offsets[i + 1]] in the block. Each text has at least `width` units; a long
    one goes through several blocks.
    """
    texts = len(starts) - 1
    ends = starts[1:] - np.arange(1, texts + 1) * (width - 1)  # of each text's windows, all windows in one row
    begins = np.concatenate([[0], ends[:-1]])
    total = int(ends[-1]) if texts else 0
    for begin in range(0, total, _BLOCK):
        end = min(begin + _BLOCK, total)
        first, last = np.searchsorted(ends, [begin, end - 1], side="right").tolist()
        owners = np.arange(first, last + 1)
        low, high = begin + first * (width - 1), end + (last + 1) * (width - 1)
        hashes = window_hashes(values[low:high], width)
        offsets = np.minimum(np.append(np.maximum(begins[owners], begin), end), end) - begin
        if last > first:  # windows that reach from one text into the next
            across = (ends[first:last, None] + (owners[:-1, None] * (width - 1)) + np.arange(width - 1)) - low
            whole = np.ones(len(hashes), dtype=bool)
            whole[across] = False
            hashes = hashes[whole]
        yield hashes, offsets, first, begin - int(begins[first])


@cache
def separators() -> np.ndarray:
    """For each code point whether it is white space, punctuation or a control, (0x110000,) bool."""
    table = np.zeros(0x110000, dtype=bool)
    categories = [unicodedata.category(chr(point)) for point in range(2**16)]
    table[: 2**16] = [category[0] in "ZP" or category in ("Cc", "Cf") for category in categories]
    return table


@cache
def dense() -> np.ndarray:
    """For each code point whether it is of a script written without spaces, (0x110000,) bool."""
    table = np.zeros(0x110000, dtype=bool)
    for begin, end in _DENSE:
        table[begin:end] = True
    return table


def is_spaceless(text: str) -> bool:
    """Whether most of a text's letters are of scripts written without spaces: its shingles are of code points."""
    letters = letters_of(text)
    return 2 * int(dense()[letters].sum()) > len(letters)


def _groups(texts: Sequence[str]) -> Iterator[tuple[list[str], list[int]]]:
    """Texts in groups of some million code points, and whose they are; longer ones in pieces, cut between words."""
    pieces: list[str] = []
    owners: list[int] = []
    size = 0
    for owner, text in enumerate(texts):
        for piece in _pieces(text):
            if size + len(piece) > _PIECE and pieces:
                yield pieces, owners
                pieces, owners, size = [], [], 0
            pieces.append(piece)
            owners.append(owner)
            size += len(piece)
    if pieces:
        yield pieces, owners


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > _PIECE:
        window = np.frombuffer(text[start : start + _PIECE].encode("utf-32-le", "surrogatepass"), dtype="<u4")
        breaks = np.flatnonzero(separators()[window])
        end = start + (int(breaks[-1]) + 1 if len(breaks) else _PIECE)
        yield text[start:end]
        start = end
    yield text[start:]


def _first_letters(points: np.ndarray, letters: np.ndarray, ends: np.ndarray, way: Way) -> np.ndarray:
    """Of the letters, which stand at places in `points`, those that begin a word."""
    new = np.ones(len(letters), dtype=bool)
    new[1:] = letters[1:] != letters[:-1] + 1
    borders = np.searchsorted(letters, ends[:-1])  # a text begins a word
    new[borders[borders < len(letters)]] = True
    if way == "mixed":
        alone = dense()[points[letters]]
        new |= alone
        new[1:] |= alone[:-1]
    return np.flatnonzero(new)


def _hashes(letters: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """A hash of each word: the sum of its letters, each times a factor of its place."""
    if not len(letters):
        return np.zeros(0, dtype=np.uint64)
    place = np.arange(len(letters)) - np.repeat(firsts, np.diff(firsts, append=len(letters)))
    terms = (letters.astype(np.uint64) + _STEP) * _FACTORS[place & 63]
    return scramble(np.add.reduceat(terms, firsts))
