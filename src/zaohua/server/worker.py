"""The one thread that owns the model: jobs wait in a bounded queue and run one after the other."""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from zaohua.server.errors import ApiError
from zaohua.settings import UserError

Item = TypeVar("Item")
Work = Callable[[], Iterator[Item]]
log = logging.getLogger("zaohua.server")


class _End:
    """After the last item."""


class Ticket(Generic[Item]):
    """A job's place in the queue, and later its items, for one caller on the event loop."""

    def __init__(self, work: Work[Item]) -> None:
        self.cancelled = threading.Event()
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[Item | Exception | _End] = asyncio.Queue()

    async def next(self) -> Item | None:
        """The next item, or None after the last one; raises what the job raised. May be cancelled without loss."""
        item = await self._items.get()
        if isinstance(item, Exception):
            raise item
        return None if isinstance(item, _End) else item

    def cancel(self) -> None:
        """Nobody waits any more: the job ends at its next item, or never begins."""
        self.cancelled.set()

    def fail(self, error: Exception) -> None:
        """End the job and tell its caller why."""
        self.cancelled.set()
        self._deliver(error)

    def run(self) -> None:
        """Do the job; in the worker's thread."""
        try:
            for item in self._work():
                if self.cancelled.is_set():
                    return
                self._deliver(item)
            self._deliver(_End())
        except UserError as error:
            self._deliver(ApiError(400, error.english, code="invalid_value"))
        except Exception as error:  # one poisoned request must not end the thread that serves the others
            log.exception("a request failed")
            self._deliver(error if isinstance(error, ApiError) else ApiError(500, "the model failed on this request"))

    def _deliver(self, item: Item | Exception | _End) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)


class Worker:
    """Runs tickets one at a time; at most `waiting` may stand in line."""

    def __init__(self, waiting: int) -> None:
        self._queue: queue.Queue[Ticket | None] = queue.Queue(maxsize=waiting)
        self._running: Ticket | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="zaohua-engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, work: Work[Item]) -> Ticket[Item]:
        """Put a job in line; raises ApiError 429 when the line is full and 503 when the server is going down."""
        if self._closed:
            raise ApiError(503, "the server is shutting down", headers={"Retry-After": "5"})
        ticket = Ticket(work)
        try:
            self._queue.put_nowait(ticket)
        except queue.Full:
            raise ApiError(
                429, "the server is busy: try again in a moment", code="queue_full", headers={"Retry-After": "1"}
            ) from None
        return ticket

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._queue.unfinished_tasks == 0

    def close(self) -> None:
        """Take no more jobs and end those in hand with an error that says so."""
        self._closed = True
        gone = ApiError(503, "the server is shutting down", headers={"Retry-After": "5"})
        while True:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            self._queue.task_done()
            if waiting:
                waiting.fail(gone)
        if running := self._running:
            running.fail(gone)
        self._queue.put(None)

    def refuse(self) -> None:
        """Take no more jobs, but finish those in hand."""
        self._closed = True

    def _work(self) -> None:
        while (ticket := self._queue.get()) is not None:
            self._running = ticket
            if not ticket.cancelled.is_set():
                ticket.run()
            self._running = None
            self._queue.task_done()
