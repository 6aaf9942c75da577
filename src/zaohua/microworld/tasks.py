"""The labelled tasks of the embedded world: one table of names, one function that yields their examples."""

from collections.abc import Callable, Iterator

from zaohua.microworld import conversation, ending, labelled, question
from zaohua.microworld.story import checked

TASKS: dict[str, Callable[..., Iterator[dict]]] = {
    "sentiment": labelled.sentiment,
    "entail": labelled.entail,
    "similar": labelled.similar,
    "choose": ending.examples,
    "question": question.examples,
    "translate": labelled.translate,
    "chat": conversation.examples,
}


def examples(
    task: str, *, richness: str = "small", language: str = "en", part: str = "train", seed: int = 0
) -> Iterator[dict]:
    """Endless examples of a task, whose answers are known by construction; test examples rest on test stories alone."""
    if task not in TASKS:
        raise ValueError(f"task is {task!r}; it must be one of {', '.join(TASKS)}")
    checked(richness, language, part)
    return TASKS[task](richness=richness, language=language, part=part, seed=seed)
