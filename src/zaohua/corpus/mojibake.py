"""Mojibake: text that was read in the wrong encoding, repaired when that is certain, named when it is lost."""

import re
from collections.abc import Callable
from functools import cache

UTF8_READ_NARROW = "UTF-8 read as a single-byte encoding"
GBK_READ_NARROW = "GBK read as Latin-1"
UTF8_READ_AS_GBK = "UTF-8 read as GBK"
GARBAGE_LINES = "lines of 锟斤拷 or 烫烫烫"

LOST = 0.001
"""Share of U+FFFD above which a text is damaged."""

PRIVATE = 0.01
"""Share of private-use characters above which a text is damaged: a font once gave them a meaning."""

_CERTAIN = 8  # characters read wrongly, below which chance could have made them
_COMMON_SHARE = 0.15  # of the hanzi that come out; true text has over 0.3, text that was no Chinese under 0.05
_GBK_SHARE = 0.15  # of the hanzi: UTF-8 read as GBK has 0.3, true text under 0.01
_STRAY = 2
_NARROW_SHARE = 0.2  # of a text in runs of letters that single-byte encodings have beyond ASCII
_GARBAGE_SHARE = 0.5  # of a line: those who write about 锟斤拷 say other things too
_GARBAGE_LEAST = 4

# The commonest hanzi in both scripts, and punctuation that no Chinese text lacks.
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去"
    "法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日這個們來為國時說會對於著過發後裡種經麼學現當沒動還進樣"
    "開從實與長間問無，。、：；？！“”《》「」…—"
)
# What ftfy's test for bad text needs: any letter, sign or control that single-byte encodings have beyond ASCII, but
# for the quotation marks, dashes, dots and spaces that every language uses.
_NARROW = re.compile(
    "[\x80-\x9f\xa1-\xac\xae-\xb6\xb8-\xff\u0100-\u0192\u02c6-\u02dd\u0384-\u0490\u2020\u2021\u2030\u2039\u203a\u2044"
    "\u20a7\u20ac\u2116\u2122\u2202-\u2265\u2310\u2320\u2321\u2500-\u25ca\uf8ff\ufb01\ufb02\ufffd]"
)
_HIGH = re.compile("[\x80-\xff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]{8,}")
_FIRST_BYTES = [bytes((first, second)) for first in (*range(0xE3, 0xEA), 0xEF) for second in range(0x80, 0xC0)]
_LEADING = re.compile("[" + "".join(pair.decode("gbk", "ignore") for pair in _FIRST_BYTES) + "]")
"""What GBK makes of the first two bytes of a hanzi or a full-width mark in UTF-8."""

_RARE = re.compile("[\u0460-\u1dff\u2c00-\u2dff\ua000-\uabff]")  # letters beyond Latin, Greek and Russian
_HANZI = re.compile("[\u3400-\u9fff]")
_GARBAGE = re.compile("(?:锟斤拷|锟斤|斤拷|锟届){1,}|烫{3,}|屯{3,}|(?:锘匡豢|锘锘|锘匡){1,}|(?:ï»¿|ï¿½)+")
_PRIVATE = re.compile("[\ue000-\uf8fe]")


def repair(text: str) -> tuple[str, str]:
    """The text with what is certainly mojibake repaired, and what that was, "" for a text returned as it came."""
    if text.isascii():
        return text, ""
    done: list[str] = []
    for test, what, mend in _WAYS:
        if test(text) and (mended := mend(text)) != text:
            text = mended
            done.append(what)
    return text, ", ".join(done)


def damaged(text: str) -> str:
    """Why a text cannot be repaired, or ""; ask after `repair`."""
    if text.isascii():
        return ""
    if (lost := text.count("\ufffd")) > LOST * len(text):
        return f"{lost:,} characters were lost before (U+FFFD)"
    if _holds_garbage(text) and _is_garbage(text):
        return GARBAGE_LINES
    if _LEADING.search(text) and _looks_like_gbk(text):
        return f"{UTF8_READ_AS_GBK}, not reversible"
    if _NARROW.search(text) and sum(map(len, _HIGH.findall(text))) > max(_NARROW_SHARE * len(text), 2 * _CERTAIN):
        return "text of an unknown encoding read as Latin-1"
    if (private := len(_PRIVATE.findall(text))) > max(PRIVATE * len(text), _CERTAIN):
        return f"{private:,} private-use characters"
    return ""


def _by_line(text: str, mend: Callable[[str], str], test: Callable[[str], object]) -> str:
    return "\n".join(mend(line) if test(line) else line for line in text.split("\n"))


def _utf8_read_narrow(text: str) -> str:
    """ftfy line by line, on the lines that its own test finds bad."""
    fix, bad = _ftfy()

    def mend(line: str) -> str:
        fixed = fix(line)
        return fixed if fixed == line or not _stray_letters(line, fixed) else line

    return _by_line(text, mend, lambda line: _NARROW.search(line) and bad(line))


def _stray_letters(before: str, after: str) -> bool:
    """Whether little changed and one or two letters of a rare alphabet came up: chance, as when ”é is read as ӎ."""
    came = len(_RARE.findall(after)) - len(_RARE.findall(before))
    return 0 < came <= _STRAY and len(before) - len(after) <= 2 * _STRAY


def _gbk_read_narrow(text: str) -> str:
    return _reread(text, _HIGH.search, ("latin-1", "sloppy-windows-1252"), "gbk")


def _utf8_read_as_gbk(text: str) -> str:
    return _reread(text, _looks_like_gbk, ("gb18030",), "utf-8")


def _reread(text: str, test: Callable[[str], object], wrong: tuple[str, ...], right: str) -> str:
    """The text, or else those of its lines that pass the test, read as `right` where they were read as `wrong`."""

    def mend(part: str) -> str:
        for encoding in wrong:
            try:
                reread = _bytes(part, encoding).decode(right)
            except UnicodeError:
                continue
            if _better(part, reread):
                return reread
        return part

    _ftfy()  # knows the sloppy encodings
    whole = mend(text) if test(text) else text
    return whole if whole != text else _by_line(text, mend, test)


def _bytes(text: str, encoding: str) -> bytes:
    """The bytes of which a program made the text; reading GBK, Windows makes a euro sign of 0x80."""
    if encoding == "gb18030":
        return b"\x80".join(part.encode(encoding) for part in text.split("€"))
    return text.encode(encoding)


def _better(before: str, after: str) -> bool:
    """Whether so much became common Chinese that it cannot be chance."""
    came = [character for character in after if not character.isascii()]
    hanzi = len(_HANZI.findall(after))
    common = sum(character in _COMMON for character in came)
    return (
        sum(not character.isascii() for character in before) >= _CERTAIN
        and hanzi >= 0.5 * len(came)
        and common >= _COMMON_SHARE * len(came)
        and common > 2 * sum(character in _COMMON for character in before)
        and not _PRIVATE.search(after)
    )


def _looks_like_gbk(text: str) -> bool:
    """Whether as many hanzi are such as begin a hanzi of UTF-8 as happens in no Chinese text."""
    leading = _LEADING.findall(text)
    if len(set(leading)) < _CERTAIN / 2 or len(leading) < _GBK_SHARE * len(_HANZI.findall(text)):
        return False
    return sum(character in _COMMON and character > "\u3400" for character in text) < len(leading) / 2


def _without_garbage(text: str) -> str:
    """Without the lines of which half or more is what broken programs write for lost characters."""
    return "\n".join(line for line in text.split("\n") if not _is_garbage(line))


def _holds_garbage(text: str) -> bool:
    return any(sign in text for sign in ("锟", "斤拷", "烫烫烫", "屯屯屯", "锘", "ï¿½", "ï»¿"))


def _is_garbage(line: str) -> bool:
    garbage = sum(map(len, _GARBAGE.findall(line)))
    return garbage >= _GARBAGE_LEAST and garbage >= _GARBAGE_SHARE * len(line.strip())


_WAYS: tuple[tuple[Callable[[str], object], str, Callable[[str], str]], ...] = (
    (lambda text: _NARROW.search(text) and _HIGH.search(text), GBK_READ_NARROW, _gbk_read_narrow),
    (_NARROW.search, UTF8_READ_NARROW, _utf8_read_narrow),
    (_LEADING.search, UTF8_READ_AS_GBK, _utf8_read_as_gbk),
    (_holds_garbage, GARBAGE_LINES, _without_garbage),
)
"""A quick test that clean text rarely passes, what the text would be, and the repair, which looks closely."""


@cache
def _ftfy() -> tuple[Callable[[str], str], Callable[[str], bool]]:
    """ftfy with the settings that leave ，“ and ﬁ alone, and its quick test."""
    import ftfy
    import ftfy.badness

    config = ftfy.TextFixerConfig(
        unescape_html=False, remove_terminal_escapes=False, fix_encoding=True, restore_byte_a0=True,
        replace_lossy_sequences=True, decode_inconsistent_utf8=True, fix_c1_controls=True, fix_latin_ligatures=False,
        fix_character_width=False, uncurl_quotes=False, fix_line_breaks=False, fix_surrogates=True,
        remove_control_chars=True, normalization=None, explain=False,
    )  # fmt: skip
    return lambda line: ftfy.fix_text(line, config), ftfy.badness.is_bad
