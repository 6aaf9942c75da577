"""transformers' GPT-2 under its Trainer as it comes: nothing is chosen but the rows, the steps and the device."""

from collections.abc import Callable

from cases import Case

from systems import Setting
from systems.transformers import model
from systems.transformers_trainer import let_train


def train(case: Case, setting: Setting, steps: int, step_ended: Callable[[], None]) -> float:
    """Let the Trainer make the steps in fp32, which is its default -> the mean loss, in nats per token.

    The model has no dropout, as everybody's here: the work is the same.
    """
    assert setting == Setting(compute="fp32"), "the defaults are not chosen"
    return let_train(
        model(case, activation="gelu_new"), case, steps, step_ended, {"per_device_train_batch_size": case.rows}
    )
