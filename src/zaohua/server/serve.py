"""Serving one model folder until the user ends it: the socket, the signals, and an orderly end."""

import asyncio
import contextlib
import errno
import ipaddress
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from zaohua.checkpoint.model_folder import load_model, tokenizer_of
from zaohua.events import Events
from zaohua.server.app import Served, make_app
from zaohua.server.settings import ServeSettings
from zaohua.server.worker import Worker
from zaohua.settings import UserError

STAGE_FOLDERS = {"model", "chat", "pretrain"}
"""Names that a run gives to the folders inside it; a model is called by the run's own name."""


Ready = Callable[[str, Callable[[], object], Worker], object]
"""Called once the server listens, with its address, a function that asks it to end, and its worker."""


def serve(model_folder: Path, settings: ServeSettings, events: Events) -> None:
    """Serve the folder's model until SIGINT or SIGTERM; answers being written are finished first, a second one cuts."""
    with contextlib.closing(listen(settings)) as listening:
        asyncio.run(run_server(open_model(model_folder), listening, settings, events))


def listen(settings: ServeSettings) -> socket.socket:
    """The listening socket; raises UserError for an address that is open to others or taken."""
    host = settings.host
    if not settings.insecure_no_auth and not _is_loopback(host):
        raise UserError(
            f"{host} can be reached from other machines, and this server asks nobody for a key: "
            "use 127.0.0.1, or add --insecure-no-auth",
            f"其他机器可以访问 {host}，而这个服务不向任何人要密钥：请用 127.0.0.1，或加上 --insecure-no-auth",
        )
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, settings.port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"port {settings.port} is in use: give another with --port, or 0 for any free one",
                f"端口 {settings.port} 已被占用：请用 --port 另给一个，给 0 则任选一个空闲的",
            ) from None
        raise UserError(
            f"cannot listen on {host}:{settings.port} ({error.strerror}): give another --host",
            f"无法在 {host}:{settings.port} 上监听（{error.strerror}）：请另给一个 --host",
        ) from None


def open_model(folder: Path) -> Served:
    """The model of a folder, its name, and whether it was taught to chat (zaohua.json; without it: not)."""
    loaded = load_model(folder)
    tokenizer_of(loaded)
    return Served(
        loaded=loaded, name=name_of(folder), chat=bool(loaded.about.get("chat")), created=int(folder.stat().st_mtime)
    )


def name_of(folder: Path) -> str:
    """What a folder's model is called: the first name on the way up that is not one of a run's inner folders."""
    whole = folder.resolve()
    names = [part.name for part in (whole, *whole.parents) if part.name and part.name not in STAGE_FOLDERS]
    return names[0] if names else "model"


async def run_server(
    served: Served, listening: socket.socket, settings: ServeSettings, events: Events, ready: Ready | None = None
) -> None:
    """Answer on a listening socket until asked to end."""
    worker = Worker(settings.waiting)
    worker.start()
    names = frozenset({"localhost", settings.host.lower(), socket.gethostname().lower()})
    config = uvicorn.Config(
        make_app(served, worker, names=names),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        h11_max_incomplete_event_size=16_384,
        timeout_graceful_shutdown=int(settings.drain_seconds) + 5,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def end() -> None:
        if server.should_exit:
            server.force_exit = True
            worker.close()
        worker.refuse()
        server.should_exit = True

    with _signals(loop, end):
        running = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        address = _address(listening)
        events.say(
            f"serving {served.name} at {address} (page and OpenAI-compatible API at {address}/v1); Ctrl-C ends it",
            f"正在提供 {served.name}：{address}（网页；OpenAI 兼容接口在 {address}/v1），Ctrl-C 结束",
        )
        if ready:
            ready(address, lambda: loop.call_soon_threadsafe(end), worker)
        while not server.should_exit and not running.done():
            await asyncio.sleep(0.05)
        deadline = time.monotonic() + settings.drain_seconds
        while not running.done() and not worker.idle and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        worker.close()
        await running
        events.say("the server has ended", "服务已结束")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process by the signal and not with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM ask for an orderly end; in a thread other than the main one there is nothing to catch."""
    caught = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(RuntimeError, ValueError):
            loop.add_signal_handler(number, end)
            caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
