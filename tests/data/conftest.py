"""A corpus of made-up text and its tokenizer."""

from pathlib import Path

import pytest

from zaohua.corpus import stage
from zaohua.corpus.settings import CorpusSettings
from zaohua.events import Events
from zaohua.tokenizer import training
from zaohua.tokenizer.settings import TokenizerSettings


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """A folder with corpus/ and tokenizer/ of 60 short documents."""
    folder = tmp_path_factory.mktemp("made")
    texts = folder / "texts"
    texts.mkdir()
    for n in range(60):
        (texts / f"{n:02}.txt").write_text(
            f"Story {n}. The cat sat on mat {n}.\n小猫坐在第{n}张垫子上。" * 3, encoding="utf-8"
        )
    events = Events(console=False)
    stage.run(CorpusSettings(sources=(str(texts),)), folder / "corpus", events)
    training.run(TokenizerSettings(vocab_size=300), folder / "corpus", folder / "tokenizer", events)
    return folder
