"""Weights beside those that are trained, for the final model: their moving average, and the best ones so far."""

import contextlib
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from zaohua.objectives.objective import Objective
from zaohua.training.settings import TrainingSettings

EVERY = 8
"""Steps between two looks at the weights: one takes 0.6 % of a step (20 million parameters on two cores)."""


class SideWeights:
    """Copies of an objective's parameters, each as large as they are; none where the settings ask for none.

    The average is sum over looks i = 1 … n of (1 - r) r^(n - i) w_i, divided by 1 - r^n, where r is the decay of EVERY
    steps: the first weights, at which no look was taken, have no part in it.
    """

    def __init__(self, objective: Objective, settings: TrainingSettings) -> None:
        self.trained: dict[str, Tensor] = dict(objective.named_parameters())
        self.averages, self.decay, self.judges = settings.ema > 0, settings.ema**EVERY, settings.patience is not None
        self.average: dict[str, Tensor] = {}
        """Empty until the first look."""
        self.best: dict[str, Tensor] = {}
        """Empty until something was the best."""

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Take the weights after `step` steps into the average, where it is time."""
        looks, rest = divmod(step, EVERY)
        if not self.averages or not looks or rest:
            return
        if not self.average:
            self.average = _copies(self.trained)
            return
        share = (1 - self.decay) / (1 - self.decay**looks)
        for name, average in self.average.items():
            average.lerp_(self.trained[name], share)

    @torch.no_grad()
    def keep_best(self) -> None:
        """What is used now is the best so far."""
        used = self.average or self.trained
        if not self.best:
            self.best = _copies(used)
        for name, tensor in self.best.items():
            tensor.copy_(used[name])

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """While entered, the objective has the average for its weights, where there is one."""
        _swap(self.trained, self.average)
        try:
            yield
        finally:
            _swap(self.trained, self.average)

    @torch.no_grad()
    def put_in_place(self) -> None:
        """At the end: the best for good, else the average, where there is one. The state is what it was."""
        for name, tensor in (self.best or self.average).items():
            self.trained[name].copy_(tensor)

    def state(self) -> dict[str, Tensor]:
        """{kind/parameter name: tensor}; empty where nothing is kept."""
        kinds = {"average": self.average, "best": self.best}
        return {f"{kind}/{name}": tensor for kind, tensors in kinds.items() for name, tensor in tensors.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave, as far as this run asks for it: a landing has no use for its trunk's best."""
        self.average = self._taken("average", state) if self.averages else {}
        self.best = self._taken("best", state) if self.judges else {}

    def _taken(self, kind: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        found = {key.removeprefix(f"{kind}/"): tensor for key, tensor in state.items() if key.startswith(f"{kind}/")}
        return {name: tensor.to(self.trained[name].device) for name, tensor in found.items()}


def _copies(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


@torch.no_grad()
def _swap(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
    """Exchange the values, a tensor at a time: each stays where it is, for those who know it by its place."""
    for name, tensor in second.items():
        kept = tensor.clone()
        tensor.copy_(first[name])
        first[name].copy_(kept)
