"""The texts that models will be tested on, as the files of evaluations hold them."""

import json

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
        found = list(filter(None, map(_asked, read(Piece.of(entry), settings, Noted()))))
        if not found:
            raise UserError(
                f"{entry.path} holds no text to look for: give a file of {READABLE}",
                f"{entry.path} 里没有可供查找的文本：能读的文件有 {READABLE_CHINESE}",
            )
        items += [Item(storable(entry.name), dedup_key(normalize(text))) for text in found]
    return list(dict.fromkeys(items))


def _asked(item: Found | Unreadable) -> str:
    """What is looked for of an item: its text, or, of a record with no field of a usual name, its strings in order."""
    if isinstance(item, Found):
        return item.text
    try:
        record = json.loads(item.text)
    except (ValueError, RecursionError):
        return ""
    values = record.values() if isinstance(record, dict) else record if isinstance(record, list) else ()
    return "\n".join(value for value in values if isinstance(value, str) and value.strip())
