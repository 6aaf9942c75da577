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
from zaohua.recipe import ChatSettings, ModelSettings, Recipe, read_recipe, require_length
from zaohua.settings import Settings, UserError
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.training.allocator import keep_freed_memory
from zaohua.training.interruption import Interrupted
from zaohua.training.settings import TrainingSettings

Output = Annotated[Path, Parameter(alias="-o")]
Flat = Parameter(name="*")

GROUPS: tuple[type[Settings], ...] = (
    CorpusSettings, TokenizerSettings, TokensSettings, ModelSettings, TrainingSettings, ChatSettings, Recipe,
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
    changes: Annotated[Recipe | None, Flat] = None,
) -> None:
    """Make your own GPT from texts: measure text and machine, plan, run every stage, print the card.

    Args:
        texts: files and folders of .txt, .md, .jsonl, .parquet, plain or .gz/.zst; or microworld:small.
        minutes: minutes of clock time from start to printed card.
        output: where everything is written; runs/NAME of the first text unless given.
        dry_run: print the plan and stop.
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
        return
    pipeline.run(recipe, folder, events, started=started)
    _end_with_page(folder, events, serve=serve)


def run(
    recipe: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    dry_run: bool = False,
    changes: Annotated[Recipe | None, Flat] = None,
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
    from zaohua.recipe import write_recipe

    settings = read_recipe(recipe, _changes(changes))
    folder = output or (recipe if recipe.is_dir() else Path("runs") / settings.name)
    if dry_run:
        print(write_recipe(settings), end="")
        return
    pipeline.run(settings, folder, Events(), started=started)


def plan(*texts: str, minutes: float = 10.0, changes: Annotated[Recipe | None, Flat] = None) -> None:
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
    settings: Annotated[CorpusSettings | None, Flat] = None,
) -> None:
    """Collect text, set aside what is broken, drop exact duplicates, hold some out.

    Args:
        sources: files, folders and globs of .txt, .md, .jsonl, .parquet, plain or .gz/.zst; or microworld:small.
        output: the corpus folder to write.
    """
    from zaohua.corpus import stage
    from zaohua.sources import embedded_documents

    wanted = (settings or CorpusSettings()).model_copy(update={"sources": sources})
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
    require_length(settings, "")
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
    require_length(chosen, "")
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
    max_new_tokens: int = 200,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
    count: int = 1,
) -> None:
    """Continue a text, shown as it is written.

    Args:
        model: a model folder, a training folder or a run's folder.
        prompt: the text to continue; nothing begins a new one.
        max_new_tokens: tokens written at most.
        temperature: 0 takes the likeliest token always; 1 samples from the model's own distribution.
        top_k: sample from so many likeliest tokens; 0 from all.
        top_p: sample from the likeliest tokens that together hold this probability.
        seed: the same seed writes the same text.
        count: texts to write.
    """
    from zaohua import terminal

    sampling = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_k": top_k, "top_p": top_p}
    for number in range(count):
        terminal.write(model_at(model), prompt, {**sampling, "seed": seed + number})


def chat(
    model: Path, /, *, max_new_tokens: int = 300, temperature: float = 0.7, top_p: float = 1.0, seed: int = 0
) -> None:
    """Talk with a model: it remembers the conversation, /new forgets it, Ctrl-D ends.

    Args:
        model: a model folder, a training folder or a run's folder.
        max_new_tokens: tokens in an answer at most.
        temperature: 0 takes the likeliest token always.
        top_p: sample from the likeliest tokens that together hold this probability.
        seed: the same seed and words give the same answers.
    """
    from zaohua import terminal

    sampling = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p, "seed": seed}
    terminal.talk(model_at(model, chat=True), sampling)


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
    look(model_at(model), text, output, top)


def serve(model: Path, /, *, host: str = "127.0.0.1", port: int = 8000, insecure_no_auth: bool = False) -> None:
    """Serve a model on this machine: an OpenAI-compatible API and a chat page.

    Args:
        model: a model folder, a training folder or a run's folder.
        host: the address to listen on.
        port: the port to listen on; 0 takes any free one.
        insecure_no_auth: listen on an address that other machines reach, though anyone there can then use the model.
    """
    from zaohua.server.serve import ServeSettings
    from zaohua.server.serve import serve as serve_model

    serve_model(
        model_at(model, chat=True), ServeSettings(host=host, port=port, insecure_no_auth=insecure_no_auth), Events()
    )


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
        from zaohua.server.serve import ServeSettings
        from zaohua.server.serve import serve as serve_model

        serve_model(model_at(folder, chat=True), ServeSettings(), events)
        return
    command = f"zaohua serve {folder}"
    events.say(f"talk to it in a browser: {command}", f"在浏览器里和它聊天：{command}")
