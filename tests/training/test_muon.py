"""Muon: the update is torch's own, the direction is orthogonal."""

import torch

from zaohua.training.muon import Muon, orthogonal


def test_every_singular_value_comes_near_one():
    matrices = torch.randn(3, 24, 40, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(matrices))
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_the_update_is_that_of_torch():
    torch.manual_seed(0)
    ours = [torch.randn(24, 40, requires_grad=True), torch.randn(40, 24, requires_grad=True)]
    theirs = [p.detach().clone().requires_grad_() for p in ours]
    mine = Muon(ours, lr=0.1, weight_decay=0.1)
    torchs = torch.optim.Muon(theirs, lr=0.1, weight_decay=0.1)
    for _ in range(4):
        for a, b in zip(ours, theirs, strict=True):
            a.grad = torch.randn(a.shape)
            b.grad = a.grad.clone()
        mine.step()
        torchs.step()
    for a, b in zip(ours, theirs, strict=True):
        moved = (b - a).abs().max()
        assert moved < 0.01, moved  # torch iterates in bf16
