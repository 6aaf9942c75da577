"""The inspection page: one self-contained HTML file about one text, with nothing in it that loads or runs text."""

import base64
import json
import math
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zaohua.checkpoint.model_folder import LoadedModel, tokenizer_of
from zaohua.folders import write_file
from zaohua.inspection.attention import attention_maps
from zaohua.inspection.probabilities import Expectations, expectations
from zaohua.pages import self_contained
from zaohua.settings import UserError
from zaohua.tokenizer.tokenizer import Tokenizer


def inspect(loaded: LoadedModel, text: str, output: Path, *, name: str, max_tokens: int = 512, top: int = 10) -> None:
    """Write the page about `text` to `output`; `name` is what it calls the model.

    It shows the first `max_tokens` tokens, as every head's map grows with their square, and the `top` likeliest next
    ones at each place. Raises UserError for an empty text and for a model without a tokenizer.
    """
    tokenizer = tokenizer_of(loaded)
    whole = [tokenizer.end_of_text, *tokenizer.encode(text)]
    if len(whole) < 2:
        raise UserError("the text to inspect is empty: give a sentence or more", "要查看的文本是空的：请至少给出一句话")
    shown = whole[: min(max_tokens, loaded.model.config.max_length)]
    ids = torch.tensor(shown, device=loaded.model.device)
    expected = expectations(loaded.model, ids, top)
    maps = attention_maps(loaded.model, ids)
    data = {"model": name, "whole": len(whole)} | _content(tokenizer, shown, expected, maps)
    write_file(output, _page(data))


def pack_maps(maps: Tensor) -> str:
    """Maps (layers, heads, time, time) -> their lower triangles as base64 of zlib of round(255 * sqrt(weight)).

    The root keeps small weights apart: the error of a weight w is at most sqrt(w) / 255, so at most 0.004.
    """
    row, key = torch.tril_indices(maps.shape[2], maps.shape[3])
    steps = (maps[:, :, row, key].sqrt() * 255).round().to(torch.uint8)  # (layers, heads, time * (time + 1) / 2)
    return base64.b64encode(zlib.compress(steps.numpy().tobytes(), 9)).decode()


def readable(tokenizer: Tokenizer, token: int) -> tuple[str, str]:
    """A token as people read it, and what it is: "" for text, "part" of a character in hexadecimal, or "special"."""
    if token >= tokenizer.vocab_size:  # a model's table may be rounded up
        return f"‹{token}›", "special"
    content = tokenizer.token_bytes[token]
    if not content:
        return tokenizer.decode([token], skip_specials=False), "special"
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        return f"‹{content.hex(' ')}›", "part"


def _content(tokenizer: Tokenizer, ids: list[int], expected: Expectations, maps: Tensor) -> dict[str, Any]:
    """Everything the page shows, as JSON values; information is counted in bits."""
    bits = (-expected.logprobs / math.log(2)).tolist()
    tokens = []
    for place, token in enumerate(ids):
        text, kind = readable(tokenizer, token)
        following = zip(expected.top_ids[place].tolist(), expected.top_logprobs[place].exp().tolist())
        tokens.append({
            "id": token,
            "text": text,
            "kind": kind,
            "bits": round(bits[place], 4) if place else None,
            "rank": int(expected.ranks[place]),
            "entropy": round(float(expected.entropies[place]) / math.log(2), 4),
            "next": [[number, round(probability, 6)] for number, probability in following],
        })  # fmt: skip
    size = sum(len(tokenizer.token_bytes[token]) for token in ids[1:])
    layers, heads, time, _ = maps.shape
    return {
        "tokens": tokens,
        "pieces": {number: readable(tokenizer, number)[0] for token in tokens for number, _ in token["next"]},
        "vocab_size": tokenizer.vocab_size,
        "bits_per_token": f"{sum(bits[1:]) / (len(ids) - 1):.2f}",
        "bits_per_byte": f"{sum(bits[1:]) / max(size, 1):.3f}",
        "attention": {"layers": layers, "heads": heads, "time": time, "packed": pack_maps(maps)},
    }


def _page(data: dict[str, Any]) -> str:
    # In JSON `<` occurs only inside strings, where \u003c says the same: no text can close the script element.
    content = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return self_contained(files("zaohua.inspection") / "page", "inspect", {"data": content})
