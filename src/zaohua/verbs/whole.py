"""Verbs for whole runs: from text to a model that answers."""

import re
import sys
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zaohua import folders
from zaohua.events import Events
from zaohua.recipe import read_recipe, recipe_text
from zaohua.server.settings import ServeSettings
from zaohua.settings import UserError
from zaohua.training.allocator import keep_freed_memory
from zaohua.verbs.flags import Flat, MakeFlags, Output, RunFlags, changes_of, command_of, model_at


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
    recipe = planner.quickstart_recipe(minutes)
    pipeline.run(recipe, output, events, started=started)
    _end_with_page(output, events, serve=serve, talks=bool(recipe.chat.sources))


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
        texts: files, folders, globs and archives, as for corpus; or microworld:small.
        minutes: minutes of clock time from start to printed card.
        output: where everything is written; runs/NAME of the first text unless given.
        dry_run: print the plan and its recipe, and stop.
        serve: serve the chat page when done.
    """
    started = time.monotonic()
    keep_freed_memory()
    from zaohua import pipeline, planner

    if not texts:
        raise UserError(
            "give the files or folders to learn from, as in `zaohua make my_texts --minutes 10`",
            "请给出要学习的文件或文件夹，如 `zaohua make my_texts --minutes 10`",
        )
    events = Events()
    folder = output or Path("runs") / (re.sub(r"[^\w.-]+", "-", Path(texts[0]).stem).strip("-.") or "made")
    recipe = planner.plan(texts, minutes, folder, changes_of(changes), events)
    if dry_run:
        print(recipe_text(recipe.model_copy(update={"request": ""})), end="")
        return
    pipeline.run(recipe, folder, events, started=started)
    _end_with_page(folder, events, serve=serve, talks=bool(recipe.chat.sources))


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
    settings = read_recipe(recipe, changes_of(changes))
    folder = output or (recipe if recipe.is_dir() else Path("runs") / settings.name)
    if dry_run:
        print(recipe_text(settings), end="")
        return
    keep_freed_memory()
    from zaohua import pipeline

    events = Events()
    pipeline.run(settings, folder, events, started=started)
    _end_with_page(folder, events, serve=False, talks=bool(settings.chat.sources))


def plan(*texts: str, minutes: float = 10.0, changes: Annotated[MakeFlags | None, Flat] = None) -> None:
    """Say what `zaohua make` would train and why, how long each part takes, how much memory, and what to expect.

    Args:
        texts: as for make.
        minutes: minutes of clock time for the whole run.
    """
    if not texts:
        raise UserError(
            "give the files or folders to learn from, as in `zaohua plan my_texts --minutes 10`",
            "请给出要学习的文件或文件夹，如 `zaohua plan my_texts --minutes 10`",
        )
    keep_freed_memory()
    from zaohua import planner

    planner.plan(texts, minutes, None, changes_of(changes), Events())


def verify(folder: Path, /) -> None:
    """Check every file of a folder, and of the finished folders inside it, against its manifest's digests.

    Args:
        folder: any folder that zaohua wrote.
    """
    found = sorted({path.parent for path in folder.rglob(folders.MANIFEST)})
    if not found:
        raise UserError(
            f"{folder} holds no finished folder of zaohua: nothing to verify",
            f"{folder} 里没有 zaohua 完成的文件夹：没有可校验的",
        )
    wrong = [problem for each in found for problem in folders.problems(each)]
    if wrong:
        raise UserError(
            f"not what was written: {'; '.join(each.english for each in wrong[:5])} ({len(wrong)} in all); "
            "copy the folder again, or delete it and make it anew",
            f"与写入时不同：{'；'.join(each.chinese for each in wrong[:5])}（共 {len(wrong)} 处）；"
            "请重新复制这个文件夹，或删除后重新生成",
        )
    Events().say(f"{len(found)} folders verified, every file is whole", f"已校验 {len(found)} 个文件夹，文件完好")


def _end_with_page(folder: Path, events: Events, *, serve: bool, talks: bool) -> None:
    """The chat page in a terminal, else the command for it."""
    if serve and sys.stdout.isatty():
        from zaohua.server.serve import serve as serve_model

        serve_model(model_at(folder, chat=True), ServeSettings(port=0), events)  # any that is free
        return
    command = command_of("serve", folder)
    if talks:
        events.say(f"talk to it in a browser: {command}", f"在浏览器里和它聊天：{command}")
    else:
        events.say(f"let it continue texts in a browser: {command}", f"在浏览器里让它续写：{command}")
