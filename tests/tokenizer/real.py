"""Where the vocabularies and texts of others lie; tests that need them skip visibly where they are absent."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("ZAOHUA_DATA", "../shared/data"))


def real(name: str) -> Path:
    """A file or folder of the data; the test is skipped without it."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


def cases(name: str) -> list[tuple[str, list[int]]]:
    """The hard strings of llama.cpp's tests, with the ids that each of its vocabularies gives."""
    folder = real("tokenizers/llamacpp_cases")
    texts = (folder / f"ggml-vocab-{name}.gguf.inp").read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")
    lines = (folder / f"ggml-vocab-{name}.gguf.out").read_text().split("\n")
    return [(text, [int(index) for index in line.split()]) for text, line in zip(texts, lines, strict=False)]
