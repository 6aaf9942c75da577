"""A file of given bytes, read."""

from collections.abc import Callable

import pytest

from zaohua.corpus.formats.items import Found, Noted, Unreadable
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.reading import read
from zaohua.corpus.sources import inventory


@pytest.fixture
def items_of(tmp_path) -> Callable[..., list[Found | Unreadable]]:
    """(name, bytes or text, settings) -> what reading a file with that content gives."""

    def items(name: str, data: bytes | str, **settings) -> list[Found | Unreadable]:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        (entry,) = inventory([str(path)])
        return list(read(entry, ReadingSettings(**settings), Noted()))

    return items


@pytest.fixture
def texts_of(items_of) -> Callable[..., list[str]]:
    """The same, of the texts alone; nothing may be unreadable."""

    def texts(name: str, data: bytes | str, **settings) -> list[str]:
        found = items_of(name, data, **settings)
        assert all(isinstance(item, Found) for item in found), found
        return [item.text for item in found]

    return texts
