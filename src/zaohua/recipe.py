"""A whole run as one settings tree, kept as recipe.toml in the run's folder."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from zaohua.corpus.settings import CorpusSettings
from zaohua.data.settings import TokensSettings
from zaohua.model.presets import PRESETS, Family
from zaohua.settings import SettingError, Settings, UserError, check, override, read_toml, to_toml
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.training.settings import ChatTrainingSettings, TrainingSettings


class ModelSettings(Settings):
    """The shape of the model that is trained."""

    preset: str | None = None
    """A model by name: published (gpt1, gpt2, gpt3-small, smollm2-135m, qwen3-0.6b, …) or of today's form (modern-10m,
    -50m, -124m, -350m, -1b); then dim, layers and dropout follow from it, and the rows still decide how long a text it
    reads, unless max_length does."""
    family: Family = "qwen3"
    """Which published architecture; decides where the model folder loads."""
    dim: Annotated[int, Field(ge=8, le=16_384)] = 256
    """Width of the residual stream."""
    layers: Annotated[int, Field(ge=1, le=200)] = 4
    """Blocks."""
    max_length: Annotated[int, Field(ge=8, le=65_536)] | None = None
    """Longest text that it can read and write, in tokens. Default, a preset's too: the longest row that a stage trains
    on, for places that no row reached are never learned."""
    dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Share of activations dropped in training; helps where a small text is read many times. Default: the preset's own,
    else none."""

    @model_validator(mode="after")
    def _named(self) -> "ModelSettings":
        if self.preset is not None:
            if self.preset not in PRESETS:
                raise SettingError(
                    f"unknown preset {self.preset}; it must be one of {', '.join(PRESETS)}",
                    f"没有预设 {self.preset}，必须是以下之一：{'、'.join(PRESETS)}",
                )
            said = self.model_fields_set & {"family", "dim", "layers"}
            if said:
                raise SettingError(
                    f"the preset {self.preset} says {', '.join(sorted(said))} already: leave it out",
                    f"预设 {self.preset} 已经定下了 {'、'.join(sorted(said))}：请去掉",
                )
        return self


class ChatSettings(Settings):
    """Fine-tuning on conversations."""

    sources: tuple[str, ...] = ()
    """Files of conversations (.jsonl of {"messages": [...]}), or microworld:small or :full. Unset: no chat stage."""
    conversations: Annotated[int, Field(ge=1)] = 20_000
    """How many are taken from an embedded world."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.45
    """Its part of the time for training, where the run's minutes decide; pretraining gets the rest."""
    training: ChatTrainingSettings = ChatTrainingSettings()
    """The dials of its training."""


class ReportSettings(Settings):
    """What the card of a finished run measures."""

    samples: Annotated[int, Field(ge=0)] = 3
    """Texts shown."""
    sample_tokens: Annotated[int, Field(ge=1)] = 200
    """Tokens in each at most."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.8
    """Of the samples and the stories."""
    stories: Annotated[int, Field(ge=0)] = 200
    """Stories a language sampled and checked, where the text is an embedded world's."""
    questions: Annotated[int, Field(ge=0)] = 200
    """Unseen questions a language asked, where an embedded world's conversations were learned."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the samples and the stories."""


class Recipe(Settings):
    """A whole run. Every stage's settings have defaults that work; `corpus.sources` is what one must give."""

    name: str = "run"
    """What the model is called."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """Clock time of the whole run; training takes what the other stages leave. Unset: the stages' own steps decide."""
    request: str = ""
    """What `zaohua make` was asked for; the same request in the same folder continues this recipe."""
    corpus: CorpusSettings = CorpusSettings()
    tokenizer: TokenizerSettings = TokenizerSettings()
    tokens: TokensSettings = TokensSettings()
    model: ModelSettings = ModelSettings()
    pretrain: TrainingSettings = TrainingSettings()
    chat: ChatSettings = ChatSettings()
    report: ReportSettings = ReportSettings()

    @property
    def trainings(self) -> dict[str, TrainingSettings]:
        """The dials of every stage that trains, by their place in the recipe."""
        return {"pretrain": self.pretrain} | ({"chat.training": self.chat.training} if self.chat.sources else {})

    @model_validator(mode="after")
    def _fitting(self) -> "Recipe":
        for name, training in self.trainings.items():
            for own in ("steps", "seconds"):
                if self.minutes is not None and getattr(training, own) is not None:
                    raise SettingError(
                        f"{name}.{own} and minutes are both given: leave one out",
                        f"{name}.{own} 和 minutes 不能同时给出：请去掉一个",
                    )
            if self.model.max_length and training.length > self.model.max_length:
                raise SettingError(
                    f"{name}.length ({training.length}) is above model.max_length ({self.model.max_length}): "
                    "give shorter rows",
                    f"{name}.length（{training.length}）超过了 model.max_length（{self.model.max_length}）："
                    "请给更短的行",
                )
        return self


def read_recipe(path: Path, changes: dict[str, Any]) -> Recipe:
    """The recipe in a TOML file with `changes` laid over it; a run folder stands for the recipe inside it."""
    return check(Recipe, override(read_toml(path / "recipe.toml" if path.is_dir() else path), changes))


def recipe_text(recipe: Recipe) -> str:
    """The recipe as TOML: only what differs from the defaults, so that a reader sees the choices."""
    return to_toml(recipe.model_dump(exclude_defaults=True))


def require_length(training: TrainingSettings, where: str = "") -> None:
    """Raises UserError where nothing says how long to train; `where` is its place in the recipe of a whole run."""
    if training.steps is None and training.seconds is None:
        english, chinese = (
            (f"--{where}.steps, --{where}.seconds or --minutes", f"--{where}.steps、--{where}.seconds 或 --minutes")
            if where
            else ("--steps or --seconds", "--steps 或 --seconds")
        )
        raise UserError(f"nothing says how long to train: give {english}", f"没有说明训练多久：请给出 {chinese}")
