"""Sitemaps: which pages of its own host one names, itself or through the sitemaps below it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

from zaohua.corpus import html
from zaohua.corpus.client import Answer, FailedError, Web, answered, content_of
from zaohua.corpus.formats.answers import unpacked
from zaohua.corpus.formats.items import SetAsideError

LARGEST = 50 * 2**20
"""Bytes of a sitemap: the protocol's own bound."""
_INDEX, _LIST = "sitemapindex", "urlset"


@dataclass(frozen=True)
class Listing:
    """The pages that a source names, each once; why some of it could not be had; whether asking again is of no use."""

    pages: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    whole: bool = False


def listing_of(answer: Answer, web: Web, most: int) -> Listing | None:
    """What an answer lists, sitemaps below it read until they name `most` pages; None where it is no sitemap."""
    locations = _locations(content_of(answer, LARGEST))
    if locations is None:
        return None
    kind, found = locations
    host = _host(answer.url)
    pages = _pages_of(host, found) if kind == _LIST else {}
    failed: dict[str, str] = {}
    whole = True
    for inner in found if kind == _INDEX else ():
        if len(pages) >= most:
            whole = False
            break
        try:
            below = _locations(content_of(answered(web.page(inner, LARGEST)), LARGEST))
            if below is None or below[0] != _LIST:
                raise FailedError("not a sitemap that lists pages")
            pages |= _pages_of(host, below[1])
        except FailedError as error:
            failed[inner] = str(error)
            whole = whole and not error.passing
    if not pages:
        failed = {answer.url: f"a sitemap that names no pages of {host}", **failed}
    return Listing(list(pages), failed, whole and bool(pages))


def _pages_of(host: str | None, found: list[str]) -> dict[str, None]:
    """The addresses on a host, each once."""
    return dict.fromkeys(url for url in found if _host(url) == host)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _locations(content: bytes) -> tuple[str, list[str]] | None:
    """The kind and the addresses of a sitemap, or None for what is none."""
    try:
        content = unpacked(content, "gzip", LARGEST)
    except SetAsideError as error:
        raise FailedError(str(error)) from None
    if not any(f"<{kind}".encode() in content[:4096] for kind in (_LIST, _INDEX)):
        return None
    text, _ = html.decoded(content)
    try:
        tree = ElementTree.fromstring(text.encode(), ElementTree.XMLParser(encoding="utf-8"))
    except ElementTree.ParseError:
        return None
    places = (each.text.strip() for each in tree.iter() if each.tag.endswith("}loc") or each.tag == "loc" if each.text)
    kind = tree.tag.rpartition("}")[2]
    return (kind, list(places)) if kind in (_LIST, _INDEX) else None
