"""Quality rules: each a plain function from a prepared document to a number, and the verdict by a preset's limits."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypedDict

from zaohua.corpus import measures, repetition
from zaohua.corpus.c4 import c4_lines
from zaohua.corpus.prepared import Prepared
from zaohua.corpus.words import WordMode

Limits = Mapping[str, float]
"""Any of `min` and `max`, both kept when met exactly, and `from`: shorter texts (characters) are not judged by it."""


class Preset(TypedDict):
    """How words are cut, for which languages the limits were found (none: for all), and the limits in their order."""

    words: WordMode
    languages: tuple[str, ...]
    rules: Mapping[str, Limits]


@dataclass(frozen=True, slots=True)
class Kept:
    """The text as it goes on, and how many of its lines were removed by each reason."""

    text: str
    removed_lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """The first rule whose limit was passed, what it measured, the limit, and which of the two limits it is."""

    rule: str
    value: float
    limit: float
    side: Literal["min", "max"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A measure, and which of its sides a limit given as a plain number is."""

    measure: Callable[[Prepared], float]
    side: Literal["min", "max"] = "max"
    about_lines: bool = False
    """Whether line breaks are what it measures; all others give the same with a break in place of a space."""


RULES: dict[str, Rule] = {
    "language": Rule(measures.language, "min"),
    "characters": Rule(measures.characters, "min"),
    "words": Rule(measures.words, "min"),
    "mean_word_length": Rule(measures.mean_word_length),
    "alphabetic_words": Rule(measures.alphabetic_words, "min"),
    "english_stop_words": Rule(measures.english_stop_words, "min"),
    "chinese_stop_words": Rule(measures.chinese_stop_words, "min"),
    "hashes_per_word": Rule(measures.hashes_per_word),
    "ellipses_per_word": Rule(measures.ellipses_per_word),
    "newlines_per_word": Rule(measures.newlines_per_word, about_lines=True),
    "bullet_lines": Rule(measures.bullet_lines, about_lines=True),
    "marked_lines": Rule(measures.marked_lines, about_lines=True),
    "ellipsis_lines": Rule(measures.ellipsis_lines, about_lines=True),
    "read_more_lines": Rule(measures.read_more_lines, about_lines=True),
    "punctuated_lines": Rule(measures.punctuated_lines, "min", about_lines=True),
    "short_lines": Rule(measures.short_lines, about_lines=True),
    "mean_line_length": Rule(measures.mean_line_length, "min", about_lines=True),
    "sentences": Rule(measures.sentences, "min", about_lines=True),
    "ended_sentences": Rule(measures.ended_sentences, "min"),
    "lorem_ipsum": Rule(measures.lorem_ipsum),
    "curly_brackets": Rule(measures.curly_brackets),
    "han_characters": Rule(measures.han_characters, "min"),
    "bracketed_characters": Rule(measures.bracketed_characters),
    "folded_characters": Rule(measures.folded_characters, "min"),
    "hash_runs": Rule(measures.hash_runs),
    "ellipsis_runs": Rule(measures.ellipsis_runs),
    "digits": Rule(measures.digits),
    "punctuation": Rule(measures.punctuation, "min"),
    "distinct_characters": Rule(measures.distinct_characters, "min"),
    "character_entropy": Rule(measures.character_entropy, "min"),
    "letters": Rule(measures.letters, "min"),
    "numerals": Rule(measures.numerals),
    "top_character": Rule(measures.top_character),
    "unreadable_characters": Rule(measures.unreadable_characters),
    "misread_characters": Rule(measures.misread_characters),
    "link_characters": Rule(measures.link_characters),
    "markup_characters": Rule(measures.markup_characters),
    "long_run_characters": Rule(measures.long_run_characters),
    "duplicate_paragraphs": Rule(repetition.duplicate_paragraphs, about_lines=True),
    "duplicate_paragraph_characters": Rule(repetition.duplicate_paragraph_characters, about_lines=True),
    "duplicate_lines": Rule(repetition.duplicate_lines, about_lines=True),
    "duplicate_line_characters": Rule(repetition.duplicate_line_characters, about_lines=True),
    "repeated_line_characters": Rule(repetition.repeated_line_characters, about_lines=True),
    **{f"top_{n}gram": Rule(partial(repetition.top_ngram, n=n)) for n in (2, 3, 4)},
    **{f"duplicate_{n}grams": Rule(partial(repetition.duplicate_ngrams, n=n)) for n in range(5, 11)},
    **{f"top_character_{n}gram": Rule(partial(repetition.top_character_ngram, n=n)) for n in (2, 3, 4)},
    **{f"covered_{n}grams": Rule(partial(repetition.covered_ngrams, n=n)) for n in range(5, 11)},
    "repeated_13grams": Rule(repetition.repeated_13grams),
    "repeated_passages": Rule(repetition.repeated_passages),
    "top_passage": Rule(repetition.top_passage),
}
"""Every rule by its name."""

EDITS: dict[str, Callable[..., tuple[str, Counter[str]]]] = {"c4_lines": c4_lines}
"""What may stand among the rules of a preset and changes the text for those after it. Its limits are its parameters,
what it measures the lines that it removed."""

EMPTY = "empty"
"""The reason of a text without a word, which every preset with a rule drops."""


def judge(text: str, preset: Preset, language: str | None = None, score: float = 1.0) -> Kept | Dropped:
    """Keep the text, with its lines edited where the preset does that, or name the first rule it breaks.

    `language` and its `score` are what the text was identified as; None where nobody looked, and then the language is
    no reason. The verdict depends on these arguments alone.
    """
    removed: Counter[str] = Counter()
    for name, value, limits, document in _measured(text, preset, language, score, removed):
        text = document.text
        if name == EMPTY:
            return Dropped(EMPTY, 0, 1, "min")
        if value < limits.get("min", value):
            return Dropped(name, value, limits["min"], "min")
        if value > limits.get("max", value):
            return Dropped(name, value, limits["max"], "max")
    return Kept(text, dict(removed))


def values(text: str, preset: Preset, language: str | None = None, score: float = 1.0) -> dict[str, float]:
    """What every rule of the preset measures, kept or not; rules that leave short texts alone are left out for them."""
    return {name: value for name, value, _, _ in _measured(text, preset, language, score, Counter())}


def broken(measured: Mapping[str, float], preset: Preset) -> list[str]:
    """The rules of the preset whose limits the measured values pass."""
    return [
        name
        for name, value in measured.items()
        if name == EMPTY
        or value < preset["rules"][name].get("min", value)
        or value > preset["rules"][name].get("max", value)
    ]


def _measured(
    text: str, preset: Preset, language: str | None, score: float, removed: Counter[str]
) -> Iterator[tuple[str, float, Limits, Prepared]]:
    """Rule by rule its value, its limits, and the document as it stands then; edits count what they removed."""
    languages = preset["languages"]
    known = 1.0 if language is None or not languages else score if language in languages else 0.0
    document = Prepared(text, preset["words"], known)
    if preset["rules"] and document.empty:
        yield EMPTY, 0.0, {}, document
        return
    for name, limits in preset["rules"].items():
        if name in EDITS:
            text, counts = EDITS[name](document.text, **limits)
            removed.update(counts)
            document = Prepared(text, preset["words"], known)
            yield name, counts.total(), {}, document
            if document.empty:
                yield EMPTY, 0.0, {}, document
                return
        elif len(document.text) >= limits.get("from", 0):
            yield name, RULES[name].measure(document), limits, document
