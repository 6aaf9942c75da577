"""Exact duplicates: texts equal but for case, spacing and punctuation."""

import re

import numpy as np
import xxhash

# White space and punctuation of ASCII, Latin, general, CJK, vertical and full-width blocks. Digits of every width,
# marks and symbols are no punctuation: １２章 and ２章 are different texts.
_IGNORED = re.compile(
    r"[\s!-#%-*,-/:;?@\[-\]_{}¡§«¶·»¿\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u3011\u3014-\u301f\u3030\u303d\u30a0"
    r"\u30fb\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff03\uff05-\uff0a\uff0c-\uff0f\uff1a\uff1b\uff1f\uff20\uff3b-\uff3d\uff3f"
    r"\uff5b\uff5d\uff5f-\uff65]+"
)


def duplicate_key(text: str) -> bytes:
    """16 bytes that two normalised texts share when they differ in nothing that a reader would call a difference."""
    words = _IGNORED.sub("", text.lower())
    return xxhash.xxh3_128_digest((words or text).encode())


def first_alike(keys: np.ndarray) -> np.ndarray:
    """Keys (n, 16) uint8 -> for each the smallest index with the same key, (n,) int64."""
    low, high = np.ascontiguousarray(keys).view("<u8").reshape(-1, 2).T
    order = np.lexsort((low, high))  # stable: equal keys stay in order of their index
    new = np.ones(len(order), dtype=bool)
    new[1:] = (low[order][1:] != low[order][:-1]) | (high[order][1:] != high[order][:-1])
    first = order[np.flatnonzero(new)][np.cumsum(new) - 1] if len(order) else order
    result = np.empty(len(order), dtype=np.int64)
    result[order] = first
    return result
