"""Line-wrapped plain text joined into paragraphs again: decided for each document by the lengths of its lines."""

import itertools
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

_LEAST_LINES = 20  # that have a neighbour; fewer say nothing about a width
_NARROWEST = 28  # columns, or twice as many as hanzi counted one by one: verse is narrower
_WIDEST = 140  # no terminal was wider
_SAMPLE = 4000  # lines that stand for a document's
_EXPLAINED = 0.7  # share of lines that end where the next word would have passed the width: prose 0.85, verse 0.4
_STOPPED = 0.5  # share of full lines that end with a mark: prose 0.25, verse 0.8
_SLACK = 3  # by which a line may fall short of the width that explains most
_MARKED = 0.02  # share of lines that are blank or indented from which on these part the paragraphs

_STOPS = frozenset(".!?;:,。！？；：，、…—”’」』）)\"'")
_ENDS = frozenset(".!?。！？…”’」』\"'")
_BULLET = re.compile(r"[-*•·●○■□◆▶+|>#]\s|[>|#]")
_NUMBERED = re.compile(
    r"\(?[0-9]{1,3}[.)、）]\s?|[（(][一二三四五六七八九十0-9]+[)）]|[一二三四五六七八九十]+、|第[一二三四五六七八九十百千0-9]+[章回节]"
)
_COLUMN_SIGNS = ("\t", "|", "   ", "----", "====", "____", "****", "....")
_OPENING = '“「『"—–'
_WIDE = "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
_WIDE_ONE = re.compile(f"[{_WIDE}“”‘’…—]")
_SPACELESS = re.compile(f"[{_WIDE}]")


class Wrapping(NamedTuple):
    """How a text was wrapped: its width, what that is measured in, and whether space or indents part paragraphs."""

    width: int
    measure: Callable[[str], int]
    marked: bool


def rejoin(text: str) -> str:
    """The text with the lines of each wrapped paragraph joined; a text that was not wrapped as it came.

    Line ends must be \\n. Verse, lists, tables, code, headings and short last lines keep their line ends.
    """
    lines = text.split("\n")
    how = wrapping(lines)
    if how is None:
        return text
    joined: list[str] = []
    before = ""  # the line above where it is one of prose
    for line in lines:
        prose = line if line and not line.isspace() and not _shaped(line) else ""
        if before and prose and _goes_on(before, prose, how):
            joined[-1] = _together(joined[-1], line)
        else:
            joined.append(line)
        before = prose
    return "\n".join(joined)


def wrapping(lines: Sequence[str]) -> Wrapping | None:
    """How the lines were wrapped, or None where they end for another reason."""
    if len(lines) <= _LEAST_LINES:
        return None
    sample = _sample(lines)
    if sum(map(len, sample)) > _WIDEST * len(sample):
        return None
    plain = [line if line and not line.isspace() and not _shaped(line) else "" for line in sample]
    pairs = [(first, second) for first, second in itertools.pairwise(plain) if first and second]
    if len(pairs) < _LEAST_LINES:
        return None
    measures = (columns, len) if _SPACELESS.search("".join(plain)) else (len,)
    width, measure, full = max((_explained(pairs, each) for each in measures), key=lambda found: found[2].mean())
    narrowest = _NARROWEST if len(measures) == 1 or measure is columns else _NARROWEST / 2
    if full.mean() < _EXPLAINED or not narrowest <= width <= _WIDEST:
        return None
    ends = [first.rstrip()[-1] in _STOPS for (first, _), is_full in zip(pairs, full, strict=True) if is_full]
    if sum(ends) > _STOPPED * len(ends):
        return None
    marks = sum(not line or line[0].isspace() for line in sample)
    return Wrapping(width, measure, marks > _MARKED * len(sample))


def columns(text: str) -> int:
    """The width of a line on a terminal: hanzi and full-width marks take two columns."""
    if text.isascii():
        return len(text)
    return len(text) + (len(_WIDE_ONE.findall(text)) if _SPACELESS.search(text) else 0)


def _sample(lines: Sequence[str]) -> Sequence[str]:
    """Lines of head, middle and tail where there are very many."""
    if len(lines) <= _SAMPLE:
        return lines
    part = _SAMPLE // 3
    middle = (len(lines) - part) // 2
    return [*lines[:part], "", *lines[middle : middle + part], "", *lines[-part:]]


def _shaped(line: str) -> bool:
    """Whether a line is indented much, an item of a list, or a row of a table or of code."""
    inner = line.strip()
    return line[:4].isspace() or any(sign in inner for sign in _COLUMN_SIGNS)


def _explained(
    pairs: list[tuple[str, str]], measure: Callable[[str], int]
) -> tuple[int, Callable[[str], int], np.ndarray]:
    """The width within which as many lines as possible end that the next word would have taken beyond it; which do."""
    least = np.minimum([measure(first.rstrip()) for first, _ in pairs], 2 * _WIDEST)
    most = np.minimum(least + [_next(first, second, measure) for first, second in pairs], 2 * _WIDEST)
    steps = np.zeros(2 * _WIDEST + 1, dtype=np.int64)
    np.add.at(steps, least, 1)
    np.add.at(steps, most, -1)
    width = int(np.argmax(np.cumsum(steps)))
    return width, measure, (least <= width + _SLACK) & (most > width - _SLACK)


def _next(first: str, second: str, measure: Callable[[str], int]) -> int:
    """What the next word with the space before it would have taken at the end of the first line."""
    rest = second.lstrip()
    if measure is len and rest.isascii():
        return 1 + len(rest.partition(" ")[0])
    if _SPACELESS.match(rest) and (not first.isascii() or _SPACELESS.search(first)):
        end = 1
        while end < min(len(rest), 4) and rest[end] in "，。！？；：、”’」』）…—":
            end += 1  # a mark may not begin a line, so it went down with its hanzi
        return measure(rest[:end])
    return 1 + measure(rest.split(None, 1)[0])


def _goes_on(line: str, following: str, how: Wrapping) -> bool:
    """Whether a line was ended for want of room and the following one continues it."""
    if following[0].isspace():
        return False
    line = line.rstrip()
    size = how.measure(line)
    if size + _next(line, following, how.measure) <= how.width - _SLACK or size > how.width + 2 * _SLACK:
        return False
    if _BULLET.match(following):
        return False
    if _NUMBERED.match(following) and (line[-1] in _ENDS | {":", "：", ";", "；"} or _NUMBERED.match(line)):
        return False
    return how.marked or not (line[-1] in _ENDS and following[0] in _OPENING)


def _together(line: str, following: str) -> str:
    """Two parts of a paragraph: with a space between words, without one beside hanzi, hyphens and dashes."""
    line, following = line.rstrip(), following.rstrip()
    if line.endswith(("-", "—", "–")) and not line.endswith(" -"):
        return line + following
    if following.startswith(("--", "—")) or _SPACELESS.match(following[0]) or _SPACELESS.match(line[-1]):
        return line + following
    if unicodedata.category(line[-1]) in ("Ps", "Pi") and not line[-1].isascii():
        return line + following
    return f"{line} {following}"
