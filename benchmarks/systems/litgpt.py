"""litgpt's GPT in the step of its own `pretrain`: Fabric, its chunked cross-entropy, its clipping, fused AdamW."""

# pyright: reportMissingImports=false

from collections.abc import Callable
from typing import Any, cast

import torch
from cases import Case, windows
from lightning import Fabric
from litgpt.config import Config
from litgpt.model import GPT
from litgpt.utils import chunked_cross_entropy

from systems import BETAS, CLIP, HALF, LEARNING_RATE, WEIGHT_DECAY, Setting


def config(case: Case) -> Config:
    """GPT-2's blocks; positions are rotary, on a quarter of each head, because litgpt has no learned ones."""
    return Config(
        name=case.name,
        block_size=case.context,
        n_layer=case.layers,
        n_embd=case.dim,
        n_head=case.heads,
        vocab_size=case.vocab,
        padded_vocab_size=case.vocab,
        parallel_residual=False,
        attn_bias=True,
        gelu_approximate="tanh",
        mlp_class_name="GptNeoxMLP",
        intermediate_size=4 * case.dim,
    )


def train(case: Case, setting: Setting, steps: int, step_ended: Callable[[], None]) -> float:
    """One optimiser step for each batch -> the last loss, in nats per token."""
    precision = "32-true" if setting.compute == "fp32" else "bf16-true" if setting.weights == HALF else "bf16-mixed"
    fabric: Any = Fabric(accelerator="cpu", devices=1, precision=cast(Any, precision))
    fabric.launch()
    torch.manual_seed(0)
    with fabric.init_module(empty_init=False):
        gpt: Any = GPT(config(case))
    gpt.apply(gpt._init_weights)
    gpt.transformer.wte.weight = gpt.lm_head.weight  # its option tie_embeddings
    gpt = fabric.setup(torch.compile(gpt) if setting.compiled else gpt)
    optimizer = fabric.setup_optimizers(
        torch.optim.AdamW(gpt.parameters(), lr=LEARNING_RATE, betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True)
    )
    loss, passes = torch.tensor(float("nan")), setting.passes(case.rows)
    for ids, labels in zip(*map(torch.from_numpy, windows(case, steps))):
        for some_ids, some_labels in zip(ids.chunk(passes), labels.chunk(passes)):
            loss = chunked_cross_entropy(gpt(some_ids), some_labels)
            fabric.backward(loss / passes)
        fabric.clip_gradients(gpt, optimizer, max_norm=CLIP)
        optimizer.step()
        optimizer.zero_grad()
        step_ended()
    return float(loss.detach())
