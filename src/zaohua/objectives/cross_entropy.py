"""The loss of a head over a large vocabulary, a few positions at a time: its scores never stand whole."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from zaohua.data.rows import IGNORED
from zaohua.model.transformer import compute_dtype

SCORES_AT_ONCE = 2**23
"""How many scores stand at once: with fewer the products have few rows, with more they leave the cache."""


def summed_cross_entropy(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    """hidden (…, dim), weight (vocab, dim), labels (…) -> the sum of -log softmax(hidden weight^T)[label] over all
    labels that are not IGNORED, in nats, a scalar.

    The gradients are found together with the loss, while the scores of a few positions are at hand. Products are in
    autocast's type where it is on; softmax, loss and the sum that is the weight's gradient are in fp32.
    """
    return _in_chunks(hidden, weight, labels, 0.0)


def cross_entropy_and_z(hidden: Tensor, weight: Tensor, labels: Tensor, z_loss: float) -> tuple[Tensor, Tensor]:
    """The same sum, and that of log(Z)^2 over the same positions, Z being the softmax's denominator, two scalars.

    Since gradients are found before anyone has asked for them, the first one's gradient is that of sum 1 + `z_loss`
    (above 0) x sum 2, and the second has none: their sum in these proportions has the right one, any other a wrong one.
    """
    return _in_chunks(hidden, weight, labels, z_loss)


def _in_chunks(hidden: Tensor, weight: Tensor, labels: Tensor, z_loss: float) -> Any:
    hidden, labels = hidden.flatten(0, -2), labels.flatten()
    if labels.device.type == "cpu":  # where asking stops nobody's work, positions without a label are left out
        asked = (labels != IGNORED).nonzero().squeeze(1)
        if len(asked) < len(labels):
            hidden, labels = hidden.index_select(0, asked), labels[asked]
    return _LinearCrossEntropy.apply(hidden, weight, labels, compute_dtype(hidden), torch.is_grad_enabled(), z_loss)


class _LinearCrossEntropy(torch.autograd.Function):
    """hidden (n, dim), weight (vocab, dim), labels (n,) -> a scalar, two with a `z_loss`; `learns`: somebody may ask
    for gradients.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        labels: Tensor,
        dtype: torch.dtype,
        learns: bool,
        z_loss: float = 0.0,
    ) -> Tensor | tuple[Tensor, Tensor]:
        inputs, head = hidden.to(dtype), weight.to(dtype)
        exact = torch.promote_types(dtype, torch.float32)
        for_hidden, for_weight = (learns and needed for needed in ctx.needs_input_grad[:2])
        hidden_gradient = torch.empty_like(inputs) if for_hidden else None
        weight_gradient = torch.zeros_like(weight, dtype=exact) if for_weight else None
        total, squares = hidden.new_zeros((), dtype=exact), hidden.new_zeros((), dtype=exact)
        at_once = max(1, SCORES_AT_ONCE // len(weight))
        for start in range(0, len(labels), at_once):
            here = slice(start, start + at_once)
            wanted = labels[here, None]
            counted, places = wanted != IGNORED, wanted.clamp_min(0)
            scores = (inputs[here] @ head.mT).to(exact)  # (positions, vocab)
            whole = scores.logsumexp(-1, keepdim=True)
            total += ((whole - scores.gather(-1, places)) * counted).sum()
            if z_loss:
                squares += (whole.square() * counted).sum()
            if hidden_gradient is None and weight_gradient is None:
                continue
            slope = scores.sub_(whole).exp_()  # of the loss by the scores: softmax less one at the label
            if z_loss:
                slope.mul_(1 + 2 * z_loss * whole)  # for log(Z) has the softmax as its slope
            slope.scatter_add_(-1, places, slope.new_full(places.shape, -1.0)).mul_(counted)
            slope = slope.to(dtype)
            if hidden_gradient is not None:
                hidden_gradient[here] = slope @ head
            if weight_gradient is not None:
                weight_gradient += slope.mT @ inputs[here]
        ctx.save_for_backward(hidden_gradient, weight_gradient)
        ctx.types = hidden.dtype, weight.dtype
        if not z_loss:
            return total
        ctx.mark_non_differentiable(squares)
        return total, squares

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator hides its names
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor | None, ...]:
        """Each scaled in place: they are large, and no other backward may use them."""
        by_both = (
            None if each is None else each.mul_(gradients[0]).to(dtype)
            for each, dtype in zip(ctx.saved_tensors, ctx.types, strict=True)
        )
        return (*by_both, None, None, None, None)
