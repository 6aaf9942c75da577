"""A web page as its title and its main text."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from zaohua.corpus.encodings import UndecodableError, declared, encoding_of
from zaohua.corpus.formats.items import SetAsideError

_HEAD = 4096  # bytes in which a page names its encoding
_META = re.compile(rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,30})""", re.I)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_:.\-]{2,30})""", re.I)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_:.\-]{2,30})""", re.I)
_BROKEN = 0.001  # share of characters that may be lost in a page that says its encoding
DEEPEST = 2000
"""Elements within elements; pages made by hand or program stay under 200, and parsers take long beyond."""
_TAGS = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*?(/?)>")
_NEVER_OPEN = frozenset("area base br col embed hr img input link meta param source track wbr p li td tr th dd dt".split())


@dataclass(frozen=True)
class Page:
    """What is read of a web page."""

    title: str
    text: str


def charset_of(mime: str) -> str:
    """The encoding that a Content-Type names, or nothing."""
    match = _CHARSET.search(mime)
    return match.group(1) if match else ""


def decoded(data: bytes, charset: str = "", chosen: str | None = None) -> tuple[str, str]:
    """A page's (text, encoding): by its mark, as UTF-8, as it or its server (`charset`) says, or as recognised.

    What is said is only believed when the bytes bear it out: very many pages say what they are not.
    """
    if chosen:
        return data.decode(chosen, "replace"), chosen
    head = data[:_HEAD]
    said = [match.group(1).decode("ascii") for pattern in (_META, _XML) if (match := pattern.search(head))]
    for name in filter(None, map(declared, [*said, charset])):
        text = _as_declared(data, name)
        if text is not None:
            return text, name
    name = encoding_of(data)
    return data.decode(name, "replace"), name
