"""Text, machine and minutes -> a recipe: what is measured, what is chosen, and why."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zaohua import folders, pipeline, report, stages
from zaohua.corpus.glance import listed
from zaohua.corpus.settings import CorpusSettings
from zaohua.events import Events, duration, spent_by_stage
from zaohua.model.config import TransformerConfig
from zaohua.model.presets import PRESETS, shape
from zaohua.model.size import flops_per_token, parameter_count
from zaohua.probe import LENGTH, Speed, Text, look_at, measure_speed
from zaohua.recipe import ModelSettings, Recipe, read_recipe
from zaohua.settings import check, override
from zaohua.sources import embedded_documents
from zaohua.training.settings import WATCHING

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
FEW_ROWS = 8  # of LENGTH tokens in a step, where there are few tokens to learn from
REUSE = 15.4
"""How fast reading a text again loses its worth, in epochs (Muennighoff et al. 2023, section 5)."""

PREPARING, PREPARED = 12.0, 1_200_000
"""Seconds until a run has planned and started, and bytes a second of the stages before training (LOG, 2026-11-21)."""

LEVEL = 0.36
"""Between two runs of ten minutes: 0.31 on English plays, 0.41 on Chinese classics (LOG, 2026-11-21); 15 % off."""


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
            "model": {"dim": 192},
            "pretrain": {"rows": 8, "learning_rate": 3e-3, "optimizer": "muon"},
            "chat": {"sources": ["microworld:small"], "training": {"optimizer": "muon"}},
        },
    )


def plan(texts: Sequence[str], minutes: float, folder: Path | None, changes: dict[str, Any], events: Events) -> Recipe:
    """Look at the texts and the machine and choose; the same request for the same files in the same folder continues
    its recipe.
    """
    settings = check(CorpusSettings, {**changes.get("corpus", {}), "sources": list(texts)})
    files = folders.digest_of(listed(settings, embedded_documents))
    wanted = {"texts": list(texts), "files": files, "minutes": minutes, "changes": _deciding(changes)}
    request = json.dumps(wanted, ensure_ascii=False, sort_keys=True)
    if folder is not None and (folder / "recipe.toml").exists():
        kept = folder / "recipe.toml"
        if read_recipe(kept, {}).request == request:
            events.say(f"continuing the plan in {folder}", f"沿用 {folder} 里的计划")
            return read_recipe(kept, changes)
    events.say(
        "reading a sample of the text and timing this machine: some seconds", "读取部分文本并测试本机速度：需要几秒"
    )
    text = look_at(settings, changes)
    asked = check(Recipe, override({"minutes": float(minutes), "corpus": {"sources": list(texts)}}, changes))
    choices = weigh(text, measure_speed(text.vocab_size), asked)
    best = min(choices, key=lambda choice: choice.bits_per_byte)
    chosen: dict[str, Any] = {
        "name": folders.named(folder).name if folder else "plan",
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
    recipe = check(Recipe, override(chosen, changes))
    _explain(text, choices, best, recipe, events)
    _give_reasons(text, best, check(Recipe, chosen), recipe, events)
    return recipe


def _deciding(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes but for those that neither a choice nor a weight depends on."""
    found = {}
    for key, value in changes.items():
        inner = _deciding(value) if isinstance(value, dict) else value
        if key not in (*WATCHING, "report", "run") and inner != {}:
            found[key] = inner
    return found


def parts(text: Text, recipe: Recipe) -> dict[str, float]:
    """About how many of the recipe's seconds each part of the run gets."""
    assert recipe.minutes is not None
    before = PREPARING + text.bytes / PREPARED
    heldout = round(text.bytes * recipe.corpus.heldout)
    after = report.expected_seconds(recipe, text.bytes - heldout, heldout)
    training = recipe.minutes * 60 * pipeline.WHOLE - before - after
    share = recipe.chat.share if recipe.chat.sources else 0.0
    return {"text": before, "pretrain": max(training * (1 - share), 5), "chat": training * share, "report": after}


def weigh(text: Text, speed: Speed, recipe: Recipe) -> list[Choice]:
    """Every shape with what it would come to in the time that training gets."""
    seconds, text_tokens = parts(text, recipe)["pretrain"], (1 - recipe.corpus.heldout) * text.tokens
    found = []
    for config in shapes_for(recipe.model, text.vocab_size):
        dim, layers = config.dim, config.layers
        rate = speed.tokens_per_second(flops_per_token(config, LENGTH), layers)
        tables = text.vocab_size * dim * (1 if config.tied_head else 2)
        tables += config.max_length * dim if config.position == "learned" else 0
        tokens, inside = rate * seconds, parameter_count(config) - tables
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
    if asked.preset is not None:
        return [replace(PRESETS[asked.preset], vocab_size=vocab_size, max_length=asked.max_length or LENGTH)]
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
    return FEW_ROWS if tokens < 2e7 else 2 * FEW_ROWS


def memory_bytes(config: TransformerConfig, rows: int) -> float:
    """About what training takes: the program, weights with gradients and two moments, activations, logits."""
    tokens = rows * LENGTH
    activations = tokens * config.layers * (18 * config.dim + 4 * config.ffn_dim + 3 * config.heads * LENGTH) * 4.0
    return 0.7e9 + 16.0 * parameter_count(config) + activations + 12.0 * tokens * config.vocab_size


def _model(asked: ModelSettings, best: Choice) -> dict[str, Any]:
    """The model's settings; what a preset says is left to it."""
    if asked.preset:
        return {"preset": asked.preset}
    return {"family": asked.family, "dim": best.dim, "layers": best.layers, "dropout": _dropout(best.epochs)}


def _dropout(epochs: float) -> float:
    """None while the text is new, up to 0.2 where it is read dozens of times."""
    return 0.0 if epochs < 4 else 0.1 if epochs < 16 else 0.2


def _explain(text: Text, choices: list[Choice], best: Choice, recipe: Recipe, events: Events) -> None:
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
    assert recipe.minutes is not None
    whole, shares = recipe.minutes * 60, parts(text, recipe)
    events.say(
        f"plan: {best.layers} layers × {best.dim} for {duration(whole)}: the lowest expected loss among these; about "
        + spent_by_stage(shares, chinese=False),
        f"计划：{best.layers} 层 × {best.dim}，共 {duration(whole, chinese=True)}：其中预计损失最低；约为"
        + spent_by_stage(shares, chinese=True),
    )


def _give_reasons(text: Text, best: Choice, chosen: Recipe, recipe: Recipe, events: Events) -> None:
    """Why the dials stand where they stand, a line each; what the user asked for is the user's."""
    now, own = recipe.pretrain, chosen.pretrain
    config = stages.config_of(recipe.model, vocab_size=text.vocab_size, max_length=LENGTH)
    few, read = own.rows == FEW_ROWS, f"{best.epochs:.1f}"
    lines = [
        (
            recipe.tokenizer.vocab_size != "auto",
            (f"vocabulary {text.vocab_size:,}", "it grows with the cube root of the text's bytes"),
            (f"词表 {text.vocab_size:,}", "随文本字节数的立方根增长"),
        ),
        (
            (now.rows, now.length) != (own.rows, own.length),
            (
                f"{now.rows} rows of {now.length} tokens a step",
                "few, so that there are steps enough to learn in" if few else "more, for there are steps enough",
            ),
            (f"每步 {now.rows} 行，每行 {now.length} 个词元", "行数少，步数才够" if few else "步数已够，行数可多"),
        ),
        (
            now.learning_rate != own.learning_rate,
            (
                f"learning rate {now.learning_rate:g}",
                "0.003 at a width of 192, less in wider models by the square root",
            ),
            (f"学习率 {now.learning_rate:g}", "宽 192 时为 0.003，模型越宽越小（按平方根）"),
        ),
        (
            recipe.model.dropout != chosen.model.dropout,
            (
                f"dropout {config.residual_dropout:g}",
                "the preset's own" if recipe.model.preset else f"the text is read {read} times",
            ),
            (
                f"随机失活 {config.residual_dropout:g}",
                "预设模型自带" if recipe.model.preset else f"文本被读 {read} 遍",
            ),
        ),
    ]
    for asked, (what, why), (said, reason) in lines:
        events.say(f"  {what}: {'as asked' if asked else why}", f"  {said}：{'按要求' if asked else reason}")
