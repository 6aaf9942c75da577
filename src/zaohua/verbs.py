"""What each verb takes from the command line and what it does with it; heavy imports wait for the work."""

import json
import re
import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from zaohua.corpus.settings import CorpusSettings
from zaohua.data.settings import TokensSettings
from zaohua.events import Events
from zaohua.generation.settings import Sampling
from zaohua.recipe import ChatSettings, ModelSettings, Recipe, read_recipe, require_length, write_recipe
from zaohua.server.settings import ServeSettings
from zaohua.settings import Settings, UserError
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.training.allocator import keep_freed_memory
from zaohua.training.interruption import Interrupted
from zaohua.training.settings import TrainingSettings

Output = Annotated[Path, Parameter(alias="-o")]
Flat = Parameter(name="*")
Hidden = Parameter(show=False, parse=False)


class CorpusFlags(CorpusSettings):
    """The settings of a corpus whose sources stand as words."""

    sources: Annotated[tuple[str, ...], Hidden] = ()


class RunFlags(Recipe):
    """What may be changed in a recipe: all but what `zaohua make` was asked for."""

    request: Annotated[str, Hidden] = ""


class MakeFlags(RunFlags):
    """What may be changed in a recipe that is made from the texts that stand as words."""

    corpus: CorpusFlags = CorpusFlags()  # pyright: ignore[reportIncompatibleVariableOverride] - it is frozen


GROUPS: tuple[type[Settings], ...] = (
    CorpusFlags, TokenizerSettings, TokensSettings, ModelSettings, TrainingSettings, RunFlags, MakeFlags, Sampling,
    ServeSettings,
)  # fmt: skip


def settings_named(title: str) -> type[Settings]:
    """The group of settings of this class name, for a sentence about a mistake in it."""
    return next((group for group in GROUPS if group.__name__ == title), Settings)


def interrupted() -> type[Interrupted]:
    """What a run raises that was asked to stop and can be resumed."""
    return Interrupted


def quickstart(
    *,
    output: Output = Path("runs/quickstart"),
    minutes: float = 9.5,
    serve: bool = True,
) -> None:
    """Make a story model from the embedded world: text, tokenizer, training, chat tuning, report, chat page.

    Args:
        output: where everything is written.
        minutes: minutes of clock time for the whole run.
        serve: in a terminal, serve the chat page at the end; --no-serve prints the command for it instead.
    """
    started = time.monotonic()
    keep_freed_memory()
    from zaohua import pipeline, planner

    events = Events()
    pipeline.run(planner.quickstart_recipe(minutes), output, events, started=started)
    _end_with_page(output, events, serve=serve)


def make(
    *texts: str,
    minutes: float = 10.0,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    dry_run: bool = False,
    serve: bool = False,
    changes: Annotated[MakeFlags | None, Flat] = None,
) -> None:
    """Make your own GPT from texts: measure text and machine, plan, run every stage, print the card.

    Args:
        texts: files and folders of .txt, .md, .jsonl, .parquet, plain or .gz/.zst; or microworld:small.
        minutes: minutes of clock time from start to printed card.
        output: where everything is written; runs/NAME of the first text unless given.
        dry_run: print the plan and its recipe, and stop.
        serve: serve the chat page when done.
    """
    started = time.monotonic()
    keep_freed_memory()
    from zaohua import pipeline, planner

    if not texts:
        raise UserError("give the files or folders to learn from, as in `zaohua make my_texts --minutes 10`")
    events = Events()
    folder = output or Path("runs") / (re.sub(r"[^\w.-]+", "-", Path(texts[0]).stem).strip("-") or "made")
    recipe = planner.plan(texts, minutes, folder, _changes(changes), events)
    if dry_run:
        print(write_recipe(recipe.model_copy(update={"request": ""})), end="")
        return
    pipeline.run(recipe, folder, events, started=started)
    _end_with_page(folder, events, serve=serve)


def run(
    recipe: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    dry_run: bool = False,
    changes: Annotated[RunFlags | None, Flat] = None,
) -> None:
    """Carry out a recipe; stages whose settings and inputs are unchanged are skipped, an interrupted one continues.

    Args:
        recipe: a recipe.toml, or the folder of a run, which holds its own.
        output: where everything is written; runs/NAME of the recipe's name unless given.
        dry_run: print the resolved recipe and stop.
    """
    started = time.monotonic()
    keep_freed_memory()
    from zaohua import pipeline

    settings = read_recipe(recipe, _changes(changes))
    folder = output or (recipe if recipe.is_dir() else Path("runs") / settings.name)
    if dry_run:
        print(write_recipe(settings), end="")
        return
    pipeline.run(settings, folder, Events(), started=started)


def plan(*texts: str, minutes: float = 10.0, changes: Annotated[MakeFlags | None, Flat] = None) -> None:
    """Say what `zaohua make` would train, how long each part takes, how much memory, and what to expect.

    Args:
        texts: as for make.
        minutes: minutes of clock time for the whole run.
    """
    from zaohua import planner

    planner.plan(texts, minutes, None, _changes(changes), Events())


def corpus(
    *sources: str,
    output: Output,
    settings: Annotated[CorpusFlags | None, Flat] = None,
) -> None:
    """Collect text, set aside what is broken, drop exact duplicates, hold some out.

    Args:
        sources: files, folders and globs of .txt, .md, .jsonl, .parquet, plain or .gz/.zst; or microworld:small.
        output: the corpus folder to write.
    """
    from zaohua.corpus import stage
    from zaohua.sources import embedded_documents

    wanted = (settings or CorpusFlags()).model_copy(update={"sources": sources})
    stage.run(wanted, output, Events(), embedded=embedded_documents)


def tokenizer(
    what: Literal["train"],
    corpus: Path,
    /,
    *,
    output: Output,
    settings: Annotated[TokenizerSettings | None, Flat] = None,
) -> None:
    """Learn a vocabulary from a corpus folder.

    Args:
        what: train.
        corpus: a corpus folder.
        output: the tokenizer folder to write.
    """
    from zaohua.tokenizer import training

    training.run(settings or TokenizerSettings(), corpus, output, Events())


def tokens(
    corpus: Path,
    tokenizer: Path,
    /,
    *,
    output: Output,
    settings: Annotated[TokensSettings | None, Flat] = None,
) -> None:
    """Encode a corpus folder with a tokenizer folder into token shards.

    Args:
        corpus: a corpus folder.
        tokenizer: a tokenizer folder.
        output: the tokens folder to write.
    """
    from zaohua.data import shards

    shards.run(settings or TokensSettings(), corpus, tokenizer, output, Events())


def pretrain(
    tokens: Path,
    tokenizer: Path,
    /,
    *,
    output: Output,
    model: ModelSettings = ModelSettings(),  # noqa: B008 - frozen
    training: Annotated[TrainingSettings | None, Flat] = None,
) -> None:
    """Train a model from its first weights on a tokens folder. Ctrl-C saves; the same command continues.

    Args:
        tokens: a tokens folder.
        tokenizer: the tokenizer folder that made it.
        output: the training folder to write, with model/ inside when done.
    """
    settings = training or TrainingSettings()
    require_length(settings)
    keep_freed_memory()
    from zaohua import folders, report, stages

    with folders.locked(output.parent / f".{output.name}.lock"):
        stages.pretrain(model, settings, tokens, tokenizer, output, Events(), sample=report.one_line)


def finetune(
    model: Path,
    data: str,
    /,
    *,
    output: Output,
    task: Literal["chat"] = "chat",
    training: Annotated[TrainingSettings | None, Flat] = None,
) -> None:
    """Fine-tune a model on conversations, learning the assistant's words alone.

    Args:
        model: a model folder, a training folder or a run's folder.
        data: a .jsonl file of {"messages": [{"role": …, "content": …}]}, or microworld:small.
        output: the training folder to write.
        task: chat.
    """
    chosen = training or ChatSettings().training
    require_length(chosen)
    keep_freed_memory()
    from zaohua import folders, sources, stages

    chat = ChatSettings(sources=(data,), training=chosen)
    with folders.locked(output.parent / f".{output.name}.lock"):
        stages.finetune_chat(
            chat, sources.conversations(chat, "train"), sources.conversations(chat, "test"), model_at(model), output,
            Events(), data_digest=sources.conversations_digest(chat),
        )  # fmt: skip


def evaluate(model: Path, text: Path, /, *, against: Path | None = None) -> None:
    """Bits per byte of a model on a text file, beside compressors.

    Args:
        model: a model folder, a training folder or a run's folder.
        text: the UTF-8 text to predict.
        against: training text that the compressors may have seen.
    """
    from zaohua import report

    report.evaluate(model_at(model), text, against, Events())


def generate(
    model: Path,
    prompt: str = "",
    /,
    *,
    count: int = 1,
    sampling: Annotated[Sampling | None, Flat] = None,
) -> None:
    """Continue a text, shown as it is written.

    Args:
        model: a model folder, a training folder or a run's folder.
        prompt: the text to continue; nothing begins a new one.
        count: texts to write, each with the next seed.
    """
    from zaohua import terminal

    terminal.write(model_at(model), prompt, sampling or Sampling(), count)


def chat(model: Path, /, *, sampling: Annotated[Sampling | None, Flat] = None) -> None:
    """Talk with a model: it remembers the conversation, /new forgets it, Ctrl-D ends.

    Args:
        model: a model folder, a training folder or a run's folder.
    """
    from zaohua import terminal

    terminal.talk(model_at(model, chat=True), sampling or Sampling())


def inspect(model: Path, text: str, /, *, output: Output = Path("inspect.html"), top: int = 5) -> None:
    """Print what may come next, and write one HTML page: attention of every layer and head, next-token probabilities.

    Args:
        model: a model folder, a training folder or a run's folder.
        text: the text to look at.
        output: the HTML file to write, self-contained.
        top: how many of the likeliest next tokens are printed.
    """
    from zaohua.terminal import look

    if top < 0:
        raise UserError(f"--top is {top}: give 0 or more")
    look(model_at(model), text, output, top, name=str(model))


def serve(model: Path, /, *, settings: Annotated[ServeSettings | None, Flat] = None) -> None:
    """Serve a model on this machine: an OpenAI-compatible API and a chat page.

    Args:
        model: a model folder, a training folder or a run's folder.
    """
    from zaohua.server.serve import serve as serve_model

    serve_model(model_at(model, chat=True), settings or ServeSettings(), Events())


def verify(folder: Path, /) -> None:
    """Check every file of a folder, and of the finished folders inside it, against its manifest's digests.

    Args:
        folder: any folder that zaohua wrote.
    """
    from zaohua import folders

    found = sorted({path.parent for path in folder.rglob(folders.MANIFEST)})
    if not found:
        raise UserError(f"{folder} holds no finished folder of zaohua: nothing to verify")
    wrong = [sentence for each in found for sentence in folders.problems(each)]
    if wrong:
        raise UserError(f"{len(wrong)} of the files are not what was written: " + "; ".join(wrong[:5]))
    Events().say(f"{len(found)} folders verified, every file is whole", f"已校验 {len(found)} 个文件夹，文件完好")


def model_at(path: Path, *, chat: bool = False) -> Path:
    """The model folder that MODEL names: itself, a training folder's, or a run's (its chat model where `chat`)."""
    inside = ("", "model", *(("chat/model",) if chat else ()), "pretrain/model", "chat/model")
    for place in inside:
        if (path / place / "config.json").is_file():
            return path / place
    raise UserError(f"there is no model in {path}: give a model folder, a training folder or the folder of a run")


def _changes(changes: Recipe | None) -> dict[str, object]:
    return {} if changes is None else json.loads(changes.model_dump_json(exclude_unset=True))


def _end_with_page(folder: Path, events: Events, *, serve: bool) -> None:
    """The chat page in a terminal, else the command for it."""
    import sys

    if serve and sys.stdout.isatty():
        from zaohua.server.serve import serve as serve_model

        serve_model(model_at(folder, chat=True), ServeSettings(), events)
        return
    command = f"zaohua serve {folder}"
    events.say(f"talk to it in a browser: {command}", f"在浏览器里和它聊天：{command}")
