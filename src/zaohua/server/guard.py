"""What every request passes first: the names it may call this server by, and the headers every answer bears."""

import ipaddress
import json
import uuid
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zaohua.server.errors import error_body

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Refuses requests under a foreign name or from a foreign page, so that no web site can use this machine's server.

    A DNS name that somebody else controls can be made to point here ("DNS rebinding"), but then Host still says that
    name. Addresses cannot be forged so: any literal one is taken. A browser names the page that asks in Origin: it must
    be of the very authority that is asked, as every page of this server is.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self.app, self.names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = {key.lower(): value.decode("latin-1") for key, value in scope["headers"]}
        extra = {"x-request-id": uuid.uuid4().hex, **HEADERS}

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(key.encode(), value.encode()) for key, value in extra.items()]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        host, origin = given.get(b"host", ""), given.get(b"origin")
        if not self._known(host) or (origin is not None and _authority(origin) != host.lower()):
            await _refuse(with_headers)
            return
        await self.app(scope, receive, with_headers)

    def _known(self, authority: str) -> bool:
        """Whether host[:port] is a name of this server, or an address."""
        try:
            host = urlsplit(f"//{authority}").hostname or ""
        except ValueError:
            return False
        if host in self.names:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True


def _authority(origin: str) -> str | None:
    """host[:port] of an origin, or None where it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


async def _refuse(send: Send) -> None:
    body = json.dumps(error_body(403, "this server does not answer under that name", code="host_not_allowed")).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
