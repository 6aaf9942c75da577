"""The HTTP application: OpenAI's endpoints over one model, and the chat page."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from zaohua.checkpoint.model_folder import LoadedModel, tokenizer_of
from zaohua.server import sse
from zaohua.server.errors import ApiError, error_body
from zaohua.server.guard import Guard
from zaohua.server.openai import Body, ChatRequest, CompletionRequest, read_body
from zaohua.server.orders import chat_orders, completion_orders
from zaohua.server.replies import ChatReply, CompletionReply, Reply, gather, likeliest_choices
from zaohua.server.worker import Ticket, Worker
from zaohua.server.writing import Order, Piece, write

MAX_BODY = 2_000_000
"""Bytes of a request's body."""
PAGE = {
    "index.html": "text/html",
    "theme.css": "text/css",
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
    **dict.fromkeys(("page.js", "labels.js", "stream.js", "chat.js", "continue.js"), "text/javascript"),
}
SHARED = frozenset({"theme.css"})
"""The files that stand in `pages/`, for every page of ours."""
LEFT = Response(status_code=499)
"""For a client that no longer listens."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """The model that is served: what clients call it, and whether it was taught to hold a conversation."""

    loaded: LoadedModel
    name: str
    chat: bool
    created: int  # seconds since 1970

    def card(self) -> dict[str, Any]:
        about = {"chat": self.chat, "max_length": self.loaded.model.config.max_length}
        return {
            "id": self.name,
            "object": "model",
            "created": self.created,
            "owned_by": "zaohua",
            "metadata": {"zaohua": about},
        }


def make_app(served: Served, worker: Worker, *, names: frozenset[str]) -> ASGIApp:
    """The application; `names` are the host names it answers under, besides addresses."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_fault)
    tokenizer = tokenizer_of(served.loaded)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "model": served.name}

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [served.card()]}

    @app.get("/v1/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        _check_name(served, name)
        return served.card()

    @app.post("/v1/completions")
    async def completions(request: Request) -> Response:
        asked, ignored = await _read(CompletionRequest, request)
        _check_name(served, asked.model)
        orders = await asyncio.to_thread(completion_orders, served.loaded, asked)
        reply = CompletionReply(served.name, tokenizer, sum(len(order.prompt) for order in orders), asked.logprobs)
        return await _answer(request, served, worker, asked, orders, reply, ignored)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        asked, ignored = await _read(ChatRequest, request)
        _check_name(served, asked.model)
        orders = await asyncio.to_thread(chat_orders, served.loaded, asked)
        reply = ChatReply(served.name, tokenizer, len(orders[0].prompt), asked.alternatives)
        return await _answer(request, served, worker, asked, orders, reply, ignored)

    for name, kind in PAGE.items():
        app.add_api_route("/" if name == "index.html" else f"/{name}", _file(name, kind), methods=["GET"])
    return Guard(app, names)  # outside of all of it, so that the answer to a fault bears its headers too


async def _answer(
    request: Request,
    served: Served,
    worker: Worker,
    asked: ChatRequest | CompletionRequest,
    orders: list[Order],
    reply: Reply,
    ignored: list[str],
) -> Response:
    """Have the orders written and send the answer, whole or as a stream; a client that leaves frees the worker."""

    def work() -> Iterator[Piece]:
        for order in orders:
            yield from write(served.loaded, order)

    headers = {"X-Ignored-Params": ", ".join(ignored)} if ignored else {}
    count = sum(order.choices for order in orders)
    ticket = worker.submit(work)
    if asked.stream:
        return sse.EventStream(_events(ticket, reply, count, asked.include_usage), ticket.cancel, headers)
    try:
        pieces = await sse.unless_gone(request.receive, _all(ticket))
    finally:
        ticket.cancel()
    if pieces is None:
        return LEFT
    reply.completion_tokens = sum(piece.tokens for piece in pieces)
    choices = gather(pieces, count)
    if orders[0].choices > asked.n:
        choices = likeliest_choices(choices, orders, asked.n)
    return JSONResponse(reply.body(choices), headers=headers)


async def _all(ticket: Ticket[Piece]) -> list[Piece]:
    pieces = []
    while (piece := await ticket.next()) is not None:
        pieces.append(piece)
    return pieces


async def _events(ticket: Ticket[Piece], reply: Reply, count: int, include_usage: bool) -> AsyncIterator[bytes]:
    """The events of a stream. An error on the way is an event too: the status has long been sent."""
    try:
        for chunk in reply.opening(count):
            yield sse.event(chunk | ({"usage": None} if include_usage else {}))
        while (piece := await ticket.next()) is not None:
            reply.completion_tokens += piece.tokens
            for chunk in reply.chunks(piece):
                yield sse.event(chunk | ({"usage": None} if include_usage else {}))
        if include_usage:
            yield sse.event(reply.counts())
    except ApiError as error:
        yield sse.event(error.body())
    yield sse.DONE


async def _read(kind: type[Body], request: Request) -> tuple[Body, list[str]]:
    """The request's body, checked in a thread, as a body of two megabytes takes its time."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_BODY:
            raise ApiError(413, f"the body is longer than {MAX_BODY} bytes", code="request_too_large")
    return await asyncio.to_thread(read_body, kind, bytes(content))


def _check_name(served: Served, name: str) -> None:
    if name != served.name:
        shown = name if len(name) <= 100 else name[:100] + "…"
        raise ApiError(
            404, f"The model '{shown}' does not exist: this server has '{served.name}'", param="model",
            code="model_not_found",
        )  # fmt: skip


def _file(name: str, kind: str) -> Callable[[], Any]:
    folder = files("zaohua.pages") if name in SHARED else files("zaohua.server") / "page"
    content = (folder / name).read_bytes()

    async def send() -> Response:
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    return send


async def _on_api_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return JSONResponse(error.body(), error.status, headers=error.headers)


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    said = {404: f"there is no {request.method} {request.url.path[:200]}", 405: "this path has no such method"}
    return JSONResponse(
        error_body(error.status_code, said.get(error.status_code, str(error.detail))),
        error.status_code,
        headers=error.headers,
    )


async def _on_fault(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse(error_body(500, "the server failed on this request"), 500)
