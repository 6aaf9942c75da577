"""What follows a step that must not be taken."""

import json
import math

import pytest
import torch

from tests.training.test_loop import log_of, run
from tests.training.toy import toy_objective
from zaohua.settings import UserError
from zaohua.training.settings import TrainingSettings
from zaohua.training.trouble import IN_A_ROW, Trouble

SETTINGS = TrainingSettings(steps=30, length=16, rows=8, warmup=2, learning_rate=0.02, save_every=1e-9, keep=40)


def poisoned(objective, calls, factor=math.nan):
    """The objective's loss is not what it is at these calls, counted from one."""
    count, forward = 0, objective.forward

    def other(batch):
        nonlocal count
        count += 1
        sums = forward(batch)
        return {term: total * factor for term, total in sums.items()} if count in calls else sums

    objective.forward = other
    return objective


def whole(objective):
    return all(bool(torch.isfinite(parameter).all()) for parameter in objective.parameters())


def test_a_step_that_is_no_number_leaves_no_trace(tmp_path):
    """Not in the weights, not in the moments: the steps after it are those of a run without its rows."""
    objective, done = run(tmp_path, poisoned(toy_objective(), {5}), SETTINGS)
    assert whole(objective)
    assert done.steps == 30
    events = [(entry["event"], entry["step"]) for entry in log_of(tmp_path)]
    assert ("skipped", 5) in events
    assert ("step", 5) not in events
    assert "loss is nan" in (tmp_path / "metrics.jsonl").read_text()

    other = toy_objective()
    steps = {"taken": 0}
    step = torch.optim.AdamW.step

    def all_but_the_fifth(self, *given):
        steps["taken"] += 1
        if steps["taken"] != 5:
            step(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", all_but_the_fifth)
        run(tmp_path / "other", other, SETTINGS)
    assert all(torch.equal(a, b) for a, b in zip(objective.parameters(), other.parameters(), strict=True))


def test_in_one_micro_batch_of_several_the_whole_step_is_left_out(tmp_path):
    settings = SETTINGS.model_copy(update={"micro_rows": 2})
    objective, _ = run(tmp_path, poisoned(toy_objective(), {4 * 2 + 3}, math.inf), settings)
    assert whole(objective)
    assert [entry["step"] for entry in log_of(tmp_path) if entry["event"] == "skipped"] == [3]


def test_after_several_in_a_row_the_run_goes_back_once_and_passes_over_the_rows(tmp_path):
    bad = set(range(10, 10 + IN_A_ROW + 1))
    settings = SETTINGS.model_copy(update={"save_every": 999.0, "keep_every": 6})
    objective, done = run(tmp_path, poisoned(toy_objective(), bad), settings)
    assert whole(objective)
    assert done.steps == 30
    log = log_of(tmp_path)
    back = next(entry for entry in log if entry["event"] == "went_back")
    assert back["step"] == 6, "a step that is left out is not saved"
    assert [entry["step"] for entry in log if entry["event"] == "skipped"] == sorted(bad)
    assert log[-1]["step"] == 30


def test_trouble_that_stays_ends_the_run_with_a_sentence_and_whole_checkpoints(tmp_path):
    with pytest.raises(UserError, match=r"went wrong at step \d+ \(loss is nan\): give a learning rate below 0\.02"):
        run(tmp_path, poisoned(toy_objective(), set(range(10, 100))), SETTINGS)
    assert list((tmp_path / "checkpoints").glob("step-*"))


def test_without_a_checkpoint_there_is_nothing_to_go_back_to(tmp_path):
    with pytest.raises(UserError, match="went wrong at step 6"):
        run(tmp_path, poisoned(toy_objective(), set(range(1, 100))), SETTINGS.model_copy(update={"save_every": 999.0}))


def test_stop_stops_at_once(tmp_path):
    with pytest.raises(UserError, match=r"went wrong at step 5 \(loss is inf\)"):
        run(tmp_path, poisoned(toy_objective(), {5}, math.inf), SETTINGS.model_copy(update={"trouble": "stop"}))


def test_rollback_goes_back_at_once(tmp_path):
    run(tmp_path, poisoned(toy_objective(), {9}), SETTINGS.model_copy(update={"trouble": "rollback"}))
    assert [entry["event"] for entry in log_of(tmp_path) if entry["event"] != "step"] == ["skipped", "went_back"]


def entries(count):
    for number in range(count):
        yield {"event": "step", "loss": 2.0 + 0.1 * (-1) ** number, "gradient_norm": 1.0}


@pytest.mark.parametrize(("loss", "norm", "verdict"), [(2.4, 1.0, "take"), (2.8, 1.0, "skip"), (2.0, 1.2, "skip")])
def test_a_spike_is_so_many_deviations_above_the_usual(loss, norm, verdict):
    trouble = Trouble(TrainingSettings(steps=1, spike=6.0), entries(64))
    assert trouble.judge(65, {"loss": loss}, norm)[0] == verdict


def test_a_spike_is_looked_for_only_when_asked_and_when_the_usual_is_known():
    assert Trouble(TrainingSettings(steps=1), entries(64)).judge(65, {"loss": 99.0}, 1.0)[0] == "take"
    assert Trouble(TrainingSettings(steps=1, spike=6.0), entries(10)).judge(11, {"loss": 99.0}, 1.0)[0] == "take"


def test_what_is_remembered_stands_in_the_log():
    """A run that is killed and goes on judges as one that was not."""
    settings, log = TrainingSettings(steps=1, spike=6.0), list(entries(64))
    one = Trouble(settings, log)
    for step in range(65, 65 + IN_A_ROW):
        assert one.judge(step, {"loss": math.nan}, 1.0)[0] == "skip"
        log.append({"event": "skipped", "step": step, "reason": ""})
    other = Trouble(settings, json.loads(json.dumps(log)))
    for each in (one, other):
        assert each.judge(70, {"loss": math.nan}, 1.0)[0] == "go back"
        each.go_back(70, 60, "")
        with pytest.raises(UserError):
            each.go_back(80, 60, "")
    after = Trouble(settings, [*log, {"event": "went_back", "step": 60}])
    with pytest.raises(UserError):
        after.go_back(80, 60, "")
