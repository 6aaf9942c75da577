"""transformers: imported once and told to be quiet."""

import warnings
from types import ModuleType

import pytest
from oracle import MODELS, build, randomised


@pytest.fixture(scope="session")
def transformers() -> ModuleType:
    """The library; importing it takes seconds and warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers

        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        for name in ("OpenAIGPT", "GPT2", "GPTNeo", "Llama", "Qwen3", "Bert", "Bart"):
            getattr(transformers, f"{name}Model")  # imported lazily, with warnings of its own
        _ = transformers.AutoModelForCausalLM
    return transformers


@pytest.fixture(params=MODELS)
def theirs(request, transformers):
    """A tiny model of each family with every parameter random, biases and norms included."""
    return randomised(build(transformers, request.param))
