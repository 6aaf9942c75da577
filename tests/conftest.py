"""One thread, one language and no deadlines: results do not hang on the machine, and tests can share it."""

import os

import pytest
from hypothesis import settings

os.environ["OMP_NUM_THREADS"] = "1"  # tiny tensors lose more by sharing the cores than they gain
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["ZAOHUA_LANG"] = "en"

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")


@pytest.fixture
def typed(monkeypatch):
    """Lines that somebody types, and then the end of input -> an iterator over what is not read yet."""

    def lines(*said):
        left = iter(said)

        def ask(_):
            try:
                return next(left)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", ask)
        return left

    return lines
