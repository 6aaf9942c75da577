"""Which text is held out from training: chosen so that no copy of it is trained on, and the choice can be repeated."""

import itertools
import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import xxhash

_LARGE = 0.05
"""A document above this share of the text is cut: whole, it would be too much or all of what is held out."""
_SENTENCE_END = re.compile(r"[。！？!?…][”’」』）)\"']*|\.[”’)\"']*(?=\s)")


@dataclass(frozen=True)
class Split:
    """Documents held out whole; for those that are cut, the byte of their UTF-8 text where the held-out end begins."""

    whole: np.ndarray
    cuts: dict[int, int] = field(default_factory=dict)


def by_hash(sizes: np.ndarray, keys: np.ndarray, share: float, salt: str) -> Split:
    """Documents (n,) of so many bytes with keys (n, 16): whole ones by a hash of their key, the ends of large ones.

    The key is that of the duplicates, so a text and its copies fall on the same side, in any corpus with the same salt.
    """
    total = int(sizes.sum())
    large = sizes > min(_LARGE, share / 2) * total
    seed = xxhash.xxh3_64_intdigest(salt.encode())
    rank = np.array([xxhash.xxh3_64_intdigest(key.tobytes(), seed) for key in keys], dtype=np.uint64)
    small = np.flatnonzero(~large)
    small = small[np.argsort(rank[small], kind="stable")]
    middles = np.cumsum(sizes[small]) - sizes[small] / 2
    whole = np.zeros(len(sizes), dtype=bool)
    whole[small[middles <= share * sizes[small].sum()]] = True
    cuts = {int(i): round(int(sizes[i]) * (1 - share)) for i in np.flatnonzero(large)}
    return Split(whole, cuts)


def by_tail(sizes: np.ndarray, files: np.ndarray, share: float) -> Split:
    """The last `share` of the bytes of each file; documents (n,) of so many bytes stand in files (n,), in order.

    Documents of one file stand together.
    """
    whole = np.zeros(len(sizes), dtype=bool)
    cuts: dict[int, int] = {}
    borders = np.flatnonzero(np.diff(files)) + 1
    for first, last in itertools.pairwise([0, *borders.tolist(), len(files)] if len(files) else []):
        ends = np.cumsum(sizes[first:last])
        border = round(int(ends[-1]) * (1 - share))
        for index, end in enumerate(ends.tolist(), first):
            start = end - int(sizes[index])
            whole[index] = start >= border
            if start < border < end:
                cuts[index] = border - start
    return Split(whole, cuts)


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
