"""A training folder: what is in it is kept, taken up or refused, and never lost."""

import pytest
import torch

from tests.training.toy import toy_objective
from zaohua import folders, training_folder
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.training.settings import TrainingSettings
from zaohua.training_folder import begin, finished

QUIET = Events(console=False)
WANTED = {"stage": "pretrain", "settings": {"rows": 8}, "inputs": {}}


def test_the_same_run_goes_on_and_another_is_moved_aside(tmp_path):
    begin(tmp_path / "a", WANTED, QUIET)
    (tmp_path / "a" / "work.txt").write_text("so far")
    begin(tmp_path / "a", WANTED, QUIET)
    assert (tmp_path / "a" / "work.txt").exists()
    assert not finished(tmp_path / "a", WANTED, QUIET)
    begin(tmp_path / "a", {**WANTED, "settings": {"rows": 4}}, QUIET)
    assert not (tmp_path / "a" / "work.txt").exists()
    assert (tmp_path / "a-old-1" / "work.txt").read_text() == "so far"


def test_the_folder_of_a_whole_run_is_named_as_what_it_is(tmp_path):
    (tmp_path / "clock.json").write_text("{}")
    with pytest.raises(UserError, match="is the folder of a whole run: give another folder with -o"):
        begin(tmp_path, WANTED, QUIET)
    with pytest.raises(UserError, match="is the folder of a whole run"), folders.writing(tmp_path, WANTED):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["clock.json"]


def test_a_damaged_beginning_is_a_sentence(tmp_path):
    begin(tmp_path / "a", WANTED, QUIET)
    (tmp_path / "a" / "begun.json").write_text("{")
    with pytest.raises(UserError, match=r"begun\.json cannot be read .*delete its folder"):
        begin(tmp_path / "a", WANTED, QUIET)


def test_the_ceiling_is_measured_once_for_a_folder_and_a_machine(tmp_path, monkeypatch):
    measured = []

    def measure(device):
        measured.append(device.type)
        return 1e9

    monkeypatch.setattr(training_folder, "measured_ceiling", measure)

    def about(device="cpu"):
        return training_folder._about(toy_objective(), TrainingSettings(length=16), tmp_path, torch.device(device))

    first = about()
    assert about() == first
    assert measured == ["cpu"]
    assert (first["layers"], first["dim"], first["vocab_size"], first["ceiling"]) == (2, 16, 11, 1e9)
    assert about("cuda")["device"] == "cuda", "a run that moved has another ceiling"
    (tmp_path / "about.json").write_text("{")
    assert about()["ceiling"] == 1e9, "it is no part of the run, so what is damaged is made again"
    assert measured == ["cpu", "cuda", "cpu"]
