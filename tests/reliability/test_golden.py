"""Every checkpoint format there has been is taken up and gone on from, for ever."""

import json
import shutil

import pytest
import torch

from tests.golden.make import PLACE, trained
from zaohua.training import checkpoints

FORMATS = sorted(PLACE.glob("format-*"))


def test_there_is_one_of_each_format():
    assert [folder.name for folder in FORMATS] == [f"format-{number}" for number in range(checkpoints.FORMAT + 1)]


@pytest.mark.parametrize("folder", FORMATS, ids=lambda folder: folder.name)
def test_it_is_whole_and_training_goes_on_from_it(folder, tmp_path):
    """The end is that of a run from the beginning, as near as another processor and another torch allow."""
    whole = trained(tmp_path / "whole")
    (tmp_path / "on").mkdir()
    shutil.copytree(folder, tmp_path / "on" / "checkpoints")
    found = checkpoints.newest(tmp_path / "on" / "checkpoints")
    assert (found.step, found.rejected) == (4, [])
    on = trained(tmp_path / "on")
    lines = (tmp_path / "on" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [5, 6]
    for first, second in zip(whole.parameters(), on.parameters(), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-5)
