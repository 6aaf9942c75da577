"""What a model knows of an embedded world: stories checked, answers compared, each beside an honest baseline."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol


class Verdict(Protocol):
    """What a world's checker says of a text."""

    @property
    def grammatical(self) -> bool: ...
    @property
    def consistent(self) -> bool: ...
    @property
    def problems(self) -> tuple[str, ...]: ...


_PATIENCE = 3


def language_of(text: str) -> str:
    """The language that most of a text is in: zh where it has more hanzi than Latin words, else en."""
    return "zh" if len(re.findall("[\u4e00-\u9fff]", text)) > len(re.findall("[A-Za-z]+", text)) else "en"


def draw_by_language(
    draw: Callable[[int], Sequence[str]], wanted: int, languages: Sequence[str]
) -> dict[str, list[str]]:
    """The first `wanted` texts of each language in the order drawn, none discarded; draw(n) gives batch n.

    Where one of the languages is rarely or never written, the search ends at `_PATIENCE` times as many as wanted.
    """
    found: dict[str, list[str]] = {language: [] for language in languages}
    drawn, number = 0, 0
    while any(len(texts) < wanted for texts in found.values()) and drawn < _PATIENCE * wanted * len(languages):
        for text in draw(number):
            drawn += 1
            found.setdefault(language_of(text), []).append(text)
        number += 1
    return {language: found[language][:wanted] for language in languages}


LENGTHS = ((3, 8), (9, 15), (16, 25))
"""Sentences in a story: the classes that scores are also given for."""


def story_scores(
    texts: Sequence[str], check: Callable[[str], Verdict], trained: set[str], sentences: Callable[[str], int]
) -> dict[str, Any]:
    """Shares of `texts` that are grammatical, consistent, and word for word in the training text."""
    verdicts = [check(text) for text in texts]
    by_length = []
    for low, high in LENGTHS:
        chosen = [v for v, text in zip(verdicts, texts, strict=True) if low <= sentences(text) <= high]
        if chosen:
            shares = {key: sum(getattr(v, key) for v in chosen) / len(chosen) for key in ("grammatical", "consistent")}
            by_length.append({"low": low, "high": high, "stories": len(chosen), **shares})
    return {
        "by_length": by_length,
        "other_lengths": len(texts) - sum(row["stories"] for row in by_length),
        "stories": len(texts),
        "grammatical": share(sum(v.grammatical for v in verdicts), len(texts)),
        "consistent": share(sum(v.consistent for v in verdicts), len(texts)),
        "in_training_text": share(sum(text in trained for text in texts), len(texts)),
        "commonest_problems": Counter(v.problems[0].split(":")[-1].strip() for v in verdicts if v.problems).most_common(
            5
        ),
    }


def answer_scores(asked: Sequence[Mapping[str, str]], answers: Sequence[str]) -> dict[str, Any]:
    """The share of exact answers, and that of the best answer to each wording that ignores the story."""
    right = sum(given.strip() == question["answer"] for given, question in zip(answers, asked, strict=True))
    return {
        "questions": len(asked),
        "right": share(right, len(asked)),
        "without_the_story": share(_best_blind(asked), len(asked)),
    }


def share(count: int, total: int) -> dict[str, float]:
    """A share with its 95 % interval (Wilson 1927)."""
    if total == 0:
        return {"share": 0.0, "low": 0.0, "high": 1.0}
    p, z = count / total, 1.959964
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return {"share": round(p, 4), "low": round(max(middle - half, 0), 4), "high": round(min(middle + half, 1), 4)}


def _best_blind(asked: Iterable[Mapping[str, str]]) -> int:
    """How many questions the commonest answer to each kind of question gets right: names and things set aside."""
    by_kind: dict[str, Counter[str]] = {}
    for question in asked:
        by_kind.setdefault(question.get("kind", question["question"]), Counter())[question["answer"]] += 1
    return sum(answers.most_common(1)[0][1] for answers in by_kind.values())
