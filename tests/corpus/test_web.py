"""The web is read politely, within bounds, and never behind the fence; a local server stands for it."""

import contextlib
import gzip
import http.server
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from zaohua.corpus import client as module
from zaohua.corpus import sitemaps
from zaohua.corpus.client import FailedError, Web, WebSettings, is_public
from zaohua.corpus.formats.settings import ReadingSettings
from zaohua.corpus.reading import Noted, read
from zaohua.corpus.sources import inventory
from zaohua.corpus.web import fetch, fetcher
from zaohua.settings import UserError

TEXT = "A page about cats, long enough to be the main text of it. " * 5
PAGE = f"<html><head><title>Cats</title></head><body><article><p>{TEXT}</p></article></body></html>".encode()


class Site:
    """A local server that answers from a dict of path -> (status, heads, body), and remembers what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.slow = 0.0
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.agents.add(self.headers["User-Agent"])
                status, heads, body = site.pages.get(self.path, (404, {}, b"no"))
                self.send_response(status)
                for name, value in heads.items():
                    self.send_header(name, value)
                if "Content-Length" not in heads:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for at in range(0, len(body), 20) if site.slow else ():
                    time.sleep(site.slow)
                    self.wfile.write(body[at : at + 20])
                if not site.slow:
                    self.wfile.write(body)

            def handle(self) -> None:
                with contextlib.suppress(OSError):  # they have hung up
                    super().handle()

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def put(self, path: str, body: bytes = PAGE, status: int = 200, mime: str = "text/html", **heads: str) -> str:
        named = {name.replace("_", "-"): value for name, value in heads.items()}
        self.pages[path] = (status, {"Content-Type": mime, **named}, body)
        return self.address + path


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


def client(slept: list[float] | None = None, **settings) -> Web:
    chosen = WebSettings(**{"allowed": True, "delay": 0.0, "seconds": 5.0} | settings)
    sleep = (lambda _: None) if slept is None else slept.append
    return Web(chosen, allows=lambda address: True, schemes=("http",), sleep=sleep)


def texts(tmp_path, source: str, web: Web) -> list:
    entries = inventory([source], fetch=lambda source: fetch(source, tmp_path / "cache", web.settings, web))
    return [item for entry in entries for item in read(entry, ReadingSettings(), Noted())]


def reason(tmp_path, source: str, web: Web) -> str:
    """Why a page could not be had."""
    (item,) = texts(tmp_path, source, web)
    assert item.url == source
    return item.reason


def test_a_page_is_fetched_once_and_read_with_its_address_and_title(tmp_path, site):
    url = site.put("/cats?q=1")
    for _ in range(2):
        (item,) = texts(tmp_path, url, client())
        assert (item.text, item.url, item.fields["title"]) == (TEXT.strip(), url, "Cats")
        assert item.file == url.removeprefix("http://")
    assert site.asked == ["/robots.txt", "/cats?q=1"]
    assert site.agents == {"zaohua"}


def test_the_pages_of_a_sitemap_are_fetched_and_a_stopped_run_goes_on(tmp_path, site):
    places = "".join(f"<url><loc>{site.put(f'/{n}')}</loc></url>" for n in range(5))
    places += "<url><loc>http://elsewhere.example/x</loc></url>"
    inner = site.put("/inner.xml.gz", gzip.compress(f"<urlset>{places}</urlset>".encode()), mime="application/gzip")
    index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>{inner}</loc></sitemap>'
    url = site.put("/sitemap.xml", f"<?xml version='1.0'?>{index}</sitemapindex>".encode(), mime="text/xml")

    class Stopped(Web):
        def page(self, url, largest):
            if url.endswith("/3"):
                raise KeyboardInterrupt
            return super().page(url, largest)

    first = client()
    with pytest.raises(KeyboardInterrupt):
        texts(tmp_path, url, Stopped(first.settings, first.allows, first.schemes))
    assert site.asked == ["/robots.txt", "/sitemap.xml", "/inner.xml.gz", "/0", "/1", "/2"]
    site.asked.clear()
    assert len(texts(tmp_path, url, client())) == 5
    assert site.asked == ["/robots.txt", "/3", "/4"]
    assert len(texts(tmp_path / "other", url, client(pages=2))) == 2


def sitemap(*urls: str, kind: str = "urlset") -> bytes:
    return f"<{kind}>{''.join(f'<x><loc>{url}</loc></x>' for url in urls)}</{kind}>".encode()


def reasons(items: list) -> dict[str, str]:
    """Address -> why it could not be had, of those that could not."""
    return {item.url: item.reason for item in items if hasattr(item, "reason")}


@pytest.mark.parametrize("kind", ["urlset", "sitemapindex"])
def test_a_sitemap_without_pages_is_a_line_and_is_looked_at_again(tmp_path, site, kind):
    url = site.put("/sitemap.xml", sitemap(kind=kind))
    assert reason(tmp_path, url, client()) == "a sitemap that names no pages of localhost"
    entries = inventory([url], fetch=lambda source: fetch(source, tmp_path, WebSettings(), client(), few=9))
    assert len(entries) == 1
    site.put("/sitemap.xml", sitemap(site.put("/cats")))
    (item,) = texts(tmp_path, url, client())
    assert item.text == TEXT.strip()


def test_a_sitemap_below_another_that_cannot_be_had_is_a_line_each_time(tmp_path, site):
    gone, busy = site.put("/gone.xml", status=404), site.put("/busy.xml", status=503)
    page, inner = site.put("/cats"), site.put("/index.xml", sitemap(kind="sitemapindex"))
    whole = site.put("/whole.xml", sitemap(site.put("/dogs"), site.put("/dogs")))
    url = site.put("/sitemap.xml", sitemap(gone, busy, whole, page, inner, kind="sitemapindex"))
    none = "not a sitemap that lists pages"
    first = texts(tmp_path, url, client())
    assert reasons(first) == {
        gone: "the server answered 404", busy: "the server answered 503", page: none, inner: none
    }  # fmt: skip
    assert len(first) == 5
    site.put("/busy.xml", sitemap(site.put("/mice")))  # it has passed
    second = texts(tmp_path, url, client())
    assert reasons(second) == {gone: "the server answered 404", page: none, inner: none}
    assert [item.url.rpartition("/")[2] for item in second if hasattr(item, "text")][:2] == ["dogs", "mice"]
    site.asked.clear()
    assert reasons(texts(tmp_path, url, client())) == reasons(second)
    assert site.asked == []


def test_more_pages_of_a_sitemap_are_added_to_those_that_are_there(tmp_path, site):
    pages = [site.put(f"/{n}") for n in range(6)]
    halves = [site.put(f"/half{n}.xml", sitemap(*pages[3 * n : 3 * n + 3])) for n in range(2)]
    one, two = site.put("/one.xml", sitemap(*pages)), site.put("/two.xml", sitemap(*halves, kind="sitemapindex"))

    def read_from(url: str, most: int) -> list[str]:
        site.asked.clear()
        return [item.url for item in texts(tmp_path / url[-7:], url, client(pages=most))]

    for url, listing in ((one, []), (two, ["/two.xml", "/half0.xml", "/half1.xml"])):
        assert read_from(url, 2) == pages[:2]
        assert read_from(url, 3) == pages[:3]
        assert site.asked == ["/robots.txt", "/2"]
        assert read_from(url, 5) == pages[:5]
        assert site.asked == ["/robots.txt", *listing, "/3", "/4"]
        assert read_from(url, 2) == pages[:2]
        assert site.asked == []


def test_what_was_listed_stays_when_the_sitemap_has_changed_or_is_gone(tmp_path, site):
    pages = [site.put(f"/{n}") for n in range(4)]
    first, second = site.put("/first.xml", sitemap(*pages[:2])), site.put("/second.xml", sitemap(*pages[2:]))
    url = site.put("/sitemap.xml", sitemap(first, second, kind="sitemapindex"))
    assert len(texts(tmp_path, url, client(pages=2))) == 2
    site.put("/sitemap.xml", status=500)
    found = texts(tmp_path, url, client(pages=9))
    assert reasons(found) == {url: "the server answered 500"}
    assert [item.url for item in found[:2]] == pages[:2]
    site.put("/sitemap.xml", sitemap(second, kind="sitemapindex"))
    assert [item.url for item in texts(tmp_path, url, client(pages=9))] == pages


@pytest.mark.parametrize(
    ("encoding", "declared"), [("gbk", "gb2312"), ("utf-8", "utf-8"), ("utf-8", "nonsense"), ("big5", "big5")]
)
def test_a_sitemap_may_be_in_an_encoding_of_its_own(tmp_path, site, encoding, declared):
    body = f"<?xml version='1.0' encoding='{declared}'?><!-- 網站 -->".encode(encoding) + sitemap(site.put("/cats"))
    (item,) = texts(tmp_path, site.put("/sitemap.xml", body), client())
    assert item.text == TEXT.strip()


def test_a_sitemap_that_unpacks_without_end_is_a_line(tmp_path, site, monkeypatch):
    monkeypatch.setattr(sitemaps, "LARGEST", 10_000)
    url = site.put("/sitemap.xml.gz", gzip.compress(sitemap(*["x"] * 10**5)), mime="application/gzip")
    assert "a page of more than 10,000 bytes" in reason(tmp_path, url, client())


def test_a_page_named_alone_has_the_size_of_any_page(tmp_path, site):
    said = reason(tmp_path, site.put("/large", b"x" * 5000), client(largest_page=2000))
    assert said == "a page of more than 2,000 bytes"


def test_robots_txt_is_obeyed_also_after_redirects(tmp_path, site):
    site.put("/robots.txt", b"User-agent: *\nDisallow: /secret\nCrawl-delay: 3", mime="text/plain")
    site.put("/secret/page")
    moved = site.put("/moved", status=302, Location="/secret/page")
    assert "its robots.txt says that it is not to be read" in reason(tmp_path, moved, client())
    assert "/secret/page" not in site.asked
    site.put("/robots.txt", b"", status=503)
    assert "its robots.txt" in reason(tmp_path, site.put("/open"), client())
    assert "/open" not in site.asked


def test_a_host_is_left_alone_between_two_requests(tmp_path, site):
    slept: list[float] = []
    site.put("/robots.txt", b"User-agent: *\nCrawl-delay: 3", mime="text/plain")
    places = "".join(f"<url><loc>{site.put(f'/{n}')}</loc></url>" for n in range(3))
    url = site.put("/sitemap.xml", f"<urlset>{places}</urlset>".encode())
    web = client(slept, delay=1.0)
    web.clock = lambda: 0.0
    texts(tmp_path, url, web)
    assert slept == [3.0] * 4


@pytest.mark.parametrize(
    ("heads", "body", "settings", "said"),
    [
        ({}, b"x" * 5000, {"largest_page": 2000}, "a page of more than 2,000 bytes"),
        ({"status": 404}, b"", {}, "the server answered 404"),
        ({"status": 503}, b"", {}, "the server answered 503"),
        ({"mime": "image/png"}, b"x", {}, "not a page but image/png"),
        ({"Content_Length": "900"}, b"cut", {}, "no answer"),
        ({"status": 302, "Location": "ftp://localhost/x"}, b"", {}, "not an address that is read"),
        ({"status": 302, "Location": "/bad"}, b"", {}, "from one address to the next"),
        ({"status": 302, "Location": "http://[::1"}, b"", {}, "not an address"),
    ],
)
def test_a_page_that_cannot_be_had_is_set_aside_and_the_others_are_read(tmp_path, site, heads, body, settings, said):
    bad, good = site.put("/bad", body, **heads), site.put("/good")
    source = site.put("/sitemap.xml", f"<urlset><loc>{bad}</loc><loc>{good}</loc></urlset>".encode())
    first, second = texts(tmp_path, source, client(**settings))
    assert said in first.reason
    assert first.url == bad
    assert second.text == TEXT.strip()


@pytest.mark.parametrize("heads", [{"status": 404}, {"mime": "image/png"}, {"Content_Encoding": "br"}])
def test_a_page_that_is_named_and_cannot_be_had_is_set_aside_and_the_next_run_asks_again(tmp_path, site, heads):
    url = site.put("/page", b"no", **heads)
    assert reason(tmp_path, url, client())
    site.put("/page")
    (item,) = texts(tmp_path, url, client())
    assert item.text == TEXT.strip()


def test_what_may_pass_is_tried_again_and_what_will_not_is_not(tmp_path, site):
    places = f"<loc>{site.put('/503', status=503)}</loc><loc>{site.put('/404', status=404)}</loc>"
    source = site.put("/sitemap.xml", f"<urlset>{places}</urlset>".encode())
    texts(tmp_path, source, client())
    site.put("/503"), site.put("/404")
    found = texts(tmp_path, source, client())
    assert [getattr(item, "reason", "read") for item in found] == ["read", "the server answered 404"]


def test_a_page_has_a_time_limit_however_slowly_it_trickles(tmp_path, site):
    url = site.put("/slow", PAGE * 100)  # it would trickle for minutes
    site.put("/robots.txt", b"")
    site.slow = 0.1
    begun = time.monotonic()
    assert "no whole answer within 0.5 seconds" in reason(tmp_path, url, client(seconds=0.5))
    assert time.monotonic() - begun < 90  # a busy machine is no failure


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
     "2002:7f00:1::", "64:ff9b::7f00:1", "ff02::1", "2001:db8::1"],
)  # fmt: skip
def test_no_private_address_is_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are(address):
    assert is_public(address)


def test_private_addresses_are_not_asked_whatever_the_name_or_redirect_says(tmp_path, site, monkeypatch):
    url = site.put("/inside")
    web = client()
    web.allows = is_public
    assert "is no public address" in reason(tmp_path, url, web)
    assert site.asked == []

    port = site.server.server_port
    looked_up: list[str] = []

    def lookup(host, *_, **__):
        looked_up.append(host)
        address = {"localhost": "127.0.0.1", "changing.example": "127.0.0.2"}.get(host, host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(module.socket, "getaddrinfo", lookup)
    web = client()
    web.allows = lambda address: address == "127.0.0.1"
    web._robots[f"http://changing.example:{port}"] = module.Robots()
    site.put("/moved", status=301, Location=f"http://changing.example:{port}/inside")
    said = reason(tmp_path, f"http://localhost:{port}/moved", web)
    assert said == "changing.example is no public address (127.0.0.2)"
    assert looked_up.count("changing.example") == 1


def test_a_name_is_looked_up_once_for_a_connection(tmp_path, site, monkeypatch):
    url = site.put("/page")
    real, count = socket.getaddrinfo, []
    monkeypatch.setattr(module.socket, "getaddrinfo", lambda *a, **k: count.append(a) or real(*a, **k))
    texts(tmp_path, url, client())
    assert [a[0] for a in count if a[0] == "localhost"] == ["localhost"] * 2  # robots.txt and the page


def test_the_web_is_only_read_when_asked_for_and_only_over_https(tmp_path):
    with pytest.raises(UserError, match="unless you say so"):
        inventory(["https://example.org/"])
    assert "not an address that is read (https" in reason(tmp_path, "http://example.org/", Web(WebSettings()))


def test_the_fetcher_brings_pages_and_data_sets_only_with_leave(tmp_path, monkeypatch):
    assert fetcher(tmp_path, WebSettings()) is None
    asked = []
    monkeypatch.setattr("zaohua.corpus.hub.fetch", lambda source, *given, few: asked.append((source, *given, few)))
    brought = fetcher(tmp_path, WebSettings(allowed=True, largest_dataset=99), 7)
    assert brought is not None
    brought("hf:a/b")
    assert asked == [("hf:a/b", tmp_path, 99, 7)]
    ((failed, name),) = brought("http://example.org/")
    assert name == "example.org/"
    assert b"not an address" in failed.read_bytes()


def test_where_one_address_does_not_answer_the_next_one_does(tmp_path, site, monkeypatch):
    url, port, real = site.put("/page"), site.server.server_port, socket.getaddrinfo

    def lookup(host, *rest, **more):
        if host != "localhost":
            return real(host, *rest, **more)
        return [(0, 0, 0, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")]  # nobody is at the first

    monkeypatch.setattr(module.socket, "getaddrinfo", lookup)
    (item,) = texts(tmp_path, url, client())
    assert item.text == TEXT.strip()
    site.server.shutdown()
    site.server.server_close()
    assert "no answer" in reason(tmp_path / "other", url, client())


def test_the_time_limit_holds_while_keys_are_agreed_on(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def trickle() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                for byte in b"\x16\x03\x03\x40\x00" + bytes(60):  # a record of 16 kB, and a byte of it now and then
                    time.sleep(0.1)
                    connection.send(bytes([byte]))

        thread = threading.Thread(target=trickle)
        thread.start()
        web = Web(WebSettings(allowed=True, seconds=0.5), allows=lambda address: True)
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        web._robots[url] = module.Robots()
        with pytest.raises(FailedError, match=r"no whole answer within 0.5 seconds"):
            web.page(f"{url}/", 1000)
        thread.join()
