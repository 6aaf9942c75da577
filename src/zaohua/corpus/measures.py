"""What rules measure besides repetition: lengths, words, symbols, lines, and what the characters are."""

import math
import re
import string
from collections.abc import Callable, Iterable

import numpy as np

from zaohua.corpus.prepared import Prepared
from zaohua.corpus.repetition import share

# What ends a sentence in the scripts in use (Unicode, Sentence_Terminal), the ellipsis aside: FineWeb's set.
_TERMINAL = tuple(".?!。！？．｡﹒﹖﹗‼‽⁇⁈⁉⸮؟۔؝؞।॥։።፧፨។៕៖៙៚။၊᠃᠉܀܁܂߹꓿꘎꘏᙮᥄᥅᱾᱿")
# What else ends a line of prose or verse, and what closes after it: ours, for characters as words.
_PAUSES = (*_TERMINAL, "…", "，", "；", "：", ",", ";", ":", "—")
_CLOSING = "”’」』）》】〉〕\"')]*_ "
# What FineWeb and datatrove count as symbols. Their list holds the full-width digit １, which is none and stays out.
_SYMBOLS = frozenset(
    string.punctuation + "—”：％〈、━【「，」；“《„’∶´．（–？！：～«〉》）。…►»" + "".join(_TERMINAL)
    + "".join(map(chr, (*range(9), 11, 12, *range(13, 32), *range(127, 160))))
)  # fmt: skip
_ENGLISH = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
_CHINESE = frozenset("的年在月是和日了於·為有被人中为他與後也而由")

_HAN = re.compile("[\u4e00-\u9fa5]")
# Where one sentence ends and another begins in a line; a single capital and a title before a full stop end none.
_SENTENCE_END = re.compile(
    r"[.!?。！？](?:(?<=[。！？])|(?!\w)(?:(?<=[!?])|(?<![.].)(?<!\b[A-Z].)(?<!\.[A-Za-z].)(?<!\bMr.)(?<!\bMrs.)(?<!\bDr.)(?<!\bSt.)(?!\.)))"
    r"[^\w\n]{0,20}+(?=\w)"
)
_FILLER = re.compile(r"lorem\s+ipsum")
_IN_BRACKETS = re.compile("【([^【】]*)】")
_MAP_SENTENCE_ENDS = re.compile('[.!…?;"。！？；“”＂]+')
_NOT_WORDS = re.compile(r"[^\w\s]")
_MAP_ELLIPSES = re.compile(r"…+|\.{2,}")
_MAP_BULLETS = tuple("•●○■□▪▫※·➢‣▶◀◦–")
_MAP_PUNCTUATION = frozenset(string.punctuation + "…。“”‘’！（）＃，；？")
_LINK = re.compile(r"(?:https?://|www\.)[^\s，。；、）】》”]+", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,1000}>|&(?:[a-z]{2,8}|#[0-9]{1,6});|<!--.{0,1000}?-->", re.DOTALL)
_LONG_RUN = re.compile(r"[!-~]{150,}")
# UTF-8 read as GBK makes these of the commonest Chinese characters and marks (，。的是在); they are rare in true text.
# The phrases come of bytes that were replaced before, and of memory that was never filled.
_MISREAD = re.compile("[锛銆鐨鏄鍦紝]|锟斤拷|烫烫烫|屯屯屯")


def language(document: Prepared) -> float:
    """How surely the document is in a language of the preset."""
    return document.language_score


def characters(document: Prepared) -> float:
    """Characters in the text."""
    return len(document.text)


def words(document: Prepared) -> float:
    """Words with a character that is no symbol (Gopher)."""
    return int(document.vocabulary_counts[_spoken(document)].sum())


def mean_word_length(document: Prepared) -> float:
    """Mean length of the words with a character that is no symbol (Gopher)."""
    spoken = _spoken(document)
    counts = document.vocabulary_counts[spoken]
    return share(float(counts @ document.vocabulary_lengths[spoken]), int(counts.sum()))


def _spoken(document: Prepared) -> np.ndarray:
    return _flags(document, lambda word: word.isalnum() or not _SYMBOLS.issuperset(word))


def alphabetic_words(document: Prepared) -> float:
    """Share of words with a letter (Gopher)."""
    lettered = _flags(document, lambda word: word.isalpha() or any(map(str.isalpha, word)))
    return share(int(document.vocabulary_counts[lettered].sum()), len(document.words))


def _flags(document: Prepared, test: Callable[[str], bool]) -> np.ndarray:
    vocabulary = document.vocabulary
    return np.fromiter(map(test, vocabulary), dtype=bool, count=len(vocabulary))


def hashes_per_word(document: Prepared) -> float:
    """Number signs per word (Gopher)."""
    return share(document.text.count("#"), len(document.words))


def ellipses_per_word(document: Prepared) -> float:
    """Ellipses per word (Gopher)."""
    return share(document.text.count("...") + document.text.count("…"), len(document.words))


def english_stop_words(document: Prepared) -> float:
    """How many of eight English stop words are in the text (Gopher)."""
    return len(_ENGLISH.intersection(document.vocabulary))


def chinese_stop_words(document: Prepared) -> float:
    """How many of 22 Chinese stop words are in the text (FineWeb-2, cmn_Hani)."""
    return len(_CHINESE.intersection(document.vocabulary))


def newlines_per_word(document: Prepared) -> float:
    """Line ends per word (FineWeb)."""
    return share(document.text.count("\n"), len(document.words))


def _share_of(lines: list[str], test: Callable[[str], bool]) -> float:
    return share(sum(map(test, lines)), len(lines))


def bullet_lines(document: Prepared) -> float:
    """Share of lines that begin with a bullet or a hyphen (Gopher)."""
    return _share_of(document.lines, lambda line: line.lstrip().startswith(("•", "-")))


def ellipsis_lines(document: Prepared) -> float:
    """Share of lines that end in an ellipsis (Gopher)."""
    return _share_of(document.lines, lambda line: line.rstrip().endswith(("...", "…")))


def punctuated_lines(document: Prepared) -> float:
    """Share of full lines that end in punctuation.

    In word modes as FineWeb counts: a full stop of any script must be the last character, so that 。” is none. Where
    characters are words, what closes after the stop is looked through, and a pause at the end of a verse counts.
    """
    if document.mode == "characters":
        return _share_of(document.full_lines, lambda line: line.rstrip(_CLOSING).endswith(_PAUSES))
    return _share_of(document.full_lines, lambda line: line.endswith(_TERMINAL))


def short_lines(document: Prepared) -> float:
    """Share of full lines of at most 30 characters (FineWeb)."""
    return _share_of(document.full_lines, lambda line: len(line) <= 30)


def mean_line_length(document: Prepared) -> float:
    """Characters per line (ChineseWebText)."""
    return len(document.text) / (document.text.count("\n") + 1)


def sentences(document: Prepared) -> float:
    """Sentences, each line beginning one (C4)."""
    return len(document.full_lines) + len(_SENTENCE_END.findall(document.text))


def lorem_ipsum(document: Prepared) -> float:
    """How often the printer's filler text begins (C4)."""
    return len(_FILLER.findall(document.text.lower()))


def curly_brackets(document: Prepared) -> float:
    """Opening curly brackets (C4)."""
    return document.text.count("{")


def han_characters(document: Prepared) -> float:
    """Share of Han characters, U+4E00 to U+9FA5 (ChineseWebText)."""
    return share(len(_HAN.findall(document.text)), len(document.text))


def bracketed_characters(document: Prepared) -> float:
    """Share of characters within 【】 (MAP-CC)."""
    return share(sum(map(len, _IN_BRACKETS.findall(document.folded))), len(document.folded))


def folded_characters(document: Prepared) -> float:
    """Characters of the text in NFKC (MAP-CC, which calls them words)."""
    return len(document.folded)


def ended_sentences(document: Prepared) -> float:
    """Pieces between marks that end or quote a sentence (MAP-CC)."""
    return sum(1 for piece in _MAP_SENTENCE_ENDS.split(document.text) if piece.strip())


def hash_runs(document: Prepared) -> float:
    """Runs of number signs per character (MAP-CC)."""
    return share(len(re.findall("#+", document.text)), len(document.text))


def ellipsis_runs(document: Prepared) -> float:
    """Runs of ellipses or full stops per character (MAP-CC)."""
    return share(len(_MAP_ELLIPSES.findall(document.text)), len(document.text))


def digits(document: Prepared) -> float:
    """Share of digits among characters that are no punctuation (MAP-CC)."""
    left = _NOT_WORDS.sub("", document.folded)
    return share(sum(map(str.isdigit, left)), len(left))


def read_more_lines(document: Prepared) -> float:
    """Share of lines that end where a page hides the rest: readmore, 展开, 更多, 。。。 (MAP-CC)."""
    return _share_of(document.lines, lambda line: line.endswith(("readmore", "展开", "更多", "。。。")))


def marked_lines(document: Prepared) -> float:
    """Share of lines that begin with one of many list marks (MAP-CC)."""
    return _share_of(document.lines, lambda line: line.startswith(_MAP_BULLETS))


def punctuation(document: Prepared) -> float:
    """Share of punctuation among the characters (MAP-CC)."""
    return share(_total(document, _MAP_PUNCTUATION.__contains__), len(document.text))


def distinct_characters(document: Prepared) -> float:
    """Distinct characters per character (MAP-CC)."""
    return share(len(set(document.folded)), len(document.folded))


def character_entropy(document: Prepared) -> float:
    """Entropy of the characters in nats (MAP-CC)."""
    return entropy(_counts(document.folded))


def _counts(text: str) -> Iterable[int]:
    return np.unique(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4"), return_counts=True)[1]


def entropy(counts: Iterable[int]) -> float:
    """Entropy in nats of what was counted."""
    each = list(map(int, counts))
    total = sum(each)
    return abs(math.fsum(n / total * math.log(total / n) for n in each)) if total else 0.0


def _total(document: Prepared, test: Callable[[str], bool]) -> int:
    """How many characters pass a test."""
    return sum(times for character, times in document.characters.items() if test(character))


def letters(document: Prepared) -> float:
    """Share of letters and digits among what is no white space."""
    return share(_total(document, str.isalnum), document.visible)


def top_character(document: Prepared) -> float:
    """Share of the most frequent character among what is no white space."""
    return share(max(document.characters.values(), default=0), document.visible)


def numerals(document: Prepared) -> float:
    """Share of digits among letters and digits."""
    return share(_total(document, str.isdigit), _total(document, str.isalnum))


def unreadable_characters(document: Prepared) -> float:
    """Share of replacement, private-use and control characters among what is no white space."""
    return share(_total(document, _unreadable), document.visible)


def _unreadable(character: str) -> bool:
    return character == "\ufffd" or "\ue000" <= character <= "\uf8ff" or character < " " or character >= "\U000f0000"


def misread_characters(document: Prepared) -> float:
    """Share of characters that Chinese becomes when it is read in a wrong encoding."""
    return share(_covered(_MISREAD, document.text), document.visible)


def link_characters(document: Prepared) -> float:
    """Share of addresses of pages in what is no white space."""
    return share(_covered(_LINK, document.text), document.visible)


def markup_characters(document: Prepared) -> float:
    """Share of tags, comments and entities of HTML in what is no white space."""
    found = _TAG.finditer(document.text) if "<" in document.text or "&" in document.text else ()
    return share(sum(len("".join(tag[0].split())) for tag in found), document.visible)


def long_run_characters(document: Prepared) -> float:
    """Share of ASCII runs without white space of 150 characters or more: encoded data, minified code, tokens."""
    return share(_covered(_LONG_RUN, document.text), document.visible)


def _covered(pattern: re.Pattern[str], text: str) -> int:
    """How many characters belong to matches, of which a large text may have too many for a list."""
    return sum(found.end() - found.start() for found in pattern.finditer(text))
