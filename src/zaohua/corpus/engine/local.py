"""Tasks in processes of this machine, or in this one."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

import pyarrow

from zaohua.corpus.engine.schedule import Lost, Record
from zaohua.corpus.engine.task import Job, perform

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
}
"""The environment of a worker: the processes are the parallelism."""


class InProcess:
    """Tasks one after the other in this process, for debugging and for little work."""

    slots = 1

    def __init__(self) -> None:
        self._ended: list[tuple[int, Record | BaseException]] = []

    def start(self, number: int, job: Job) -> None:
        try:
            self._ended.append((number, perform(job)))
        except Exception as error:
            self._ended.append((number, error))

    def wait(self) -> list[tuple[int, Record | BaseException]]:
        ended, self._ended = self._ended, []
        return ended


class Processes:
    """Tasks in so many worker processes. One that dies takes no other task's result with it.

    To be entered: leaving it, by Ctrl-C too, ends the workers at once, whatever still runs.
    """

    def __init__(self, workers: int) -> None:
        assert workers > 0, "give InProcess for no workers"
        self.slots = workers
        self._pool: ProcessPoolExecutor | None = None
        self._running: dict[Future[Record], int] = {}

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(kill=kind is not None or bool(self._running))

    def start(self, number: int, job: Job) -> None:
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")  # fork after threads deadlocks
            self._pool = ProcessPoolExecutor(self.slots, mp_context=spawn, initializer=_begin_worker)
        with _environment(ONE_THREAD):  # the workers start with the first task
            try:
                future = self._pool.submit(_perform, job)
            except BrokenProcessPool as error:  # a worker died between two tasks
                future = Future()
                future.set_exception(error)
        self._running[future] = number

    def wait(self) -> list[tuple[int, Record | BaseException]]:
        wait(self._running, return_when=FIRST_COMPLETED)
        ended: list[tuple[int, Any]] = []
        for future in [future for future in self._running if future.done()]:
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                ended += self._rebuild()
                break
            ended.append((self._running.pop(future), future.result() if error is None else error))
        return ended

    def _rebuild(self) -> list[tuple[int, Record | BaseException]]:
        """A worker died, and the pool with it: what had ended is kept, the rest is lost."""
        wait(self._running)
        ended: list[tuple[int, Any]] = []
        for future, number in self._running.items():
            error = future.exception()
            lost = Lost() if isinstance(error, BrokenProcessPool) else error
            ended.append((number, future.result() if lost is None else lost))
        self._running.clear()
        self._close(kill=True)
        return ended

    def _close(self, *, kill: bool) -> None:
        if self._pool is None:
            return
        workers = list((self._pool._processes or {}).values())  # no public way before Python 3.14
        self._pool.shutdown(wait=not kill, cancel_futures=True)
        if kill:
            for worker in workers:
                worker.kill()
        self._pool = None
        self._running.clear()


def _perform(job: Job) -> Record:
    """In a worker: do a job, and give back the memory that it took, for workers last as long as the corpus."""
    try:
        return perform(job)
    finally:
        pyarrow.default_memory_pool().release_unused()
        if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:  # glibc keeps it otherwise
            trim(0)


def _begin_worker() -> None:
    """Ctrl-C is the parent's to handle; a worker whose parent is gone, however it went, goes too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """While entered, processes that are started see these variables."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
