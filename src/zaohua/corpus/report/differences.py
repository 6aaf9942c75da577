"""Where two texts that nearly repeat each other differ."""

import difflib
import re
from typing import NamedTuple

COMPARED = 1000
"""Characters of each text, from the first difference on, that are compared word by word."""

_AROUND = 80  # equal characters shown beside a difference
_LITTLE = 60  # equal characters that are not worth leaving out
_WORD = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|\s+|.", re.DOTALL)


class Stretch(NamedTuple):
    """What stands in the one text and in the other, at the same place."""

    first: str
    second: str
    left_out: int = 0
    """Characters of both, or of the longer one, that stand here and are not shown."""

    @property
    def same(self) -> bool:
        """Whether both say the same here."""
        return self.first == self.second


def differences(first: str, second: str) -> list[Stretch]:
    """Two texts as stretches that are equal or differ; of long equal ones only the ends, of long texts not the rest."""
    start = _common(first, second)
    a, b = first[start:], second[start:]
    end = _common(a[::-1], b[::-1])
    tail = a[len(a) - end :]
    a, b = a[: len(a) - end], b[: len(b) - end]
    if not a and not b:
        return _shortened(first, 0, 2 * _AROUND) if first else []
    rest = max(len(a), len(b)) - COMPARED
    found = _by_word(a[:COMPARED], b[:COMPARED])
    if rest > 0:
        if not found[-1].same:  # the one text was cut where the other still goes on
            cut = found.pop()
            rest += max(len(cut.first), len(cut.second))
        ending = [Stretch("", "", rest + end)]
    else:
        ending = _shortened(tail, 0, _AROUND)
    result = _shortened(first[:start], _AROUND, 0)
    for each in found:
        result += _shortened(each.first, _AROUND, _AROUND) if each.same else [each]
    return [each for each in [*result, *ending] if each.first or each.second or each.left_out]


def _shortened(text: str, last: int, head: int) -> list[Stretch]:
    """An equal stretch: its first `head` and its `last` characters, the last ones standing before a difference."""
    out = len(text) - head - last
    if out <= _LITTLE:
        return [Stretch(text, text)]
    begin, finish = text[:head], text[len(text) - last :]
    return [Stretch(begin, begin), Stretch("", "", out), Stretch(finish, finish)]


def _common(first: str, second: str) -> int:
    """How many characters two texts begin with alike."""
    low, high = 0, min(len(first), len(second))
    while low < high:  # the beginnings up to `low` are equal, those beyond `high` are not
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def alike(first: str, second: str) -> float:
    """How much of both texts the other has too, by runs of five letters: 1 for equal texts, 0 for unlike ones."""
    one, other = ({text[i : i + 5] for i in range(max(len(text) - 4, 1))} for text in map(_letters, (first, second)))
    return len(one & other) / len(one | other)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _by_word(first: str, second: str) -> list[Stretch]:
    # Of more than 200 words those that stand everywhere begin no match, else texts that say one thing over and over
    # would take seconds.
    a, b = _WORD.findall(first), _WORD.findall(second)
    codes = difflib.SequenceMatcher(None, a, b).get_opcodes()
    return [Stretch("".join(a[i:j]), "".join(b[k:n])) for _, i, j, k, n in codes]
