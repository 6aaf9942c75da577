"""Files of a kind brought into fewer, so that no task opens as many as a corpus has pieces, and no list names them."""

from collections.abc import Sequence

from zaohua.corpus.engine.task import Task

MERGED = 64
"""Files that one task makes one of, at most."""


def merging(
    function: str, names: Sequence[str], folder: str, *, each: int = 0, most: int = 2**30
) -> tuple[list[Task], tuple[str, ...]]:
    """Tasks that make of many files few, `folder/N`, and the files to be read in their place; few are left as they are.

    `each` estimates the bytes that one file takes while it is merged: those of a task come to at most `most`.
    """
    if len(names) <= MERGED:
        return [], tuple(names)
    together = max(min(MERGED, most // max(each, 1)), 2)
    groups = [tuple(names[begin : begin + together]) for begin in range(0, len(names), together)]
    tasks = [
        Task(function, group, {}, (f"{folder}/{number:06}",), memory=max(each, 1) * len(group))
        for number, group in enumerate(groups)
    ]
    return tasks, tuple(task.outputs[0] for task in tasks)
