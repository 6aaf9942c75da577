"""Tasks are done once, in the order their files ask for, again when anything they depend on changed, and no others."""

import json

import pytest
from toy_tasks import FUNCTIONS, diamond

from zaohua.corpus.engine.local import InProcess
from zaohua.corpus.engine.schedule import Lost, run
from zaohua.corpus.engine.task import Function, Task, TaskError, perform
from zaohua.settings import UserError


class Recording(InProcess):
    """Remembers which tasks were done; `broken` of the first are lost."""

    def __init__(self, slots: int = 1, broken: int = 0) -> None:
        super().__init__()
        self.slots, self.broken = slots, broken
        self.done: list[str] = []
        self.together: list[set[str]] = []
        self.waiting: dict[int, object] = {}

    def start(self, number, job):
        self.waiting[number] = job
        self.together.append({job.task.outputs[0] for job in self.waiting.values()})

    def wait(self):
        number, job = next(iter(self.waiting.items()))
        del self.waiting[number]
        if self.broken:
            self.broken -= 1
            return [(number, Lost())]
        self.done.append(job.task.outputs[0])
        super().start(number, job)
        return super().wait()


@pytest.fixture
def root(tmp_path):
    (tmp_path / "raw").write_text("raw ")
    return tmp_path


def again(root, tasks, **options) -> list[str]:
    runner = Recording()
    run(tasks, FUNCTIONS, root, runner, **options)
    return runner.done


def test_order_follows_from_file_names_and_records_come_in_the_order_of_tasks(root):
    told = []
    runner = Recording()
    records = run(diamond(), FUNCTIONS, root, runner, progress=lambda done, total: told.append((done, total)))
    assert (root / "out/d").read_text() == "raw araw bcd"
    assert (root / "out/c2").read_text() == "raw araw bc"
    assert runner.done == ["out/a", "out/b", "out/c", "out/d"]
    assert [record["counts"]["characters"] for record in records] == [12, 11, 5, 5]
    assert told == [(0, 5), (1, 5), (2, 5), (4, 5), (5, 5)]


def test_nothing_is_done_twice(root):
    first = run(diamond(), FUNCTIONS, root, InProcess())
    assert again(root, diamond()) == []
    assert run(diamond(), FUNCTIONS, root, InProcess()) == first


@pytest.mark.parametrize(
    ("change", "redone"),
    [
        ("setting", ["out/a", "out/c", "out/d"]),
        ("raw", ["out/a", "out/b", "out/c", "out/d"]),
        ("version", ["out/a", "out/b", "out/c", "out/d"]),
        ("library", ["out/a", "out/b", "out/c", "out/d"]),
        ("lost", ["out/c"]),
        ("cut and no longer read", []),
        ("cut and read", ["out/c", "out/d"]),
        ("done", ["out/b"]),
    ],
)
def test_what_a_change_touches_is_done_again_and_nothing_else(root, change, redone):
    records = run(diamond(), FUNCTIONS, root, InProcess())
    functions, tasks = dict(FUNCTIONS), diamond()
    match change:
        case "setting":
            tasks = diamond(text="A")
        case "raw":
            (root / "raw").write_text("RAW ")
        case "version":
            functions["joined"] = Function(FUNCTIONS["joined"].call, 2)
        case "library":
            functions["joined"] = Function(FUNCTIONS["joined"].call, 1, {"other": "2.0"})
        case "lost":
            (root / "out/c2").unlink()
        case "cut and no longer read":
            (root / "out/c").write_text("cut")
        case "cut and read":
            (root / "out/c").write_text("cut")
            (root / "out/d").unlink()
        case "done":
            (root / "done" / f"{records[3]['key']}.json").unlink()
    runner = Recording()
    run(tasks, functions, root, runner)
    assert runner.done == redone


def test_going_back_to_an_old_setting_does_not_find_the_new_ones_files(root):
    """Two settings write the same names; the old done-file must not vouch for the new bytes of equal length."""
    run(diamond(), FUNCTIONS, root, InProcess())
    run(diamond(text="A"), FUNCTIONS, root, InProcess())
    assert (root / "out/d").read_text() == "raw Araw bcd"
    run(diamond(), FUNCTIONS, root, InProcess())
    assert (root / "out/d").read_text() == "raw araw bcd"


def test_two_equal_files_are_two_tasks(root):
    (root / "copy").write_text("raw ")
    tasks = [Task("joined", (name,), {}, (f"out/{name}",)) for name in ("raw", "copy")]
    assert again(root, tasks) == ["out/raw", "out/copy"]
    assert len(list((root / "done").glob("*.json"))) == 3  # and the digests of the raw files


def test_raw_files_are_read_once_and_again_when_their_time_changes(root, monkeypatch):
    from zaohua.corpus.engine import task

    read = []
    monkeypatch.setattr(task, "_digest", lambda path, old=task._digest: read.append(path.name) or old(path))
    run(diamond(), FUNCTIONS, root, InProcess())
    assert read.count("raw") == 1
    run(diamond(), FUNCTIONS, root, InProcess())
    assert read.count("raw") == 1
    run(diamond(), FUNCTIONS, root, InProcess(), digests={"raw": "named by the caller"})
    assert read.count("raw") == 1


def test_temporary_files_of_the_killed_are_swept_and_done_files_name_sizes_and_digests(root):
    (root / "out").mkdir()
    (root / "out" / ".a.tmp-0123").write_text("half")
    run(diamond(), FUNCTIONS, root, InProcess())
    assert not list(root.rglob(".*"))
    done = [json.loads(path.read_text()) for path in (root / "done").glob("*.json")]
    entry = next(each for each in done if "out/d" in each.get("outputs", {}))
    assert entry["outputs"]["out/d"] == {"size": 12, "xxh3_128": entry["outputs"]["out/d"]["xxh3_128"]}
    assert (entry["function"], entry["version"], entry["settings"]) == ("joined", 1, {"text": "d"})


def test_a_failure_names_the_task_and_leaves_no_half_file(root):
    tasks = [*diamond(), Task("failing", ("out/d",), {}, ("out/e",))]
    with pytest.raises(TaskError, match=r"failing from out/d to out/e failed: ValueError: no such luck"):
        run(tasks, FUNCTIONS, root, InProcess())
    assert not (root / "out/e").exists()
    assert not list(root.rglob(".*"))
    assert again(root, diamond()) == []


def test_tasks_run_together_while_their_memory_fits(root):
    tasks = [
        Task("joined", ("raw",), {"text": str(i)}, (f"out/{i}",), memory=size) for i, size in enumerate((4, 4, 4, 99))
    ]
    runner = Recording(slots=4)
    run(tasks, FUNCTIONS, root, runner, memory=8)
    assert max(len(names) for names in runner.together) == 2
    assert {"out/3"} in runner.together
    assert not any("out/3" in names and len(names) > 1 for names in runner.together)


def test_a_lost_task_is_done_again_and_not_for_ever(root):
    runner = Recording(broken=2)
    run(diamond(), FUNCTIONS, root, runner)
    assert (root / "out/d").read_text() == "raw araw bcd"
    with pytest.raises(UserError, match="died 3 times"):
        run(diamond(text="x"), FUNCTIONS, root, Recording(broken=3))


def test_a_task_twice_there_when_a_worker_died_runs_alone(root):
    tasks = [Task("joined", ("raw",), {"text": str(i)}, (f"out/{i}",)) for i in range(4)]
    runner = Recording(slots=2, broken=3)
    run(tasks, FUNCTIONS, root, runner, attempts=4)
    assert {"out/0"} in runner.together[1:]


def test_an_input_that_was_cut_after_it_was_written_is_noticed(root, monkeypatch):
    from zaohua.corpus.engine import task

    monkeypatch.setattr(task, "_PATIENCE", 0.0)

    class Cutting(InProcess):
        def start(self, number, job):
            if job.task.outputs[0] == "out/d":
                (root / "out/c").write_text("cut")
            super().start(number, job)

    with pytest.raises(OSError, match="3 bytes instead of 11") as error:
        run(diamond(), FUNCTIONS, root, Cutting())
    assert "out/d" in error.value.__notes__[0]


def test_circles_and_two_writers_of_one_file_are_our_mistakes(root):
    with pytest.raises(AssertionError, match="circle"):
        run([Task("joined", ("x",), {}, ("y",)), Task("joined", ("y",), {}, ("x",))], FUNCTIONS, root, InProcess())
    with pytest.raises(AssertionError, match="the same file"):
        run(
            [Task("joined", ("raw",), {}, ("y",)), Task("joined", ("raw",), {"text": "1"}, ("y",))],
            FUNCTIONS,
            root,
            InProcess(),
        )


def test_performing_a_task_twice_gives_the_same_bytes_and_one_done_file(root):
    jobs = []

    class Twice(InProcess):
        def start(self, number, job):
            perform(job)
            jobs.append(job)
            super().start(number, job)

    run(diamond(), FUNCTIONS, root, Twice())
    assert len(list((root / "done").glob("*.json"))) == len(jobs) + 1
