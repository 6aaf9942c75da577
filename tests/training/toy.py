"""A tiny model and endless noise-free rows to train on: what the training tests share."""

import numpy as np
import torch

from zaohua.model.initialization import new_model
from zaohua.model.presets import shape
from zaohua.objectives.causal import Causal


class ToyRows:
    """Sixty-four rows of counting modulo eleven, from different starts."""

    targets = 64 * 16

    def __len__(self):
        return 64

    def batch(self, indices):
        stream = (indices[:, None] * 3 + np.arange(17)) % 11
        zeros = np.zeros((len(indices), 16), dtype=np.int64)
        return {
            "ids": stream[:, :-1],
            "labels": stream[:, 1:],
            "positions": np.broadcast_to(np.arange(16), zeros.shape),
            "documents": zeros,
        }


def toy_objective(seed=0, dropout=0.0):
    config = shape("qwen3", dim=16, layers=2, vocab_size=11, max_length=16).with_dropout(dropout)
    return Causal(new_model(config, generator=torch.Generator().manual_seed(seed)))
