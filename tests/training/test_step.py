"""Sums and counts stay apart until the step divides: any split of a batch gives the same gradient."""

import contextlib

import numpy as np
import torch
from torch.nn import functional as F

from tests.training.toy import ToyRows, toy_objective
from zaohua.data.batches import make_batch
from zaohua.data.rows import IGNORED
from zaohua.objectives.causal import Causal
from zaohua.training.step import accumulate_gradients

PLAIN = contextlib.nullcontext()


class Ragged(ToyRows):
    """Rows of which the first ones hardly have a target."""

    def batch(self, indices):
        arrays = super().batch(indices)
        labels = arrays["labels"].copy()
        labels[indices < 4, 2:] = IGNORED
        return {**arrays, "labels": labels}


def gradients(rows, splits, divide=accumulate_gradients):
    objective = toy_objective()
    means = divide(objective, [make_batch(rows, np.asarray(part)) for part in splits], PLAIN)
    return float(means["loss"]), torch.cat([p.grad.flatten() for p in objective.parameters()])


def mean_of_means(objective, batches, compute):
    parts = [objective(batch)["loss"] / batch.counts["loss"] for batch in batches]
    loss = torch.stack(parts).mean()
    loss.backward()
    return {"loss": loss.detach()}


def test_uneven_micro_batches_give_the_gradient_of_one_big_batch():
    whole_loss, whole = gradients(Ragged(), [range(12)])
    loss, split = gradients(Ragged(), [range(4), range(4, 7), range(7, 12)])
    assert abs(loss - whole_loss) < 1e-5
    torch.testing.assert_close(split, whole, rtol=1e-4, atol=1e-6)


def test_the_usual_mean_of_means_would_be_wrong():
    _, whole = gradients(Ragged(), [range(12)])
    _, wrong = gradients(Ragged(), [range(4), range(4, 7), range(7, 12)], divide=mean_of_means)
    assert (wrong - whole).abs().max() > 1e-3


def test_the_z_loss_is_divided_by_the_targets_of_all_micro_batches():
    rows, z_loss = Ragged(), 0.3
    objective = toy_objective()
    batch = make_batch(rows, np.arange(12))
    scores = objective.model.logits(objective.model(batch.ids, positions=batch.positions, documents=batch.documents))
    scores, labels = scores.flatten(0, 1), batch.labels.flatten()
    asked = labels != IGNORED
    squares = scores.logsumexp(-1)[asked].square().mean()
    (F.cross_entropy(scores[asked], labels[asked]) + z_loss * squares).backward()
    whole = torch.cat([p.grad.flatten() for p in objective.parameters()])

    objective = Causal(toy_objective().model, z_loss=z_loss)
    batches = [make_batch(rows, np.asarray(part)) for part in (range(4), range(4, 7), range(7, 12))]
    means = accumulate_gradients(objective, batches, PLAIN)
    split = torch.cat([p.grad.flatten() for p in objective.parameters()])
    assert abs(float(means["z"]) - float(squares.detach())) < 1e-5
    torch.testing.assert_close(split, whole, rtol=1e-4, atol=1e-6)


def test_the_loss_of_a_fresh_model_is_that_of_a_guess():
    loss, _ = gradients(ToyRows(), [range(32)])
    assert abs(loss - np.log(11)) < 0.1
