"""Text as what can be encoded: every code unit a character."""

import unicodedata

_IN_WORDS = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "Pc"))


def characters(text: str) -> str:
    """The text with surrogates joined to characters or, when alone, replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def in_word(character: str) -> bool:
    """Whether a character is part of a word as Unicode says (UTS 18, \\w), where Python's own \\w differs from it."""
    return unicodedata.category(character) in _IN_WORDS or character in "\u200c\u200d"
