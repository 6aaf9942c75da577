"""How a model is trained: every dial of the one loop, with its unit and its source."""

from collections.abc import Set
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from zaohua.settings import SettingError, Settings

WATCHING = frozenset(
    {"validate_every", "validate_rows", "sample_every", "save_every", "keep", "keep_every", "watch", "profile"}
)
"""The dials that change no weight, only what is measured, shown and kept on the way: with others it is the same run."""
HOW = frozenset({"micro_rows"})
"""The dials that change how a step is computed, and its result by rounding only: with others it is the same run too."""

_LATER = ("ramp", "z_loss", "ema", "average_last", "patience")
"""Dials that runs of earlier versions did not have: where they are off, a run is the same as without them."""


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
    ramp: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the steps over which the rows of a step rise from a quarter of `rows` to all (GPT-3, section 2.3)."""
    micro_rows: Annotated[int, Field(ge=1)] | None = None
    """Rows in one forward pass; fewer than `rows` accumulates gradients. Default: all of them."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    """Peak learning rate of AdamW."""
    schedule: Literal["trapezoid", "cosine", "linear", "inverse_sqrt"] = "trapezoid"
    """What follows the warm-up. trapezoid: constant, then a linear landing (Hägele et al. 2024). inverse_sqrt: the peak
    times the square root of warm-up / step (Vaswani et al. 2017), without an end."""
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
    z_loss: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Weight of a second loss, the squared logarithm of the softmax's denominator (PaLM: 1e-4); 0: none."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay per step of a moving average of the weights, such as 0.999, taken every 8th step, which is validated,
    sampled and written at the end in their place; 0: none."""
    average_last: Annotated[int, Field(ge=0)] = 0
    """The final model is the mean of this many checkpoints, the last ones of keep_every and the end (Vaswani et al.
    2017, section 6.1); 0: the end alone."""
    patience: Annotated[int, Field(ge=1)] | None = None
    """Validations without a new best after which the run ends: a trapezoid lands first. The final model is the best one
    validated. Unset: no early end."""
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
    keep_every: Annotated[int, Field(ge=0)] = 0
    """Steps between checkpoints that are kept besides for good, such as to land from them later; 0: none."""
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
        if self.schedule == "inverse_sqrt" and (not self.warmup or self.final_rate):
            raise SettingError(
                "inverse_sqrt follows from the warm-up and has no end: give a warmup of 1 or more, and no final_rate",
                "inverse_sqrt 由预热步数决定，没有终点：请给出不小于 1 的 warmup，并去掉 final_rate",
            )
        if self.ramp and (self.steps is None or self.schedule != "trapezoid" or self.ramp + self.landing > 1):
            raise SettingError(
                "ramp needs steps, the trapezoid schedule, and an end before the landing begins: else the rate would "
                "fall by steps whose tokens still change",
                "ramp 需要给出 steps，用 trapezoid 日程，并在收尾之前结束：否则学习率按步数下降，而每步的词元数还在变",
            )
        if self.average_last and (not self.keep_every or self.ema or self.patience):
            raise SettingError(
                "average_last takes checkpoints that keep_every kept, and goes with neither ema nor patience: give "
                "keep_every, and one of the three",
                "average_last 平均的是 keep_every 保留的检查点，不能与 ema 或 patience 同用："
                "请给出 keep_every，三者只留一个",
            )
        if self.micro_rows is not None and self.rows % self.micro_rows:
            raise SettingError(
                f"rows ({self.rows}) is not a multiple of micro_rows ({self.micro_rows})",
                f"rows（{self.rows}）不是 micro_rows（{self.micro_rows}）的整数倍",
            )
        return self

    def watching(self) -> Set[str]:
        """Which of the dials change no weight: WATCHING, but for those by which the final model is chosen."""
        chosen_by = {"validate_every", "validate_rows"} if self.patience else set()
        return WATCHING - chosen_by - ({"keep_every"} if self.average_last else set())

    def deciding(self) -> dict[str, Any]:
        """The dials that a weight depends on, as JSON: what a run is."""
        said = self.model_dump(mode="json", exclude={*self.watching(), *HOW})
        off = {name for name in _LATER if said[name] == type(self).model_fields[name].default}
        return {name: value for name, value in said.items() if name not in off}


class ChatTrainingSettings(TrainingSettings):
    """The same dials, as they fit fine-tuning on conversations."""

    rows: Annotated[int, Field(ge=1)] = 8
    """Rows in an optimiser step."""
    warmup: Annotated[int, Field(ge=0)] = 20
    """Steps in which the rate rises linearly from zero."""
    landing: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the run in which a trapezoid's rate falls linearly."""
