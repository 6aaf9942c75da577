"""What a plan starts from: a glance at the text, and a probe of the machine."""

import time
from dataclasses import dataclass
from typing import Any

import torch

from zaohua import sources
from zaohua.corpus.glance import glance
from zaohua.corpus.settings import SMALLEST, CorpusSettings
from zaohua.corpus.sources import READABLE, READABLE_CHINESE
from zaohua.data.batches import Batch
from zaohua.model.device import device_of_choice
from zaohua.model.initialization import new_model
from zaohua.model.presets import shape
from zaohua.model.size import flops_per_token
from zaohua.objectives.causal import Causal
from zaohua.settings import UserError, check
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer
from zaohua.tokenizer.vocabulary import suggested_vocab_size
from zaohua.training.optimizer import Optimizer
from zaohua.training.precision import computing_in, faster_precision, finish
from zaohua.training.settings import TrainingSettings
from zaohua.training.step import accumulate_gradients

LENGTH = 256
"""Tokens in a row: at these sizes longer rows cost more than they bring."""
_ROWS = 8
_SECONDS = 1.5  # of each of the two probes


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


def look_at(settings: CorpusSettings, changes: dict[str, Any]) -> Text:
    """Measure up to 2 MB of the texts, and count the bytes of all."""
    sample, total, documents = glance(settings, sources.embedded_documents, limit=2_000_000)
    if not sample:
        raise UserError(
            f"there is no text in {', '.join(settings.sources)}: give files or folders of {READABLE}",
            f"{'、'.join(settings.sources)} 里没有文本：请给出文件或文件夹；能读的文件有 {READABLE_CHINESE}",
        )
    joined = "\n".join(sample)
    if total < SMALLEST:  # bytes, at least as many as characters
        raise UserError(
            f"{', '.join(settings.sources)}: {total:,} bytes of text, too little to train on: "
            f"give at least {SMALLEST:,} characters, better a million",
            f"{'、'.join(settings.sources)} 只有 {total:,} 字节的文本，太少，无法训练："
            f"请至少给出 {SMALLEST:,} 个字符，最好有一百万个",
        )
    learned = round(total * (1 - settings.heldout))
    asked = check(TokenizerSettings, changes.get("tokenizer", {}))  # a sample may be too small for a size asked for
    tokenizer = train_tokenizer(sample, asked.model_copy(update={"vocab_size": "auto"}))
    size = asked.vocab_size if asked.vocab_size != "auto" else max(suggested_vocab_size(learned), tokenizer.vocab_size)
    tokens = sum(len(ids) for ids in tokenizer.encode_batch(sample))
    hanzi = sum("\u4e00" <= character <= "\u9fff" for character in joined) / max(len(joined), 1)
    return Text(total, documents, size, len(joined.encode()) / max(tokens, 1), hanzi)


def measure_speed(vocab_size: int) -> Speed:
    """Train two shapes for some seconds each on noise, and solve for the two costs of a token."""
    device = device_of_choice()
    batch = noise(vocab_size).to(device)
    points = []
    for dim, layers in ((128, 4), (384, 4)):
        config = shape("qwen3", dim=dim, layers=layers, vocab_size=vocab_size, max_length=LENGTH)
        objective = Causal(new_model(config, generator=torch.Generator().manual_seed(0))).to(device)
        precision = faster_precision(objective, batch, device, seconds=0.3)
        compute = computing_in(precision, device)
        optimizer = Optimizer(objective, TrainingSettings(steps=1, optimizer="muon"), precision)
        steps, start = 0, time.perf_counter()
        while steps < 1 or time.perf_counter() - start < _SECONDS:
            accumulate_gradients(objective, [batch], compute)
            optimizer.step(1e-3)
            finish(device)
            steps += 1
        each = (time.perf_counter() - start) / (steps * _ROWS * LENGTH)
        points.append((flops_per_token(config, LENGTH), layers, each))
    (small, depth, quick), (large, _, slow) = points
    per_flop = max((slow - quick) / (large - small), slow / large / 4)
    return Speed(per_flop, max(quick - per_flop * small, 0.0) / depth)


def noise(vocab_size: int) -> Batch:
    """A batch as training gives: with positions and documents, which the model keeps apart; each row is one."""
    ids = torch.randint(vocab_size, (_ROWS, LENGTH + 1), generator=torch.Generator().manual_seed(1))
    return Batch(
        ids=ids[:, :-1],
        labels=ids[:, 1:],
        positions=torch.arange(LENGTH).repeat(_ROWS, 1),
        documents=torch.zeros(_ROWS, LENGTH, dtype=torch.int64),
        counts={"loss": _ROWS * LENGTH},
    )
