"""Text, machine and minutes -> a recipe: what is measured, what is chosen, and why."""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zaohua.events import Events, duration
from zaohua.model.config import TransformerConfig
from zaohua.recipe import ModelSettings, Recipe, read_recipe
from zaohua.settings import UserError, check, override
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.training.settings import TrainingSettings

SHAPES = (
    (96, 3),
    (128, 4),
    (160, 4),
    (192, 4),
    (256, 4),
    (256, 6),
    (320, 6),
    (384, 6),
    (384, 8),
    (512, 8),
    (640, 10),
    (768, 12),
)
"""Widths and depths that the planner chooses among."""
LENGTH = 256
"""Tokens in a row: at these sizes longer rows cost more than they bring."""
REUSE = 15.4
"""How fast reading a text again loses its worth, in epochs (Muennighoff et al. 2023, section 5)."""

PREPARING, PREPARED = 12.0, 1_200_000
"""Seconds until a run has planned and started, and bytes a second of the stages before training (LOG, 2026-11-21)."""

LEVEL = 0.36
"""Between two runs of ten minutes: 0.31 on English plays, 0.41 on Chinese classics (LOG, 2026-11-21); 15 % off."""


@dataclass(frozen=True)
class Text:
    """What a glance at the text shows: its bytes, its tokens with a vocabulary of `vocab_size`, its documents."""

    bytes: int
    documents: int
    vocab_size: int
    bytes_per_token: float
    hanzi: float

    @property
    def tokens(self) -> float:
        return self.bytes / self.bytes_per_token


@dataclass(frozen=True)
class Speed:
    """Seconds for one token of training: `per_flop` times its operations, and a fixed share a layer."""

    per_flop: float
    per_layer: float

    def tokens_per_second(self, flops: float, layers: int) -> float:
        return 1 / (self.per_flop * flops + self.per_layer * layers)


@dataclass(frozen=True)
class Choice:
    """A shape with what it would come to: tokens in the time, passes over the text, bits per byte expected."""

    dim: int
    layers: int
    parameters: int
    memory: float
    tokens_per_second: float
    tokens: float
    epochs: float
    bits_per_byte: float


def expected_nats(parameters: float, text_tokens: float, tokens: float) -> float:
    """Nats per token that `parameters` inside the blocks may reach after `tokens` from a text of `text_tokens`.

    Form and exponents are those of Hoffmann et al. (2022, equation 10), with passes over the same text worth less and
    less (Muennighoff et al. 2023, equation 5). The ranking of sizes is theirs; LEVEL sets it to what our runs reached.
    """
    epochs = max(tokens / text_tokens, 1e-9)
    worth = min(tokens, text_tokens) + text_tokens * REUSE * (1 - math.exp(-max(epochs - 1, 0) / REUSE))
    return 1.69 + LEVEL * (406.4 / parameters**0.34 + 410.7 / worth**0.28)


def quickstart_recipe(minutes: float) -> Recipe:
    """The run that `zaohua quickstart` makes: a small world that a model of ten minutes can learn well."""
    return check(
        Recipe,
        {
            "name": "quickstart",
            "minutes": float(minutes),
            "corpus": {"sources": ["microworld:small"]},
            "tokenizer": {"vocab_size": 1024},
            "model": {"family": "qwen3", "dim": 192, "layers": 4},
            "pretrain": {"length": 256, "rows": 8, "learning_rate": 3e-3, "optimizer": "muon", "muon_rate": 0.02},
            "chat": {
                "sources": ["microworld:small"],
                "training": {"length": 256, "rows": 8, "optimizer": "muon", "warmup": 20, "landing": 0.5},
            },
        },
    )


def plan(texts: Sequence[str], minutes: float, folder: Path | None, changes: dict[str, Any], events: Events) -> Recipe:
    """Look at the texts and the machine and choose; the same request in the same folder continues its recipe."""
    request = json.dumps(
        {"texts": list(texts), "minutes": minutes, "changes": changes}, ensure_ascii=False, sort_keys=True
    )
    if folder is not None and (folder / "recipe.toml").exists():
        kept = read_recipe(folder / "recipe.toml", {})
        if kept.request == request:
            events.say(f"continuing the plan in {folder}", f"沿用 {folder} 里的计划")
            return kept
    text = look_at(texts, changes)
    asked = check(Recipe, override({"minutes": float(minutes), "corpus": {"sources": list(texts)}}, changes))
    choices = weigh(text, measure_speed(text.vocab_size), asked)
    best = min(choices, key=lambda choice: choice.bits_per_byte)
    _explain(text, choices, best, minutes, events)
    chosen = {
        "name": folder.name if folder else "plan",
        "minutes": float(minutes),
        "request": request,
        "corpus": {"sources": list(texts)},
        "model": _model(asked.model, best),
        "pretrain": {
            "length": LENGTH,
            "rows": rows_for(best.tokens),
            "learning_rate": round(3e-3 * (192 / best.dim) ** 0.5, 5),
            "optimizer": "muon",
        },
    }
    return check(Recipe, override(chosen, changes))


def look_at(texts: Sequence[str], changes: dict[str, Any]) -> Text:
    """Measure up to 2 MB of the texts, and count the bytes of all."""
    from zaohua import sources
    from zaohua.corpus.settings import CorpusSettings
    from zaohua.corpus.stage import glance
    from zaohua.tokenizer.training import train_tokenizer
    from zaohua.tokenizer.vocabulary import suggested_vocab_size

    settings = check(CorpusSettings, {**changes.get("corpus", {}), "sources": list(texts)})
    sample, total, documents = glance(settings, sources.embedded_documents, limit=2_000_000)
    if not sample:
        raise UserError(
            f"there is no text in {', '.join(texts)}: give files or folders of .txt, .md, .jsonl or .parquet"
        )
    joined = "\n".join(sample)
    asked = check(TokenizerSettings, changes.get("tokenizer", {}))  # a sample may be too small for a size asked for
    tokenizer = train_tokenizer(sample, asked.model_copy(update={"vocab_size": "auto"}))
    size = asked.vocab_size if asked.vocab_size != "auto" else max(suggested_vocab_size(total), tokenizer.vocab_size)
    tokens = sum(len(ids) for ids in tokenizer.encode_batch(sample))
    hanzi = sum("\u4e00" <= character <= "\u9fff" for character in joined) / max(len(joined), 1)
    return Text(total, documents, size, len(joined.encode()) / max(tokens, 1), hanzi)


def measure_speed(vocab_size: int, seconds: float = 1.5) -> Speed:
    """Train two shapes for about `seconds` each on noise, and solve for the two costs of a token."""
    import torch

    from zaohua.data.batches import Batch
    from zaohua.model.initialization import new_model
    from zaohua.model.presets import shape
    from zaohua.model.size import flops_per_token
    from zaohua.objectives.causal import Causal
    from zaohua.training.optimizer import Optimizer
    from zaohua.training.precision import computing_in, faster_precision, finish
    from zaohua.training.step import accumulate_gradients

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    points = []
    for dim, layers in ((128, 4), (384, 4)):
        config = shape("qwen3", dim=dim, layers=layers, vocab_size=vocab_size, max_length=LENGTH)
        objective = Causal(new_model(config, generator=torch.Generator().manual_seed(0))).to(device)
        ids = torch.randint(vocab_size, (8, LENGTH + 1), generator=torch.Generator().manual_seed(1)).to(device)
        batch = Batch(ids=ids[:, :-1], labels=ids[:, 1:], counts={"loss": 8 * LENGTH})
        precision = faster_precision(objective, batch, device, seconds=0.3)
        compute = computing_in(precision, device)
        optimizer = Optimizer(objective, TrainingSettings(steps=1, optimizer="muon"), precision)
        steps, start = 0, time.perf_counter()
        while steps < 1 or time.perf_counter() - start < seconds:
            accumulate_gradients(objective, [batch], compute)
            optimizer.step(1e-3)
            finish(device)
            steps += 1
        each = (time.perf_counter() - start) / (steps * 8 * LENGTH)
        points.append((flops_per_token(config, LENGTH), layers, each))
    (small, depth, quick), (large, _, slow) = points
    per_flop = max((slow - quick) / (large - small), slow / large / 4)
    return Speed(per_flop, max(quick - per_flop * small, 0.0) / depth)


def training_seconds(text: Text, recipe: Recipe) -> float:
    """About how many of the recipe's minutes are left for pretraining."""
    from zaohua import pipeline, report

    assert recipe.minutes is not None
    whole = recipe.minutes * 60 * pipeline.WHOLE
    around = PREPARING + text.bytes / PREPARED
    around += report.expected_seconds(recipe, text.bytes, round(text.bytes * recipe.corpus.heldout))
    return max((whole - around) * (1 - recipe.chat.share * bool(recipe.chat.sources)), 5)


def weigh(text: Text, speed: Speed, recipe: Recipe) -> list[Choice]:
    """Every shape with what it would come to in the time that training gets."""
    from zaohua.model.size import flops_per_token, parameter_count

    seconds, text_tokens = training_seconds(text, recipe), (1 - recipe.corpus.heldout) * text.tokens
    found = []
    for config in shapes_for(recipe.model, text.vocab_size):
        dim, layers = config.dim, config.layers
        rate = speed.tokens_per_second(flops_per_token(config, LENGTH), layers)
        tokens, inside = rate * seconds, parameter_count(config) - text.vocab_size * dim
        nats = expected_nats(inside, text_tokens, tokens)
        bits = nats / math.log(2) / text.bytes_per_token
        found.append(
            Choice(
                dim=dim,
                layers=layers,
                parameters=parameter_count(config),
                memory=memory_bytes(config, rows_for(tokens)),
                tokens_per_second=rate,
                tokens=tokens,
                epochs=tokens / text_tokens,
                bits_per_byte=bits,
            )
        )
    return found


def shapes_for(asked: ModelSettings, vocab_size: int) -> list[TransformerConfig]:
    """The shapes to choose among: those that leave what was asked for as it was asked."""
    from zaohua.model.presets import PRESETS, shape

    if asked.preset is not None:
        return [replace(PRESETS[asked.preset], vocab_size=vocab_size)]
    said = asked.model_fields_set
    pairs = {
        (asked.dim if "dim" in said else dim, asked.layers if "layers" in said else layers) for dim, layers in SHAPES
    }
    return [
        shape(asked.family, dim=dim, layers=layers, vocab_size=vocab_size, max_length=LENGTH)
        for dim, layers in sorted(pairs)
    ]


def rows_for(tokens: float) -> int:
    """Rows a step: few while tokens are few, so that there are steps enough to learn in."""
    return 8 if tokens < 2e7 else 16


def memory_bytes(config: TransformerConfig, rows: int) -> float:
    """About what training takes: the program, weights with gradients and two moments, activations, logits."""
    from zaohua.model.size import parameter_count

    tokens = rows * LENGTH
    activations = tokens * config.layers * (18 * config.dim + 4 * config.ffn_dim + 3 * config.heads * LENGTH) * 4.0
    return 0.7e9 + 16.0 * parameter_count(config) + activations + 12.0 * tokens * config.vocab_size


def _model(asked: ModelSettings, best: Choice) -> dict[str, Any]:
    """The model's settings; what a preset says is left to it."""
    shape = {} if asked.preset else {"family": asked.family, "dim": best.dim, "layers": best.layers}
    return shape | {"dropout": _dropout(best.epochs)}


def _dropout(epochs: float) -> float:
    """None while the text is new, up to 0.2 where it is read dozens of times."""
    return 0.0 if epochs < 4 else 0.1 if epochs < 16 else 0.2


def _explain(text: Text, choices: list[Choice], best: Choice, minutes: float, events: Events) -> None:
    events.say(
        f"text: {text.bytes:,} bytes in {text.documents:,} documents, {text.hanzi:.0%} hanzi; "
        f"about {text.tokens:,.0f} tokens of {text.bytes_per_token:.2f} bytes with a vocabulary of {text.vocab_size:,}",
        f"文本：{text.bytes:,} 字节，{text.documents:,} 篇，汉字占 {text.hanzi:.0%}；"
        f"词表 {text.vocab_size:,} 时约 {text.tokens:,.0f} 个词元（每个 {text.bytes_per_token:.2f} 字节）",
    )
    for choice in choices:
        mark = "→" if choice is best else " "
        events.say(
            f" {mark} {choice.layers:>2} layers × {choice.dim:<4} {choice.parameters / 1e6:6.1f}M parameters "
            f"{choice.memory / 1e9:4.1f} GB "
            f"{choice.tokens_per_second:8,.0f} tokens/s {choice.tokens / 1e6:7.1f}M tokens "
            f"{choice.epochs:6.1f} epochs   expected {choice.bits_per_byte:.2f} bits/byte",
            f" {mark} {choice.layers:>2} 层 × {choice.dim:<4} {choice.parameters / 1e6:6.1f}M 参数 "
            f"{choice.memory / 1e9:4.1f} GB "
            f"{choice.tokens_per_second:8,.0f} 词元/秒 {choice.tokens / 1e6:7.1f}M 词元 "
            f"{choice.epochs:6.1f} 遍   预计 {choice.bits_per_byte:.2f} 比特/字节",
        )
    events.say(
        f"plan: {best.layers} layers × {best.dim} for {duration(minutes * 60)}: the lowest expected loss among these",
        f"计划：{best.layers} 层 × {best.dim}，共 {duration(minutes * 60)}：其中预计损失最低",
    )
