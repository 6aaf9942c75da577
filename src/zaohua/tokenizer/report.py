"""What a tokenizer does to text: bytes per token by script, and its longest tokens."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from zaohua.tokenizer.tokenizer import Tokenizer

_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")


def report(tokenizer: Tokenizer, texts: Iterable[str]) -> dict[str, Any]:
    """Bytes and characters per token, overall and for lines mostly of one script; longest tokens; both as `lines`."""
    bytes_of, characters, tokens = (Counter[str]() for _ in range(3))
    for text in texts:
        lines = text.splitlines(keepends=True)
        for line, ids in zip(lines, tokenizer.encode_batch(lines), strict=True):
            for script in ("all", _script(line)):
                if script:
                    bytes_of[script] += len(line.encode("utf-8", "replace"))
                    characters[script] += len(line)
                    tokens[script] += len(ids)
    scripts = {
        script: {
            "tokens": tokens[script],
            "bytes_per_token": round(bytes_of[script] / tokens[script], 3),
            "characters_per_token": round(characters[script] / tokens[script], 3),
        }
        for script in tokens
        if tokens[script]
    }
    longest = {"latin": _longest(tokenizer, _LATIN), "han": _longest(tokenizer, _HAN)}
    shown = ", ".join(f"{script} {values['bytes_per_token']:.2f}" for script, values in scripts.items())
    lines = [f"tokenizer: {tokenizer.vocab_size:,} ids · bytes per token: {shown}"]
    lines += [f"  longest {script} tokens: {' | '.join(found)}" for script, found in longest.items() if found]
    return {"vocab_size": tokenizer.vocab_size, "scripts": scripts, "longest": longest, "lines": lines}


def _script(line: str) -> str | None:
    """The script that most letters of a line belong to: latin, han or neither."""
    han, latin = len(_HAN.findall(line)), len(_LATIN.findall(line))
    if not han and not latin:
        return None
    return "han" if 3 * han > latin else "latin"  # a hanzi says about as much as three letters


def _longest(tokenizer: Tokenizer, script: re.Pattern[str], count: int = 8) -> list[str]:
    texts = (token.decode("utf-8", errors="ignore") for token in tokenizer.token_bytes)
    return sorted((text for text in texts if script.search(text)), key=lambda text: (-len(text), text))[:count]
