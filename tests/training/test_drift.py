"""What has changed since a run began: named, and refused where the run would be another."""

import pytest
import torch

from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.training import drift
from zaohua.training.environment import environment, report
from zaohua.training.precision import Precision
from zaohua.training.settings import TrainingSettings

CPU = torch.device("cpu")
BEGUN = {
    "stage": "pretrain",
    "code": 1,
    "settings": {"model": {"dim": 64}, "training": {"learning_rate": 0.001, "seed": 0, "betas": [0.9, 0.95]}},
    "inputs": {"tokens": "aa", "tokenizer": "bb"},
}


def changed(**leaves):
    """BEGUN with other leaves: training__learning_rate=1, tokens="cc"."""
    settings = {part: dict(values) for part, values in BEGUN["settings"].items()}
    inputs = dict(BEGUN["inputs"])
    for name, value in leaves.items():
        part, _, leaf = name.partition("__")
        if leaf:
            settings[part][leaf] = value
        else:
            inputs[name] = value
    return BEGUN | {"settings": settings, "inputs": inputs}


def test_the_same_run_has_no_changes_and_is_not_refused():
    assert list(drift.changes(BEGUN, changed())) == []
    assert drift.refuse(BEGUN, changed(), (), "out") is None


def test_every_leaf_that_differs_is_named():
    now = changed(training__learning_rate=0.01, model__dim=128, tokens="cc")
    assert set(drift.changes(BEGUN, now)) == {
        ("settings.training.learning_rate", 0.001, 0.01),
        ("settings.model.dim", 64, 128),
        ("inputs.tokens", "aa", "cc"),
    }
    assert list(drift.changes({"a": 1}, {})) == [("a", 1, None)]


def test_a_dial_may_be_turned_when_that_is_allowed():
    now = changed(training__learning_rate=0.01)
    with pytest.raises(UserError, match=r"learning_rate was 0.001, is 0.01.*--allow learning-rate") as refused:
        drift.refuse(BEGUN, now, (), "out")
    assert "learning_rate 原为 0.001，现为 0.01" in refused.value.chinese
    drift.refuse(BEGUN, now, {"learning_rate"}, "out")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (changed(tokenizer="cc"), "the tokenizer of it is another"),
        (changed(tokens="cc"), "the tokens of it is another"),
        (changed(model__dim=128), "dim was 64, is 128"),
        (changed(training__seed=1), "seed was 0, is 1"),
    ],
)
def test_what_would_be_another_run_is_refused_whatever_is_allowed(now, said):
    with pytest.raises(UserError, match=said) as refused:
        drift.refuse(BEGUN, now, {"tokens", "tokenizer", "dim", "seed"}, "out")
    assert "--allow" not in refused.value.english
    assert "give another folder" in refused.value.english


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threads": 64}, "warning: threads was"),
        ({"torch": "1.0"}, "warning: torch was"),
        ({"processor": "other"}, "warning: processor was"),
        ({"device": "other"}, "warning: device was"),
        ({"precision": "bf16"}, "warning: precision was"),
        ({"micro_rows": 3}, "warning: micro_rows was"),
        ({"zaohua": "0"}, "zaohua was 0"),
        ({"save_every": 1.0}, "save_every was 1.0, is 60.0: fine"),
    ],
)
def test_each_thing_a_run_depends_on_is_told_fine_or_not(capsys, change, said):
    precision: Precision = "fp32"
    now = environment(TrainingSettings(steps=1), precision, CPU)
    report(now | change, now, Events())
    out = capsys.readouterr().out
    assert said in out
    assert out.count("\n") == 1
    assert ("warning" in out) != ("fine" in out)


def test_nothing_is_said_where_nothing_changed(capsys):
    now = environment(TrainingSettings(steps=1), "fp32", CPU)
    report(now, now, Events())
    report({}, now, Events())
    assert not capsys.readouterr().out
