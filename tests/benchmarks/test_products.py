"""The roofline's list of products: the operations of the model's own step, no more and no less."""

import sys
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import products
from cases import CASES, Case, model_config, step_flops

from zaohua.data.batches import Batch
from zaohua.model.attention import BLOCK
from zaohua.model.initialization import new_model
from zaohua.objectives.causal import Causal

TWO_BLOCKS = Case(name="two blocks", layers=2, dim=32, heads=4, context=2 * BLOCK, vocab=300, rows=4)


def flops(case, at_once=0):
    return sum(product.flops * count for product, count in products.products(case, at_once).items())


@pytest.mark.parametrize("case", [*CASES.values(), TWO_BLOCKS], ids=lambda case: case.name)
@pytest.mark.parametrize("at_once", [0, 2])
def test_operations_are_those_of_the_model_less_what_blocks_skip(case, at_once):
    borders = [(start, min(start + BLOCK, case.context)) for start in range(0, case.context, BLOCK)]
    skipped = sum((stop - start) * (case.context - stop) for start, stop in borders)  # hidden keys of a row's queries
    per_pair = 3 * 4 * case.dim  # forward and backward, scores and mixing
    whole = step_flops(case) * case.tokens - case.rows * case.layers * per_pair * skipped
    assert flops(case, at_once) == pytest.approx(whole, rel=1e-12)


@pytest.mark.slow
def test_operations_are_those_that_torch_counts_in_a_real_step():
    model = new_model(model_config(TWO_BLOCKS), generator=torch.Generator().manual_seed(0))
    ids = torch.randint(TWO_BLOCKS.vocab, (TWO_BLOCKS.rows, TWO_BLOCKS.context))
    with FlopCounterMode(display=False) as counter:
        Causal(model)(Batch(ids=ids, labels=ids, counts={"loss": ids.numel()}))["loss"].backward()
    assert counter.get_total_flops() == flops(TWO_BLOCKS)


def test_fewer_rows_at_once_are_more_calls_of_smaller_products():
    whole, parts = (products.products(CASES["A"], at_once) for at_once in (0, 4))
    assert sum(parts.values()) == 4 * sum(whole.values())
    assert max(product.flops for product in parts) < max(product.flops for product in whole)


@pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False)])
def test_an_operand_lies_in_memory_as_in_the_step(turned):
    left, right = turned
    product = products.Product(part="head", batch=2, m=3, k=4, n=5, left_turned=left, right_turned=right)
    operand = products._operand(product.batch, product.m, product.k, torch.float32, turned=left)
    assert operand.shape == (2, 3, 4)
    assert operand.is_contiguous() != left
    assert products.seconds(product, torch.float32, 0.0) > 0
