"""The loop: learns, resumes to the same bits, stops cleanly, refuses nonsense."""

import json
import os
import signal

import pytest
import torch

from tests.training.toy import ToyRows, toy_objective
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.training import checkpoints
from zaohua.training.interruption import Interrupted
from zaohua.training.loop import Event, train
from zaohua.training.settings import TrainingSettings

SETTINGS = TrainingSettings(steps=12, length=16, rows=8, micro_rows=4, warmup=2, learning_rate=0.02, validate_every=5)


EVERY_STEP = SETTINGS.model_copy(update={"save_every": 1e-9})


def run(folder, objective=None, settings=SETTINGS, happenings=(), rows=None):
    torch.manual_seed(3)
    objective = objective or toy_objective(dropout=0.1)
    folder.mkdir(exist_ok=True)
    rows = ToyRows() if rows is None else rows
    done = train(
        objective, rows, settings, folder, Events(console=False), happenings=list(happenings),
        precision="fp32", device=torch.device("cpu"), title="toy",
    )  # fmt: skip
    return objective, done


def log_of(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def interrupt_at(step):
    state = {"calls": 0}

    def fire():
        state["calls"] += 1
        if state["calls"] == step:
            os.kill(os.getpid(), signal.SIGTERM)

    return Event(1, "fire", fire)


def ends_as_if_never_broken_off(folder, settings, breaks):
    """Run whole, and interrupted so many steps into each life: the same bits and the same log."""
    whole, _ = run(folder / "whole", settings=settings)
    for at in breaks:
        with pytest.raises(Interrupted):
            run(folder / "broken", settings=settings, happenings=[interrupt_at(at)])
    broken, done = run(folder / "broken", settings=settings)
    assert done.steps == settings.steps
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), broken.parameters(), strict=True))
    assert log_of(folder / "whole") == log_of(folder / "broken")


def test_the_loss_falls(tmp_path):
    run(tmp_path, settings=SETTINGS.model_copy(update={"steps": 80}), objective=toy_objective())
    losses = [entry["loss"] for entry in log_of(tmp_path)]
    assert losses[-1] < 0.3 < 2 < losses[0]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_interrupted_twice_and_resumed_gives_the_same_bits_and_the_same_log(tmp_path, optimizer):
    ends_as_if_never_broken_off(tmp_path, SETTINGS.model_copy(update={"optimizer": optimizer}), (4, 3))


def test_a_log_that_ran_ahead_of_the_checkpoint_is_cut_back(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, happenings=[interrupt_at(5)])
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"event": "step", "step": 6, "loss": 1.0}\n{"event": "st')
    run(tmp_path)
    assert [entry["step"] for entry in log_of(tmp_path)] == list(range(1, 13))


def test_asked_to_stop_in_the_last_step_it_says_so_and_has_nothing_left_to_do(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, happenings=[interrupt_at(12)])
    _, done = run(tmp_path)
    assert done.steps == 12
    assert [entry["step"] for entry in log_of(tmp_path) if entry["event"] == "step"] == list(range(1, 13))


def test_what_a_killed_save_left_is_swept(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, happenings=[interrupt_at(5)])
    left = tmp_path / "checkpoints" / ".step-00000004.tmp-0123"
    left.mkdir()
    lock = tmp_path / "checkpoints" / ".step-00000004.writing"
    lock.touch()
    run(tmp_path)
    assert not left.exists()
    assert not lock.exists()


def test_a_damaged_checkpoint_is_passed_over_for_an_older_one(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path / "broken", settings=EVERY_STEP, happenings=[interrupt_at(5)])
    newest = sorted((tmp_path / "broken" / "checkpoints").glob("step-*"))[-1]
    weights = newest / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    found = checkpoints.newest(tmp_path / "broken" / "checkpoints")
    assert found.step is not None
    assert found.step < 5
    assert "damaged" in found.rejected[0].english
    whole, _ = run(tmp_path / "whole")
    broken, _ = run(tmp_path / "broken")
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), broken.parameters(), strict=True))


def test_a_checkpoint_whose_manifest_is_damaged_is_passed_over_too(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, settings=EVERY_STEP, happenings=[interrupt_at(5)])
    older, newest = sorted((tmp_path / "checkpoints").glob("step-*"))[-2:]
    manifest = newest / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"size"', '"sIze"'))
    assert checkpoints.newest(tmp_path / "checkpoints").folder == older


def test_only_the_newest_checkpoints_are_kept(tmp_path):
    run(tmp_path, settings=EVERY_STEP)
    names = [folder.name for folder in sorted((tmp_path / "checkpoints").iterdir())]
    assert len(names) == 2
    assert names[-1] == "step-00000012"


def test_events_happen_on_their_steps_and_at_the_end_and_stay_known_after_a_restart(tmp_path):
    seen = []

    def look():
        seen.append(1)
        return {"bits_per_byte": float(len(seen))}

    _, done = run(tmp_path, happenings=[Event(5, "validate", look)])
    assert len(seen) == 3, "after steps 5 and 10, and at the end"
    assert done.results == {"validate": {"bits_per_byte": 3.0}}
    seen.pop()
    _, again = run(tmp_path, happenings=[Event(5, "validate", look)])
    assert len(seen) == 3, "what comes after the last step is done again: it may have been cut off"
    assert again.results == done.results
    assert [entry["step"] for entry in log_of(tmp_path) if entry["event"] == "validate"] == [5, 10, 12]


def test_asked_to_stop_it_does_not_begin_what_else_was_due_and_a_run_that_goes_on_does_it_first(tmp_path):
    def seen_in(folder, *events):
        return run(folder, happenings=[Event(5, name, lambda: {"seen": 1}) for name in ("one", "two")] + list(events))

    seen_in(tmp_path / "whole")
    stop = Event(5, "stop", interrupt_at(1).run)
    with pytest.raises(Interrupted):
        run(tmp_path / "broken", happenings=[stop, Event(5, "one", lambda: pytest.fail("it was to stop"))])
    seen_in(tmp_path / "broken")
    assert log_of(tmp_path / "whole") == log_of(tmp_path / "broken")


def test_no_row_is_a_sentence(tmp_path):
    class Empty(ToyRows):
        def __len__(self):
            return 0

    with pytest.raises(UserError, match="no full row"):
        run(tmp_path, rows=Empty())


@pytest.mark.parametrize("first", ["x", '{"step": 0}\n{', "[]\n{"])
def test_a_damaged_log_is_a_sentence(tmp_path, first):
    with pytest.raises(Interrupted):
        run(tmp_path, happenings=[interrupt_at(5)])
    log = tmp_path / "metrics.jsonl"
    log.write_text(first + log.read_text()[1:])
    with pytest.raises(UserError, match=r"metrics\.jsonl is damaged"):
        run(tmp_path)
