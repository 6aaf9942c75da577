"""The optimisers: AdamW with decay on matrices only, and Muon for the matrices inside blocks."""

from collections.abc import Mapping

import torch
from torch import nn

from zaohua.training.muon import Muon
from zaohua.training.precision import Precision
from zaohua.training.settings import TrainingSettings


class Optimizer:
    """One or two torch optimisers stepped together; state is read and written by parameter name.

    Weights and moments are fp32 whatever `precision` the run computes in; Muon's iteration follows it.
    """

    def __init__(self, objective: nn.Module, settings: TrainingSettings, precision: Precision = "fp32") -> None:
        self.names: dict[torch.Tensor, str] = {
            parameter: name for name, parameter in objective.named_parameters() if parameter.requires_grad
        }
        inner = {
            p for p, name in self.names.items() if settings.optimizer == "muon" and p.ndim == 2 and "blocks." in name
        }
        rest = [p for p in self.names if p not in inner]
        decay = [p for p in rest if p.ndim >= 2]
        plain = [p for p in rest if p.ndim < 2]
        groups = [{"params": decay, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        adamw = torch.optim.AdamW(
            groups, lr=settings.learning_rate, betas=settings.betas, eps=settings.epsilon, fused=True
        )
        self.parts: list[tuple[torch.optim.Optimizer, float]] = [(adamw, settings.learning_rate)]
        if inner:
            matrices = [p for p in self.names if p in inner]
            dtype = torch.bfloat16 if precision == "bf16" else torch.float32
            muon = Muon(matrices, lr=settings.muon_rate, weight_decay=settings.weight_decay, dtype=dtype)
            self.parts.append((muon, settings.muon_rate))

    def step(self, factor: float) -> None:
        """Update with each part's peak rate times `factor`, then forget the gradients."""
        for part, peak in self.parts:
            for group in part.param_groups:
                group["lr"] = peak * factor
            part.step()
        self.forget_gradients()

    def forget_gradients(self) -> None:
        for part, _ in self.parts:
            part.zero_grad(set_to_none=True)

    def state(self) -> dict[str, torch.Tensor]:
        """{parameter name/quantity: tensor}"""
        return {
            f"{self.names[parameter]}/{quantity}": value
            for part, _ in self.parts
            for parameter, values in part.state.items()
            for quantity, value in values.items()
        }

    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Take up what `state` gave; raises KeyError, and changes nothing, where that was of another kind."""
        owner = {
            self.names[p]: (part, p) for part, _ in self.parts for group in part.param_groups for p in group["params"]
        }
        for key in state:
            name, _, quantity = key.rpartition("/")
            if (quantity == "momentum") != isinstance(owner[name][0], Muon):
                raise KeyError(key)
        for key, value in state.items():
            name, _, quantity = key.rpartition("/")
            part, parameter = owner[name]
            part.state[parameter][quantity] = value.to(parameter.device)
