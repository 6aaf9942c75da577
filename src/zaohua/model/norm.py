"""Norms over the last dimension."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zaohua.model.config import TransformerConfig


def make_norm(config: TransformerConfig) -> nn.Module:
    """The config's kind of norm over `dim`."""
    return (RMSNorm if config.norm == "rms" else nn.LayerNorm)(config.dim, eps=config.norm_eps)


class RMSNorm(nn.Module):
    """hidden (…, width) -> hidden / sqrt(mean(hidden²) + eps) * weight, (…, width) (Zhang and Sennrich 2019)."""

    def __init__(self, width: int, *, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, hidden: Tensor) -> Tensor:
        if hidden.device.type != "cpu" or not torch.is_grad_enabled():
            # CUDA's autocast computes norms in fp32 and takes the weight as it is.
            weight = self.weight if hidden.device.type == "cuda" else self.weight.to(hidden.dtype)
            return F.rms_norm(hidden, self.weight.shape, weight, self.eps)
        return _RMSNormOnCPU.apply(hidden, self.weight, self.eps)  # pyright: ignore[reportReturnType]

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, eps={self.eps}"


class _RMSNormOnCPU(torch.autograd.Function):
    """torch has no fused kernel for this on a CPU. Its backward is LayerNorm's, which is fused, with a mean of zero
    and without the term that the mean brings in; together a third of the time. In fp32 whatever the input is."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, eps: float) -> Tensor:
        exact = hidden if hidden.dtype == torch.float64 else hidden.float()
        length = torch.linalg.vector_norm(exact, dim=-1, keepdim=True)  # (…, 1)
        inverse = torch.rsqrt(length.square() / hidden.shape[-1] + eps)  # (…, 1)
        ctx.save_for_backward(exact, inverse, weight)
        return (exact * inverse).mul_(weight).to(hidden.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        exact, inverse, weight = ctx.saved_tensors
        grad = grads[0].to(exact.dtype).contiguous()
        scale = weight.to(exact.dtype)
        to_hidden, to_weight, _ = torch.ops.aten.native_layer_norm_backward(
            grad, exact.contiguous(), scale.shape, torch.zeros_like(inverse), inverse, scale, None, [True, True, False]
        )
        mean = (grad @ scale)[..., None] / scale.shape[0]  # (…, 1)
        return to_hidden.addcmul_(inverse, mean).to(grads[0].dtype), to_weight.to(weight.dtype), None
