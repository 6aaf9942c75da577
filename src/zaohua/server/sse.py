"""A stream of server-sent events that notices when its reader leaves."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment line is sent, so that no proxy takes the stream for dead."""

Item = TypeVar("Item")


def event(content: Mapping[str, Any]) -> bytes:
    """One event; its JSON holds no line break, which would end it."""
    return b"data: " + json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


async def unless_gone(receive: Receive, work: Awaitable[Item]) -> Item | None:
    """What `work` gives, or None as soon as the client has left, which also cancels the work."""
    watcher = asyncio.ensure_future(_gone(receive))
    worker = asyncio.ensure_future(work)
    try:
        await asyncio.wait({watcher, worker}, return_when=asyncio.FIRST_COMPLETED)
        return worker.result() if worker.done() else None
    finally:
        watcher.cancel()
        worker.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class EventStream(Response):
    """Sends events as they come. `leave` is called once when the stream is over, however it ended."""

    def __init__(
        self, events: AsyncIterator[bytes], leave: Callable[[], None], headers: Mapping[str, str] | None = None
    ) -> None:
        self.events, self.leave = events, leave
        self.status_code, self.background = 200, None
        self.media_type = "text/event-stream"
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await unless_gone(receive, self._send(send))
        finally:
            self.leave()

    async def _send(self, send: Send) -> None:
        upcoming = asyncio.ensure_future(anext(self.events, None))
        try:
            while True:
                await asyncio.wait({upcoming}, timeout=KEEP_ALIVE)
                if not upcoming.done():
                    await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
                    continue
                content = upcoming.result()
                if content is None:
                    break
                await send({"type": "http.response.body", "body": content, "more_body": True})
                upcoming = asyncio.ensure_future(anext(self.events, None))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            upcoming.cancel()
