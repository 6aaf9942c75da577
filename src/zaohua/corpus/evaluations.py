"""The texts that models will be tested on, as the files of evaluations hold them."""

import json
from typing import Any

from zaohua.corpus.decontaminate import Item
from zaohua.corpus.documents import storable
from zaohua.corpus.formats.items import Found, Noted, Unreadable
from zaohua.corpus.keys import dedup_key
from zaohua.corpus.normalize import normalize
from zaohua.corpus.reading import read
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import READABLE, READABLE_CHINESE, Piece, inventory
from zaohua.settings import UserError


def evaluation_items(settings: CorpusSettings) -> list[Item]:
    """The texts of the files of evaluations, each file a set by its name. Raises UserError for a file without any."""
    items = []
    for entry in inventory(settings.evaluations):
        found = [text for item in read(Piece.of(entry), settings, Noted()) for text in _asked(item)]
        if not found:
            raise UserError(
                f"{entry.path} holds no text to look for: give a file of {READABLE}",
                f"{entry.path} 里没有可供查找的文本：能读的文件有 {READABLE_CHINESE}",
            )
        items += [Item(storable(entry.name), dedup_key(normalize(text))) for text in found]
    return list(dict.fromkeys(items))


def unread(settings: CorpusSettings) -> list[tuple[str, str]]:
    """(place, reason) of what stands in the files of evaluations and cannot be looked for."""
    found = []
    for entry in inventory(settings.evaluations):
        for item in read(Piece.of(entry), settings, Noted()):
            if not _asked(item):
                place = f"{item.file}:{item.line}" if item.line else item.file
                reason = item.reason if isinstance(item, Unreadable) else "no text"
                found.append((storable(place), storable(reason)))
    return found


def _asked(item: Found | Unreadable) -> list[str]:
    """What is looked for of an item: its text; and with it, or where its record has no field of a usual name without
    one, all strings of the record in their order, so that a question is found with its answers and they with it."""
    text, others = (item.text, item.fields) if isinstance(item, Found) else ("", _record(item.text))
    whole = "\n".join([*filter(str.strip, [text]), *_strings(others)])
    return [each for each in dict.fromkeys((text, whole)) if each.strip()]


def _record(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _strings(value: Any) -> list[str]:
    """All strings that are in a value, however deep, in their order."""
    found: list[str] = []
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            found += filter(str.strip, [each])
        elif isinstance(each, dict):
            left += reversed(each.values())
        elif isinstance(each, list | tuple):
            left += reversed(each)
    return found
