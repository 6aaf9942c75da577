"""Who watches can neither stop nor change what is watched."""

import pytest
import torch

from tests.training.toy import ToyRows, toy_objective
from zaohua.events import Events, Log
from zaohua.training.loop import Event, train
from zaohua.training.settings import TrainingSettings
from zaohua.watching.watchers import Watchers

SETTINGS = TrainingSettings(steps=6, length=16, rows=8, warmup=2, learning_rate=0.02)


class Diary:
    """Writes down what it is told; fails where it is told to."""

    def __init__(self, fails: str = "", error: BaseException | None = None) -> None:
        self.fails, self.error, self.told = fails, error or ValueError("no\nnetwork"), []

    def note(self, what: str, fields: object = None) -> None:
        self.told.append((what, fields))
        if what == self.fails:
            raise self.error

    def step(self, fields):
        self.note("step", dict(fields))
        fields["step"] = fields["tokens"] = -1

    def happened(self, name, fields):
        self.note(name, dict(fields))
        fields.clear()

    def close(self):
        self.note("close")


def watched_by(*diaries: Diary) -> Watchers:
    watchers = Watchers(Events())
    for number, diary in enumerate(diaries):
        watchers.add(f"diary {number}", lambda diary=diary: diary)
    return watchers


def test_a_log_tells_what_it_writes(tmp_path):
    diary = Diary()
    with Log(tmp_path / "log.jsonl", keep=0, watcher=watched_by(diary)) as log:
        log.emit("step", step=1, tokens=8)
        log.emit("validate", step=1, loss=2.0)
    assert diary.told == [("step", {"step": 1, "tokens": 8}), ("validate", {"step": 1, "loss": 2.0})]


@pytest.mark.parametrize("error", [ValueError("no\nnetwork"), SystemExit("no\nnetwork"), OSError("no\nnetwork")])
@pytest.mark.parametrize("fails", ["step", "validate", "close"])
def test_who_fails_is_named_once_and_the_others_are_still_told(fails, error, capsys):
    bad, good = Diary(fails, error), Diary()
    with watched_by(bad, good) as watchers:
        for step in (1, 2):
            watchers.step({"step": step, "tokens": 8 * step})
            watchers.happened("validate", {"step": step, "loss": 2.0})
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said == f"  diary 0 no longer watches, the run goes on ({type(error).__name__}: no network)\n"
    assert [what for what, _ in good.told] == ["step", "validate", "step", "validate", "close"]
    assert [what for what, _ in bad.told].count(fails) <= 2
    assert bad.told[-1][0] == "close", "it may have a terminal to give back"


def test_who_cannot_begin_is_named_in_the_reader_s_language(capsys, monkeypatch):
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    watchers = Watchers(Events())
    watchers.add("wandb", lambda: 1 / 0)
    watchers.step({"step": 1})
    assert capsys.readouterr().out == "  wandb 不再跟踪，训练照常进行（ZeroDivisionError: division by zero）\n"


def test_nobody_changes_what_another_is_told():
    first, second, fields = Diary(), Diary(), {"step": 1, "tokens": 8}
    with watched_by(first, second) as watchers:
        watchers.step(fields)
    assert fields == {"step": 1, "tokens": 8}
    assert second.told[0] == ("step", {"step": 1, "tokens": 8})


def trained(folder, watcher=None):
    torch.manual_seed(3)
    objective = toy_objective(dropout=0.1)
    folder.mkdir()
    train(
        objective, ToyRows(), SETTINGS, folder, Events(console=False), precision="fp32", device=torch.device("cpu"),
        happenings=[Event(3, "validate", lambda: {"loss": 1.0})], title="pretrain", watcher=watcher,
    )  # fmt: skip
    return objective


@pytest.mark.parametrize("fails", ["", "step", "validate", "close"])
def test_training_is_the_same_whoever_watches(tmp_path, fails):
    alone, diary = trained(tmp_path / "alone"), Diary(fails)
    with watched_by(diary) as watchers:
        watched = trained(tmp_path / "watched", watchers)
    assert all(torch.equal(a, b) for a, b in zip(alone.parameters(), watched.parameters(), strict=True))
    assert (tmp_path / "watched" / "metrics.jsonl").read_text().count("\n") == 8
    assert ("step", 1) in [(what, fields["step"]) for what, fields in diary.told if fields]
