"""Words: four ways of cutting a text into the units that rules count."""

import re
from collections.abc import Callable
from typing import Literal

from zaohua.tokenizer.characters import characters

WordMode = Literal["spaces", "words", "characters", "rjieba"]

# A letter that stands for a word alone: Han with its extensions and iteration marks, kana.
_SINGLE = "々〆〇\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CHARACTERS = re.compile(f"[{_SINGLE}]|[^\\W_{_SINGLE}]+(?:['’][^\\W_{_SINGLE}]+)*")

# English as spaCy's blank pipeline cuts it, to which the constants of several presets belong: punctuation apart,
# don't as do + n't, she'll as she + 'll, well-known as three; abbreviations, numbers and addresses stay whole.
_ENGLISH = re.compile(
    r"""(?!(?i:cannot)\b)\w++(?=\s|[,;!?")\]”](?!\S))  # the usual word first, for speed
    | \w++[^\w\s]*+(?<=--)(?!\S) | @[-,.]@
    | (?:https?://|www\.)[^\s<>"]*[\w/]
    | \w{1,64}+(?:[.+-]\w{1,64}+){0,4}+@\w+(?:[.-]\w+)+
    | (?:[^\W\d_]\.){2,}
    | (?:[A-Z]|Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|Co|Inc|Corp|Ltd|Gen|Gov|Rep|Sen|vs)\.(?!\S)
    | (?:Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec)\.(?!\S)
    | (?i:can)(?=not\b)
    | [^\W\d_]+(?=n['’]t\b)
    | (?i:n['’]t)\b
    | (?i:I|you|he|she|it|we|they|who|what|that|there|where|how)(?=['’](?:m|re|ve|ll|d)\b)
    | ['’](?:[sS]|m|re|ve|ll|d)\b
    | \w+(?:['’](?![sS]\b)\w+)+
    | \d+(?:[.,:/]\d+)+
    | \w+(?:[._](?![A-Z])\w+)*
    | \.{2,} | -{2,} | [^\w\s]""",
    re.VERBOSE,
)

_LATIN = re.compile(r"[Cc](?:\+\+|#)|[A-Za-z0-9]+(?:\.[0-9]+)?%?|[^A-Za-z0-9]+")  # how jieba cuts what is not Chinese


def by_spaces(text: str) -> list[str]:
    """What stands between white space."""
    return text.split()


def by_english(text: str) -> list[str]:
    """Words of a spaced language with punctuation and English contractions apart."""
    return _ENGLISH.findall(text)


def by_characters(text: str) -> list[str]:
    """Each Han character and kana, and each run of other letters and digits; punctuation is no word."""
    return _CHARACTERS.findall(text)


def by_rjieba(text: str) -> list[str]:
    """Chinese words of a dictionary, and what stands between them, stripped; num_layers and react.dev as jieba cuts."""
    import rjieba

    words: list[str] = []
    for token in rjieba.cut(characters(text)):
        if token.isalnum():
            words.append(token)
        elif (word := token.strip()) and len(word) > 1 and word.isascii():
            words += _LATIN.findall(word)
        elif word:
            words.append(word)
    return words


WORDS: dict[WordMode, Callable[[str], list[str]]] = {
    "spaces": by_spaces,
    "words": by_english,
    "characters": by_characters,
    "rjieba": by_rjieba,
}
"""The ways of cutting, by the name that presets give them."""
