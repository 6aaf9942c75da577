"""Writes the golden checkpoint of the present format, once: files of older formats are never written again.

python -m tests.golden.make
"""

from pathlib import Path

import torch

from tests.training.toy import ToyRows, toy_objective
from zaohua.events import Events
from zaohua.training.loop import train
from zaohua.training.settings import TrainingSettings

PLACE = Path(__file__).parent
SETTINGS = TrainingSettings(
    steps=6, length=16, rows=8, warmup=2, learning_rate=0.02, optimizer="muon", save_every=999.0, keep_every=4, keep=1
)


def trained(folder: Path) -> torch.nn.Module:
    """The toy of every golden checkpoint, trained in `folder` from what is there."""
    folder.mkdir(exist_ok=True)
    objective = toy_objective(seed=1)
    train(
        objective, ToyRows(), SETTINGS, folder, Events(console=False), happenings=[], precision="fp32",
        device=torch.device("cpu"), title="toy",
    )  # fmt: skip
    return objective


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    from zaohua.training import checkpoints

    target = PLACE / f"format-{checkpoints.FORMAT}"
    with TemporaryDirectory() as scratch:
        trained(Path(scratch))
        target.mkdir()
        name = checkpoints.name_of(4)
        (Path(scratch) / "checkpoints" / name).rename(target / name)
    print(f"{target / name}")
