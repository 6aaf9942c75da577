"""Our own training step, as the training loop composes it, with the verbs' advice to the allocator."""

from zaohua.training.allocator import keep_freed_memory

keep_freed_memory()  # as a verb does: before torch is imported

from collections.abc import Callable, Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
from cases import END_OF_TEXT, Case, model_config, stream, windows  # noqa: E402

from systems import BETAS, CLIP, LEARNING_RATE, WEIGHT_DECAY  # noqa: E402
from zaohua.data.batches import Batch, make_batch  # noqa: E402
from zaohua.data.packing import Rows  # noqa: E402
from zaohua.model.initialization import new_model  # noqa: E402
from zaohua.objectives.causal import Causal  # noqa: E402
from zaohua.training.optimizer import Optimizer  # noqa: E402
from zaohua.training.precision import computing_in  # noqa: E402
from zaohua.training.settings import TrainingSettings  # noqa: E402
from zaohua.training.step import accumulate_gradients, gradient_norm  # noqa: E402


@dataclass(frozen=True)
class Tokens:
    """Random tokens as the packing reads them."""

    tokens: np.ndarray
    end_of_text: int = END_OF_TEXT


def train(case: Case, precision: str, steps: int, step_ended: Callable[[], None]) -> float:
    """Train on rows as `pretrain` packs them: a token sees its own document only, which no peer's rows ask for."""
    rows = Rows(Tokens(stream(case, steps)), case.context)

    def batches() -> Iterator[Batch]:
        for step in range(steps):
            yield make_batch(rows, np.arange(step * case.rows, (step + 1) * case.rows))

    return train_on(batches(), case, precision, step_ended)


def train_plain(case: Case, precision: str, steps: int, step_ended: Callable[[], None]) -> float:
    """The same on plain rows, the very work that the peers do."""

    def batches() -> Iterator[Batch]:
        for ids, labels in zip(*windows(case, steps)):
            yield Batch(ids=torch.from_numpy(ids), labels=torch.from_numpy(labels), counts={"loss": labels.size})

    return train_on(batches(), case, precision, step_ended)


def train_on(batches: Iterator[Batch], case: Case, precision: str, step_ended: Callable[[], None]) -> float:
    """One optimiser step for each batch -> the last loss, in nats per token."""
    settings = TrainingSettings(
        learning_rate=LEARNING_RATE, betas=BETAS, weight_decay=WEIGHT_DECAY, clip=CLIP, rows=case.rows
    )
    objective = Causal(new_model(model_config(case), generator=torch.Generator().manual_seed(0))).train()
    optimizer, loss = Optimizer(objective, settings), float("nan")
    compute = computing_in("fp32" if precision == "fp32" else "bf16", torch.device("cpu"))
    for batch in batches:
        means = accumulate_gradients(objective, [batch], compute)
        norm = float(gradient_norm(objective, settings.clip))
        assert norm > 0, "a step without a gradient"
        loss = float(means["loss"])
        optimizer.step(1.0)
        step_ended()
    return loss
