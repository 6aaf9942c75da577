"""RMSNorm's own backward is the derivative of its forward, and both are torch's."""

import pytest
import torch
from torch.nn import functional as F

from zaohua.model.norm import RMSNorm, _RMSNormOnCPU


def test_gradients_are_those_of_finite_differences():
    torch.manual_seed(0)
    hidden = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda h, w: _RMSNormOnCPU.apply(h, w, 1e-3), (hidden, weight))


@pytest.mark.parametrize("transposed", [False, True])
def test_equals_torch(transposed):
    torch.manual_seed(0)
    norm = RMSNorm(16, eps=1e-6)
    torch.nn.init.normal_(norm.weight)
    hidden = torch.randn(4, 7, 16)
    hidden = (hidden.transpose(0, 1) if transposed else hidden).requires_grad_()
    expected = F.rms_norm(hidden, (16,), norm.weight, 1e-6)
    expected_grads = torch.autograd.grad(expected.square().sum(), (hidden, norm.weight))
    got = norm(hidden)
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(torch.autograd.grad(got.square().sum(), (hidden, norm.weight)), expected_grads)
    with torch.no_grad():
        torch.testing.assert_close(norm(hidden), expected)


def test_half_precision_input_is_normed_in_float32():
    torch.manual_seed(0)
    norm, hidden = RMSNorm(64, eps=1e-6), torch.randn(3, 64).bfloat16().requires_grad_()
    got = norm(hidden)
    exact = F.rms_norm(hidden.float(), (64,), norm.weight, 1e-6)
    assert got.dtype == torch.bfloat16
    assert torch.equal(got, exact.bfloat16())
    got.float().sum().backward()
    assert hidden.grad is not None
    assert hidden.grad.dtype == torch.bfloat16
