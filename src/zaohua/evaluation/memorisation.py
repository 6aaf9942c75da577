"""How much of a model's text stands word for word in its training text."""

import re

_IN_WORDS = re.compile(r"[^\W\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\U00020000-\U0003ffff]")
"""A letter or digit of a script that puts spaces between words."""


def longest_copy(text: str, source: str) -> str:
    """The longest span of `text` that also stands in `source`, less words at its ends of which it has a part only."""
    best, start = (0, 0), 0
    length = 0
    while start + length < len(text):
        if text[start : start + length + 1] in source:
            low, high = length + 1, len(text) - start
            while low < high:
                middle = (low + high + 1) // 2
                low, high = (middle, high) if text[start : start + middle] in source else (low, middle - 1)
            best, length = (start, start + low), low
        start += 1
    return _whole_words(text, *best)


def _whole_words(text: str, start: int, stop: int) -> str:
    """text[start:stop] without the parts of words that it begins and ends with."""

    def cuts_a_word(place: int) -> bool:
        return 0 < place < len(text) and all(_IN_WORDS.match(text[at]) for at in (place - 1, place))

    while start < stop and cuts_a_word(start):
        start += 1
    while start < stop and cuts_a_word(stop):
        stop -= 1
    return text[start:stop].strip()
