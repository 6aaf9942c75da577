"""What a tokenizer does to text: bytes per token by language and domain, coverage, fall-back, and its longest and
least used tokens; several tokenizers side by side."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from zaohua.tokenizer.merges import character_counts
from zaohua.tokenizer.tokenizer import Tokenizer

_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")
_COMMONEST = 3500  # hanzi; as many as China's table of 1988 for general use counts as common
_LISTED = 4  # tokens named in a cell of a table
_SHOWN = 20


class Sample(NamedTuple):
    """A text, its language (None: each line counts for the script of most of its letters) and its domain."""

    text: str
    language: str | None = None
    domain: str | None = None


def report(tokenizer: Tokenizer, texts: Iterable[str]) -> dict[str, Any]:
    """Bytes and characters per token, overall and for lines mostly of one script; longest tokens; both as `lines`."""
    found = measure(tokenizer, (Sample(text) for text in texts))
    scripts = found["languages"]
    shown = ", ".join(f"{script} {values['bytes_per_token']:.2f}" for script, values in scripts.items())
    lines = [f"tokenizer: {tokenizer.vocab_size:,} ids · bytes per token: {shown}"]
    lines += [
        f"  longest {script} tokens: {' | '.join(tokens)}" for script, tokens in found["longest"].items() if tokens
    ]
    return {**found, "scripts": scripts, "lines": lines}


def measure(
    tokenizer: Tokenizer,
    samples: Iterable[Sample],
    *,
    commonest: Sequence[str] | None = None,
    dim: int | None = None,
    other_parameters: int = 0,
) -> dict[str, Any]:
    """Everything that a report says of one tokenizer, as JSON holds it.

    `commonest` are hanzi whose coverage is told beside that of the table of common ones (default: the commonest of
    these samples). With `dim` the share of the token table among its own and `other_parameters` is told.
    """
    counts: dict[str, dict[str, Counter[str]]] = {"languages": {}, "domains": {}}
    uses = np.zeros(tokenizer.vocab_size, dtype=np.int64)
    texts: list[str] = []
    for sample in samples:
        texts.append(sample.text)
        lines = sample.text.splitlines(keepends=True)
        for line, ids in zip(lines, tokenizer.encode_batch(lines), strict=True):
            uses += np.bincount(ids, minlength=len(uses))
            language = sample.language or _script(line)
            groups = [("languages", "all"), ("languages", language), ("domains", sample.domain)]
            for kind, name in ((kind, name) for kind, name in groups if name):
                counter = counts[kind].setdefault(name, Counter())
                counter.update(bytes=len(line.encode("utf-8", "replace")), characters=len(line), tokens=len(ids))
    own = commonest_hanzi(texts) if commonest is None else commonest
    partial = _partial(tokenizer)
    spent = max(int(uses.sum()), 1)
    used = [index for index in np.argsort(uses, kind="stable") if uses[index] and tokenizer.token_bytes[index]]
    found: dict[str, Any] = {
        "form": tokenizer.form.name,
        "lossless": tokenizer.lossless,
        "vocab_size": tokenizer.vocab_size,
        **{kind: {name: _rates(counter) for name, counter in groups.items()} for kind, groups in counts.items()},
        "common_characters": _covered(tokenizer, common_hanzi()),
        "commonest_characters": _covered(tokenizer, own),
        "fallback_rate": round(int(uses[partial].sum()) / spent, 6),
        "unused_tokens": int((uses == 0).sum()) - len(tokenizer.specials),
        "least_used": [_shown(tokenizer, index) for index in used[:_SHOWN]],
        "longest": {"latin": _longest(tokenizer, _LATIN), "han": _longest(tokenizer, _HAN)},
    }
    if dim is not None:
        rows = tokenizer.vocab_size * dim
        found["embedding_share"] = round(rows / (rows + other_parameters), 4)
    return found


def compare(tokenizers: Mapping[str, Tokenizer], samples: Sequence[Sample], **options: Any) -> dict[str, Any]:
    """{name: what `measure` says}, all on the same samples."""
    own = commonest_hanzi([sample.text for sample in samples])
    return {name: measure(tokenizer, samples, commonest=own, **options) for name, tokenizer in tokenizers.items()}


def table(reports: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What `compare` found, as the lines of a Markdown table with a column for each tokenizer."""
    rows: list[tuple[str, list[str]]] = [("ids", [f"{each['vocab_size']:,}" for each in reports.values()])]
    for kind in ("languages", "domains"):
        for name in dict.fromkeys(name for each in reports.values() for name in each[kind]):
            for rate in ("bytes_per_token", "characters_per_token"):
                values = [each[kind].get(name, {}).get(rate) for each in reports.values()]
                rows.append((f"{rate.replace('_', ' ')}, {name}", ["" if v is None else f"{v:.2f}" for v in values]))
    rows.append(("GB 2312's common characters covered", _shares(reports, "common_characters")))
    rows.append(("this text's common characters covered", _shares(reports, "commonest_characters")))
    rows.append(("tokens that spell a part", [f"{each['fallback_rate']:.2%}" for each in reports.values()]))
    rows.append(("tokens never used", [f"{each['unused_tokens']:,}" for each in reports.values()]))
    if all("embedding_share" in each for each in reports.values()):
        rows.append(("share of the parameters", [f"{each['embedding_share']:.1%}" for each in reports.values()]))
    rows.append(("gives every text back", ["yes" if each["lossless"] else "no" for each in reports.values()]))
    for script in ("han", "latin"):
        rows.append((f"longest, {script}", [_listed(each["longest"][script]) for each in reports.values()]))
    rows.append(("least used", [_listed(each["least_used"]) for each in reports.values()]))
    head = ["| | " + " | ".join(reports) + " |", "|---" * (len(reports) + 1) + "|"]
    return head + [f"| {name} | " + " | ".join(values) + " |" for name, values in rows]


def _listed(tokens: Sequence[str]) -> str:
    """A few tokens as a cell of a Markdown table holds them."""
    shown = ("".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in token) for token in tokens[:_LISTED])
    return " ".join("`" + token.strip().replace("|", "¦").replace("`", "ˋ") + "`" for token in shown)


def _shares(reports: Mapping[str, Mapping[str, Any]], key: str) -> list[str]:
    """The covered shares of a table of characters; nothing where it is empty."""
    return [f"{each[key]['covered']:.1%}" if each[key]["counted"] else "" for each in reports.values()]


@functools.cache
def common_hanzi() -> tuple[str, ...]:
    """The 3,755 hanzi of level 1 of GB 2312: the same for every text, so that coverage can be compared."""
    codes = (bytes((row, column)) for row in range(0xB0, 0xD8) for column in range(0xA1, 0xFF))
    return tuple(b"".join(codes).decode("gb2312", "ignore"))  # the last five places are empty


def commonest_hanzi(texts: Sequence[str], count: int = _COMMONEST) -> list[str]:
    """The commonest hanzi of texts, at most `count` of them, the commonest first."""
    counts = character_counts(texts)
    hanzi = [point for point in np.argsort(-counts, kind="stable")[: 8 * count] if counts[point]]
    return [chr(point) for point in hanzi if _HAN.match(chr(point))][:count]


def coverage(tokenizer: Tokenizer, characters: Sequence[str]) -> float:
    """The share of characters that are one token by themselves, or with the space that a text begins with."""
    tokens = {token.strip(b" ") for token in tokenizer.token_bytes}
    return round(sum(character.encode() in tokens for character in characters) / max(len(characters), 1), 4)


def _covered(tokenizer: Tokenizer, table: Sequence[str]) -> dict[str, float]:
    return {"counted": len(table), "covered": coverage(tokenizer, table)}


def _rates(counter: Counter[str]) -> dict[str, float]:
    tokens = max(counter["tokens"], 1)
    return {
        "tokens": counter["tokens"],
        "bytes_per_token": round(counter["bytes"] / tokens, 3),
        "characters_per_token": round(counter["characters"] / tokens, 3),
    }


def _partial(tokenizer: Tokenizer) -> np.ndarray:
    """Which ids spell a part of a character, or stand for what is not known: (vocab,) bool."""
    unknown = {tokenizer.specials.get(name) for name in ("[UNK]", "<unk>")}
    model = tokenizer.definition["model"]
    if model.get("type") == "WordPiece":
        unknown.add(model["vocab"].get(model["unk_token"]))
    found = np.zeros(tokenizer.vocab_size, dtype=bool)
    for index, token in enumerate(tokenizer.token_bytes):
        try:
            token.decode()
            found[index] = index in unknown
        except UnicodeDecodeError:
            found[index] = True
    return found


def _shown(tokenizer: Tokenizer, index: int) -> str:
    return tokenizer.token_bytes[index].decode("utf-8", errors="backslashreplace")


def _script(line: str) -> str | None:
    """The script that most letters of a line belong to: latin, han or neither."""
    han, latin = len(_HAN.findall(line)), len(_LATIN.findall(line))
    if not han and not latin:
        return None
    return "han" if 3 * han > latin else "latin"  # a hanzi says about as much as three letters


def _longest(tokenizer: Tokenizer, script: re.Pattern[str], count: int = 8) -> list[str]:
    texts = (token.decode("utf-8", errors="ignore") for token in tokenizer.token_bytes)
    return sorted((text for text in texts if script.search(text)), key=lambda text: (-len(text), text))[:count]
