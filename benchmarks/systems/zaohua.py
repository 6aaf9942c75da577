"""Our own training step, as the training loop composes it, with the verbs' advice to the allocator."""

from zaohua.training.allocator import keep_freed_memory

keep_freed_memory()  # as a verb does: before torch is imported

from collections.abc import Callable, Iterable, Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
from cases import END_OF_TEXT, Case, model_config, stream, windows  # noqa: E402

from systems import BETAS, CLIP, LEARNING_RATE, WEIGHT_DECAY, Setting  # noqa: E402
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


def train(case: Case, setting: Setting, steps: int, step_ended: Callable[[], None], device: str = "cpu") -> float:
    """Train on rows as `pretrain` packs them: a token sees its own document only, which no peer's rows ask for."""
    rows = Rows(Tokens(stream(case, steps)), case.context)

    def batches() -> Iterator[list[Batch]]:
        for step in range(steps):
            chosen = np.arange(step * case.rows, (step + 1) * case.rows)
            yield [make_batch(rows, part) for part in np.array_split(chosen, setting.passes(case.rows))]

    return train_on(batches(), case, setting, step_ended, torch.device(device))


def train_plain(case: Case, setting: Setting, steps: int, step_ended: Callable[[], None], device: str = "cpu") -> float:
    """The same on plain rows, the very work that the peers do."""

    def batches() -> Iterator[list[Batch]]:
        for both in zip(*map(torch.from_numpy, windows(case, steps))):
            parts = zip(*(each.chunk(setting.passes(case.rows)) for each in both))
            yield [Batch(ids=ids, labels=labels, counts={"loss": labels.numel()}) for ids, labels in parts]

    return train_on(batches(), case, setting, step_ended, torch.device(device))


def train_on(
    batches: Iterable[list[Batch]],
    case: Case,
    setting: Setting,
    step_ended: Callable[[], None],
    device: torch.device,
) -> float:
    """One optimiser step for each list of micro-batches -> the last loss, in nats per token."""
    assert setting == Setting(compute=setting.compute, at_once=setting.at_once), "a setting that it does not have"
    settings = TrainingSettings(
        learning_rate=LEARNING_RATE, betas=BETAS, weight_decay=WEIGHT_DECAY, clip=CLIP, rows=case.rows
    )
    objective = Causal(new_model(model_config(case), generator=torch.Generator().manual_seed(0))).to(device).train()
    optimizer, loss = Optimizer(objective, settings, setting.compute), float("nan")
    compute = computing_in(setting.compute, device)
    for parts in batches:
        means = accumulate_gradients(objective, [part.to(device) for part in parts], compute)
        norm = float(gradient_norm(objective, settings.clip))
        assert norm > 0, "a step without a gradient"
        loss = float(means["loss"])
        optimizer.step(1.0)
        step_ended()
    return loss
