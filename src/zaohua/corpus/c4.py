"""C4's line edits: which lines of a page are kept, and what is cut from them."""

import re
from collections import Counter

_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_TERMINAL = (".", "?", "!", '"', "'")
_POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def c4_lines(
    text: str, *, punctuated: bool = True, citations: bool = True, longest_word: int = 1000, least_words: int = 3
) -> tuple[str, Counter[str]]:
    """The text with the lines that C4 keeps, and how many lines each reason removed.

    JMLR 21/140, section 2.2, in the order of datatrove. `punctuated` asks for a full stop, mark or quote at the end of
    a line; `citations` cuts [1], [edit] and [citation needed]. A line for which C4 drops the whole page (filler text,
    curly brackets) is kept here, so that the rules that come after this edit see it.
    """
    kept: list[str] = []
    removed: Counter[str] = Counter()
    for line in text.split("\n"):
        line = line.strip()
        words = line.split()
        if any(len(word) > longest_word for word in words):
            removed["long_word"] += 1
            continue
        if citations:
            line = _CITATION.sub("", line)
        if punctuated and (not line.endswith(_TERMINAL) or line.endswith("...")):
            removed["unpunctuated"] += 1
            continue
        if len(words) < least_words:
            removed["few_words"] += 1
            continue
        lowered = line.lower()
        if "lorem ipsum" not in lowered and (reason := _reason(line, lowered)):
            removed[reason] += 1
            continue
        kept.append(line)
    return "\n".join(kept).strip(), removed


def _reason(line: str, lowered: str) -> str:
    """Why the words of a line have it removed; empty if nothing does."""
    if "javascript" in lowered:
        return "javascript"
    if "{" not in line and any(policy in lowered for policy in _POLICIES):
        return "policy"
    return ""
