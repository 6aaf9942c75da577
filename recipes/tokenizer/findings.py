"""What the experiment found, as Markdown: each text's vocabularies, sizes by size of the corpus, the rule they give."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from zaohua.tokenizer.vocabulary import ANCHOR_BYTES, ANCHOR_IDS, EXPONENT, suggested_vocab_size

Found = Mapping[str, Any]
"""One arm, as results.json holds it."""

COLUMNS: dict[str, tuple[str, str]] = {
    "ids": ("ids", ",.0f"),
    "bits_per_byte": ("bits per byte", ".4f"),
    "tokens_per_character": ("tokens per character", ".3f"),
    "bytes_per_token": ("bytes per token", ".2f"),
    "fallback_rate": ("tokens that spell a part", ".2%"),
    "table_share": ("table's share of the parameters", ".0%"),
    "tokens": ("tokens learned from", ",.0f"),
    "epochs": ("epochs", ".2f"),
    "learning": ("learning MB/s", ".1f"),
    "encoding": ("encoding MB/s", ".1f"),
}
"""Key of an arm -> the head of its column and how its mean over seeds is written."""


def page(found: Mapping[str, Any]) -> list[str]:
    """result.md from the content of results.json."""
    asked, machine = found["asked"], found["machine"]
    arms = [each for each in found["arms"].values() if "bits_per_byte" in each]
    where = "a GPU" if machine["cuda"] else f"{machine['cores']} cores"
    lines = [
        "# Which vocabulary predicts best in the same minutes",
        "",
        f"`python recipes/tokenizer/experiment.py --minutes-per-arm {asked['minutes']:g} "
        f"--precision {asked['precision']}`, begun {machine['begun']}, "
        f"{where}, torch {machine['torch']}, {asked['precision']}. Each arm: a model of {asked['layers']} layers × "
        f"{asked['dim']} (qwen3 shape) trained for {asked['minutes']:g} minutes on rows of {asked['length']} tokens by "
        "the dials of `zaohua make`. All arms of a text are measured on the same held-out text; less is better.",
        f"Minutes are steps at the pace that was measured before all arms: {found['pace']['fixed'] * 1000:.0f} ms and "
        f"{found['pace']['an_id'] * 1e6:.1f} ms more for each thousand ids.",
        "",
        f"{len(arms)} runs. Where there is one seed, a difference of some 2 % may be chance; `spread` is the range "
        "over seeds. The rules for hanzi do the same to English, which has `run` alone.",
    ]
    for text in dict.fromkeys(each["text"] for each in arms):
        lines += ["", *_of_text([each for each in arms if each["text"] == text])]
    lines += ["", *_by_size([each for each in arms if each["vocabulary"].startswith("bpe run ")])]
    missing = [(key, each["missing"]) for key, each in found["arms"].items() if "missing" in each]
    if missing:
        lines += ["", "## Not measured", "", *(f"- {key.replace('|', '·')}: {reason}" for key, reason in missing)]
    return lines


def fitted(arms: Sequence[Found]) -> tuple[float, float] | None:
    """(ids at 10 MB, exponent) of the rule ids = A * (bytes / 10 MB) ** k that fits the arms best, or None.

    log(bits) is taken for a parabola in log(ids): of one width everywhere, with its lowest point on the rule, and for
    each text and share at a height of its own. Least squares find all of it at once, so every arm counts. None where
    there is one share only, too few sizes, or no lowest point.
    """
    cells = sorted({(each["text"], each["share"]) for each in arms})
    if len({share for _, share in cells}) < 2:
        return None
    x = np.log2([each["ids"] / ANCHOR_IDS for each in arms])
    y = np.log2([each["corpus_bytes"] / ANCHOR_BYTES for each in arms])
    heights = [[(each["text"], each["share"]) == cell for each in arms] for cell in cells]
    matrix = np.array([*heights, x * x, x, x * y], dtype=float).T
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return None
    solution = np.linalg.lstsq(matrix, np.log([each["bits_per_byte"] for each in arms]), rcond=None)[0]
    width, slope, shift = solution[-3:].tolist()
    return (ANCHOR_IDS * 2 ** (-slope / (2 * width)), -shift / (2 * width)) if width > 0 else None


def _of_text(arms: Sequence[Found]) -> list[str]:
    """All vocabularies on the largest share of one text, the best first."""
    share = max(each["share"] for each in arms)
    groups = _grouped((each for each in arms if each["share"] == share), "vocabulary")
    size = _mean([each for each in arms if each["share"] == share], "corpus_bytes") / 1e6
    heads = ["vocabulary", *(head for head, _ in COLUMNS.values()), "spread"]
    lines = [f"## {arms[0]['text']}, {size:.1f} MB", "", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for (name,), group in sorted(groups.items(), key=lambda item: _mean(item[1], "bits_per_byte")):
        cells = [name, *(_cell(group, key, form) for key, (_, form) in COLUMNS.items()), _spread(group)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _by_size(arms: Sequence[Found]) -> list[str]:
    """Bits per byte of our default at each size on each share, and the rule fitted to them."""
    rule = fitted(arms)
    lines = [
        "## How many ids for how much text",
        "",
        "`bpe run`: bits per byte at each size, the lowest in bold; what `--vocab-size auto` gives; the rule fitted.",
        "",
        "| text | MB | bits per byte at … ids | auto | fitted |",
        "|---|---|---|---|---|",
    ]
    for (text, _), group in sorted(_grouped(arms, "text", "share").items()):
        size = _mean(group, "corpus_bytes")
        bits = {ids: _mean(each, "bits_per_byte") for (ids,), each in sorted(_grouped(group, "ids").items())}
        lowest = min(bits.values())
        shown = (f"{ids:,}: {f'**{bit:.4f}**' if bit == lowest else f'{bit:.4f}'}" for ids, bit in bits.items())
        fit = f"{rule[0] * (size / ANCHOR_BYTES) ** rule[1]:,.0f}" if rule else ""
        lines.append(
            f"| {text} | {size / 1e6:.2f} | {' · '.join(shown)} | {suggested_vocab_size(int(size)):,} | {fit} |"
        )
    said = f"{rule[0]:,.0f} ids at 10 MB, times (bytes / 10 MB) ^ {rule[1]:.2f}" if rule else "none: too few arms"
    return [*lines, "", f"Fitted: {said}. `auto`: {ANCHOR_IDS:,} ids at 10 MB, exponent {EXPONENT:.2f}."]


def _grouped(arms: Iterable[Found], *keys: str) -> dict[tuple[Any, ...], list[Found]]:
    groups: dict[tuple[Any, ...], list[Found]] = {}
    for each in arms:
        groups.setdefault(tuple(each[key] for key in keys), []).append(each)
    return groups


def _mean(group: Sequence[Found], key: str) -> float:
    return sum(each[key] for each in group) / len(group)


def _cell(group: Sequence[Found], key: str, form: str) -> str:
    """The mean as the table shows it; nothing where an arm has no such number."""
    return "" if any(each[key] is None for each in group) else format(_mean(group, key), form)


def _spread(group: Sequence[Found]) -> str:
    bits = [each["bits_per_byte"] for each in group]
    return f"{max(bits) - min(bits):.4f}" if len(bits) > 1 else ""
