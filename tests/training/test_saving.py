"""Saving beside the step: exact, seldom enough, and never the end of a run."""

import threading
import time

import pytest
import torch

from tests.training.toy import toy_objective
from zaohua.events import Events, Log
from zaohua.settings import UserError
from zaohua.training import checkpoints, saving
from zaohua.training.checkpoints import Position
from zaohua.training.optimizer import Optimizer
from zaohua.training.saving import Saver
from zaohua.training.settings import TrainingSettings

ALWAYS = TrainingSettings(steps=1, save_every=1e-9)


class Run:
    """A toy that is saved: its weights are the number of the step."""

    def __init__(self, folder, settings=ALWAYS, good=None):
        self.objective = toy_objective()
        self.optimizer = Optimizer(self.objective, settings, "fp32")
        self.log = Log(folder / "log.jsonl", keep=0)
        self.place = folder / "checkpoints"
        self.place.mkdir(exist_ok=True)
        self.saver = Saver(self.place, settings, {}, self.log, Events(), good=good)

    def __enter__(self):
        self.saver.__enter__()
        return self

    def __exit__(self, *error):
        try:
            self.saver.__exit__(*error)
        finally:
            self.log.__exit__()

    def at(self, step):
        with torch.no_grad():
            for parameter in self.objective.parameters():
                parameter.fill_(step)
        return checkpoints.state_of(self.objective, self.optimizer), Position(step=step, log_bytes=self.log.length)

    def steps(self):
        return list(checkpoints.by_step(self.place))

    def weights(self, step):
        checkpoints.load(self.place / checkpoints.name_of(step), self.objective, self.optimizer)
        return {float(value) for parameter in self.objective.parameters() for value in parameter.detach().flatten()}


def test_a_file_that_the_state_no_longer_has_is_not_written_again(tmp_path):
    """As of side weights, where the run went back to before there were any."""
    with Run(tmp_path) as run:
        state, position = run.at(1)
        run.saver.save({**state, "beside.safetensors": {"a": torch.ones(2)}}, position)
        run.saver.save(*run.at(2))
        run.saver.wait()
    assert [(folder / "beside.safetensors").exists() for folder in checkpoints.by_step(run.place).values()] == [
        True,
        False,
    ]


def test_what_is_written_is_the_state_at_the_step_whatever_happens_to_it_meanwhile(tmp_path, monkeypatch):
    go, write = threading.Event(), checkpoints.write
    monkeypatch.setattr(checkpoints, "write", lambda *given: go.wait(10) and write(*given))
    with Run(tmp_path) as run:
        run.saver.save(*run.at(1))
        run.at(2)  # the next step
        go.set()
    assert run.weights(1) == {1.0}


def test_one_save_at_a_time_and_the_run_does_not_wait(tmp_path, monkeypatch):
    go, write = threading.Event(), checkpoints.write
    monkeypatch.setattr(checkpoints, "write", lambda *given: go.wait(10) and write(*given))
    with Run(tmp_path) as run:
        assert run.saver.due(1)
        run.saver.save(*run.at(1))
        assert not run.saver.due(2), "the first is still being written"
        go.set()
        run.saver.save(*run.at(3))
    assert run.steps() == [1, 3]


def test_the_seconds_between_saves_grow_until_they_take_three_percent(tmp_path, monkeypatch):
    def slow(*_):
        begun = time.thread_time()
        while time.thread_time() - begun < 0.05:
            pass

    monkeypatch.setattr(checkpoints, "write", slow)
    with Run(tmp_path, TrainingSettings(steps=1, save_every=0.2)) as run:
        assert not run.saver.due(1), "the first interval is not over"
        run.saver.save(*run.at(1))
        run.saver.newest()
    assert run.saver.interval >= 0.05 / saving.SHARE > 1


def test_the_last_ones_and_those_to_be_kept_stay(tmp_path):
    with Run(tmp_path, TrainingSettings(steps=1, save_every=999.0, keep=2, keep_every=4)) as run:
        for step in range(1, 12):
            if run.saver.due(step):
                run.saver.save(*run.at(step))
        assert run.saver.newest().step == 8
        assert run.saver.good == [4, 8]
        run.saver.save_now(*run.at(11))
        run.saver.save_now(*run.at(13))
    assert run.steps() == [4, 8, 11, 13]


def test_damaged_ones_go_when_a_newer_one_is_written_and_older_ones_count(tmp_path):
    with Run(tmp_path) as run:
        for step in (1, 2, 3):
            run.saver.save_now(*run.at(step))
    (run.place / "step-00000003" / "state.json").write_text("{}")
    with Run(tmp_path, good=2) as again:
        assert again.saver.good == [2]
        again.saver.save_now(*again.at(4))
    assert again.steps() == [2, 4]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), UserError("the disk is full", "磁盘已满")])
def test_a_save_that_fails_is_said_once_and_tried_again_later(tmp_path, monkeypatch, capsys, error):
    def full(*_):
        raise error

    with Run(tmp_path, TrainingSettings(steps=1, save_every=100.0)) as run:
        run.saver.save_now(*run.at(1))
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "write", full)
            for step in (2, 3):
                run.saver.save(*run.at(step))
                run.saver.newest()
            assert run.saver.interval == 400.0
            with pytest.raises(UserError, match=r"step 5 could not be saved.* goes on from step 1"):
                run.saver.save_now(*run.at(5))
        assert run.steps() == [1]
        run.saver.save_now(*run.at(6))
    assert run.steps() == [1, 6]
    assert capsys.readouterr().out.count("could not be saved") == 1
    assert run.log.path.read_text().count("save_failed") == 3


def test_a_log_says_why_in_english_whoever_reads_the_console(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    monkeypatch.setattr(saving.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with Run(tmp_path) as run, pytest.raises(UserError):
        run.saver.save_now(*run.at(1))
    assert "the disk is full" in run.log.path.read_text()
    assert "磁盘已满" in capsys.readouterr().out


def test_without_room_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(saving.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with Run(tmp_path) as run, pytest.raises(UserError, match="could not be saved"):
        run.saver.save_now(*run.at(1))
    assert not list(run.place.iterdir())


def test_a_mistake_of_ours_is_not_taken_for_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "write", lambda *_: [][0])
    with pytest.raises(IndexError), Run(tmp_path) as run:
        run.saver.save(*run.at(1))
