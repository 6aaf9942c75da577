"""The matrix products of one training step by themselves: the roofline that the step is measured against."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from cases import Case, model_config
from torch import Tensor, nn

from zaohua.model.attention import BLOCK
from zaohua.model.config import TransformerConfig
from zaohua.model.transformer import Transformer

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
SQUARE = 2048


@dataclass(frozen=True, kw_only=True)
class Product:
    """`batch` products (m, k) x (k, n) in one call; of a turned operand the transpose is what lies in memory."""

    part: str
    batch: int = 1
    m: int
    k: int
    n: int
    left_turned: bool = False
    right_turned: bool = False

    @property
    def flops(self) -> float:
        """Floating-point operations of one call."""
        return 2.0 * self.batch * self.m * self.k * self.n


def products(case: Case, at_once: int = 0) -> Counter[Product]:
    """Each product of one optimiser step of our model, forward and backward, with how often it is called.

    `at_once` rows stand in a forward pass (0: all). Attention is ours: blocks of queries that skip hidden keys.
    """
    config, rows = model_config(case), at_once or case.rows
    assert case.rows % rows == 0, "the last forward pass would be smaller"
    with torch.device("meta"):  # shapes without memory
        model = Transformer(config)
    found = Counter[Product]()
    for module in model.stack.modules():
        if isinstance(module, nn.Linear):
            found.update(_through("weights in blocks", rows * case.context, module.weight))
    found.update(_through("head", rows * case.context, model.head_weight))
    for layer in range(config.layers):
        found.update(_attention(config, layer, rows, case.context))
    return Counter({product: count * (case.rows // rows) for product, count in found.items()})


def _through(part: str, tokens: int, weight: Tensor) -> list[Product]:
    """hidden (tokens, in) through a weight (out, in), and the gradients of both."""
    out, into = weight.shape
    return [
        Product(part=part, m=tokens, k=into, n=out, right_turned=True),
        Product(part=part, m=tokens, k=out, n=into),
        Product(part=part, m=out, k=tokens, n=into, left_turned=True),
    ]


def _attention(config: TransformerConfig, layer: int, rows: int, context: int) -> Iterator[Product]:
    """Scores and mixing of one layer, block by block, with the gradients of queries, keys, weights and values."""
    batch, width, window = rows * config.kv_heads, config.head_dim, config.window(layer)
    shared = config.heads // config.kv_heads
    for start in range(0, context, BLOCK):
        stop = min(start + BLOCK, context)
        queries, keys = (stop - start) * shared, stop - (max(0, start - window + 1) if window else 0)
        yield from 2 * [
            Product(part="attention", batch=batch, m=queries, k=width, n=keys, right_turned=True),  # scores; d weights
            Product(part="attention", batch=batch, m=queries, k=keys, n=width),  # mixing; d queries
            Product(part="attention", batch=batch, m=keys, k=queries, n=width, left_turned=True),  # d keys; d values
        ]


def seconds(product: Product, dtype: torch.dtype, spend: float) -> float:
    """The shortest of its calls, three at least, repeated for `spend` seconds after one to warm up."""
    left = _operand(product.batch, product.m, product.k, dtype, turned=product.left_turned)
    right = _operand(product.batch, product.k, product.n, dtype, turned=product.right_turned)
    out, taken = left @ right, []
    until = time.perf_counter() + spend
    while len(taken) < 3 or time.perf_counter() < until:
        start = time.perf_counter()
        torch.matmul(left, right, out=out)
        taken.append(time.perf_counter() - start)
    return min(taken)


def _operand(batch: int, rows: int, columns: int, dtype: torch.dtype, *, turned: bool) -> Tensor:
    """Random numbers (batch, rows, columns), or (rows, columns) for one; turned: laid down column by column."""
    form = (columns, rows) if turned else (rows, columns)
    numbers = torch.randn(form if batch == 1 else (batch, *form)).to(dtype)
    return numbers.mT if turned else numbers


def timed(job: dict[str, Any]) -> dict[str, Any]:
    """{precision: {"square": GFLOP/s, "parts": {part: GFLOP/s}, "tokens per second": of a step of products alone}}.

    The job is {case, at_once, seconds} with the seconds that each different product may take.
    """
    case, found = Case(**job["case"]), {}
    square = Product(part="square", m=SQUARE, k=SQUARE, n=SQUARE)
    counted = products(case, job["at_once"])
    for precision, dtype in DTYPES.items():
        taken: dict[str, float] = defaultdict(float)
        flops: dict[str, float] = defaultdict(float)
        for product, count in counted.items():
            taken[product.part] += count * seconds(product, dtype, job["seconds"])
            flops[product.part] += count * product.flops
        found[precision] = {
            "square": square.flops / seconds(square, dtype, job["seconds"]) / 1e9,
            "parts": {part: flops[part] / taken[part] / 1e9 for part in taken},
            "tokens per second": case.tokens / sum(taken.values()),
        }
    return found
