"""Tasks on a Ray cluster: one that runs already, or one started on this machine. Its nodes see the same files."""

import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

from zaohua.corpus.engine.local import ONE_THREAD
from zaohua.corpus.engine.schedule import Record
from zaohua.corpus.engine.task import Job, TaskError, perform
from zaohua.settings import UserError

_WINDOW = 3  # tasks a processor that the cluster is given ahead, so that none waits for the driver
_RETRIES = 3
_PATIENCE = 10.0  # seconds in which a cluster must answer


class UnreachableError(UserError):
    """No cluster answers now; it may later."""


class Nodes:
    """Tasks on the nodes of the Ray cluster that this process is connected to."""

    def __init__(self) -> None:
        import ray
        import ray.exceptions

        self._ray = ray
        self._remote = ray.remote(max_retries=_RETRIES, num_cpus=1)(perform)
        self._running: dict[Any, int] = {}

    @property
    def slots(self) -> int:
        """A few tasks a processor; nodes come and go."""
        return max(int(self._ray.cluster_resources().get("CPU", 1)), 1) * _WINDOW

    def start(self, number: int, job: Job) -> None:
        options: dict[str, Any] = {"scheduling_strategy": "SPREAD", "runtime_env": {"env_vars": ONE_THREAD}}
        if job.task.memory:
            self._check_memory(job)
            options["memory"] = job.task.memory
        self._running[self._remote.options(**options).remote(job)] = number

    def wait(self) -> list[tuple[int, Record | BaseException]]:
        ended: list[tuple[int, Record | BaseException]] = []
        for reference in self._ray.wait(list(self._running), num_returns=1)[0]:
            number = self._running.pop(reference)
            try:
                ended.append((number, self._ray.get(reference)))
            except self._ray.exceptions.RayTaskError as error:  # raised by the task: it is not done again
                ended.append((number, error.cause))
            except self._ray.exceptions.RayError as error:
                said = str(error).strip().splitlines() or [""]
                ended.append((number, TaskError(f"{type(error).__name__} after {_RETRIES} retries: {said[0]}")))
        return ended

    def cancel(self) -> None:
        """End what is running."""
        for reference in self._running:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=True)
        self._running.clear()

    def _check_memory(self, job: Job) -> None:
        largest = max((node["Resources"].get("memory", 0) for node in self._ray.nodes() if node["Alive"]), default=0)
        if job.task.memory > largest:
            raise UserError(
                f"the task {job.task} needs {job.task.memory / 1e9:.1f} GB, and no node of the cluster has more than "
                f"{largest / 1e9:.1f} GB: add a larger node",
                f"任务 {job.task} 需要 {job.task.memory / 1e9:.1f} GB 内存，而集群中没有一个节点超过 "
                f"{largest / 1e9:.1f} GB：请增加更大的节点",
            )


def _knock(address: str) -> None:
    """Raises OSError where nothing listens at host:port; Ray itself goes on trying for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdigit() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


@contextlib.contextmanager
def connected(address: str | None = None, *, workers: int | None = None) -> Iterator[Nodes]:
    """The nodes of the cluster at `address` (auto: the one this machine belongs to), or of one started here.

    Raises UserError where Ray is not installed, UnreachableError where no cluster answers.
    """
    try:
        import ray
    except ImportError:
        raise UserError(
            "Ray is not installed: pip install 'zaohua[ray]', or leave out --runner ray",
            "没有安装 Ray：请运行 pip install 'zaohua[ray]'，或去掉 --runner ray",
        ) from None
    try:
        if address is None:
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        else:
            _knock(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        raise UnreachableError(
            f"no Ray cluster answers at {address or 'this machine'}: {error}",
            f"没有 Ray 集群应答（{address or '这台机器'}）：{error}",
        ) from None
    try:
        nodes = Nodes()
        try:
            yield nodes
        except BaseException:
            nodes.cancel()
            raise
    finally:
        ray.shutdown()
