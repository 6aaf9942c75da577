"""Pages of the web, given by name or by a sitemap, each fetched once and kept as a WARC file."""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from zaohua import folders
from zaohua.corpus import hub
from zaohua.corpus.client import Answer, FailedError, Web, WebSettings, content_of
from zaohua.corpus.formats.answers import unpacked
from zaohua.corpus.formats.warc import SET_ASIDE
from zaohua.corpus.sources import Fetch
from zaohua.settings import UserError

_LARGEST_SITEMAP = 50 * 2**20  # the protocol's own bound
_FEW = 20  # pages of one source that a quick look reads at most: each may take a second
_TEXTS = ("text/html", "application/xhtml+xml", "text/plain")
_PASSING = (408, 425, 429, *range(500, 600))  # answers that may be others tomorrow


def fetcher(cache: Path, settings: WebSettings, texts: int | None = None) -> Fetch | None:
    """What brings sources of the web and the hub to `cache`, or None where the web is not to be read.

    For a quick look at some `texts` it brings little of each.
    """
    if not settings.allowed:
        return None
    client = Web(settings)
    return lambda source: (
        hub.fetch(source, cache, settings.largest_dataset, few=texts)
        if source.startswith("hf:")
        else fetch(source, cache, settings, client, few=texts)
    )


def fetch(
    source: str, cache: Path, settings: WebSettings, web: Web | None = None, *, few: int | None = None
) -> list[tuple[Path, str]]:
    """A page, or the pages of a sitemap, as WARC files below `cache`, with their names; with `few` some from all over.

    What lies there already is not asked for again, but for pages whose last failure may have passed. A page that
    could not be had is a file that says why. Raises UserError for a sitemap without pages.
    """
    web = web or Web(settings)
    folder = cache / hashlib.sha256(source.encode()).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / "pages.json"
    if not listed.exists():
        try:
            folders.write_file(listed, json.dumps(_pages(source, folder, web)))
        except FailedError as error:
            failed = folder / "failed.warc"
            folders.write_file(failed, _aside(source, str(error)))
            return [(failed, source.partition("://")[2])]
    pages = json.loads(listed.read_text())
    files = []
    for url in pages[:: -(-len(pages) // min(few, _FEW))] if few else pages:
        name = hashlib.sha256(url.encode()).hexdigest()[:32]
        kept, failed = folder / f"{name}.warc", folder / f"{name}.failed.warc"
        if not kept.exists():
            failed.unlink(missing_ok=True)
            try:
                folders.write_file(kept, _response(url, _answered(web.page(url, settings.largest_page))))
            except FailedError as error:
                folders.write_file(failed if error.passing else kept, _aside(url, str(error)))
        files.append((kept if kept.exists() else failed, url.partition("://")[2]))
    return files


def _pages(source: str, folder: Path, web: Web) -> list[str]:
    """The pages that a source names: those of a sitemap, or itself, which is kept at once."""
    answer = _answered(web.page(source, _LARGEST_SITEMAP))
    locations = _locations(content_of(answer, _LARGEST_SITEMAP))
    if locations is None:
        name = hashlib.sha256(source.encode()).hexdigest()[:32]
        folders.write_file(folder / f"{name}.warc", _response(source, answer))
        return [source]
    kind, found = locations
    pages: list[str] = [] if kind == "sitemapindex" else found
    for inner in found if kind == "sitemapindex" else ():
        if len(pages) >= web.settings.pages:
            break
        try:
            below = _locations(content_of(_answered(web.page(inner, _LARGEST_SITEMAP)), _LARGEST_SITEMAP))
        except FailedError:
            continue
        pages += below[1] if below and below[0] == "urlset" else []
    host = urlsplit(answer.url).hostname
    pages = [url for url in dict.fromkeys(pages) if _host(url) == host][: web.settings.pages]
    if not pages:
        raise UserError(
            f"the sitemap {source} names no pages of {host}: give another one, or pages by name",
            f"站点地图 {source} 里没有 {host} 的网页：请换一个，或逐个给出网页",
        )
    return pages


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _locations(content: bytes) -> tuple[str, list[str]] | None:
    """("urlset" or "sitemapindex", addresses) of a sitemap, or None for what is none."""
    if content.startswith(b"\x1f\x8b"):
        content = unpacked(content, "gzip", _LARGEST_SITEMAP)
    if b"<urlset" not in content[:4096] and b"<sitemapindex" not in content[:4096]:
        return None
    try:
        tree = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return None
    places = (each.text.strip() for each in tree.iter() if each.tag.endswith("}loc") or each.tag == "loc" if each.text)
    return tree.tag.rpartition("}")[2], list(places)


def _answered(answer: Answer) -> Answer:
    if answer.status != 200:
        raise FailedError(f"the server answered {answer.status}", passing=answer.status in _PASSING)
    return answer


def _response(url: str, answer: Answer) -> bytes:
    """An answer as a WARC record."""
    mime = answer.head("content-type").lower()
    if mime and not mime.startswith(_TEXTS):
        raise FailedError(f"not a page but {mime.partition(';')[0]}")
    kept = [(name, value) for name, value in answer.heads if name.lower() in ("content-type", "content-encoding")]
    block = b"HTTP/1.1 200 OK\r\n" + _lines(kept) + b"\r\n" + answer.content
    return _record("response", url, "application/http; msgtype=response", block)


def _aside(url: str, reason: str) -> bytes:
    """Why a page is missing as a WARC record of ours."""
    return _record("metadata", url, SET_ASIDE, reason.encode())


def _record(kind: str, url: str, mime: str, block: bytes) -> bytes:
    heads = [("WARC-Type", kind), ("WARC-Target-URI", url), ("Content-Type", mime), ("Content-Length", str(len(block)))]
    return b"WARC/1.1\r\n" + _lines(heads) + b"\r\n" + block + b"\r\n\r\n"


def _lines(heads: list[tuple[str, str]]) -> bytes:
    return b"".join(f"{name}: {' '.join(value.split())}\r\n".encode("utf-8", "replace") for name, value in heads)
