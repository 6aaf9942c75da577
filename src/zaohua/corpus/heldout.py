"""Which text is held out from training: chosen so that no copy of it is trained on, and the choice can be repeated."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import xxhash

_LARGE = 0.05
"""A document above this share of the text is cut: whole, it would be too much or all of what is held out."""
_SENTENCE_END = re.compile(r"[。！？!?…][”’」』）)\"']*|\.[”’)\"']*(?=\s)")


BINS = 2**16
"""Documents fall into so many bins by the hash of their key; what is held out are the first bins."""


def bins_of(keys: np.ndarray, salt: str) -> np.ndarray:
    """The bin of each document by its key, keys (n, 16) uint8 -> (n,) int64.

    The key is that of the duplicates, so a text and its copies fall on the same side, in any corpus with the same salt.
    """
    seed = xxhash.xxh3_64_intdigest(salt.encode())
    found = (xxhash.xxh3_64_intdigest(key.tobytes(), seed) * BINS >> 64 for key in keys)
    return np.fromiter(found, dtype=np.int64, count=len(keys))


def weighed(ids: np.ndarray, sizes: np.ndarray, bins: np.ndarray, share: float) -> dict[str, np.ndarray]:
    """What a piece tells of its documents, (n,) each: the bytes in each bin, and apart those that may be too large."""
    large = sizes > _limit(share) * sizes.sum()  # of the whole text they are less
    found, place = np.unique(bins[~large], return_inverse=True)
    weights = np.bincount(place, weights=sizes[~large], minlength=len(found)).astype(np.int64)
    apart = {"large": ids[large], "large_bytes": sizes[large], "large_bin": bins[large]}
    return {"bin": found, "bytes": weights} | apart


def together(pieces: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What several pieces tell, as `weighed` tells it of one."""
    weights = np.zeros(BINS, dtype=np.int64)
    for piece in pieces:
        weights[piece["bin"]] += piece["bytes"]
    used = np.flatnonzero(weights)
    apart = {name: np.concatenate([piece[name] for piece in pieces]) for name in ("large", "large_bytes", "large_bin")}
    return {"bin": used, "bytes": weights[used]} | apart


def by_hash(pieces: Sequence[Mapping[str, np.ndarray]], share: float) -> tuple[int, dict[int, int]]:
    """What all pieces told -> the first bin that is not held out, and of each too large document (by id) the byte where
    its held-out end begins."""
    told, weights = together(pieces), np.zeros(BINS, dtype=np.int64)
    weights[told["bin"]] = told["bytes"]
    ids, sizes, bins = told["large"], told["large_bytes"], told["large_bin"]
    large = sizes > _limit(share) * (weights.sum() + sizes.sum())
    np.add.at(weights, bins[~large], sizes[~large])
    middles = np.cumsum(weights) - weights / 2
    used = np.flatnonzero(weights)
    held = used[middles[used] <= share * weights.sum()]
    cuts = {int(i): round(int(size) * (1 - share)) for i, size in zip(ids[large], sizes[large], strict=True)}
    return int(held[-1]) + 1 if len(held) else 0, cuts


def _limit(share: float) -> float:
    return min(_LARGE, share / 2)


def by_tail(sizes: np.ndarray, files: np.ndarray, tails: Mapping[int, int]) -> tuple[np.ndarray, dict[int, int]]:
    """Documents (n,) of so many bytes in files (n,), in order -> which are held out whole (n,), and for those that are
    cut the byte where the end begins. `tails` says for each file how many bytes from the piece's first of it are kept.
    """
    whole = np.zeros(len(sizes), dtype=bool)
    cuts: dict[int, int] = {}
    borders = np.flatnonzero(np.diff(files)) + 1
    for first, last in itertools.pairwise([0, *borders.tolist(), len(files)] if len(files) else []):
        border = tails[int(files[first])]
        for index, end in enumerate(np.cumsum(sizes[first:last]).tolist(), first):
            start = end - int(sizes[index])
            whole[index] = start >= border
            if start < border < end:
                cuts[index] = border - start
    return whole, cuts


def cut(text: str, byte: int, at: Literal["paragraph", "line"]) -> tuple[str, str]:
    """A text in two near a byte: at the nearest blank line (if wanted), else line end, else sentence end, else there.

    "Near" is within a hundredth of the text, but at least 2,000 characters.
    """
    place = len(text.encode()[:byte].decode(errors="ignore"))
    reach = max(len(text) // 100, 2000)
    low, high = max(place - reach, 0), min(place + reach, len(text))
    window = text[low:high]
    patterns = [re.compile(r"\n[^\S\n]*\n\s*"), re.compile(r"\n"), _SENTENCE_END][at == "line" :]
    for pattern in patterns:
        ends = [low + match.end() for match in pattern.finditer(window)]
        ends = [end for end in ends if 0 < end < len(text)]
        if ends:
            place = min(ends, key=lambda end: abs(end - place))
            break
    return text[:place], text[place:]
