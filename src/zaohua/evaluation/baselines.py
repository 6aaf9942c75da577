"""What a model's bits per byte are held against: compressors and an n-gram model, on the same bytes.

A compressor stands twice: alone on the held-out bytes, and with the training text as what it has already seen,
measured as compressed(train + held-out) - compressed(train).
"""

import lzma
import threading
from collections.abc import Callable

import numpy as np
import zstandard

from zaohua.hashing import GOLDEN, scramble

Compress = Callable[[bytes], int]


def xz(data: bytes) -> int:
    """Bytes that `xz -9` needs, with a window that holds everything."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": min(max(len(data), 1 << 26), 1 << 30)}]
    return len(lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_NONE, filters=filters))


def zstd(data: bytes) -> int:
    """Bytes that `zstd -19 --long` needs."""
    window = min(max(len(data), 1).bit_length() + 1, zstandard.WINDOWLOG_MAX)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        19, window_log=max(window, zstandard.WINDOWLOG_MIN), enable_ldm=True, write_checksum=False
    )
    return len(zstandard.ZstdCompressor(compression_params=parameters).compress(data))


COMPRESSORS: dict[str, Compress] = {"xz -9": xz, "zstd -19": zstd}


def compressed_bits(compress: Compress, train: bytes, heldout: bytes) -> dict[str, float]:
    """Bits per byte of `heldout` alone and, where there is a text to have seen, after `train`."""
    found = {"alone": 8 * compress(heldout) / len(heldout)}
    if train:
        found["seen"] = 8 * (compress(train + heldout) - compress(train)) / len(heldout)
    return found


def bits_by_compressor(train: bytes, heldout: bytes) -> dict[str, dict[str, float]]:
    """The same for each compressor by name, all at once: they are slow, and each runs on one core.

    In threads that end with the program: an interrupt does not wait for them.
    """
    found: dict[str, dict[str, float]] = {}

    def measure(name: str, compress: Compress) -> None:
        found[name] = compressed_bits(compress, train, heldout)

    threads = [threading.Thread(target=measure, args=each, daemon=True) for each in COMPRESSORS.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {name: found[name] for name in COMPRESSORS}


def ngram_bits(train: np.ndarray, heldout: np.ndarray, vocab_size: int, heldout_bytes: int, *, order: int = 5) -> float:
    """Bits per byte of an interpolated n-gram model of tokens (Witten & Bell 1991; Chen & Goodman 1998, section 2.5).

    train, heldout (tokens,) integers with document marks in them; p_k = (c(h, w) + d(h) p_{k-1}) / (c(h) + d(h)),
    where d counts the different tokens seen after the context h, down to the uniform distribution.
    """
    train, heldout = train.astype(np.uint64), heldout.astype(np.uint64)
    probability = np.full(len(heldout), 1 / vocab_size)
    for length in range(min(order, len(train), len(heldout))):
        contexts, grams = _hashes(train, length)
        gram_kinds, first, gram_counts = np.unique(grams, return_index=True, return_counts=True)
        context_kinds, context_counts = np.unique(contexts, return_counts=True)
        different = np.bincount(np.searchsorted(context_kinds, contexts[first]), minlength=len(context_kinds))
        held_contexts, held_grams = _hashes(heldout, length)
        count = _look_up(gram_kinds, gram_counts, held_grams)
        total, kinds = (_look_up(context_kinds, values, held_contexts) for values in (context_counts, different))
        known = total > 0
        tail = probability[length:]
        tail[known] = (count + kinds * tail)[known] / (total + kinds)[known]
    return float(-np.log2(probability).sum() / heldout_bytes)


def _hashes(tokens: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """64-bit hashes of each place's context of `length` tokens, and of context and token together."""
    places = len(tokens) - length
    context = np.full(places, length + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for back in range(length):
            context = scramble(context * GOLDEN + tokens[back : back + places])
        return context, scramble(context * np.uint64(0xD6E8FEB86659FD93) + tokens[length:] + np.uint64(1))


def _look_up(kinds: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """values where `wanted` stands in the sorted `kinds`, else 0; as floats."""
    places = np.minimum(np.searchsorted(kinds, wanted), len(kinds) - 1)
    return np.where(kinds[places] == wanted, values[places], 0).astype(np.float64)
