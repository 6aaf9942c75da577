"""Muon: momentum whose direction is made orthogonal, for the matrices inside blocks (Jordan et al. 2024)."""

from collections.abc import Iterable

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration that drives every singular value towards one (Jordan et al. 2024)."""
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """The same update as torch.optim.Muon's, iterating in `dtype`, for all matrices of one shape at once.

    torch's always iterates in bf16, a matrix at a time: on a CPU without bf16 instructions that takes ten times as long
    as the step itself.
    """

    def __init__(
        self,
        matrices: Iterable[Tensor],
        *,
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        self.dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every matrix that has a gradient."""
        assert closure is None, "a closure is not for this loop"
        for group in self.param_groups:
            for matrices in _by_shape(p for p in group["params"] if p.grad is not None):
                self._update(matrices, group["lr"], group["weight_decay"], group["momentum"])

    def _update(self, matrices: list[Tensor], rate: float, decay: float, momentum: float) -> None:
        """One update of matrices (rows, columns) of one shape."""
        directions = []
        for matrix in matrices:
            assert matrix.grad is not None
            state = self.state[matrix]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(matrix)
            mean = state["momentum"].lerp_(matrix.grad, 1 - momentum)
            directions.append(matrix.grad.lerp(mean, momentum))  # Nesterov's look ahead
        rows, columns = matrices[0].shape
        step = rate * max(1.0, rows / columns) ** 0.5
        for matrix, direction in zip(
            matrices, orthogonal(torch.stack(directions).to(self.dtype)).unbind(), strict=True
        ):
            matrix.mul_(1 - rate * decay).add_(direction.to(matrix.dtype), alpha=-step)


def orthogonal(matrices: Tensor) -> Tensor:
    """matrices (count, rows, columns) -> about U V^T of each one's singular value decomposition, the same shape."""
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


def _by_shape(matrices: Iterable[Tensor]) -> Iterable[list[Tensor]]:
    groups: dict[torch.Size, list[Tensor]] = {}
    for matrix in matrices:
        groups.setdefault(matrix.shape, []).append(matrix)
    return groups.values()
