"""A text prepared for rules: its lines, words and characters, each computed once, when first asked for."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count
from typing import cast

import numpy as np

from zaohua.corpus.repeats import Repeats, RunCounts, run_counts
from zaohua.corpus.words import WORDS, WordMode

_BREAK = re.compile(r"[^\S ]")  # white space other than the space: where a line breaks is no matter
_BLANK = re.compile(r"\s+")
_NOT_LETTERS = re.compile(r"[\W_]+")
_WORD_CHARACTER = re.compile(r"[^\W_]")
_BLOCK = 2**20  # characters of which lists of their parts are made at once


class Prepared:
    """One document as its rules see it. Lines end at \\n and at nothing else."""

    def __init__(self, text: str, words: WordMode | Sequence[str] = "spaces", language_score: float = 1.0) -> None:
        """`words` is a way of cutting, or the words themselves; the score says how surely the language fits."""
        self.text = text
        self.mode: WordMode | None = cast(WordMode, words) if isinstance(words, str) else None
        self.language_score = language_score
        self._given = words

    @cached_property
    def empty(self) -> bool:
        """Whether no word is in it."""
        if self.mode == "characters":
            return _WORD_CHARACTER.search(self.text) is None
        return not self.text.strip()

    @cached_property
    def lines(self) -> list[str]:
        """All lines; a line end at the very end begins no further one."""
        lines = self.text.split("\n")
        return lines[:-1] if not lines[-1] else lines

    @cached_property
    def full_lines(self) -> list[str]:
        """Lines that are not blank."""
        return [line for line in self.lines if line and not line.isspace()]

    @cached_property
    def words(self) -> Sequence[str]:
        """The words, by the mode of the preset."""
        return WORDS[self.mode](self.text) if self.mode else self._given

    @cached_property
    def _numbered(self) -> tuple[list[str], np.ndarray]:
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        ids = np.fromiter(map(numbers.__getitem__, self.words), dtype=np.int64, count=len(self.words))
        return list(numbers), ids

    @property
    def vocabulary(self) -> list[str]:
        """The distinct words in order of first appearance."""
        return self._numbered[0]

    @property
    def word_ids(self) -> np.ndarray:
        """For each word its place in the vocabulary, (words,) int64."""
        return self._numbered[1]

    @cached_property
    def vocabulary_lengths(self) -> np.ndarray:
        """Characters of each distinct word, (vocabulary,) int64."""
        return np.fromiter(map(len, self.vocabulary), dtype=np.int64, count=len(self.vocabulary))

    @cached_property
    def vocabulary_counts(self) -> np.ndarray:
        """How often each distinct word stands in the text, (vocabulary,) int64."""
        return np.bincount(self.word_ids, minlength=len(self.vocabulary))

    @cached_property
    def word_ends(self) -> np.ndarray:
        """Characters in the first 0, 1, … words, (words + 1,) int64."""
        return np.concatenate(([0], np.cumsum(self.vocabulary_lengths[self.word_ids])))

    @cached_property
    def word_repeats(self) -> Repeats:
        """Which runs of words stand in the text more than once."""
        return Repeats(self.word_ids)

    @cached_property
    def character_repeats(self) -> Repeats:
        """Which runs of characters stand in the text more than once."""
        return Repeats(_numbers(_BREAK.sub(" ", self.text)))

    @cached_property
    def dense_runs(self) -> RunCounts:
        """The runs of 13 characters of the text without white space and in lower case."""
        return run_counts(_without(_BLANK, self.text).lower(), 13)

    @cached_property
    def letter_runs(self) -> RunCounts:
        """The runs of 20 letters and digits of the text without all else and in lower case."""
        return run_counts(_without(_NOT_LETTERS, self.text).lower(), 20)

    @cached_property
    def folded(self) -> str:
        """The text in NFKC, in which full-width forms are ASCII, with any white space as a space."""
        return _BREAK.sub(" ", self.text if self.text.isascii() else unicodedata.normalize("NFKC", self.text))

    @cached_property
    def characters(self) -> Counter[str]:
        """How often each character that is no white space stands in the text."""
        found: Counter[str] = Counter()
        for block in _blocks(self.text):
            found.update("".join(block.split()))
        return found

    @cached_property
    def visible(self) -> int:
        """How many characters are no white space."""
        return self.characters.total()


def _blocks(text: str) -> Iterator[str]:
    return (text[begin : begin + _BLOCK] for begin in range(0, len(text), _BLOCK))


def _without(pattern: re.Pattern[str], text: str) -> str:
    """A text without what matches a pattern of which any part of a match is a match."""
    return "".join(pattern.sub("", block) for block in _blocks(text))


def _numbers(text: str) -> np.ndarray:
    """Small numbers, equal for equal characters, (characters,) int64."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return np.unique(codes, return_inverse=True)[1].astype(np.int64, copy=False)
