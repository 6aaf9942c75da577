"""Who learns in equal minutes: our finished run, nanoGPT's recipe for a CPU, and GPT-2 under transformers' Trainer.

Each reads the training text of our run's corpus and is measured on the same bytes of its held-out text.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from cases import Case
from heldout import IGNORED, Stream, bits_per_byte
from systems.nanogpt import PlainGPT
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Task:
    """Texts to learn from and to be measured on, and how long."""

    folder: Path  # of our run
    train: Sequence[str]
    heldout: Sequence[str]
    seconds: float
    gpt2: Path | None = None  # GPT-2's tokenizer.json

    @property
    def heldout_bytes(self) -> int:
        """UTF-8 bytes of the text that is measured on."""
        return sum(len(text.encode()) for text in self.heldout)


def ours(task: Task) -> dict[str, Any]:
    """The model that `make` chose and trained, read in rows as long as those that it learned from."""
    from zaohua.checkpoint.model_folder import load_model, tokenizer_of
    from zaohua.evaluation.perplexity import stream_of, text_bits
    from zaohua.recipe import read_recipe

    loaded = load_model(task.folder / "pretrain" / "model")
    stream = stream_of(list(task.heldout), tokenizer_of(loaded))
    length = read_recipe(task.folder, {}).pretrain.length
    bits = text_bits(loaded.model.eval(), stream, task.heldout_bytes, length)
    card = json.loads((task.folder / "report" / "card.json").read_text(encoding="utf-8"))
    spent = sum(card["spent"].values())
    return {"bits": bits, "steps": loaded.about["steps"], "tokens": loaded.about["tokens"], "seconds": spent}


@dataclass
class Characters:
    """A vocabulary of the training text's characters, as nanoGPT's preparation makes it (there of all text)."""

    train: Sequence[str]
    numbers: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = {character: index for index, character in enumerate(sorted({"\n", *"".join(self.train)}))}

    def ids(self, texts: Sequence[str]) -> Tensor:
        """Texts joined by line ends -> ids (n,) int64, IGNORED where a character is unknown."""
        return torch.tensor([self.numbers.get(character, IGNORED) for character in "\n".join(texts)])

    def stream(self, texts: Sequence[str]) -> Stream:
        """Texts to be measured on, after a line end."""
        ids = self.ids(["", *texts])
        return Stream(ids, int((ids == IGNORED).sum()), sum(len(text.encode()) for text in texts))


PUBLISHED = {"layers": 4, "dim": 128, "heads": 4, "context": 64, "rows": 12}
STEPS, WARM_UP, PEAK, LOWEST = 2000, 100, 1e-3, 1e-4
"""nanoGPT's README on Shakespeare's characters on a CPU, the rest as its configuration and train.py say."""


def nanogpt(task: Task, *, stretched: bool = False, steps: int = STEPS) -> dict[str, Any]:
    """nanoGPT's recipe: 2,000 steps as published, or as many as the time is enough for; the best of eight is kept.

    Measuring is not charged, nor is the trial by which the steps are found.
    """
    vocabulary = Characters(task.train)
    case = Case(name="characters", vocab=len(vocabulary.numbers), **PUBLISHED)
    ids, heldout = vocabulary.ids(task.train), vocabulary.stream(task.heldout)
    if stretched:
        spent = min(_plain(case, ids, 60, lambda _: None) for _ in range(2))
        steps = max(steps, int(task.seconds / spent * 60))
    found: list[float] = []

    def measure(gpt: PlainGPT) -> None:
        found.append(bits_per_byte(gpt.eval(), heldout, case.context, rows=128))
        gpt.train()

    spent = _plain(case, ids, steps, measure)
    return {"bits": min(found), "steps": steps, "tokens": steps * case.tokens, "seconds": spent}


def _plain(case: Case, ids: Tensor, steps: int, measure: Callable[[PlainGPT], None]) -> float:
    """Train on random rows in fp32, as nanoGPT does on a CPU -> seconds spent, measuring left out."""
    torch.manual_seed(1337)
    gpt = PlainGPT(case, bias=False, gelu="none").train()
    decayed = [parameter for parameter in gpt.parameters() if parameter.ndim >= 2]
    others = [parameter for parameter in gpt.parameters() if parameter.ndim < 2]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.99), fused=True)
    offsets, spent, start = torch.arange(case.context + 1), 0.0, time.perf_counter()
    for step in range(steps):
        rate = _cosine(step, steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        rows = ids[torch.randint(len(ids) - case.context, (case.rows, 1)) + offsets]
        gpt(rows[:, :-1], rows[:, 1:]).backward()
        torch.nn.utils.clip_grad_norm_(gpt.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if (step + 1) % max(steps // 8, 1) == 0 or step + 1 == steps:
            spent += time.perf_counter() - start
            measure(gpt)
            start = time.perf_counter()
    return spent


def _cosine(step: int, steps: int) -> float:
    """The learning rate: a linear warm-up, then half a cosine down to a tenth of the peak."""
    if step < WARM_UP:
        return PEAK * (step + 1) / (WARM_UP + 1)
    progress = (step - WARM_UP) / max(steps - WARM_UP, 1)
    return LOWEST + 0.5 * (1 + math.cos(math.pi * progress)) * (PEAK - LOWEST)


def trainer(task: Task) -> dict[str, Any]:
    """GPT2Config() from its first weights under the Trainer's defaults (8 rows, 5e-5, three epochs), until time is up.

    Rows of 1,024 tokens of GPT-2's own vocabulary. The step in which time runs out is finished.
    """
    import tempfile

    from tokenizers import Tokenizer
    from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

    if task.gpt2 is None or not task.gpt2.is_file():
        raise FileNotFoundError("GPT-2's tokenizer.json: set ZAOHUA_DATA to a folder with tokenizers/gpt2")
    tokenizer = Tokenizer.from_file(str(task.gpt2))
    torch.manual_seed(0)
    config = GPT2Config(use_cache=False)
    gpt, end = GPT2LMHeadModel(config), config.vocab_size - 1

    def stream(texts: Sequence[str]) -> Tensor:
        parts = [torch.tensor([end, *tokenizer.encode(text).ids]) for text in texts]
        return torch.cat([*parts, torch.tensor([end])])

    context, ids = config.n_positions, stream(task.train)
    rows = [{"input_ids": row, "labels": row} for row in ids[: len(ids) // context * context].view(-1, context)]
    begun = time.perf_counter()

    class Clock(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            nonlocal begun
            begun = time.perf_counter()

        def on_step_end(self, *given: Any, **_: Any) -> None:
            control = given[2]
            control.should_training_stop = control.should_training_stop or time.perf_counter() - begun >= task.seconds

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(output_dir=folder, use_cpu=True, save_strategy="no")
        learning = Trainer(gpt, arguments, train_dataset=rows, callbacks=[Clock()])  # pyright: ignore[reportArgumentType]
        done = learning.train()
    spent = time.perf_counter() - begun
    heldout = Stream(stream(task.heldout), 0, task.heldout_bytes)
    gpt = gpt.eval()
    bits = bits_per_byte(lambda some: gpt(input_ids=some).logits, heldout, context, rows=1)
    return {"bits": bits, "steps": done.global_step, "tokens": done.global_step * 8 * context, "seconds": spent}


LEARNERS: dict[str, Callable[[Task], dict[str, Any]]] = {
    "zaohua make": ours,
    "nanoGPT's CPU recipe": nanogpt,
    "nanoGPT's CPU recipe, as long as ours": lambda task: nanogpt(task, stretched=True),
    "transformers GPT-2, Trainer at its defaults": trainer,
}
"""By name: task -> bits per byte of the held-out text, steps, tokens, and the seconds: ours of all, theirs of steps."""
