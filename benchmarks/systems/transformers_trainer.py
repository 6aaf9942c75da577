"""transformers' GPT-2 under its Trainer, with fused AdamW and nothing logged, saved or evaluated."""

import tempfile
from collections.abc import Callable
from typing import Any

import torch
from cases import Case, windows
from torch.utils.data import Dataset
from transformers import GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

from systems import BETAS, CLIP, LEARNING_RATE, WEIGHT_DECAY, Setting
from systems.transformers import model


class Windows(Dataset):
    """The rows of all steps; the model shifts the labels itself."""

    def __init__(self, case: Case, steps: int) -> None:
        self.ids = torch.from_numpy(windows(case, steps)[0]).flatten(0, 1)  # (steps * rows, context)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self.ids[index], "labels": self.ids[index]}


class Clock(TrainerCallback):
    """Tells when an optimiser step has ended."""

    def __init__(self, step_ended: Callable[[], None]) -> None:
        self.step_ended = step_ended

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.step_ended()


def train(case: Case, setting: Setting, steps: int, step_ended: Callable[[], None]) -> float:
    """Let the Trainer make the steps -> the mean loss, in nats per token."""
    passes = setting.passes(case.rows)
    chosen = {
        "per_device_train_batch_size": case.rows // passes,
        "gradient_accumulation_steps": passes,
        "learning_rate": LEARNING_RATE,
        "adam_beta1": BETAS[0],
        "adam_beta2": BETAS[1],
        "weight_decay": WEIGHT_DECAY,
        "max_grad_norm": CLIP,
        "lr_scheduler_type": "constant",
        "optim": "adamw_torch_fused",
        "bf16": setting.compute == "bf16",
        "torch_compile": setting.compiled,
        "dataloader_pin_memory": False,
        "logging_strategy": "no",
        "logging_nan_inf_filter": False,
        "report_to": [],
        "disable_tqdm": True,
    }
    return let_train(model(case, setting.attention), case, steps, step_ended, chosen)


def let_train(
    gpt: GPT2LMHeadModel, case: Case, steps: int, step_ended: Callable[[], None], chosen: dict[str, Any]
) -> float:
    """The steps with these arguments besides what any measurement must set -> the mean loss, in nats per token."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(output_dir=folder, max_steps=steps, use_cpu=True, save_strategy="no", **chosen)
        trainer = Trainer(gpt, arguments, train_dataset=Windows(case, steps), callbacks=[Clock(step_ended)])
        return trainer.train().training_loss
