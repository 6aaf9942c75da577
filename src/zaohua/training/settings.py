"""How a model is trained: every dial of the one loop, with its unit and its source."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from zaohua.settings import SettingError, Settings

WATCHING = frozenset(
    {"validate_every", "validate_rows", "sample_every", "save_every", "keep", "keep_every", "watch", "profile"}
)
"""The dials that change no weight, only what is measured, shown and kept on the way: with others it is the same run."""
HOW = frozenset({"micro_rows"})
"""The dials that change how a step is computed, and its result by rounding only: with others it is the same run too."""


class TrainingSettings(Settings):
    """The dials of the training loop. One of `steps` and `seconds` says how long."""

    steps: Annotated[int, Field(ge=1)] | None = None
    """Optimiser steps in all."""
    seconds: Annotated[float, Field(gt=0)] | None = None
    """Working time in seconds; what the clock decides is kept in landings.json: a resumed run is the same run."""
    mix: tuple[str, ...] = ()
    """Weights of the corpus's sources, as in plays=0.7 novels=0.3; none: every row comes once an epoch."""
    length: Annotated[int, Field(ge=8, le=65_536)] = 256
    """Tokens in a row."""
    rows: Annotated[int, Field(ge=1)] = 16
    """Rows in an optimiser step."""
    micro_rows: Annotated[int, Field(ge=1)] | None = None
    """Rows in one forward pass; fewer than `rows` accumulates gradients. Default: all of them."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    """Peak learning rate of AdamW."""
    schedule: Literal["trapezoid", "cosine", "linear"] = "trapezoid"
    """What follows the warm-up. trapezoid: constant, then a linear landing (Hägele et al. 2024)."""
    warmup: Annotated[int, Field(ge=0)] = 50
    """Steps in which the rate rises linearly from zero."""
    landing: Annotated[float, Field(ge=0, lt=1)] = 0.4
    """Share of the run in which a trapezoid's rate falls linearly."""
    final_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Rate at the end, as a share of the peak."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """adamw (Loshchilov & Hutter 2019), or muon (Jordan et al. 2024) for the matrices in blocks, adamw for the rest."""
    muon_rate: Annotated[float, Field(gt=0, le=1)] = 0.02
    """Peak learning rate of muon, where it is chosen."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.1
    """Decoupled decay of matrices; vectors (biases, norms) never decay."""
    betas: tuple[float, float] = (0.9, 0.95)
    """AdamW's averaging of gradients and of their squares (GPT-3, appendix B)."""
    epsilon: Annotated[float, Field(gt=0)] = 1e-8
    """AdamW's addition to the denominator."""
    clip: Annotated[float, Field(ge=0)] = 1.0
    """Largest norm of the whole gradient; 0 leaves it alone."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Compute precision; master weights are fp32 always. auto: the faster one, by a probe of about two seconds."""
    trouble: Literal["skip", "rollback", "stop"] = "skip"
    """What follows a step whose loss or gradient is no number, or spikes. skip: the step is left out; after five in a
    row the run goes back to its newest checkpoint and passes over the rows since, once. rollback: it does so at once.
    stop: it ends with a sentence."""
    spike: Annotated[float, Field(ge=0)] = 0.0
    """Standard deviations, over the last 128 steps, above which a loss or a gradient's norm is a spike (OLMo 2: 6);
    0: none is."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Fixes initialisation, order of rows and dropout."""
    validate_every: Annotated[int, Field(ge=1)] = 200
    """Steps between measurements on held-out text."""
    validate_rows: Annotated[int, Field(ge=1)] = 64
    """Held-out rows in such a measurement; the report of a run measures up to 20 MB of held-out text."""
    sample_every: Annotated[int, Field(ge=0)] = 200
    """Steps between samples of the text that the model writes by now; 0 shows none."""
    save_every: Annotated[float, Field(gt=0)] = 60.0
    """Seconds between checkpoints: the most work that a kill can cost. They are written beside the steps; where that
    took more than 3 % of the time, there are fewer."""
    keep: Annotated[int, Field(ge=1)] = 2
    """Checkpoints kept; the newest that verifies is never deleted."""
    keep_every: Annotated[int, Field(ge=1)] | None = None
    """A checkpoint is saved at every step that is a multiple of this, and kept."""
    watch: tuple[Literal["tensorboard", "wandb", "swanlab"], ...] = ()
    """Where the run can be watched besides the console; wandb and swanlab send it to their services."""
    profile: Annotated[int, Field(ge=0)] = 0
    """Steps, after the third, whose time is taken apart into profile/table.md and profile/trace.json; 0: none."""

    @model_validator(mode="after")
    def _consistent(self) -> "TrainingSettings":
        if self.steps is not None and self.seconds is not None:
            raise SettingError(
                "steps and seconds are both given: leave one out", "steps 和 seconds 不能同时给出：请去掉一个"
            )
        if self.seconds is not None and self.schedule != "trapezoid":
            raise SettingError(
                "a run of so many seconds needs the trapezoid schedule, whose landing can start at any step",
                "按秒数训练要用 trapezoid 日程：只有它可以从任意一步开始收尾",
            )
        if self.micro_rows is not None and self.rows % self.micro_rows:
            raise SettingError(
                f"rows ({self.rows}) is not a multiple of micro_rows ({self.micro_rows})",
                f"rows（{self.rows}）不是 micro_rows（{self.micro_rows}）的整数倍",
            )
        return self


class ChatTrainingSettings(TrainingSettings):
    """The same dials, as they fit fine-tuning on conversations."""

    rows: Annotated[int, Field(ge=1)] = 8
    """Rows in an optimiser step."""
    warmup: Annotated[int, Field(ge=0)] = 20
    """Steps in which the rate rises linearly from zero."""
    landing: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the run in which a trapezoid's rate falls linearly."""
