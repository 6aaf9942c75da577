"""Privacy: what identifies a person or opens a door gives way to a typed placeholder, the same in every run."""

import ipaddress
import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator

from zaohua.corpus.credentials import credentials
from zaohua.corpus.private_numbers import numbers

KINDS = ("KEY", "EMAIL", "ACCOUNT", "PASSPORT", "ID", "CARD", "PHONE", "IP", "PLATE")
"""What is masked; a placeholder is the kind in angle brackets."""

Span = tuple[int, int, str]

_DOMAIN = re.compile(r"@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?![A-Za-z0-9-])")
_MAILBOX = re.compile(r"[A-Za-z0-9._%+-]+\Z")
_LONGEST_MAILBOX = 64
_ACCOUNT = re.compile(
    r"(?:微信|QQ|qq|[Vv][Xx]|[Ww]e[Cc]hat)(?:(?:群|号码?|號碼?|ID|id)\s*[:：]?|\s*[:：])\s*"
    r"([A-Za-z][A-Za-z0-9_-]{5,19}|[1-9][0-9]{4,10})(?![A-Za-z0-9_@.-])"
)
_PASSPORT = re.compile(
    r"(?:护照|護照|[Pp]assport|PASSPORT)[^\n。]{0,12}?(?<![A-Za-z0-9])([EGP][0-9]{8})(?![A-Za-z0-9])"
)
_V4 = re.compile(r"[0-9][0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_V6 = re.compile(r":[0-9A-Fa-f:]{2,34}[0-9A-Fa-f]")  # from the first colon on
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}\Z")
_VERSION_NEAR = re.compile(r"(?:[Vv]er(?:sion|\.)?|版本?|[Rr]elease|[Bb]uild|固件|[Ss]ection|第|§)[^\n。0-9]{0,4}$")
_NEAR = 16
_PARTS = frozenset("章节節条條款版")
_SECTION = 7  # four numbers up to this are a section or a version, not an address
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·• ]?"
    r"[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9.])"
)


def mask(text: str) -> tuple[str, Counter[str]]:
    """The text, after width folding, with <EMAIL>, <PHONE> … for what is private, and how many of each there were.

    What lies inside something found by an earlier one of FINDERS is not looked at again.
    """
    spans: list[Span] = []
    for finder in FINDERS:
        for span in finder(text):
            place = bisect(spans, span)
            free_before = place == 0 or spans[place - 1][1] <= span[0]
            if free_before and (place == len(spans) or span[1] <= spans[place][0]):
                spans.insert(place, span)
    if not spans:
        return text, Counter()
    pieces, end = [], 0
    for start, stop, kind in spans:
        pieces += [text[end:start], f"<{kind}>"]
        end = stop
    return "".join(pieces) + text[end:], Counter(kind for _, _, kind in spans)


def emails(text: str) -> Iterator[Span]:
    """Addresses of mail; letters of other scripts are no part of them, so that one may stand right after a hanzi."""
    if "@" not in text:
        return
    for found in _DOMAIN.finditer(text):
        before = text[max(found.start() - _LONGEST_MAILBOX, 0) : found.start()]
        path = text[found.end() : found.end() + 1] == ":" and not text[found.end() + 1 : found.end() + 2].isspace()
        if (name := _MAILBOX.search(before)) and not (path and name[0] == "git"):  # a repository's address
            yield found.start() - len(name[0]), found.end(), "EMAIL"


def accounts(text: str) -> Iterator[Span]:
    """Names and numbers at WeChat and QQ, where the text says that they are."""
    if any(name in text for name in ("微信", "QQ", "qq", "vx", "VX", "Vx", "eChat", "echat")):
        yield from ((*found.span(1), "ACCOUNT") for found in _ACCOUNT.finditer(text))


def passports(text: str) -> Iterator[Span]:
    """Numbers of Chinese passports after the word."""
    if any(name in text for name in ("护照", "護照", "assport", "ASSPORT")):
        yield from ((*found.span(1), "PASSPORT") for found in _PASSPORT.finditer(text))


def addresses(text: str) -> Iterator[Span]:
    """Public addresses of the internet, which are neither versions nor sections nor parts of longer dotted numbers."""
    if text.count(".") > 2:
        for found in _V4.finditer(text):
            if _stands_alone(text, *found.span(), ".") and _is_address(text, *found.span()):
                yield *found.span(), "IP"
    if text.count(":") > 2:
        for found in _V6.finditer(text):
            if found[0].count(":") > 2 and (first := _HEX.search(text[max(found.start() - 4, 0) : found.start()])):
                start, end = found.start() - len(first[0]), found.end()
                if _stands_alone(text, start, end, ".:") and _is_global(text[start:end]):
                    yield start, end, "IP"


def plates(text: str) -> Iterator[Span]:
    """Number plates of the mainland: province, letter, and five or six letters and digits, most of them digits."""
    for found in _PLATE.finditer(text):
        if sum(character.isdigit() for character in found[0]) >= 3:
            yield *found.span(), "PLATE"


FINDERS: tuple[Callable[[str], Iterator[Span]], ...] = (
    credentials, emails, accounts, passports, numbers, addresses, plates,
)  # fmt: skip


def _stands_alone(text: str, start: int, end: int, part: str) -> bool:
    """Whether no letter, digit, underscore or hyphen touches it, nor a digit beyond one of the characters `part`."""
    before, after = text[start - 1 : start], text[end : end + 1]
    for near, far in ((before, text[max(start - 2, 0) : max(start - 1, 0)]), (after, text[end + 1 : end + 2])):
        if near and near.isascii() and (near.isalnum() or near in "_-"):
            return False
        if near and near in part and (near == before or far.isalnum()):
            return False
    return True


def _is_address(text: str, start: int, end: int) -> bool:
    before, address, after = text[max(start - _NEAR, 0) : start], text[start:end], text[end : end + 2].lstrip()
    if _VERSION_NEAR.search(before) or (before.endswith("/") and not before.endswith("//")) or after[:1] in _PARTS:
        return False
    return max(map(int, address.split("."))) > _SECTION and _is_global(address)


def _is_global(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
