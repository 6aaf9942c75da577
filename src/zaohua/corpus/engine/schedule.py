"""A list of tasks carried out: what is ready starts, what was done is skipped, order comes from the names of files."""

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Protocol

from zaohua import folders
from zaohua.corpus.engine.task import (
    DONE,
    Function,
    Job,
    Task,
    TaskError,
    content_digests,
    done_before,
    done_path,
    is_whole,
    key_of,
    output_digest,
    sweep,
)
from zaohua.settings import UserError

Record = dict[str, Any]
_NAMED = 100  # inputs named in a done-file: tasks that gather a partition have as many as the corpus has pieces


class Lost(Exception):  # noqa: N818 - it is no error of the task
    """The process that did a task died; the task may be done again."""


class Runner(Protocol):
    """Where tasks are done. `slots` of them at once; results come in any order."""

    @property
    def slots(self) -> int: ...

    def start(self, number: int, job: Job) -> None:
        """Begin a job; its result will come under this number."""
        ...

    def wait(self) -> Sequence[tuple[int, Record | BaseException]]:
        """Return when at least one job has ended: its done-file's content, or what it raised."""
        ...


def run(
    tasks: Sequence[Task],
    functions: Mapping[str, Function],
    root: Path,
    runner: Runner,
    *,
    digests: Mapping[str, str] | None = None,
    progress: Callable[[float, float], None] | None = None,
    attempts: int = 3,
    memory: int | None = None,
) -> list[Record]:
    """Do the tasks below `root` that are not done -> the content of each one's done-file, in order.

    `digests` names the content of inputs that no task writes; those not in it are read. `progress` is told the weight
    done and the whole. A task whose worker dies is begun at most `attempts` times. Tasks run together while their
    estimates come to at most `memory` bytes; one that needs more runs alone. Only one process may work in a root.
    """
    sweep(root)
    plan = _Plan(tasks, functions, root, digests or {})
    records = plan.finished()
    total, finished = math.fsum(task.weight for task in tasks), math.fsum(tasks[i].weight for i in records)
    if progress:
        progress(finished, total)
    waiting = {i: len(set(plan.before[i]) - records.keys()) for i in range(len(tasks)) if i not in records}
    ready = [i for i, missing in waiting.items() if not missing]  # in order, so a heap
    running: dict[int, float] = {}
    deaths: dict[int, int] = {}
    limit = math.inf if memory is None else memory
    while ready or running:
        while ready and len(running) < runner.slots:
            # Twice there when a worker died: alone, a third death is its own.
            needs = math.inf if deaths.get(ready[0], 0) > 1 else tasks[ready[0]].memory
            together = sum(running.values()) + needs
            if running and (together > limit or math.isinf(together)):
                break
            number = heapq.heappop(ready)
            running[number] = needs
            plan.void_others(number)
            runner.start(number, plan.job(number, records))
        for number, result in runner.wait():
            del running[number]
            if isinstance(result, Lost):
                deaths[number] = deaths.get(number, 0) + 1
                if deaths[number] >= attempts:
                    raise _lost(tasks[number], attempts)
                heapq.heappush(ready, number)
            elif isinstance(result, BaseException):
                _fail(tasks[number], result)
            else:
                records[number] = result
                finished += tasks[number].weight
                if progress:
                    progress(finished, total)
                for later in plan.later[number]:
                    if later in waiting:
                        waiting[later] -= 1
                        if not waiting[later]:
                            heapq.heappush(ready, later)
    if deaths:
        sweep(root)  # what those who died had begun
    return [records[i] for i in range(len(tasks))]


def _lost(task: Task, attempts: int) -> UserError:
    return UserError(
        f"{task}: its process died {attempts} times, most likely for want of memory: run the same command again "
        "with run.workers = 1, or on a machine with more memory; what is done is kept",
        f"{task}：其进程结束了 {attempts} 次，多半是内存不足：请设 run.workers = 1 再运行同一命令，"
        "或换一台内存更大的机器；已完成的部分都会保留",
    )


def _fail(task: Task, error: BaseException) -> None:
    """Raise what a task raised, the task named."""
    if not isinstance(error, TaskError):
        error.add_note(f"in the task {task}")
    raise error


class _Plan:
    """Which task waits for which, and the key of each; nothing runs to find this out."""

    def __init__(
        self, tasks: Sequence[Task], functions: Mapping[str, Function], root: Path, digests: Mapping[str, str]
    ) -> None:
        self.tasks, self.functions, self.root = tasks, functions, root
        writers: dict[str, int] = {}
        for number, task in enumerate(tasks):
            for name in task.outputs:
                other = writers.setdefault(name, number)
                assert other == number, f"{tasks[other]} and {task} write the same file {name}"
        self.read = {name for task in tasks for name in task.inputs}
        before = [sorted({writers[name] for name in task.inputs if name in writers}) for task in tasks]
        self.before = before
        self.later: list[list[int]] = [[] for _ in tasks]
        for number, earlier in enumerate(before):
            for each in earlier:
                self.later[each].append(number)
        raw = {name for name in self.read if name not in writers and name not in digests}
        content = {**digests, **content_digests(root, sorted(raw))}
        self.keys = [""] * len(tasks)
        self.order = _in_order(before, tasks)
        for number in self.order:
            task = tasks[number]
            self.keys[number] = key_of(task, functions[task.function], content)
            content.update({name: output_digest(self.keys[number], name) for name in task.outputs})
        self.content = content
        self.done = done_before(root)
        self.claims: dict[str, set[str]] = {}
        for key, done in self.done.items():
            for name in done["outputs"]:
                self.claims.setdefault(name, set()).add(key)

    def finished(self) -> dict[int, Record]:
        """The tasks that need not be done: done under the same key, and what they wrote is there or no longer read."""
        found: dict[int, Record] = {}
        for number in reversed(self.order):
            done = self.done.get(self.keys[number])
            unread = all(later in found for later in self.later[number])
            if done is not None and is_whole(self.root, done, self.read if unread else ()):
                found[number] = done
        return found

    def void_others(self, number: int) -> None:
        """Remove the done-files that name a file which this task is about to write, whatever their key."""
        stale = set().union(*(self.claims.pop(name, set()) for name in self.tasks[number].outputs))
        for key in stale:
            done_path(self.root, key).unlink(missing_ok=True)
        if stale:
            folders.sync_folder(self.root / DONE)

    def job(self, number: int, records: Mapping[int, Record]) -> Job:
        task, function = self.tasks[number], self.functions[self.tasks[number].function]
        written = {n: e["size"] for i in self.before[number] for n, e in records[i]["outputs"].items()}
        record = {
            "key": self.keys[number],
            "function": task.function,
            "version": function.version,
            "libraries": dict(function.libraries),
            "settings": dict(task.settings),
            "inputs": {name: self.content[name] for name in task.inputs[:_NAMED]},
            "input_files": len(task.inputs),
        }
        sizes = {name: written[name] for name in task.inputs if name in written}
        return Job(function.call, str(self.root), task, self.keys[number], sizes, record)


def _in_order(before: Sequence[Sequence[int]], tasks: Sequence[Task]) -> list[int]:
    try:
        return list(TopologicalSorter(dict(enumerate(before))).static_order())
    except CycleError as error:
        circle = ", ".join(str(tasks[number]) for number in error.args[1])
        raise AssertionError(f"tasks wait for one another in a circle: {circle}") from None
