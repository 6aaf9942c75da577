"""A small random model with a tokenizer, as a model folder would give it."""

from dataclasses import replace

import pytest
import torch

from zaohua.checkpoint.model_folder import LoadedModel
from zaohua.model.initialization import new_model
from zaohua.model.presets import shape
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.training import train_tokenizer

TEXT = "One day Ann was in the garden with a red kite. 有一天，小宝在花园里放红色的风筝。 " * 8


@pytest.fixture(scope="session", params=["gpt2", "gpt_neo", "qwen3"])
def loaded(request) -> LoadedModel:
    """Learned and rotary positions, dense and windowed layers; weights wide enough that nothing is near uniform."""
    tokenizer = train_tokenizer([TEXT], TokenizerSettings(sample_bytes=100_000))
    config = shape(request.param, dim=32, layers=3, vocab_size=tokenizer.vocab_size + 3, max_length=128)
    config = replace(config, local_window=16 if config.local_window else 0)
    model = new_model(config, generator=torch.Generator().manual_seed(0)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(6)
    return LoadedModel(model, tokenizer, {})
