"""The few changes made to every text: what is invisible or only a way of writing the same goes, nothing else."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from zaohua.settings import Settings
from zaohua.tokenizer.characters import characters

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
"""The hanzi, for use inside brackets of a pattern."""


class Normalisation(Settings):
    """What is folded in every text. Line ends, NFC and lone surrogates are always mended."""

    invisible: bool = True
    """Remove control characters, zero-width characters, direction marks, and joiners that join nothing."""

    full_width: bool = True
    """Full-width Latin letters and digits to ASCII, the ideographic space to a space; full-width punctuation stays."""

    half_width_kana: bool = True
    """Half-width katakana and its punctuation to full width."""

    spaced_hanzi: Literal["keep", "auto", "remove"] = "auto"
    """Spaces between hanzi: `auto` removes them where they stand after most hanzi, as scanning and segmenting leave it;
    `remove` always; `keep` never."""

    full_width_punctuation: bool = False
    """Commas, colons, semicolons, question and exclamation marks of ASCII to full width where hanzi stand around."""

    ellipses: bool = False
    """。。。 and dots after a hanzi to ……"""

    script: Literal["keep", "simplified", "traditional"] = "keep"
    """The script of Chinese text, by OpenCC."""

    region: Literal["general", "taiwan", "hong_kong"] = "general"
    """Whose traditional characters and words are meant when `script` changes the text: in Taiwan 鼠标 is 滑鼠."""


@dataclass(frozen=True)
class Fold:
    """One change: an example of it, and the change itself, which must give the same when it is applied again."""

    before: str
    after: str
    apply: Callable[[str], str]


# Controls but tab and line ends, soft hyphen, zero-width space and joiners of words, direction marks, byte-order mark.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_OTHER_LINE_END = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")  # a class alone is searched for several times faster
# Joiners have a meaning after emoji and in scripts such as Arabic and Hindi; after these characters they have none.
_IDLE_JOINER = re.compile("(?:(?<=[\x00-\u058f\u1e00-\u2000\u3000-\u9fff\uf900-\ufaff\uff00-\uffef])|^)[\u200c\u200d]+")
_FULL_WIDTH = re.compile("[\u3000\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_TO_ASCII = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_TO_ASCII[0x3000] = 0x20
_KANA = re.compile("[\uff61-\uff9f]")
_KANA_RUN = re.compile("[\uff61-\uff9f]+")
_SPACED = re.compile(f"(?<=[{HAN}])[ \t]+(?=[{HAN}])")
_TOGETHER = re.compile(f"[{HAN}]{{2,}}")
_SPACE_AND_HAN = re.compile(f"[ \t][{HAN}]")
_MOST = 0.5
_ASCII_MARK = re.compile(f"(?<=[{HAN}])[,:;?!](?=[{HAN}])")
_FULL_MARKS = dict(zip(",:;?!", "，：；？！", strict=True))
_ELLIPSIS = re.compile(f"。{{3,}}|(?<=[{HAN}])\\.{{3,}}(?!\\.)")
_CONVERSIONS = {
    ("simplified", "general"): "t2s", ("simplified", "taiwan"): "tw2sp", ("simplified", "hong_kong"): "hk2sp",
    ("traditional", "general"): "s2t", ("traditional", "taiwan"): "s2twp", ("traditional", "hong_kong"): "s2hkp",
}  # fmt: skip
_RUN = re.compile(f"[{HAN}]+")
_ROUNDS = 4  # a word may become another that has its own regional form


def _without_invisible(text: str) -> str:
    return _IDLE_JOINER.sub("", text) if "\u200c" in text or "\u200d" in text else text  # the others went before


def _narrow(text: str) -> str:
    return _FULL_WIDTH.sub(lambda found: chr(_TO_ASCII[ord(found[0])]), text)


def _wide_kana(text: str) -> str:
    return _KANA_RUN.sub(_voiced, text) if _KANA.search(text) else text


def _voiced(found: re.Match[str]) -> str:
    """NFKC joins a voicing mark to its kana; one that stands alone becomes the mark that stands alone."""
    return unicodedata.normalize("NFKC", found[0]).replace("\u3099", "\u309b").replace("\u309a", "\u309c")


def _unspaced(text: str) -> str:
    return _SPACED.sub("", text)


def _unspaced_where_most(text: str) -> str:
    """A text without spaces is recognised at the cost of a search; one with some is counted."""
    if not _SPACE_AND_HAN.search(text):
        return text
    gaps = len(_SPACED.findall(text))
    together = sum(len(run) - 1 for run in _TOGETHER.findall(text))
    return _unspaced(text) if gaps > _MOST * (gaps + together) else text


def _full_marks(text: str) -> str:
    return _ASCII_MARK.sub(lambda found: _FULL_MARKS[found[0]], text)


def _ellipses(text: str) -> str:
    return _ELLIPSIS.sub("……", text)


FOLDS: dict[str, Fold] = {
    "invisible": Fold("a\u200db", "ab", _without_invisible),
    "full_width": Fold("ＧＰＴ－２　１０％，", "GPT－2 10％，", _narrow),
    "half_width_kana": Fold("ｶﾞｷﾞ｡", "ガギ。", _wide_kana),
    "spaced_hanzi": Fold("今 天 天气 好 GPT 2", "今天天气好 GPT 2", _unspaced),
    "full_width_punctuation": Fold("你好,世界:1,2", "你好，世界:1,2", _full_marks),
    "ellipses": Fold("等等。。。。后来...", "等等……后来……", _ellipses),
}
"""The settings that are folds of characters, in the order in which they are applied."""

STANDARD = Normalisation()


def normalize(text: str, settings: Normalisation = STANDARD) -> str:
    """Line ends as \\n, NFC, and the folds that the settings name. Applying it twice is once.

    NFC and not NFKC, which would turn ，：（）％① into ,:()%1. Lone surrogates become U+FFFD.
    """
    if settings.invisible:
        text = _INVISIBLE.sub("", text)
    if _OTHER_LINE_END.search(text):
        text = _LINE_END.sub("\n", text)
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", characters(text))
    before = text
    for name, fold in FOLDS.items():
        match getattr(settings, name):
            case True | "remove":
                text = fold.apply(text)
            case "auto":
                text = _unspaced_where_most(text)
    if settings.script != "keep":
        text = _in_script(text, settings)
    return text if text is before else unicodedata.normalize("NFC", text)


def _in_script(text: str, settings: Normalisation) -> str:
    """A text that is of the wanted script is left alone but for what it quotes in the other one.

    So regional words are converted once, never back and forth, and 郁, 范 and 里, which are traditional too, stay.
    """
    from zaohua.corpus.script import alone_in, converter, script_of_hanzi  # only here: it loads numpy

    wanted, other = ("Hans", "Hant") if settings.script == "simplified" else ("Hant", "Hans")
    convert = converter(_CONVERSIONS[settings.script, settings.region])
    for _ in range(_ROUNDS):
        if script_of_hanzi(text) == wanted or (changed := convert(text)) == text:
            break
        text = changed
    foreign = alone_in(other)
    if settings.region == "general" and foreign.search(text):
        text = _RUN.sub(lambda run: convert(run[0]) if foreign.search(run[0]) else run[0], text)
    return text
