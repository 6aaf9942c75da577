"""How well a model predicts a text beside honest baselines: a file, or what its run held out."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zaohua import folders
from zaohua.checkpoint.model_folder import LoadedModel, load_model, tokenizer_of
from zaohua.corpus.documents import read_documents
from zaohua.data.shards import TokenStore
from zaohua.evaluation import baselines, card
from zaohua.evaluation.perplexity import stream_of, text_bits
from zaohua.events import Events
from zaohua.model.config import TransformerConfig
from zaohua.model.presets import PRESETS
from zaohua.recipe import ModelSettings, Recipe, read_recipe
from zaohua.settings import UserError
from zaohua.textfile import read_text
from zaohua.tokenizer.texts import text_bytes

LONGEST_ROW = 2048
"""Tokens that a model is given at once where nothing says how long the rows were that it learned from."""
BACK_SECONDS, PREDICTED_SECONDS = 2.2e-6, 15e-6
"""For a byte: the baselines on two cores, and predicting it with 3.5 million parameters (LOG, 2026-11-21)."""
_SHARE = 0.05
Shape = TransformerConfig | ModelSettings


@dataclass(frozen=True)
class Extent:
    """Bytes of a run's text that a measurement reads at most, so that it ends."""

    back: int = 100_000_000
    """Of the training text: read by the baselines, and searched for copies."""
    predicted: int = 20_000_000
    """Of the text held out: by the model and by the baselines."""


def extent_of(recipe: Recipe) -> Extent:
    """What may be read of a recipe's text: where a clock runs, what a twentieth of its time is enough for."""
    if recipe.minutes is None:
        return Extent()
    seconds = _SHARE * recipe.minutes * 60
    back, predicted = seconds / BACK_SECONDS, seconds / (PREDICTED_SECONDS * _relative_size(shape_of(recipe)))
    return Extent(min(Extent.back, int(back)), min(Extent.predicted, int(predicted)))


def shape_of(recipe: Recipe) -> Shape:
    """The model that a recipe trains."""
    return PRESETS[recipe.model.preset] if recipe.model.preset else recipe.model


def reading_seconds(shape: Shape, back: int, predicted: int) -> float:
    """About how long a measurement of so many bytes takes on two cores."""
    return BACK_SECONDS * (back + predicted) + PREDICTED_SECONDS * _relative_size(shape) * predicted


def _relative_size(shape: Shape) -> float:
    """How many times 3.5 million parameters a model computes with, at least once."""
    return max(1.0, (12 * shape.layers * shape.dim**2 + 6000 * shape.dim) / 3.5e6)


def evaluate(model: Path, text: Path, against: Path | None, events: Events) -> None:
    """Print the model's bits per byte on a text file beside the compressors', which may have seen `against`."""
    content, before = read_text(text), read_text(against) if against else ""
    if not content.strip():
        raise UserError(f"{text} is empty: give a text to predict", f"{text} 是空的：请给出要预测的文本")
    loaded = load_model(model)
    tokenizer = tokenizer_of(loaded)
    stream, size = stream_of([content], tokenizer), len(content.encode())
    config = loaded.model.config
    with events.progress_in_time("evaluate", reading_seconds(config, len(before.encode()), size)) as passed:
        bits = text_bits(loaded.model, stream, size, min(config.max_length, LONGEST_ROW), passed)
        compressed = baselines.bits_by_compressor(before.encode(), content.encode())
    events.say(f"{model}: {bits:.3f} bits/byte on {text}", f"{model}：{text} 上 {bits:.3f} 比特/字节")
    for name, found in compressed.items():
        alone, seen = found["alone"], found.get("seen")
        events.say(
            f"{name}: alone {alone:.3f}" + (f" · after seeing {against} {seen:.3f}" if seen is not None else ""),
            f"{name}：单独压缩 {alone:.3f}" + (f" · 先看过 {against} {seen:.3f}" if seen is not None else ""),
        )
    if against:
        read = stream_of([before], tokenizer).tokens
        bits = baselines.ngram_bits(read, stream.tokens, tokenizer.vocab_size, size)
        events.say(f"n-gram model of {against}, order 5: {bits:.3f}", f"{against} 的五元模型：{bits:.3f}")


def evaluate_run(model: Path, folder: Path, events: Events) -> None:
    """Print for a run's model what the run's card says of the text held out, measured again."""
    if not (folder / "tokens" / folders.MANIFEST).is_file():
        raise UserError(
            f"{folder} is no folder of a run, so it holds no text to measure on: give a text file",
            f"{folder} 不是一次运行的文件夹，里面没有可供测量的文本：请给出一个文本文件",
        )
    loaded = load_model(model)
    recipe = read_recipe(folder / "recipe.toml", {}) if (folder / "recipe.toml").is_file() else None
    length = recipe.pretrain.length if recipe else min(loaded.model.config.max_length, LONGEST_ROW)
    train, heldout = texts_of(folder, extent_of(recipe) if recipe else Extent())
    back, predicted = (sum(len(text.encode()) for text in texts) for texts in (train, heldout))
    with events.progress_in_time("evaluate", reading_seconds(loaded.model.config, back, predicted)) as passed:
        found = measured(loaded, folder, length, train, heldout, passed)
    events.say(f"{model}\n")
    events.say("\n".join(card.bits(found, "en")), "\n".join(card.bits(found, "zh")))


def texts_of(folder: Path, extent: Extent) -> tuple[list[str], list[str]]:
    """What a measurement reads of a run's corpus: the first of its training texts, and of those held out."""
    corpus = folder / "corpus"
    whole = text_bytes(corpus, "heldout")
    every = max(1, -(-whole // extent.predicted))
    heldout = itertools.islice((document.text for document in read_documents(corpus, "heldout")), 0, None, every)
    train = (document.text for document in read_documents(corpus, "documents"))
    return _first(train, extent.back), _first(heldout, extent.predicted)


def _first(texts: Iterable[str], limit: int) -> list[str]:
    """The first `limit` bytes of the texts; the last of them may be cut."""
    found = []
    for text in texts:
        cut = text.encode()[:limit]
        found.append(cut.decode(errors="ignore"))
        limit -= len(cut)
        if limit <= 0:
            break
    return found


def measured(
    loaded: LoadedModel,
    folder: Path,
    length: int,
    train: list[str],
    heldout: list[str],
    passed: Callable[[], None],
) -> dict[str, Any]:
    """A run's model on what the run held out, in rows of `length` as those that it learned from, beside baselines.

    `train` and `heldout` are the texts to read, the same bytes for all; `passed()` is called when a part is done.
    """
    tokenizer = tokenizer_of(loaded)
    part, stream = TokenStore.open(folder / "tokens", tokenizer).part("train"), stream_of(heldout, tokenizer)
    read, size = (sum(len(text.encode()) for text in texts) for texts in (train, heldout))
    found: dict[str, Any] = {
        "heldout": {
            "bits_per_byte": round(text_bits(loaded.model, stream, size, length, passed), 4),
            "bytes": size,
            "split": folders.open_folder(folder / "corpus", "corpus", made_by="zaohua corpus TEXTS")["split"],
        },
        "looked_back": read if read < part.bytes else None,
    }
    passed()
    compressed = baselines.bits_by_compressor(*("\n".join(texts).encode() for texts in (train, heldout)))
    tokens = part.tokens[0 : round(len(part.tokens) * read / part.bytes)]
    seen = baselines.ngram_bits(tokens, stream.tokens, tokenizer.vocab_size, size)
    rounded = {name: {key: round(value, 4) for key, value in bits.items()} for name, bits in compressed.items()}
    found["baselines"] = rounded | {"ngram": {"seen": round(seen, 4)}}
    passed()
    return found
