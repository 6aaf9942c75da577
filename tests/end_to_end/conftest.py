"""One tiny finished run that every test here may look at, made by the command line."""

from pathlib import Path

import pytest

from zaohua import cli

RECIPE = """
name = "e2e"
[corpus]
sources = ["microworld:small:1MB"]
[tokenizer]
vocab_size = 512
[model]
dim = 32
layers = 2
[pretrain]
steps = 30
length = 64
rows = 8
learning_rate = 0.01
warmup = 5
validate_rows = 8
precision = "fp32"
[chat]
sources = ["microworld:small"]
conversations = 60
[chat.training]
steps = 10
length = 128
rows = 8
warmup = 2
precision = "fp32"
[report]
stories = 4
questions = 4
samples = 2
sample_tokens = 24
"""


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("e2e")
    (folder / "recipe.toml").write_text(RECIPE)
    assert cli.run(["run", str(folder / "recipe.toml"), "-o", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture
def mistake(capsys):
    """Runs a command that must be the user's mistake -> its one sentence."""

    def run(*arguments: object) -> str:
        code = cli.run([str(each) for each in arguments])
        said = capsys.readouterr().err
        assert code == 1, said
        assert said.startswith("error: ")
        assert said.count("\n") == 1, said
        assert "Traceback" not in said
        return said

    return run
