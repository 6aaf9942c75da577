"""Where two texts that nearly repeat each other differ."""

import difflib
import os.path
import re
from typing import NamedTuple

COMPARED = 1000
"""Characters of each text, from the first difference on, that are compared word by word."""

_AROUND = 60  # equal characters shown beside a difference
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
    start = len(os.path.commonprefix((first, second)))
    a, b = first[start:], second[start:]
    end = len(os.path.commonprefix((a[::-1], b[::-1])))
    tail = a[len(a) - end :]
    a, b = a[: len(a) - end], b[: len(b) - end]
    if not a and not b:
        return [Stretch(first[: 2 * _AROUND], first[: 2 * _AROUND]), Stretch("", "", max(start - 2 * _AROUND, 0))]
    rest = max(len(a), len(b)) - COMPARED
    found = _by_word(a[:COMPARED], b[:COMPARED])
    result: list[Stretch] = []
    if start:
        shown = first[max(start - _AROUND, 0) : start]
        result += [Stretch("", "", start - len(shown)), Stretch(shown, shown)]
    for each in found:
        if each.same and len(each.first) > 3 * _AROUND:
            head, last = each.first[:_AROUND], each.first[-_AROUND:]
            result += [Stretch(head, head), Stretch("", "", len(each.first) - 2 * _AROUND), Stretch(last, last)]
        else:
            result.append(each)
    if rest > 0:
        result.append(Stretch("", "", rest + end))
    else:
        result += [Stretch(tail[:_AROUND], tail[:_AROUND]), Stretch("", "", max(end - _AROUND, 0))]
    return [each for each in result if each.first or each.second or each.left_out]


def alike(first: str, second: str) -> float:
    """How much of both texts the other has too, by runs of five letters: 1 for equal texts, 0 for unlike ones."""
    one, other = ({text[i : i + 5] for i in range(max(len(text) - 4, 1))} for text in map(_letters, (first, second)))
    return len(one & other) / len(one | other)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _by_word(first: str, second: str) -> list[Stretch]:
    a, b = _WORD.findall(first), _WORD.findall(second)
    codes = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [Stretch("".join(a[i:j]), "".join(b[k:n])) for _, i, j, k, n in codes]
