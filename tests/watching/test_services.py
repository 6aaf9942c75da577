"""TensorBoard, W&B and SwanLab are told what the log says; none of them is here, and none is reached."""

import sys
from types import ModuleType, SimpleNamespace
from typing import get_args

import pytest

from zaohua.settings import UserError, check
from zaohua.training.settings import WATCHING, TrainingSettings
from zaohua.watching.services import FOLDER, SERVICES, require_packages

STEP = {"step": 3, "tokens": 48, "loss": 2.5, "gradient_norm": 0.5, "seconds": 1.5}
MEASURED = {"step": 3, "bits_per_byte": 1.25, "loss": 2.0}
SAMPLE = {"step": 3, "question": "", "text": "the fox"}


class Told:
    """Whatever is called, with what."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *arguments, **named: self.calls.append((name, arguments, named))


@pytest.fixture
def packages(monkeypatch):
    """Fakes of the packages -> what their runs are told, and what they were begun with."""
    told, begun = {name: Told() for name in SERVICES}, {}

    def begins(name):
        def begin(*arguments, **named):
            begun.setdefault(name, []).append(named or arguments)
            return told[name]

        return begin

    fakes = {
        "tensorboard": ModuleType("tensorboard"),
        "torch.utils.tensorboard": SimpleNamespace(
            SummaryWriter=lambda folder, purge_step: begins("tensorboard")(folder=folder, purge_step=purge_step)
        ),
        "wandb": SimpleNamespace(init=begins("wandb"), Settings=lambda **named: named),
        "swanlab": SimpleNamespace(init=begins("swanlab"), Text=lambda text: ("Text", text)),
    }
    for name, fake in fakes.items():
        monkeypatch.setitem(sys.modules, name, fake)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    return SimpleNamespace(told=told, begun=begun)


def watch(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    watcher = SERVICES[name](folder, {"parameters": 9})
    watcher.step(STEP)
    watcher.happened("validate", MEASURED)
    watcher.happened("sample", SAMPLE)
    watcher.close()


def test_tensorboard_is_told_numbers_and_texts(packages, tmp_path):
    watch("tensorboard", tmp_path / "pretrain")
    calls = packages.told["tensorboard"].calls
    assert ("add_scalar", ("training/loss", 2.5, 3), {}) in calls
    assert ("add_scalar", ("validate/bits_per_byte", 1.25, 3), {}) in calls
    assert ("add_text", ("sample/text", "the fox", 3), {}) in calls
    assert calls[-1][0] == "close"
    assert len(calls) == 4 + 2 + 1 + 1
    folder = str(tmp_path / "pretrain" / FOLDER / "tensorboard")
    assert packages.begun["tensorboard"] == [{"folder": folder, "purge_step": 3}]


def test_wandb_is_told_numbers_and_texts_over_our_steps(packages, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_PROJECT", "theirs")
    watch("wandb", tmp_path / "mine" / "pretrain")
    define, step, measured, sample, end = packages.told["wandb"].calls
    assert define == ("define_metric", ("*",), {"step_metric": "step"})
    logged = {"training/tokens": 48, "training/loss": 2.5, "training/gradient_norm": 0.5, "training/seconds": 1.5}
    assert step == ("log", ({"step": 3, **logged},), {})
    assert measured == ("log", ({"step": 3, "validate/bits_per_byte": 1.25, "validate/loss": 2.0},), {})
    assert sample == ("log", ({"step": 3, "sample/text": "the fox"},), {})
    assert end[0] == "finish"
    (begun,) = packages.begun["wandb"]
    assert (begun["project"], begun["name"], begun["resume"]) == ("theirs", "mine/pretrain", "allow")
    assert begun["settings"] == {"console": "off"}, "what is printed is not sent"


def test_swanlab_is_told_numbers_and_texts(packages, tmp_path):
    watch("swanlab", tmp_path / "mine" / "pretrain")
    step, measured, sample, end = packages.told["swanlab"].calls
    assert step[1][0]["training/loss"] == 2.5
    assert step[2] == measured[2] == sample[2] == {"step": 3}
    assert sample[1] == ({"sample/text": ("Text", "the fox")},)
    assert end[0] == "finish"
    assert packages.begun["swanlab"][0]["experiment_name"] == "mine/pretrain"


@pytest.mark.parametrize("name", ["wandb", "swanlab"])
def test_a_resumed_run_is_the_same_run_there_and_another_folder_another(packages, tmp_path, name):
    for folder in ("a", "a", "b"):
        watch(name, tmp_path / folder)
    first, again, other = (begun["id"] for begun in packages.begun[name])
    assert first == again != other
    assert len(first) == 21
    assert first.isalnum()


def test_what_is_not_installed_is_refused_with_the_command_that_installs_it(packages, monkeypatch):
    require_packages(SERVICES)
    monkeypatch.delitem(sys.modules, "wandb")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        require_packages(SERVICES)
    command = "pip install 'zaohua[wandb]'"
    assert caught.value.english == f"wandb is not installed: install it with `{command}`, or leave it out of watch"
    assert caught.value.chinese == f"没有安装 wandb：请用 `{command}` 安装，或从 watch 中去掉"


def test_nobody_watches_unless_named_and_it_is_no_part_of_the_run():
    assert TrainingSettings().watch == ()
    assert {"watch", "profile"} <= WATCHING
    named = get_args(get_args(TrainingSettings.model_fields["watch"].annotation)[0])
    assert set(named) == set(SERVICES)
    with pytest.raises(UserError, match=r"watch\.0 is 'mlflow'; it must be one of"):
        check(TrainingSettings, {"watch": ["mlflow"]})


def test_every_service_has_its_extra():
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    for name in SERVICES:
        (package,) = project["project"]["optional-dependencies"][name]
        assert package.startswith(f"{name}>=")
