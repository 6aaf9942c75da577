"""The loss taken a few positions at a time is the plain one, in value, gradients and memory."""

import contextlib
import importlib

import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from zaohua.data.rows import IGNORED
from zaohua.objectives.cross_entropy import cross_entropy_and_z, summed_cross_entropy

module = importlib.import_module("zaohua.objectives.cross_entropy")
DIM, VOCAB, SHAPE = 12, 50, (3, 7)


@pytest.fixture(params=[1, 4 * VOCAB, 2**23], ids=["one at a time", "four", "all"])
def at_once(request, monkeypatch):
    monkeypatch.setattr(module, "SCORES_AT_ONCE", request.param)


def inputs(dtype=torch.float64, ignored=()):
    drawn = torch.Generator().manual_seed(0)
    hidden = torch.randn(*SHAPE, DIM, generator=drawn, dtype=torch.float64).to(dtype).requires_grad_()
    weight = torch.randn(VOCAB, DIM, generator=drawn, dtype=torch.float64).to(dtype).requires_grad_()
    labels = torch.randint(0, VOCAB, SHAPE, generator=drawn)
    labels.view(-1)[list(ignored)] = IGNORED
    return hidden, weight, labels


def plain(hidden, weight, labels):
    scores = F.linear(hidden, weight).flatten(0, 1)
    return F.cross_entropy(scores.to(torch.promote_types(scores.dtype, torch.float32)), labels.flatten(),
                           ignore_index=IGNORED, reduction="sum")  # fmt: skip


def both(loss, hidden, weight):
    """The loss, and its gradients when it counts a third."""
    return loss.detach(), *torch.autograd.grad(loss / 3, (hidden, weight))


@pytest.mark.parametrize("ignored", [(), (0, 5, 20), range(21)], ids=["none", "some", "all"])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_value_and_gradients_are_those_of_the_plain_loss(at_once, ignored, dtype, close):
    hidden, weight, labels = inputs(dtype, ignored)
    found = both(summed_cross_entropy(hidden, weight, labels), hidden, weight)
    for ours, theirs in zip(found, both(plain(hidden, weight, labels), hidden, weight), strict=True):
        assert ours.dtype == theirs.dtype == dtype
        assert (ours - theirs).abs().max() <= close * max(1.0, float(theirs.abs().max()))
    if len(ignored) == 21:
        assert [float(each.abs().sum()) for each in found] == [0, 0, 0]


def test_an_accelerator_leaves_no_position_out_and_counts_the_same(at_once, monkeypatch):
    hidden, weight, labels = inputs(ignored=(0, 5, 20))
    expected = both(plain(hidden, weight, labels), hidden, weight)
    found = module._LinearCrossEntropy.apply(hidden.flatten(0, 1), weight, labels.flatten(), torch.float64, True)
    for ours, theirs in zip(both(found, hidden, weight), expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_an_accelerator_counts_the_z_loss_of_the_same_positions(at_once):
    hidden, weight, labels = inputs(ignored=(0, 5, 20))
    flat = hidden.flatten(0, 1), weight, labels.flatten(), torch.float64
    loss, squares = module._LinearCrossEntropy.apply(*flat, True, 0.5)
    expected = plain_z(hidden, weight, labels)
    assert torch.allclose(squares, expected, rtol=1e-12)
    exact = both(plain(hidden, weight, labels) + 0.5 * expected, hidden, weight)
    for ours, theirs in zip(both(loss + 0.5 * squares, hidden, weight), exact, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_products_in_bf16_keep_loss_and_gradients_in_fp32(at_once):
    hidden, weight, labels = inputs(torch.float32)
    exact = both(plain(hidden, weight, labels), hidden, weight)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = summed_cross_entropy(hidden, weight, labels)
    found = both(loss, hidden, weight)
    for ours, theirs in zip(found, exact, strict=True):
        assert ours.dtype == torch.float32
        assert 0 < (ours - theirs).abs().max() < 0.02 * theirs.abs().max()


def test_what_needs_no_gradient_gets_none():
    hidden, weight, labels = inputs()
    weight.requires_grad_(False)
    (gradient,) = torch.autograd.grad(summed_cross_entropy(hidden, weight, labels), hidden)
    assert gradient.shape == hidden.shape
    with torch.no_grad():
        assert not summed_cross_entropy(hidden, weight, labels).requires_grad


def test_a_second_backward_is_refused():
    hidden, weight, labels = inputs()
    loss = summed_cross_entropy(hidden, weight, labels)
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="inplace operation"):
        loss.backward()


class Largest(TorchDispatchMode):
    """Remembers how many numbers the largest tensor that came out of an operation has, and counts matrix products."""

    def __init__(self):
        super().__init__()
        self.size = self.products = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        self.products += "mm" in function.name()
        self.size = max([self.size, *(each.numel() for each in (out if isinstance(out, tuple | list) else [out])
                                      if isinstance(each, torch.Tensor))])  # fmt: skip
        return out


@pytest.mark.parametrize("learns", [True, False])
def test_scores_never_stand_whole(learns, monkeypatch):
    monkeypatch.setattr(module, "SCORES_AT_ONCE", 2 * VOCAB)
    hidden, weight, labels = inputs()
    with Largest() as plainly:
        plain(hidden, weight, labels)
    assert plainly.size == 21 * VOCAB
    with Largest() as seen, contextlib.nullcontext() if learns else torch.no_grad():
        loss = summed_cross_entropy(hidden, weight, labels)
        if learns:
            loss.backward()
    assert seen.size == VOCAB * DIM  # the weight itself


def plain_z(hidden, weight, labels):
    """log(Z)^2 summed over the positions that have a label (Chowdhery et al. 2022, section 5)."""
    scores = F.linear(hidden, weight).flatten(0, 1)
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    return (scores.logsumexp(-1).square() * (labels.flatten() != IGNORED)).sum()


@pytest.mark.parametrize("z_loss", [1e-4, 0.5])
@pytest.mark.parametrize("ignored", [(), (0, 5, 20), range(21)], ids=["none", "some", "all"])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_the_z_loss_and_the_gradients_of_both_are_those_of_the_plain_ones(at_once, z_loss, ignored, dtype, close):
    hidden, weight, labels = inputs(dtype, ignored)
    loss, squares = cross_entropy_and_z(hidden, weight, labels, z_loss)
    assert not squares.requires_grad
    expected_loss, expected_squares = plain(hidden, weight, labels), plain_z(hidden, weight, labels)
    assert torch.allclose(loss, expected_loss, rtol=close)
    assert torch.allclose(squares, expected_squares, rtol=close)
    found = both(loss + z_loss * squares, hidden, weight)
    for ours, theirs in zip(found, both(expected_loss + z_loss * expected_squares, hidden, weight), strict=True):
        assert (ours - theirs).abs().max() <= close * max(1.0, float(theirs.abs().max()))


def test_the_z_loss_in_bf16_keeps_its_sums_in_fp32(at_once):
    hidden, weight, labels = inputs(torch.float32)
    exact = both(plain(hidden, weight, labels) + 0.1 * plain_z(hidden, weight, labels), hidden, weight)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss, squares = cross_entropy_and_z(hidden, weight, labels, 0.1)
    assert squares.dtype == torch.float32
    for ours, theirs in zip(both(loss + 0.1 * squares, hidden, weight), exact, strict=True):
        assert 0 < (ours - theirs).abs().max() < 0.02 * theirs.abs().max()


@pytest.mark.parametrize("learns", [True, False])
def test_the_z_loss_takes_no_more_operations_over_all_scores_than_one(learns, monkeypatch):
    """No second pass: the scores are computed once, and never stand whole."""
    monkeypatch.setattr(module, "SCORES_AT_ONCE", 2 * VOCAB)
    products = []
    for z_loss in (0.0, 0.1):
        hidden, weight, labels = inputs()
        with Largest() as seen, contextlib.nullcontext() if learns else torch.no_grad():
            if z_loss:
                loss, _ = cross_entropy_and_z(hidden, weight, labels, z_loss)
            else:
                loss = summed_cross_entropy(hidden, weight, labels)
            if learns:
                loss.backward()
        assert seen.size == VOCAB * DIM
        products.append(seen.products)
    assert products[0] == products[1] > 0
