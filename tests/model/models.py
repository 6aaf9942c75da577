"""Tiny models of every kind, with every parameter random."""

import dataclasses

import torch

from zaohua.model.presets import shape
from zaohua.model.transformer import Transformer

VOCAB = 61
KINDS = {
    "gpt1": ("openai-gpt", {}),
    "gpt2": ("gpt2", {}),
    "gpt_neo": ("gpt_neo", {"local_window": 5}),
    "llama": ("llama", {"tied_head": False}),
    "qwen3": ("qwen3", {"kv_heads": 2, "head_dim": 6}),
}


def tiny(kind: str, *, max_length: int = 320, **change) -> Transformer:
    """A model of this kind in evaluation mode."""
    family, special = KINDS[kind]
    config = shape(family, dim=32, layers=3, vocab_size=VOCAB, max_length=max_length)
    model = Transformer(dataclasses.replace(config, **special | change))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(std=0.2, generator=generator)
            if parameter.dim() == 1 and name.endswith("weight"):
                parameter.add_(1.0)
    return model.eval()


def random_ids(batch: int, time: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, VOCAB, (batch, time), generator=torch.Generator().manual_seed(seed))
