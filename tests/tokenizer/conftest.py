"""A small bilingual tokenizer, trained once."""

import pytest
from strings import text_of

from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.training import train_tokenizer


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return [text_of(seed, 400) for seed in range(20)]


@pytest.fixture(scope="session")
def tokenizer(texts: list[str]) -> Tokenizer:
    return train_tokenizer(texts, TokenizerSettings(vocab_size=500))
