"""How long a step of the experiment's model takes, by the size of the vocabulary: measured once, in turns."""

import argparse
import statistics
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from zaohua.data.batches import Batch
from zaohua.model.device import device_of_choice
from zaohua.model.initialization import new_model
from zaohua.model.presets import shape
from zaohua.objectives.causal import Causal
from zaohua.training.optimizer import Optimizer
from zaohua.training.precision import computing_in, finish
from zaohua.training.settings import TrainingSettings
from zaohua.training.step import accumulate_gradients, gradient_norm

ROWS = 8
"""Rows of a step."""
_IDS = (512, 4096, 8192, 16_384, 32_768, 50_257)
_ROUNDS, _STEPS, _WARM = 3, 12, 3


def measured(chosen: argparse.Namespace) -> dict[str, Any]:
    """Seconds of a step at several sizes, the median over rounds in turns, and the line through them."""
    print("measuring the pace: let nothing else run for two minutes", flush=True)
    found: dict[int, list[float]] = {ids: [] for ids in _IDS}
    rounds, steps = (1, 2) if chosen.smoke else (_ROUNDS, _STEPS)
    for _ in range(rounds):
        for ids, times in found.items():
            times.append(_step(ids, chosen, steps))
    points = {ids: statistics.median(times) for ids, times in found.items()}
    ids, times = np.array(list(points)), np.array(list(points.values()))
    weights = 1 / times  # an error counts by its share
    slope, fixed = np.polyfit(ids, times, 1, w=weights).tolist()
    off = np.abs((fixed + slope * ids) / times - 1).max()
    print(f"{fixed:.4f} s + {slope * 1000:.5f} s a thousand ids; at most {off:.1%} off", flush=True)
    return {"fixed": fixed, "an_id": slope, "points": {str(ids): round(each, 5) for ids, each in points.items()}}


def seconds(pace: Mapping[str, Any], ids: int) -> float:
    """Of a step with a vocabulary of so many ids."""
    return max(pace["fixed"] + pace["an_id"] * ids, 1e-4)


def _step(ids: int, chosen: argparse.Namespace, steps: int) -> float:
    """The median seconds of a training step on noise."""
    device = device_of_choice()
    config = shape("qwen3", dim=chosen.dim, layers=chosen.layers, vocab_size=ids, max_length=chosen.length)
    objective = Causal(new_model(config, generator=torch.Generator().manual_seed(0))).to(device).train()
    settings = TrainingSettings(steps=1, optimizer="muon")
    optimizer = Optimizer(objective, settings, chosen.precision)
    noise = torch.randint(ids, (ROWS, chosen.length + 1), generator=torch.Generator().manual_seed(1))
    batch = Batch(ids=noise[:, :-1], labels=noise[:, 1:], counts={"loss": ROWS * chosen.length}).to(device)
    times = []
    for _ in range(_WARM + steps):
        begun = time.perf_counter()
        accumulate_gradients(objective, [batch], computing_in(chosen.precision, device))
        gradient_norm(objective, settings.clip)
        optimizer.step(1e-3)
        finish(device)
        times.append(time.perf_counter() - begun)
    return statistics.median(times[_WARM:])
