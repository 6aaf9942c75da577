"""Tasks for tests of the engine: they join files, and on demand are slow, fail, or die."""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from zaohua.corpus import clustering
from zaohua.corpus.engine.task import Function, Task


def joined(inputs, settings, outputs):
    """The inputs' texts and the setting's, in a row, into each output."""
    time.sleep(settings.get("seconds", 0))
    text = "".join(path.read_text() for path in inputs) + settings.get("text", "")
    for path in outputs:
        path.write_text(text)
    return {"characters": len(text)}


def failing(inputs, settings, outputs):
    outputs[0].write_text("half")
    raise ValueError("no such luck")


def failing_oddly(inputs, settings, outputs):
    class OddError(Exception):
        def __init__(self, one, two):
            super().__init__("cannot be made of one argument")

    raise OddError(1, 2)


def dying(inputs, settings, outputs):
    """Dies as often as the setting says, counted in a file beside the root."""
    count = Path(settings["count"])
    with count.open("a") as file:
        file.write(".")
    if len(count.read_text()) <= settings["times"]:
        time.sleep(settings.get("seconds", 0))
        os.kill(os.getpid(), signal.SIGKILL)
    outputs[0].write_text("alive")


def environment(inputs, settings, outputs):
    outputs[0].write_text(" ".join(os.environ.get(name, "") for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS")))


def diamond(**settings) -> list[Task]:
    """a and b of the raw file, c of both, d of c: not in the order in which they can be done."""
    return [
        Task("joined", ("out/c",), {"text": "d"}, ("out/d",)),
        Task("joined", ("out/a", "out/b"), {"text": "c"}, ("out/c", "out/c2"), weight=2),
        Task("joined", ("raw",), {"text": "a", **settings}, ("out/a",)),
        Task("joined", ("raw",), {"text": "b"}, ("out/b",)),
    ]


def slowed(inputs, settings, outputs):
    """A task of near-duplicates that lasts longer and notes, in a file beside the root, on which node it was done."""
    with Path(settings["trace"]).open("a") as file:
        file.write(f"{node()}\n")
    time.sleep(settings["seconds"])
    return clustering.functions()[settings["function"]].call(inputs, settings["settings"], outputs)


def node() -> str:
    ray = sys.modules.get("ray")
    return ray.get_runtime_context().get_node_id() if ray and ray.is_initialized() else "local"


def slow(task: Task, seconds: float, trace: Path) -> Task:
    settings = {"function": task.function, "settings": dict(task.settings), "seconds": seconds, "trace": str(trace)}
    return replace(task, function="slowed", settings=settings)


FUNCTIONS = {call.__name__: Function(call, 1) for call in (joined, failing, failing_oddly, dying, environment, slowed)}
