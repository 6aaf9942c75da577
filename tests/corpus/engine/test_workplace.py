"""Tasks take what the process was given: the machine's cores and memory, or a container's share of them."""

import os

import pytest

from zaohua.corpus.engine import workplace
from zaohua.corpus.engine.local import Processes
from zaohua.corpus.engine.workplace import cores, memory, memory_for, runner_for
from zaohua.corpus.settings import RunnerSettings

TWO = {
    "mine": "0::/pod/box\n",
    "pod/cpu.max": "max 100000",
    "pod/box/cpu.max": "150000 100000",
    "memory.max": "max",
    "pod/memory.max": "700000000",
    "pod/box/memory.max": "900000000",
}
ONE = {
    "mine": "5:cpu,cpuacct:/docker/1234\n4:memory:/docker/1234\n1:name=systemd:/\n",
    "cpu/cpu.cfs_quota_us": "150000",
    "cpu/cpu.cfs_period_us": "100000",
    "memory/memory.limit_in_bytes": "700000000",
}
NONE = {
    "mine": "0::/\n5:cpu:/\n4:memory:/\n",
    "cpu.max": "max 100000",
    "memory.max": "max",
    "cpu/cpu.cfs_quota_us": "-1",
    "cpu/cpu.cfs_period_us": "100000",
    "memory/memory.limit_in_bytes": "9223372036854771712",
}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of eight cores and 16 GB; what makes its control groups."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 4_000_000}[name])
    monkeypatch.setattr(workplace, "_GROUPS", tmp_path)
    monkeypatch.setattr(workplace, "_MINE", tmp_path / "mine")

    def write(files: dict[str, str]) -> None:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)

    return write


@pytest.mark.parametrize("files", [TWO, ONE], ids=["version 2", "version 1"])
def test_a_containers_limits_count(machine, files):
    machine(files)
    assert (cores(), memory()) == (2, 700_000_000)
    assert memory_for(RunnerSettings()) == 700_000_000
    with runner_for(RunnerSettings(), workplace.LITTLE) as runner:
        assert isinstance(runner, Processes)
        assert runner.slots == 2


@pytest.mark.parametrize("files", [NONE, {}], ids=["no limits", "no control groups"])
def test_without_limits_the_machine_counts(machine, files):
    machine(files)
    assert (cores(), memory()) == (8, 4096 * 4_000_000)


def test_what_was_asked_for_counts_before_all(machine):
    machine(TWO)
    assert memory_for(RunnerSettings(memory=10**9)) == memory_for(RunnerSettings(runner="ray", memory=10**9)) == 10**9
    assert memory_for(RunnerSettings(runner="ray")) is None
    with runner_for(RunnerSettings(workers=5), 0) as runner:
        assert runner.slots == 5


def test_here_there_is_something_to_work_with():
    assert cores() >= 1
    assert memory() > 500_000_000
