"""What the verbs take from the command line besides their own words: groups of settings, and where a model lies."""

import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from pydantic import model_validator

from zaohua.corpus.settings import CorpusSettings
from zaohua.data.settings import TokensSettings
from zaohua.events import Events
from zaohua.generation.settings import Sampling
from zaohua.recipe import ChatSettings, ModelSettings, Recipe
from zaohua.server.settings import ServeSettings
from zaohua.settings import Settings, UserError
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.training.settings import ChatTrainingSettings, TrainingSettings


def _as_typed(value: Any) -> str | None:
    """A default as the help shows it: the words of a list one after the other, and nothing where there is none."""
    if isinstance(value, tuple | dict):
        return " ".join(map(str, value)) or None
    return None if value is None else str(value) or '""'


PARAMETER = Parameter(show_default=_as_typed, negative_iterable=())
"""What holds for every word and flag."""
Output = Annotated[Path, Parameter(alias="-o")]
Flat = Parameter(name="*")
Hidden = Parameter(show=False, parse=False)


class CorpusFlags(CorpusSettings):
    """The settings of a corpus whose sources stand as words."""

    sources: Annotated[tuple[str, ...], Hidden] = ()
    sample: Annotated[int | None, Hidden] = None


def _later(changes: Any) -> Any:
    """Whether fields go together is seen in the recipe that they change, not among the flags alone."""
    return changes


class TrainingFlags(TrainingSettings):
    """What may be changed in the dials of pretraining."""

    _consistent = model_validator(mode="after")(_later)


class ChatTrainingFlags(ChatTrainingSettings):
    """What may be changed in the dials of chat tuning."""

    _consistent = model_validator(mode="after")(_later)


class ChatFlags(ChatSettings):
    """What may be changed in fine-tuning on conversations."""

    training: ChatTrainingFlags = ChatTrainingFlags()  # pyright: ignore[reportIncompatibleVariableOverride]
    """The dials of its training."""


class RunFlags(Recipe):
    """What may be changed in a recipe: all but what `zaohua make` was asked for."""

    request: Annotated[str, Hidden] = ""
    pretrain: TrainingFlags = TrainingFlags()  # pyright: ignore[reportIncompatibleVariableOverride] - it is frozen
    chat: ChatFlags = ChatFlags()  # pyright: ignore[reportIncompatibleVariableOverride] - it is frozen

    _fitting = model_validator(mode="after")(_later)


class MakeFlags(RunFlags):
    """What may be changed in a recipe that is made from the texts that stand as words."""

    corpus: CorpusFlags = CorpusFlags()  # pyright: ignore[reportIncompatibleVariableOverride] - it is frozen


GROUPS: tuple[type[Settings], ...] = (
    CorpusFlags, TokenizerSettings, TokensSettings, ModelSettings, TrainingSettings, ChatTrainingSettings, RunFlags,
    MakeFlags, Sampling, ServeSettings,
)  # fmt: skip


def settings_named(title: str) -> type[Settings]:
    """The group of settings of this class name, for a sentence about a mistake in it."""
    return next((group for group in GROUPS if group.__name__ == title), Settings)


def model_at(path: Path, *, chat: bool = False) -> Path:
    """The model folder that MODEL names: itself, a training folder's, or a run's (its chat model where `chat`)."""
    inside = ("", "model", *(("chat/model",) if chat else ()), "pretrain/model", "chat/model")
    for place in inside:
        if (path / place / "config.json").is_file():
            return path / place
    raise UserError(
        f"there is no model in {path}: give a model folder, a training folder or the folder of a run",
        f"{path} 里没有模型：请给出模型文件夹、训练文件夹或一次运行的文件夹",
    )


def changes_of(changes: Recipe | None) -> dict[str, object]:
    """What the flags set, and nothing that they left as it is."""
    return {} if changes is None else json.loads(changes.model_dump_json(exclude_unset=True))


def try_it(verb: str, folder: Path, events: Events) -> None:
    """Say with which command a model that was just made is tried."""
    command = command_of(verb, folder)
    events.say(f"try it: {command}", f"试试看：{command}")


def command_of(verb: str, folder: Path) -> str:
    """A command on a folder as the user can type it: the program by its name where the shell finds it, else by path."""
    path = Path(sys.argv[0])
    found = shutil.which("zaohua")
    by_name = path.name != "zaohua" or (found and path.exists() and path.samefile(found))
    return shlex.join(["zaohua" if by_name else str(path), verb, str(folder)])
