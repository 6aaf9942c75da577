"""The clock that the stages of a run share."""

import time

import pytest

from zaohua.pipeline import WHOLE, Budget
from zaohua.settings import UserError
from zaohua.training.settings import TrainingSettings

SHARES = {"pretrain": 0.6, "chat": 0.4}


def test_what_is_left_is_shared_out_once_and_kept(tmp_path):
    budget = Budget(tmp_path, 10.0, time.monotonic() - 100)
    budget.share_out(SHARES, reserve=70.0)
    left = 600 * WHOLE - 100 - 70
    assert budget.timed("pretrain", TrainingSettings(steps=None)).seconds == pytest.approx(left * 0.6, abs=0.2)
    assert budget.timed("chat", TrainingSettings(steps=None)).seconds == pytest.approx(left * 0.4, abs=0.2)
    again = Budget(tmp_path, 10.0, time.monotonic())  # killed, without a word of what was spent
    again.share_out(SHARES, reserve=70.0)
    assert again.given == budget.given


def test_other_minutes_make_what_was_decided_void(tmp_path):
    first = Budget(tmp_path, 10.0, time.monotonic())
    with first.spending("corpus"):
        first.share_out(SHARES, reserve=0.0)
    second = Budget(tmp_path, 60.0, time.monotonic())
    assert (second.given, second.spent) == ({}, {})


def test_minutes_that_leave_nothing_for_training_are_refused(tmp_path):
    with pytest.raises(UserError, match="leave no time for training"):
        Budget(tmp_path, 1.0, time.monotonic()).share_out(SHARES, reserve=57.0)
