"""Worker processes: one that dies, Ctrl-C and the death of the parent lose only what was running."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_tasks import FUNCTIONS, diamond

from zaohua.corpus.engine.local import InProcess, Processes
from zaohua.corpus.engine.schedule import run
from zaohua.corpus.engine.task import Task, TaskError
from zaohua.settings import UserError

pytestmark = pytest.mark.slow
DRIVER = """
import signal, sys
from pathlib import Path
from toy_tasks import FUNCTIONS
from zaohua.corpus.engine.local import Processes
from zaohua.corpus.engine.schedule import run
from zaohua.corpus.engine.task import Task

signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started in the background is born deaf to it

if __name__ == "__main__":
    tasks = [Task("joined", ("raw",), {"text": str(i), "seconds": 60.0 * (i > 1)}, (f"out/{i}",)) for i in range(4)]
    with Processes(2) as runner:
        run(tasks, FUNCTIONS, Path(sys.argv[1]), runner, progress=lambda done, total: print(done, flush=True))
"""


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "raw").write_text("raw ")
    return root


def contents(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (root / "out").iterdir()}


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_give_what_one_process_gives(root, tmp_path, workers):
    other = tmp_path / "other"
    other.mkdir()
    (other / "raw").write_text("raw ")
    run(diamond(), FUNCTIONS, other, InProcess())
    with Processes(workers) as runner:
        run(diamond(), FUNCTIONS, root, runner)
        run([Task("environment", (), {}, ("threads",))], FUNCTIONS, root, runner)
    assert contents(root) == contents(other)
    assert (root / "threads").read_text() == "1 1"


def test_a_killed_worker_takes_no_other_result_with_it(root, tmp_path):
    count = tmp_path / "count"
    tasks = [
        *(Task("joined", ("raw",), {"text": str(i), "seconds": 0.3}, (f"out/{i}",)) for i in range(4)),
        Task("dying", ("raw",), {"count": str(count), "times": 2}, ("out/dying",)),
    ]
    with Processes(2) as runner:
        run(tasks, FUNCTIONS, root, runner)
    assert contents(root) == {**{str(i): f"raw {i}" for i in range(4)}, "dying": "alive"}
    assert count.read_text() == "..."


def test_a_task_that_always_kills_its_worker_is_named_and_the_others_were_done(root, tmp_path):
    tasks = [
        Task("dying", ("raw",), {"count": str(tmp_path / "count"), "times": 99, "seconds": 0.2}, ("out/dying",)),
        *(Task("joined", ("raw",), {"text": str(i)}, (f"out/{i}",)) for i in range(3)),
    ]
    with (
        Processes(2) as runner,
        pytest.raises(UserError, match="dying from raw to out/dying: its process died 3 times"),
    ):
        run(tasks, FUNCTIONS, root, runner)
    assert (tmp_path / "count").read_text() == "..."


@pytest.mark.parametrize("function", ["failing", "failing_oddly"])
def test_an_exception_stops_the_run_with_the_task_named(root, function):
    with Processes(2) as runner, pytest.raises(TaskError, match=f"{function} from raw to out/x failed: "):
        run([Task(function, ("raw",), {}, ("out/x",))], FUNCTIONS, root, runner)


def test_what_still_runs_is_ended_when_another_task_fails(root):
    tasks = [Task("joined", ("raw",), {"seconds": 60.0}, ("out/long",)), Task("failing", ("raw",), {}, ("out/x",))]
    with Processes(2) as runner, pytest.raises(TaskError, match="failing"):
        run(tasks, FUNCTIONS, root, runner)
    until = time.monotonic() + 30
    while multiprocessing.active_children():
        assert time.monotonic() < until, "workers go on after the run has failed"
        time.sleep(0.05)


def start(root: Path, tmp_path: Path) -> tuple[subprocess.Popen, list[int]]:
    """A driver whose first two tasks are done and the others are running, and its workers' process ids."""
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    process = subprocess.Popen(
        [sys.executable, str(script), str(root)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    while process.stdout.readline().strip() != "2.0":
        assert process.poll() is None
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        pytest.skip("this system does not list a process's children")
    return process, [int(child) for child in children.read_text().split()]


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")")[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_or_killed_a_run_leaves_no_process_and_loses_only_what_was_running(root, tmp_path, number):
    process, children = start(root, tmp_path)
    assert len(children) >= 2
    begun = time.monotonic()
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.kill()
    process.communicate(timeout=60)
    while not all(gone(child) for child in children):
        assert time.monotonic() - begun < 60, "workers outlive their parent"
        time.sleep(0.05)
    print(f"gone after {time.monotonic() - begun:.2f} s")
    assert contents(root).keys() >= {"0", "1"}
    tasks = [Task("joined", ("raw",), {"text": str(i), "seconds": 0.0}, (f"out/{i}",)) for i in range(2)]
    before = {path: path.stat().st_mtime_ns for path in (root / "out").glob("[01]")}
    run(tasks, FUNCTIONS, root, InProcess())
    assert {path: path.stat().st_mtime_ns for path in (root / "out").glob("[01]")} == before
    assert not list(root.rglob(".*.tmp-*"))
