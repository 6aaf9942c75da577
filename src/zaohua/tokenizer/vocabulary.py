"""How large a vocabulary should be, and how large a text allows it to be."""

from zaohua.settings import UserError

ANCHOR_IDS, ANCHOR_BYTES, EXPONENT = 8192, 10_000_000, 1 / 3
_MULTIPLE = 64  # matrix units work on multiples of 64, and nothing is lost by rounding
_LARGEST = 65_536  # the last size whose ids fit two bytes in the token shards


def suggested_vocab_size(corpus_bytes: int) -> int:
    """Ids for a text of that many UTF-8 bytes: 8,192 at 10 MB, growing with the cube root, between 512 and 65,536.

    More ids mean fewer tokens to read and rarer ones to learn. The anchor is measured (4,000 against 8,000 on 3.1
    million characters of Chinese); the exponent follows what is published for 32,000 to 65,536 ids at 1 to 10 GB.
    recipes/tokenizer/experiment.py measures both: its table fits them to sizes tried on corpora of several sizes.
    """
    size = ANCHOR_IDS * (max(corpus_bytes, 1) / ANCHOR_BYTES) ** EXPONENT
    return min(max(round(size / _MULTIPLE) * _MULTIPLE, 512), _LARGEST)


def check_supported(wanted: int, supported: int) -> None:
    """Raise UserError when the text ran out of repeated pairs before the vocabulary was full."""
    if wanted > supported:
        raise UserError(
            f"vocab_size is {wanted:,}, larger than the text supports: the most it gives is {supported:,}; "
            f"set vocab_size to at most that, or to auto, or give more text",
            f"vocab_size 为 {wanted:,}，超过了文本所能支持的：至多是 {supported:,}；"
            "请把 vocab_size 设为不超过它的数，或设为 auto，或给出更多文本",
        )
