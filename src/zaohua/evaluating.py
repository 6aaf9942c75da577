"""How well a model predicts a text beside honest baselines: a file, or what its run held out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zaohua import folders
from zaohua.checkpoint.model_folder import LoadedModel, load_model, tokenizer_of
from zaohua.corpus.documents import read_documents
from zaohua.data.packing import Rows
from zaohua.data.shards import Part, TokenStore
from zaohua.evaluation import baselines, card
from zaohua.evaluation.perplexity import bits_per_byte, summed_loss, text_bits
from zaohua.events import Events
from zaohua.objectives.causal import Causal
from zaohua.recipe import read_recipe
from zaohua.settings import UserError
from zaohua.textfile import read_text
from zaohua.tokenizer.tokenizer import Tokenizer

LOOKED_BACK = 100_000_000
"""Bytes of training text at most that the baselines read and copies are looked for in, so that a report ends."""
PREDICTED = 20_000_000
"""Bytes of held-out text at most that the model is measured on."""


def evaluate(model: Path, text: Path, against: Path | None, events: Events) -> None:
    """Print the model's bits per byte on a text file beside the compressors', which may have seen `against`."""
    content, before = read_text(text), read_text(against) if against else ""
    if not content.strip():
        raise UserError(f"{text} is empty: give a text to predict", f"{text} 是空的：请给出要预测的文本")
    loaded = load_model(model)
    tokenizer = tokenizer_of(loaded)
    bits = text_bits(loaded.model, tokenizer, content)
    events.say(f"{model}: {bits:.3f} bits/byte on {text}", f"{model}：{text} 上 {bits:.3f} 比特/字节")
    for name, found in baselines.bits_by_compressor(before.encode(), content.encode()).items():
        alone, seen = found["alone"], found["seen"]
        events.say(
            f"{name}: alone {alone:.3f}" + (f" · after seeing {against} {seen:.3f}" if against else ""),
            f"{name}：单独压缩 {alone:.3f}" + (f" · 先看过 {against} {seen:.3f}" if against else ""),
        )
    if against:
        mark = tokenizer.end_of_text
        first, second = (np.array([mark, *tokenizer.encode(each), mark]) for each in (before, content))
        bits = baselines.ngram_bits(first, second, tokenizer.vocab_size, len(content.encode()))
        events.say(f"n-gram model of {against}, order 5: {bits:.3f}", f"{against} 的五元模型：{bits:.3f}")


def evaluate_run(model: Path, folder: Path, events: Events) -> None:
    """Print for a run's model what the run's card says of the text held out, measured again."""
    if not (folder / "tokens" / folders.MANIFEST).is_file():
        raise UserError(
            f"{folder} is no folder of a run, so it holds no text to measure on: give a text file",
            f"{folder} 不是一次运行的文件夹，里面没有可供测量的文本：请给出一个文本文件",
        )
    loaded = load_model(model)
    recipe = folder / "recipe.toml"
    length = read_recipe(recipe, {}).pretrain.length if recipe.is_file() else loaded.model.config.max_length
    heldout = [document.text for document in read_documents(folder / "corpus", "heldout")]
    found = measured(loaded, folder, length, list(training_texts(folder)), heldout)
    events.say(f"{model}\n")
    events.say("\n".join(card.bits(found, "en")), "\n".join(card.bits(found, "zh")))


def measured(
    loaded: LoadedModel,
    folder: Path,
    length: int,
    train: list[str],
    heldout: list[str],
    passed: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """A run's model on what the run held out, in rows of `length` as those that it learned from, beside baselines.

    `train` and `heldout` are the texts of its corpus; `passed()` is called when a part is done.
    """
    tokenizer = tokenizer_of(loaded)
    store = TokenStore.open(folder / "tokens", tokenizer)
    found: dict[str, Any] = {
        "heldout": _heldout(loaded, store.part("heldout"), length, folder),
        "looked_back": LOOKED_BACK if store.part("train").bytes > LOOKED_BACK else None,
    }
    passed()
    found["baselines"] = _baselines(train, heldout, store, tokenizer)
    passed()
    return found


def training_texts(folder: Path) -> Iterator[str]:
    """The training texts of a run in order, until they come to LOOKED_BACK bytes."""
    left = LOOKED_BACK
    for document in read_documents(folder / "corpus", "documents"):
        yield document.text
        left -= len(document.text.encode())
        if left <= 0:
            return


def _heldout(loaded: LoadedModel, part: Part, length: int, folder: Path) -> dict[str, Any]:
    rows = Rows(part, length)
    limit = -(-len(rows) * PREDICTED // part.bytes) if part.bytes > PREDICTED else None
    nats, targets = summed_loss(Causal(loaded.model), rows, limit=limit)
    whole = round(part.bytes * targets / rows.targets)
    return {
        "bits_per_byte": round(bits_per_byte(nats, whole), 4),
        "bytes": whole,
        "split": folders.open_folder(folder / "corpus", "corpus", made_by="zaohua corpus TEXTS")["split"],
    }


def _baselines(train: list[str], heldout: list[str], store: TokenStore, tokenizer: Tokenizer) -> dict[str, Any]:
    before, after = "\n".join(train).encode(), "\n".join(heldout).encode()
    found: dict[str, Any] = {
        name: {key: round(value, 4) for key, value in bits.items()}
        for name, bits in baselines.bits_by_compressor(before, after).items()
    }
    tokens = [store.part(name).tokens for name in ("train", "heldout")]
    limit = round(len(tokens[0]) * min(1.0, LOOKED_BACK / max(store.part("train").bytes, 1)))
    bits = baselines.ngram_bits(
        tokens[0][0:limit], tokens[1][0 : len(tokens[1])], tokenizer.vocab_size, store.part("heldout").bytes
    )
    return found | {"ngram": {"seen": round(bits, 4)}}
