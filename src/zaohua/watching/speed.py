"""How fast a run learns, and what share of the machine's ceiling that is."""

import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SECONDS = 0.3
"""How long the ceiling is looked for."""
SIZES = (512, 1024, 2048, 4096, 8192)
"""Rows and columns of the square matrices that are multiplied; those that would take too long are left out."""
_STEPS = 64  # that "of late" is


def measured_ceiling(device: "torch.device", seconds: float = SECONDS) -> float | None:
    """Floating-point operations a second of the fastest product of two square matrices, in fp32 or bf16, that is found
    in so many seconds; None where none can be made.

    Draws from a generator of its own, so that training draws what it would have drawn.
    """
    import torch

    generator, rates = torch.Generator(device).manual_seed(0), dict.fromkeys((torch.float32, torch.bfloat16), 0.0)
    share = seconds / (len(SIZES) * len(rates))
    try:
        for size in SIZES:
            best = max(rates.values())
            if best and 2 * size**3 / best > seconds / 4:
                break
            whole = torch.randn(size, size, generator=generator, device=device)
            for dtype in rates:
                if rates[dtype] >= best / 3:  # the other is far ahead
                    rates[dtype] = max(rates[dtype], _rate(whole.to(dtype), share))
    except RuntimeError:  # no memory, or no such product here
        pass
    return max(rates.values()) or None


def _rate(matrix: "torch.Tensor", seconds: float) -> float:
    """Operations a second of the fastest of the products with itself that fit into `seconds`, after one to warm up."""
    import torch

    def once() -> float:
        start = time.perf_counter()
        torch.mm(matrix, matrix)
        if matrix.device.type == "cuda":
            torch.cuda.synchronize(matrix.device)
        return time.perf_counter() - start

    once()
    end, best = time.perf_counter() + seconds, once()
    while time.perf_counter() < end:
        best = min(best, once())
    return 2 * len(matrix) ** 3 / max(best, 1e-9)


def share_of_ceiling(tokens_per_second: float, about: Mapping[str, Any]) -> float | None:
    """The part of the ceiling in `about` that so many tokens a second use, by its operations for a token."""
    ceiling, each = about.get("ceiling"), about.get("flops_per_token")
    return tokens_per_second * each / ceiling if ceiling and each else None


def speed(tokens: float, seconds: float, about: Mapping[str, Any]) -> dict[str, float]:
    """Tokens learned from in so many seconds -> tokens_per_second, and share_of_ceiling where that is known."""
    rate = tokens / max(seconds, 1e-9)
    share = share_of_ceiling(rate, about)
    return {"tokens_per_second": round(rate, 1)} | ({} if share is None else {"share_of_ceiling": round(share, 4)})


class Speed:
    """How fast the last steps were."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        self.about = about
        self.recent: deque[tuple[float, float]] = deque(maxlen=_STEPS)

    def step(self, fields: Mapping[str, Any]) -> None:
        if self.recent and fields["tokens"] < self.recent[-1][1]:
            self.recent.clear()  # the run went back to a checkpoint
        self.recent.append((fields["seconds"], fields["tokens"]))

    def happened(self, name: str, fields: Mapping[str, Any]) -> None:
        pass

    def close(self) -> None:
        pass

    def fields(self) -> dict[str, float] | None:
        """The speed of late; None before there are two steps to tell it by."""
        if len(self.recent) < 2:
            return None
        (begun, before), (now, tokens) = self.recent[0], self.recent[-1]
        return speed(tokens - before, now - begun, self.about)
