"""Verbs for models: made, measured, looked into and served."""

from pathlib import Path
from typing import Annotated, Literal

from zaohua.events import Events
from zaohua.generation.settings import Sampling
from zaohua.recipe import ChatSettings, ModelSettings, require_length
from zaohua.server.settings import ServeSettings
from zaohua.settings import UserError
from zaohua.training.allocator import keep_freed_memory
from zaohua.training.settings import ChatTrainingSettings, TrainingSettings
from zaohua.verbs.flags import Flat, Output, model_at, try_it


def pretrain(
    tokens: Path,
    tokenizer: Path,
    /,
    *,
    output: Output,
    start: Path | None = None,
    land: str | None = None,
    allow: tuple[str, ...] = (),
    model: ModelSettings = ModelSettings(),  # noqa: B008 - frozen
    training: Annotated[TrainingSettings | None, Flat] = None,
) -> None:
    """Train a model on a tokens folder, from first weights or a model. Ctrl-C saves; the same command continues.

    Args:
        tokens: a tokens folder.
        tokenizer: the tokenizer folder that made it.
        output: the training folder to write, with model/ inside when done.
        start: begin with this model, such as one that `zaohua tokenizer extend` wrote, instead of first weights.
        land: go on from this checkpoint of a pretraining, RUN or RUN@STEP, with all of its settings, while the rate
            falls to its end in --steps.
        allow: a changed setting, such as learning-rate, with which an unfinished run in the output goes on.
    """
    settings = training or TrainingSettings()
    require_length(settings)
    if land and model != ModelSettings():
        raise UserError(
            f"the shape of {land} is what it is: leave the settings of the model out",
            f"{land} 的结构已经定了：请去掉模型的设置",
        )
    keep_freed_memory()
    from zaohua import landing, stages

    begin = model_at(start) if start else None
    trunk = landing.trunk_at(land, output) if land else None
    if trunk:
        settings, model = trunk.settings(settings), trunk.model
    events = Events()
    allowed = {name.replace("-", "_") for name in allow}
    stages.pretrain(model, settings, tokens, tokenizer, output, events, start=begin, trunk=trunk, allow=allowed)
    try_it("generate", output, events)


def finetune(
    model: Path,
    data: str,
    /,
    *,
    output: Output,
    task: Literal["chat"] = "chat",
    allow: tuple[str, ...] = (),
    training: Annotated[ChatTrainingSettings | None, Flat] = None,
) -> None:
    """Fine-tune a model on conversations, learning the assistant's words alone.

    Args:
        model: a model folder, a training folder or a run's folder.
        data: a .jsonl file of {"messages": [{"role": …, "content": …}]}, or microworld:small.
        output: the training folder to write.
        task: what it learns: chat.
        allow: a changed setting, such as learning-rate, with which an unfinished run in the output goes on.
    """
    chosen = training or ChatTrainingSettings()
    require_length(chosen)
    keep_freed_memory()
    from zaohua import stages

    events = Events()
    allowed = {name.replace("-", "_") for name in allow}
    asked = ChatSettings(sources=(data,), training=chosen)
    stages.TASKS[task](asked, model_at(model), output, events, allow=allowed)
    try_it("chat", output, events)


def evaluate(model: Path, text: Path | None = None, /, *, against: Path | None = None) -> None:
    """Bits per byte of a model on a text file, or on what its run held out, beside honest baselines.

    Args:
        model: a model folder, a training folder or a run's folder.
        text: the text file to predict, in any encoding; without one, the held-out text of the run's folder.
        against: training text that compressors and an n-gram model have seen before TEXT; of a run it is the run's own.
    """
    if text is None and against is not None:
        raise UserError(
            "--against is for a text to predict: give that text too, or leave --against out",
            "--against 要配合一个待预测的文本：请把那个文本也给出，或去掉 --against",
        )
    from zaohua import evaluating

    if text is None:
        evaluating.evaluate_run(model_at(model), model, Events())
    else:
        evaluating.evaluate(model_at(model), text, against, Events())


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
    """Talk with a model: it remembers the conversation, /new forgets it, Ctrl-D ends. A new line is typed as \\n.

    A model that learned no conversations only continues text, and that is said.

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
        raise UserError(f"--top is {top}: give 0 or more", f"--top 的值为 {top}：请给 0 或更大的数")
    look(model_at(model), text, output, top, name=str(model))


def serve(model: Path, /, *, settings: Annotated[ServeSettings | None, Flat] = None) -> None:
    """Serve a model on this machine: an OpenAI-compatible API and a chat page.

    Args:
        model: a model folder, a training folder or a run's folder.
    """
    from zaohua.server.serve import serve as serve_model

    serve_model(model_at(model, chat=True), settings or ServeSettings(), Events())
