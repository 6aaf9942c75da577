"""Asks hosts for pages: as often as they allow, within bounds of time and size, at public addresses only."""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from pydantic import Field

from zaohua.corpus.formats.answers import unpacked
from zaohua.corpus.formats.items import SetAsideError
from zaohua.corpus.robots import NOTHING, Robots, robots_of
from zaohua.settings import Settings

AGENT = "zaohua"
_MOVED = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429, *range(500, 600))  # answers that may be others tomorrow
_REDIRECTS = 5
_BLOCK = 2**16
_LONGEST_DELAY = 60.0


class WebSettings(Settings):
    """Whether and how the web is read."""

    allowed: bool = False
    """Read https:// pages and sitemaps, and hf: data sets, that are named as sources."""

    pages: Annotated[int, Field(ge=1)] = 1000
    """Pages of one sitemap at most."""

    largest_page: Annotated[int, Field(ge=1024)] = 10 * 2**20
    """Bytes; a larger page is set aside."""

    largest_dataset: Annotated[int, Field(ge=1)] = 10 * 2**30
    """Bytes; of a larger data set of the hub nothing is fetched."""

    seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Time for one page, from the first attempt to connect to the last byte."""

    delay: Annotated[float, Field(ge=0, le=3600)] = 1.0
    """Seconds between two requests to one host; more where its robots.txt asks for more."""


class FailedError(Exception):
    """Why a page was not fetched; `passing` when another try may fare better."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


@dataclass(frozen=True)
class Answer:
    """What a server sent: where from, after redirects, its status, its lines, and the content as it was sent."""

    url: str
    status: int
    heads: tuple[tuple[str, str], ...]
    content: bytes

    def head(self, name: str) -> str:
        """A line's value, or nothing."""
        return next((value for key, value in self.heads if key.lower() == name), "")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also where it wraps another one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if found in ipaddress.ip_network("64:ff9b::/96"):
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if any(each is not None and not is_public(str(each)) for each in inner):
            return False
    return found.is_global and not found.is_multicast


@dataclass
class Web:
    """Asks hosts for pages: knows their rules and when each was last asked."""

    settings: WebSettings
    allows: Callable[[str], bool] = is_public
    schemes: tuple[str, ...] = ("https",)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _robots: dict[str, Robots] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)

    def page(self, url: str, largest: int) -> Answer:
        """The answer to a request for a page, after redirects that its hosts let us follow."""
        return self._follow(url, largest, obeying=True)

    def _follow(self, url: str, largest: int, *, obeying: bool) -> Answer:
        for _ in range(_REDIRECTS + 1):
            url = self._checked(url)
            if obeying and not self._rules(url).allow(url):
                raise FailedError("its robots.txt says that it is not to be read")
            answer = self._ask(url, largest)
            place = answer.head("location")
            if answer.status not in _MOVED or not place:
                return answer
            url = _joined(url, place)
        raise FailedError(f"it leads from one address to the next, over {_REDIRECTS} times")

    def _checked(self, url: str) -> str:
        """The address in the form in which it is asked for; raises FailedError for one that is not read."""
        try:
            parts = urlsplit(url.strip())
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise FailedError("not an address") from None
        if parts.scheme not in self.schemes or not host or parts.username is not None:
            raise FailedError(f"not an address that is read ({', '.join(self.schemes)}, without a password)")
        path, query = (quote(part, safe="/%?&=+:@!$'()*,;~-._[]") for part in (parts.path or "/", parts.query))
        return urlunsplit((parts.scheme, parts.netloc, path, query, ""))

    def _rules(self, url: str) -> Robots:
        """What the host lets us read; nothing while its server is in trouble, all where it has no robots.txt."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._robots:
            try:
                answer = self._follow(f"{site}/robots.txt", 2**20, obeying=False)
                rules = Robots() if answer.status < 500 else NOTHING
                self._robots[site] = robots_of(content_of(answer, 2**20), AGENT) if answer.status == 200 else rules
            except FailedError as error:
                raise FailedError(f"its robots.txt cannot be had ({error})", passing=True) from None
        return self._robots[site]

    def _ask(self, url: str, largest: int) -> Answer:
        """One request, at the earliest `delay` after the last one to the same host."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        delay = max(self.settings.delay, min(self._robots.get(site, Robots()).delay, _LONGEST_DELAY))
        host = parts.hostname or ""
        if host in self._asked and (early := self._asked[host] + delay - self.clock()) > 0:
            self.sleep(early)
        try:
            return self._exchange(url, host, largest)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FailedError(f"no answer ({error or type(error).__name__})", passing=True) from None
        finally:
            self._asked[host] = self.clock()

    def _exchange(self, url: str, host: str, largest: int) -> Answer:
        until = time.monotonic() + self.settings.seconds
        parts = urlsplit(url)
        usual = 443 if parts.scheme == "https" else 80
        connection = http.client.HTTPConnection(host, parts.port or usual, timeout=self.settings.seconds)
        connection.default_port = usual  # a Host line names only ports that are not the usual one
        connection.sock = self._socket(host, parts.port or usual, until, secure=parts.scheme == "https")
        over = threading.Event()
        ender = threading.Timer(until - time.monotonic(), _end, [connection.sock, over])
        ender.start()
        try:
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            heads = {"User-Agent": AGENT, "Accept": "text/html, text/plain;q=0.9, */*;q=0.1", "Accept-Encoding": "gzip"}
            connection.request("GET", urlunsplit(("", "", parts.path or "/", parts.query, "")), headers=heads)
            answer = connection.getresponse()
            content = bytearray()
            while block := answer.read(_BLOCK):
                content += block
                if len(content) > largest:
                    raise FailedError(f"a page of more than {largest:,} bytes")
            if answer.length or over.is_set():
                raise http.client.IncompleteRead(bytes(content), answer.length)
            return Answer(url, answer.status, tuple(answer.getheaders()), bytes(content))
        except (OSError, http.client.HTTPException):
            if over.is_set():
                took = f"no whole answer within {self.settings.seconds:g} seconds"
                raise FailedError(took, passing=True) from None
            raise
        finally:
            ender.cancel()
            connection.close()

    def _socket(self, host: str, port: int, until: float, *, secure: bool) -> socket.socket:
        """A connection to the first address of the host that may be asked and answers, its handshake still to come.

        The name is looked up once, and not again; the time `until` then is shared out among the addresses.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(place[0]) for *_, place in found]
        allowed = [address for address in addresses if self.allows(address)]
        for left, address in zip(range(len(allowed), 0, -1), allowed):
            try:
                plain = socket.create_connection((address, port), timeout=max(until - time.monotonic(), 0.01) / left)
            except OSError:
                if left > 1:
                    continue
                raise
            plain.settimeout(self.settings.seconds)
            if not secure:
                return plain
            return ssl.create_default_context().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        raise FailedError(f"{host} is no public address ({addresses[0]})")


def _joined(url: str, place: str) -> str:
    try:
        return urljoin(url, place)
    except ValueError:
        raise FailedError("it leads to what is not an address") from None


def _end(connection: socket.socket, over: threading.Event) -> None:
    """End an exchange that takes too long, from another thread."""
    over.set()
    with contextlib.suppress(OSError):  # it may have ended by itself
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # TLS has its own, which would take it from who reads


def answered(answer: Answer) -> Answer:
    """The same answer; raises FailedError where it is none to what was asked."""
    if answer.status != 200:
        raise FailedError(f"the server answered {answer.status}", passing=answer.status in _PASSING)
    return answer


def content_of(answer: Answer, largest: int) -> bytes:
    try:
        return unpacked(answer.content, answer.head("content-encoding"), largest)
    except SetAsideError as error:
        raise FailedError(str(error)) from None
