"""The systems that are compared: each file trains one, `train(case, setting, steps, step_ended) -> last loss`."""

from dataclasses import dataclass
from typing import Literal

MASTERS, HALF = "fp32 masters", "bf16 weights"
"""What an optimiser updates: fp32 numbers, or bf16 ones, which lose the small updates and take half of the memory."""

LEARNING_RATE, BETAS, WEIGHT_DECAY, CLIP = 1e-4, (0.9, 0.95), 0.1, 1.0


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a system carries out a step. The work of the step is the same in all of them."""

    compute: Literal["bf16", "fp32"] = "bf16"
    weights: Literal["fp32 masters", "bf16 weights"] = MASTERS
    attention: str = ""  # an implementation by the system's own name for it; "": its default
    compiled: bool = False
    at_once: int = 0  # rows in one forward pass, fewer than the step's accumulate gradients; 0: all of them

    @property
    def name(self) -> str:
        """As rows of a result say it."""
        precision = "bf16 weights" if self.weights == HALF else "fp32" if self.compute == "fp32" else "bf16 autocast"
        parts = [precision, f"{self.attention} attention" if self.attention else ""]
        parts += ["compiled" if self.compiled else "", f"{self.at_once} rows at once" if self.at_once else ""]
        return ", ".join(filter(None, parts))

    def passes(self, rows: int) -> int:
        """Forward passes in a step of so many rows."""
        return -(-rows // (self.at_once or rows))


@dataclass(frozen=True, kw_only=True)
class System:
    """What a system is tried with before its best is measured: `settings`, and its best compiled and in fewer rows."""

    settings: tuple[Setting, ...]
    compiles: frozenset[str] = frozenset((MASTERS, HALF))  # with which weights
    accumulates: bool = True


_NEVER = frozenset[str]()
_AUTOCAST, _FP32, _HALF = Setting(), Setting(compute="fp32"), Setting(weights=HALF)
_EAGER, _HALF_EAGER = Setting(attention="eager"), Setting(weights=HALF, attention="eager")

SYSTEMS = {
    "zaohua": System(settings=(_AUTOCAST, _FP32), compiles=_NEVER),
    "nanogpt": System(settings=(_AUTOCAST, _HALF, _FP32)),
    "transformers": System(settings=(_AUTOCAST, _EAGER, _HALF, _HALF_EAGER, _FP32)),
    "transformers-trainer": System(settings=(_AUTOCAST, _EAGER, _FP32)),
    "transformers-trainer-defaults": System(settings=(_FP32,), compiles=_NEVER, accumulates=False),
    "litgpt": System(settings=(_AUTOCAST, _HALF, _FP32)),
}
"""fp16 is 50 times slower on a CPU and left out."""

OPTIONAL = {"zaohua-plain": System(settings=(_AUTOCAST, _FP32), compiles=_NEVER)}
"""Measured only when asked for by name."""
