"""Numbers that belong to people: identity cards, bank cards and telephones, told from all other numbers."""

import re
from collections.abc import Iterator

_RUN = re.compile(r"[0-9][0-9 ()-]{5,38}[0-9Xx]")
_SHORTEST = 7  # digits
_NEAR = 24  # characters before a number in which a word may say what it is

_LANDLINE = re.compile(
    r"(?:\+?86[ -]?)?(?:\(0(?:10|2[0-9]|[3-9][0-9]{2})\) ?|0(?:10|2[0-9]|[3-9][0-9]{2})-)[0-9]{7,8}(?:-[0-9]{1,5})?"
)
_GROUPED_MOBILE = re.compile(r"(?:86[ -]?)?1[3-9][0-9](?:[0-9]{8}|[ -][0-9]{4}[ -][0-9]{4})")
_TAIWAN = re.compile(
    r"09[0-9]{2}(?:-?[0-9]{6}|[ -][0-9]{3}[ -][0-9]{3})|(?:\(0[2-8][0-9]?\) ?|0[2-8][0-9]?-)[0-9]{3,4}-?[0-9]{4}"
)
_FROM_ABROAD = re.compile(
    r"(?:00)?(?:852[ -]?[235-9][0-9]{3}[ -]?[0-9]{4}|886[ -]?[2-9][ -]?[0-9]{3,4}[ -]?[0-9]{3,4})"
)
_NORTH_AMERICA = re.compile(r"(?:1[ -])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}-)[2-9][0-9]{2}-[0-9]{4}")
_LOCAL = re.compile(r"[2-9][0-9]{2,3}[ -]?[0-9]{4}")
_PHONE_NEAR = re.compile(
    r"(?:电话|電話|手机|手機|热线|熱線|联系|聯繫|聯絡|致电|致電|传真|傳真|WhatsApp|[Tt]el(?:ephone)?|TEL|[Pp]hone|PHONE"
    r"|[Mm]obile|[Ff]ax|FAX)[^\n。；;0-9]{0,8}$"
)
_CARD_GROUPS = re.compile(r"[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?|[0-9]{16,19}")
_CARD_NEAR = re.compile(
    r"(?:卡号|卡號|银行|銀行|账号|帳號|帐号|账户|帳戶|[Cc]ard|[Aa]ccount|[Vv]isa|VISA)[^\n。0-9]{0,16}$"
)
_OTHER_NEAR = re.compile(
    r"(?:ISBN|ISSN|isbn|书号|書號|[订訂][单單]|编号|編號|单号|單號|流水号|DOI|doi|arXiv|[Nn]o\.|№)[^\n。0-9]{0,8}$"
)
_FORBIDDEN_BEFORE = frozenset("_#$%&*^=<>~\\×÷±√∑")
_FORBIDDEN_AFTER = frozenset("_%*^=~\\×÷°$")

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # ISO 7064 MOD 11-2, of GB 11643
_CHECKS = "10X98765432"
_PROVINCES = frozenset(map(str, (
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83,
)))  # fmt: skip
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind (ID, CARD, PHONE) of each such number; none inside a longer number, word or formula."""
    for run in _RUN.finditer(text):
        yield from _in_run(text, run.start(), run[0])


def _in_run(text: str, offset: int, run: str) -> Iterator[tuple[int, int, str]]:
    """The numbers in a run of digits and separators: the longest from each group on."""
    groups = [(found.start(), found.end()) for found in re.finditer(r"[^ ]+", run)]
    place = 0
    while place < len(groups):
        for last in range(len(groups) - 1, place - 1, -1):
            start, end = groups[place][0] + offset, groups[last][1] + offset
            start, end = _with_sign(text, start), end - (text[end - 1] in "-(")
            if _stands_alone(text, start, end) and (
                kind := _kind(text[start:end], text[max(start - _NEAR, 0) : start])
            ):
                yield start, end, kind
                place = last
                break
        place += 1


def _with_sign(text: str, start: int) -> int:
    """Where a number begins when the bracket and the plus before its digits belong to it."""
    if start and text[start - 1] == "(" and ")" in text[start : start + 6]:
        start -= 1
    return start - (start > 0 and text[start - 1] == "+")


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a number is no part of a longer one, of a word, a path or a formula."""
    before, earlier = text[start - 1 : start], text[max(start - 2, 0) : max(start - 1, 0)]
    after, later = text[end : end + 1], text[end + 1 : end + 2]
    if _joins(before) or before in _FORBIDDEN_BEFORE or _joins(after) or after in _FORBIDDEN_AFTER:
        return False
    if before and before in "-+" and earlier and not _is_hanzi(earlier) and earlier not in " \n:：":
        return False
    if before and before in ".,:" and earlier.isascii() and earlier.isdigit():
        return False
    if before == "/" and (earlier in "/." or (_joins(earlier) and not earlier.isdigit())):
        return False
    return not (after and after in ".,:/+-" and later.isascii() and later.isdigit() and after != "/")


def _joins(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_hanzi(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _kind(number: str, before: str) -> str:
    """ID, CARD, PHONE or "", from the number's form and the words before it."""
    digits = "".join(character for character in number if character not in " ()-+")
    if len(digits) < _SHORTEST:
        return ""
    if digits[-1] in "Xx":
        return "ID" if digits == number and _is_identity(digits) else ""
    if len(digits) == 18 and digits == number and _is_identity(digits):
        return "ID"
    if _OTHER_NEAR.search(before):
        return ""
    if 16 <= len(digits) <= 19:
        known = digits.startswith("62") or _CARD_NEAR.search(before)
        return "CARD" if known and _CARD_GROUPS.fullmatch(number) and _luhn(digits) else ""
    return "PHONE" if _is_phone(number, digits, before) else ""


def _is_phone(number: str, digits: str, before: str) -> bool:
    if number.startswith("+"):
        return digits[0] != "0" and (10 if digits == number[1:] else 8) <= len(digits) <= 15
    forms = (_GROUPED_MOBILE, _LANDLINE, _TAIWAN, _FROM_ABROAD, _NORTH_AMERICA)
    if any(form.fullmatch(number) for form in forms):
        return True
    return bool(_LOCAL.fullmatch(number) and _PHONE_NEAR.search(before))


def _is_identity(digits: str) -> bool:
    """Whether 18 digits are those of a resident: a province, a day of birth, and the check digit."""
    if len(digits) != 18 or digits[:2] not in _PROVINCES:
        return False
    year, month, day = int(digits[6:10]), int(digits[10:12]), int(digits[12:14])
    if not (1850 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    check = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits[:17], strict=True)) % 11
    return _CHECKS[check] == digits[17].upper()


def _luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0
