"""Repetition within one document: lines, paragraphs, and runs of words or characters that come again."""

import re
from collections.abc import Iterable

import numpy as np

from zaohua.corpus.prepared import Prepared
from zaohua.corpus.repeats import Level, RunCounts

_PARAGRAPH_ENDS = re.compile("\n{2,}")
_LINE_ENDS = re.compile("\n+")


def share(part: float, whole: float) -> float:
    """part / whole, and 0 of nothing."""
    return float(part / whole) if whole else 0.0


def _again(pieces: Iterable[str]) -> tuple[int, int, int]:
    """How many pieces there are, how many of them stood before, and the characters of those."""
    seen: set[str] = set()
    total = again = characters = 0
    for piece in pieces:
        total += 1
        if piece in seen:
            again += 1
            characters += len(piece)
        else:
            seen.add(piece)
    return total, again, characters


def duplicate_paragraphs(document: Prepared) -> float:
    """Share of paragraphs (between blank lines) that stood before (Gopher, table A1; arithmetic of datatrove)."""
    total, again, _ = _again(_PARAGRAPH_ENDS.split(document.text.strip()))
    return share(again, total)


def duplicate_paragraph_characters(document: Prepared) -> float:
    """Share of characters in paragraphs that stood before (Gopher, table A1; arithmetic of datatrove)."""
    return share(_again(_PARAGRAPH_ENDS.split(document.text.strip()))[2], len(document.text))


def duplicate_lines(document: Prepared) -> float:
    """Share of lines that stood before (Gopher, table A1; arithmetic of datatrove)."""
    total, again, _ = _again(_LINE_ENDS.split(document.text))
    return share(again, total)


def duplicate_line_characters(document: Prepared) -> float:
    """Share of characters in lines that stood before (Gopher, table A1; arithmetic of datatrove)."""
    return share(_again(_LINE_ENDS.split(document.text))[2], len(document.text))


def repeated_line_characters(document: Prepared) -> float:
    """Share of characters, line ends aside, in full lines that stood before (FineWeb)."""
    return share(_again(document.full_lines)[2], len(document.text) - document.text.count("\n"))


def top_ngram(document: Prepared, n: int) -> float:
    """Characters of the most frequent run of n words, spaces between them included, times its count, per character.

    Among equals the first counts, and also a run that stands once (Gopher, table A1; arithmetic of datatrove).
    """
    if len(document.words) < n:
        return 0.0
    level = document.word_repeats.of(n)
    place, times = _most(level)
    characters = document.word_ends[place + n] - document.word_ends[place] + n - 1
    return share(characters * times, len(document.text))


def _most(level: Level) -> tuple[int, int]:
    """Where the most frequent run stands first, and how often it stands."""
    if not len(level.counts):
        return 0, 1
    times = int(level.counts.max())
    return int(level.firsts[level.counts == times].min()), times


def duplicate_ngrams(document: Prepared, n: int) -> float:
    """Share of characters in runs of n words that stood before (Gopher, table A1; arithmetic of datatrove).

    Runs are looked at from left to right and do not overlap: after one that stood before, the next begins behind it,
    and those in between count neither now nor as having stood.
    """
    level = document.word_repeats.of(n)
    places = np.flatnonzero(level.groups >= 0)
    groups = level.groups[places]
    again = level.firsts[groups] != places
    places, groups = places[again], groups[again]
    ends = document.word_ends
    characters = (ends[places + n] - ends[places]).tolist()
    following = np.searchsorted(places, places + n).tolist()  # the next that could count, after one that did
    firsts, starts, numbers = level.firsts[groups].tolist(), places.tolist(), groups.tolist()
    passed = bytearray(len(document.words))
    stood: set[int] = set()
    found = index = 0
    while index < len(starts):
        if not passed[firsts[index]] or numbers[index] in stood:
            found += characters[index]
            passed[starts[index] + 1 : starts[index] + n] = bytes([1]) * (n - 1)
            index = following[index]
        else:
            stood.add(numbers[index])
            index += 1
    return share(found, len(document.text))


def top_character_ngram(document: Prepared, n: int) -> float:
    """Characters of the most frequent run of n characters, its first appearance aside, per character (MAP-CC)."""
    _, times = _most(document.character_repeats.of(n))
    return share((times - 1) * n, len(document.text))


def covered_ngrams(document: Prepared, n: int) -> float:
    """Share of characters that belong to a run of n characters standing more than once (what MAP-CC meant)."""
    repeated = document.character_repeats.of(n).groups >= 0
    edges = np.zeros(len(document.text) + 1, dtype=np.int64)
    edges[: len(repeated)] += repeated
    edges[n : n + len(repeated)] -= repeated
    return share(int(np.count_nonzero(np.cumsum(edges))), len(document.text))


def repeated_13grams(document: Prepared) -> float:
    """Share of the runs of 13 characters, white space and case aside, that stand more than once (ChineseWebText)."""
    return _recurring(document.dense_runs)


def repeated_passages(document: Prepared) -> float:
    """Share of the runs of 20 letters or digits, all else aside, that stand more than once."""
    return _recurring(document.letter_runs)


def _recurring(counts: RunCounts) -> float:
    return share(counts.again, counts.runs)


def top_passage(document: Prepared) -> float:
    """Share of letters and digits that the most frequent run of 20 fills by standing again."""
    counts = document.letter_runs
    return min(20 * share(counts.most - 1, counts.runs), 1.0) if counts.runs else 0.0
