"""Every decoder family gives the numbers of transformers, from the same folder, in both directions."""

import json

import pytest
import torch
from oracle import LENGTH, MODELS, VOCAB, worst
from torch.nn import functional as F

from zaohua.checkpoint.families import FAMILIES, family_of
from zaohua.checkpoint.model_folder import load_model, save_model

TOLERANCE = 1e-5


@pytest.fixture
def ids():
    return torch.randint(0, VOCAB, (2, LENGTH - 3), generator=torch.Generator().manual_seed(0))


def our_names(model):
    """Each tensor of theirs in a folder, and the tensors of ours that it holds."""
    state = dict(model.named_parameters())
    return list(family_of(model.config).weights(model.config, state)), state


def test_logits_and_gradients_equal_transformers(theirs, ids, tmp_path, record_property):
    theirs.save_pretrained(tmp_path)
    model = load_model(tmp_path).model
    expected = theirs(ids).logits
    got = model.logits(model(ids))
    record_property("logits", worst(got, expected))
    assert worst(got, expected) <= TOLERANCE

    for logits in (got, expected):
        F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).backward()
    gradients = dict(theirs.named_parameters())
    weights, ours = our_names(model)
    for weight in weights:
        parts = torch.cat([ours[name].grad for name in weight.ours])
        parts = parts.T if weight.transposed and parts.dim() == 2 else parts
        assert worst(parts, gradients[weight.theirs].grad) <= TOLERANCE, weight.theirs


def test_our_folder_loads_in_transformers_with_nothing_missing(theirs, ids, tmp_path, transformers):
    theirs.save_pretrained(tmp_path / "theirs")
    model = load_model(tmp_path / "theirs").model
    (tmp_path / "ours").mkdir()
    save_model(tmp_path / "ours", model)
    back, report = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path / "ours", output_loading_info=True, trust_remote_code=False
    )
    assert type(back) is type(theirs)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"))
    with torch.no_grad():
        assert torch.equal(back(ids).logits, theirs(ids).logits)


def test_config_survives_both_translations(theirs, tmp_path):
    theirs.save_pretrained(tmp_path)
    config = load_model(tmp_path).model.config
    family = family_of(config)
    assert family.model_type == theirs.config.model_type
    assert family.read(json.loads(json.dumps(family.write(config)))) == config


def test_every_family_is_compared():
    assert {name.split("-grouped")[0] for name in MODELS} == set(FAMILIES)
