"""Pages of the web, given by name or by a sitemap, each fetched once and kept as a WARC file."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

from zaohua import folders
from zaohua.corpus import hub
from zaohua.corpus.client import Answer, FailedError, Web, WebSettings, answered
from zaohua.corpus.formats.warc import SET_ASIDE
from zaohua.corpus.sitemaps import LARGEST, Listing, listing_of
from zaohua.corpus.sources import Fetch

_FEW = 20  # pages of one source that a quick look reads at most: each may take a second
_TEXTS = ("text/html", "application/xhtml+xml", "text/plain")


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

    What lies there already is not asked for again, but for pages whose last failure may have passed. What could not
    be had, a page or a sitemap with its pages, is in a file that says why.
    """
    web = web or Web(settings)
    folder = cache / hashlib.sha256(source.encode()).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    listing = _listing(source, folder, web)
    pages = listing.pages[: settings.pages]
    files = []
    for url in pages[:: max(-(-len(pages) // min(few, _FEW)), 1)] if few else pages:
        kept, failed = _kept(url, folder), _kept(url, folder, "failed.")
        if not kept.exists():
            failed.unlink(missing_ok=True)
            try:
                folders.write_file(kept, _response(url, answered(web.page(url, settings.largest_page))))
            except FailedError as error:
                folders.write_file(failed if error.passing else kept, _aside(url, str(error)))
        files.append((kept if kept.exists() else failed, url.partition("://")[2]))
    if listing.failed:
        failed = folder / "failed.warc"
        folders.write_file(failed, b"".join(_aside(url, reason) for url, reason in listing.failed.items()))
        files.append((failed, source.partition("://")[2]))
    return files


def _listing(source: str, folder: Path, web: Web) -> Listing:
    """What a source lists, from its folder as far as that says it; what is found there anew is added to that."""
    file = folder / "listing.json"
    known = Listing(**json.loads(file.read_text())) if file.exists() else Listing()
    if known.whole or len(known.pages) >= web.settings.pages:
        return known
    try:
        found = _asked(source, folder, web)
    except FailedError as error:
        found = Listing(failed={source: str(error)})
    found = replace(found, pages=list(dict.fromkeys(known.pages + found.pages)))
    folders.write_file(file, json.dumps(asdict(found)))
    return found


def _asked(source: str, folder: Path, web: Web) -> Listing:
    """The pages that a source names: those of a sitemap, or itself, which is kept at once."""
    answer = answered(web.page(source, LARGEST))
    listing = listing_of(answer, web, web.settings.pages)
    if listing is not None:
        return listing
    if len(answer.content) > web.settings.largest_page:
        raise FailedError(f"a page of more than {web.settings.largest_page:,} bytes")
    folders.write_file(_kept(source, folder), _response(source, answer))
    return Listing([source], whole=True)


def _kept(url: str, folder: Path, how: str = "") -> Path:
    """Where a page is kept."""
    return folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.{how}warc"


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
