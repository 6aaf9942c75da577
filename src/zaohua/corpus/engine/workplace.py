"""Where tasks are carried out, and how many cores and how much memory they may take there."""

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

from zaohua.corpus.engine.local import InProcess, Processes
from zaohua.corpus.engine.schedule import Runner
from zaohua.corpus.settings import RunnerSettings

LITTLE = 20_000_000
"""Bytes of sources below which starting processes takes longer than the work."""

_GROUPS = Path("/sys/fs/cgroup")
_MINE = Path("/proc/self/cgroup")


@contextlib.contextmanager
def runner_for(settings: RunnerSettings, size: int) -> Iterator[Runner]:
    """Where tasks on so many bytes of sources are done."""
    if settings.runner == "ray":
        from zaohua.corpus.engine.cluster import connected

        with connected(settings.address, workers=settings.workers) as nodes:
            yield nodes
        return
    workers = settings.workers
    if workers is None:
        workers = 0 if size < LITTLE else cores()
    if not workers:
        yield InProcess()
        return
    with Processes(workers) as runner:
        yield runner


def memory_for(settings: RunnerSettings) -> int | None:
    """Bytes that tasks may take together; None: no bound, for Ray places each task where its memory is."""
    if settings.memory is not None or settings.runner == "ray":
        return settings.memory
    return memory()


def cores() -> int:
    """Cores that this process may use: those of the machine, or fewer where it was given fewer, as in a container."""
    try:
        given = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        given = os.cpu_count() or 1
    one = zip(_limits("cpu.cfs_quota_us"), _limits("cpu.cfs_period_us"), strict=False)
    quotas = [*_limits("cpu.max"), *(quota + period for quota, period in one)]
    shares = [math.ceil(int(quota) / int(period)) for quota, period in quotas if quota.isdigit()]
    return max(min([given, *shares]), 1)


def memory() -> int:
    """Bytes that this process may use: those of the machine, or of its container where these are fewer."""
    limits = _limits("memory.max") + _limits("memory.limit_in_bytes")
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *(int(limit) for (limit,) in limits if limit.isdigit())])


def _limits(name: str) -> list[list[str]]:
    """The words of that file of each control group that this process is in, directly or through another."""
    found = []
    for folder in _groups():
        with contextlib.suppress(OSError):
            found.append((folder / name).read_text().split())
    return found


def _groups() -> Iterator[Path]:
    """The folders of the control groups: of version 2, which names no controllers, and of version 1."""
    try:
        lines = _MINE.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for root in (_GROUPS / controller for controller in controllers.split(",")):
            inner = root / path.lstrip("/")
            yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(root))
