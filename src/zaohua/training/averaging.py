"""The mean of the last checkpoints of a run (Vaswani et al. 2017, section 6.1)."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import torch
from safetensors import safe_open

from zaohua.objectives.objective import Objective
from zaohua.settings import UserError
from zaohua.training.checkpoints import WEIGHTS, by_step, problems


def last_kept(checkpoints: Path, *, count: int, every: int, end: int) -> list[int]:
    """The steps of the last `count` checkpoints among those of a multiple of `every` steps and the end's, rising.

    Others stand where the clock happened to want one, and would make another mean of the same run.
    """
    return [step for step in by_step(checkpoints) if step <= end and (step == end or step % every == 0)][-count:]


@torch.no_grad()
def put_mean_in_place(objective: Objective, checkpoints: Sequence[Path]) -> None:
    """Give the objective the mean of the weights in these checkpoints, summed in fp64, a tensor at a time.

    Raises UserError where one of them is damaged.
    """
    for folder in checkpoints:
        if wrong := problems(folder):
            raise UserError(
                f"a checkpoint to be averaged is damaged ({wrong[0].english}): delete {folder}, and the same command "
                "takes the mean of the others",
                f"要取平均的一个检查点已损坏（{wrong[0].chinese}）：请删除 {folder}，再运行同一命令会取其余的平均",
            )
    with ExitStack() as stack:
        paths = [folder / WEIGHTS for folder in checkpoints]
        files = [stack.enter_context(safe_open(path, framework="pt")) for path in paths]
        for name, tensor in objective.state_dict().items():
            total = sum((file.get_tensor(name).double() for file in files), torch.zeros((), dtype=torch.float64))
            tensor.copy_(total / len(files))
