"""The mean of the last checkpoints of a run (Vaswani et al. 2017, section 6.1)."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import torch
from safetensors import safe_open

from zaohua.objectives.objective import Objective


def last_kept(checkpoints: Path, *, count: int, every: int, end: int) -> list[int]:
    """The steps of the last `count` checkpoints among those of a multiple of `every` steps and the end's, rising.

    Others stand where the clock happened to want one, and would make another mean of the same run.
    """
    steps = sorted(int(folder.name.removeprefix("step-")) for folder in checkpoints.glob("step-*"))
    return [step for step in steps if step <= end and (step == end or step % every == 0)][-count:]


@torch.no_grad()
def put_mean_in_place(objective: Objective, folders: Sequence[Path]) -> None:
    """Give the objective the mean of the weights in these checkpoints, summed in fp64, a tensor at a time."""
    with ExitStack() as stack:
        files = [stack.enter_context(safe_open(folder / "weights.safetensors", framework="pt")) for folder in folders]
        for name, tensor in objective.state_dict().items():
            total = sum((file.get_tensor(name).double() for file in files), torch.zeros((), dtype=torch.float64))
            tensor.copy_(total / len(files))
