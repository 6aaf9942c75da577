"""The one regular expression that cuts text into the pieces that merges stay within.

It is written so that Oniguruma (`tokenizers`) and fancy-regex (`tiktoken`) cut every text alike: hanzi are named by
code point, because engines may know different versions of Unicode's scripts, and nothing needs backtracking beyond
one character of look-ahead, so a piece of any length is cut in linear time. Every character falls into a piece.
"""

import functools
import re
from typing import Literal, get_args

HanziRule = Literal["run", "four", "two", "single", "words"]

# Radicals, 々〆〇, Suzhou numerals, the unified and compatibility ideographs, and the two planes set aside for hanzi.
HANZI = (
    r"\x{2E80}-\x{2FDF}\x{3005}-\x{3007}\x{3021}-\x{3029}\x{3038}-\x{303B}"
    r"\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{F900}-\x{FAFF}\x{20000}-\x{3FFFD}"
)
_RUN = re.compile("[" + re.sub(r"\\x\{(\w+)\}", lambda code: chr(int(code[1], 16)), HANZI) + "]{2,}")
# Letters that are not hanzi, said by what they are not: class intersection is written differently by each engine.
_LETTER = rf"[^\s\p{{M}}\p{{N}}\p{{P}}\p{{S}}\p{{Z}}\p{{C}}{HANZI}]"
_LETTER_OR_MARK = rf"[^\s\p{{N}}\p{{P}}\p{{S}}\p{{Z}}\p{{C}}{HANZI}]"
_HANZI_PIECES: dict[HanziRule, str] = {
    "run": rf"[{HANZI}][{HANZI}\p{{M}}]*",
    "four": rf"(?:[{HANZI}]\p{{M}}*){{1,4}}",
    "two": rf"(?:[{HANZI}]\p{{M}}*){{1,2}}",
    "single": rf"[{HANZI}]\p{{M}}*",
}
_HANZI_PIECES["words"] = _HANZI_PIECES["run"]  # words are cut where merges are learned; text is cut by one expression

WORD_BORDER = "\U0010ffff"  # a noncharacter, which no text holds
_BEFORE, _ENDING = r"[^\r\n\p{L}\p{N}]?", "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_HIGH, _LOW = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
FOREIGN = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "cl100k": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+",
    "o200k": rf"{_BEFORE}{_HIGH}*{_LOW}+{_ENDING}|{_BEFORE}{_HIGH}+{_LOW}*{_ENDING}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}
"""The expressions that imported vocabularies were learned with; as facts, their ids depend on every sign."""


@functools.cache
def pattern(rule: HanziRule) -> str:
    """The expression for a rule of cutting hanzi; its alternatives are tried in this order."""
    return "|".join(
        (
            r"['’](?:[sdmt]|ll|ve|re)(?!\p{L})",  # what English glues to a word: 's 'd 'm 't 'll 've 're
            rf" ?{_LETTER}{_LETTER_OR_MARK}*",  # a word of any other script, with one space before it
            _HANZI_PIECES[rule],
            r"\p{N}",  # digits one by one, so that numbers are spelled alike wherever they stand
            rf" ?[^\s\p{{L}}\p{{N}}{HANZI}]+",  # punctuation, symbols, emoji with their marks and joiners
            r"[\r\n]+",
            r"[^\S\r\n]+",
        )
    )


def rule_of(expression: str) -> HanziRule | None:
    """The rule that an expression implements, or None for an expression that is not ours."""
    return next((rule for rule in get_args(HanziRule) if pattern(rule) == expression), None)


def known(expression: str) -> bool:
    """Whether an expression is one of those here, so that no file can make an engine backtrack for ever."""
    return expression in FOREIGN.values() or rule_of(expression) is not None


def bordered(text: str) -> str:
    """The text with a WORD_BORDER between the words that rjieba finds in each run of hanzi, to learn merges from.

    Only learning is kept inside words. Encoding cuts whole runs, by one expression that every engine reads alike: a
    cut by dictionary is no regular expression, so neither tiktoken nor transformers could repeat it.
    """
    import rjieba

    return _RUN.sub(lambda run: WORD_BORDER.join(rjieba.cut(run[0])), text)
