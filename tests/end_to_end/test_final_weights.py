"""What a run tells of its model is true of the model that it wrote, whichever weights it ends with."""

import json

import pytest

from zaohua import cli
from zaohua.checkpoint.model_folder import load_model
from zaohua.data.packing import Rows
from zaohua.data.shards import TokenStore
from zaohua.evaluation.perplexity import bits_per_byte, summed_loss
from zaohua.objectives.causal import Causal

pytestmark = pytest.mark.slow
TINY = (
    "--length", "32", "--rows", "8", "--steps", "40", "--warmup", "2", "--precision", "fp32",
    "--validate-rows", "6", "--validate-every", "4", "--sample-every", "0", "--model.dim", "16", "--model.layers", "1",
)  # fmt: skip
ENDS = {
    "plain": (),
    "average": ("--ema", "0.7"),
    "ramp": ("--ramp", "0.3", "--z-loss", "0.001", "--micro-rows", "2"),
    "mean": ("--schedule", "inverse_sqrt", "--keep-every", "10", "--average-last", "3"),
    "best": ("--patience", "1", "--learning-rate", "1.0", "--schedule", "cosine"),
    "best average": ("--patience", "2", "--learning-rate", "1.0", "--ema", "0.5"),
}


@pytest.mark.parametrize("dials", ENDS.values(), ids=ENDS.keys())
def test_the_bits_that_are_told_are_those_of_the_model_that_was_written(finished, tmp_path, dials):
    tokens, tokenizer = finished / "tokens", finished / "tokenizer"
    dials = dials if "--learning-rate" in dials else (*dials, "--learning-rate", "0.01")
    assert cli.run([*map(str, ("pretrain", tokens, tokenizer, "-o", tmp_path / "run", *TINY, *dials))]) == 0
    loaded = load_model(tmp_path / "run" / "model")
    told = loaded.about["results"]["validate"]
    part = TokenStore.open(tokens).part("heldout")
    heldout = Rows(part, 32)
    nats, targets = summed_loss(Causal(loaded.model), heldout, limit=6)
    assert targets == told["heldout_tokens"]
    assert bits_per_byte(nats, part.bytes * targets / heldout.targets) == pytest.approx(told["bits_per_byte"], rel=1e-5)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    validated = [entry["bits_per_byte"] for entry in entries if entry["event"] == "validate"]
    if "--patience" in dials:
        assert told["bits_per_byte"] == min(validated)
        assert len(validated) >= 2
        assert loaded.about["steps"] < 40, "a rate of 1.0 learns nothing for long"
    if "--z-loss" in dials:
        assert all(entry["z"] > 0 for entry in entries if entry["event"] == "step")
