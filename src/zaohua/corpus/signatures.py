"""What near-duplicates have in common: the band keys of MinHash over shingles (Broder 1997; Leskovec et al., ch. 3)."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from zaohua.corpus.comparison import NearDuplicates
from zaohua.corpus.shingles import Way, long_enough, units, windows
from zaohua.hashing import GOLDEN, scramble


def minhashes(texts: Sequence[str], settings: NearDuplicates, *, characters: bool) -> tuple[np.ndarray, np.ndarray]:
    """Texts -> which of them have a signature (m,) int64, and these (m, bands * rows) uint32.

    A text shorter than one shingle has none: it would be like none but its equals, which exact comparison finds.
    """
    width = settings.characters if characters else settings.words
    chosen, values, starts = long_enough(*units(texts, "characters" if characters else "words"), width)
    count = settings.bands * settings.rows
    result = np.full((len(chosen), count), 2**32 - 1, dtype=np.uint32)
    for hashes, offsets, first, _ in windows(values, starts, width):
        matrix = _minhash().digest_matrix_from_flat_token_hashes(
            hashes, offsets.astype(np.uint64), num_perm=count, seed=settings.seed
        )
        rows = len(offsets) - 1
        block = np.fromiter(chain.from_iterable(matrix.to_rows()), dtype=np.uint32, count=rows * count)
        here = result[first : first + rows]
        np.minimum(here, block.reshape(rows, count), out=here)  # a long text goes through several blocks
    return chosen, result


def algorithm() -> int:
    """The version of what draws MinHashes; with another one no key would be the same."""
    return _minhash().ALGORITHM_VERSION


def _minhash() -> Any:
    import rensa

    return rensa.RMinHash  # pyright: ignore[reportAttributeAccessIssue] - it comes from a compiled module


def band_keys(minhashes: np.ndarray, settings: NearDuplicates) -> np.ndarray:
    """Signatures (m, bands * rows) uint32 -> a hash of each band's number and MinHashes, (m, bands) uint64."""
    bands = minhashes.reshape(len(minhashes), settings.bands, settings.rows)
    keys = np.broadcast_to(scramble(np.arange(1, settings.bands + 1, dtype=np.uint64) * GOLDEN), bands.shape[:2])
    for row in range(settings.rows):
        keys = scramble((keys + GOLDEN) ^ bands[:, :, row])
    return np.ascontiguousarray(keys)


def signatures(
    keys: Sequence[str], characters: np.ndarray, ids: np.ndarray, settings: NearDuplicates
) -> tuple[np.ndarray, np.ndarray]:
    """Dedup keys of texts, whether each is cut into code points (n,) bool, and ids (n,) uint64 -> two columns.

    The columns are band keys uint64 and the ids of the documents that have them; two documents that share a band key
    are candidates.
    """
    columns = [_columns(keys, np.flatnonzero(characters == way), ids, settings, way) for way in (True, False)]
    return np.concatenate([column[0] for column in columns]), np.concatenate([column[1] for column in columns])


def _columns(
    keys: Sequence[str], chosen: np.ndarray, ids: np.ndarray, settings: NearDuplicates, characters: bool
) -> tuple[np.ndarray, np.ndarray]:
    some, values = minhashes([keys[i] for i in map(int, chosen)], settings, characters=characters)
    return band_keys(values, settings).ravel(), np.repeat(ids[chosen[some]], settings.bands)


def shingle_sets(
    keys: Sequence[str], characters: np.ndarray, settings: NearDuplicates
) -> Iterator[tuple[int, np.ndarray]]:
    """The number of each text that has one, and its set of shingles as sorted hashes, uint64."""
    ways: tuple[tuple[Way, int], ...] = (("characters", settings.characters), ("words", settings.words))
    for way, width in ways:
        rows = np.flatnonzero(characters == (way == "characters")).tolist()
        chosen, values, starts = long_enough(*units([keys[i] for i in rows], way), width)
        parts: dict[int, list[np.ndarray]] = {}
        for hashes, offsets, first, _ in windows(values, starts, width):
            for i, (low, high) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True), first):
                parts.setdefault(i, []).append(hashes[low:high])
        for i, found in parts.items():
            yield rows[int(chosen[i])], np.unique(np.concatenate(found))
