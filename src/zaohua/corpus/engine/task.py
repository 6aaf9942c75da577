"""A task: a pure function from files to files, the key that names its result, and the file that says it is done."""

import contextlib
import json
import os
import stat
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xxhash

from zaohua import folders
from zaohua.settings import UserError

DONE = "done"
"""The folder of done-files below the root that tasks work in."""
CONTENTS = "contents.json"
_READERS = 8  # files read at once for their digests, as a disk far away wants it
_PATIENCE = 10.0  # seconds: a network file system shows a new file late

Call = Callable[[Sequence[Path], Mapping[str, Any], Sequence[Path]], Mapping[str, Any] | None]
"""What a task does: files to read, settings, files to write -> what it counted, as plain values."""


@dataclass(frozen=True)
class Function:
    """What a task's function name stands for. It lives at the top of a module, so that any process can import it."""

    call: Call
    version: int
    """Raised by hand when the same files and settings would give other bytes."""
    libraries: Mapping[str, str | int] = field(default_factory=dict)
    """Versions of what else changes the bytes."""


@dataclass(frozen=True)
class Task:
    """Files in, files out, by the function of that name. What comes first follows from the names of the files.

    Names are relative to the root. Bytes written depend on the bytes read and the settings alone.
    """

    function: str
    inputs: tuple[str, ...]
    settings: Mapping[str, Any]
    outputs: tuple[str, ...]
    weight: float = 1.0
    """Its share of the work, in any unit, for the progress bar."""
    memory: int = 0
    """The bytes it takes at most, as estimated."""

    def __str__(self) -> str:
        read = f" from {self.inputs[0]}" + (" …" if len(self.inputs) > 1 else "") if self.inputs else ""
        return f"{self.function}{read} to {self.outputs[0]}"


@dataclass(frozen=True)
class Job:
    """A task with all that another process needs to do it."""

    call: Call
    root: str
    task: Task
    key: str
    sizes: Mapping[str, int]
    """Bytes of those inputs that other tasks wrote."""
    record: Mapping[str, Any]
    """What the done-file says besides the outputs."""


class TaskError(RuntimeError):
    """A task failed for a reason that is no mistake of the user; the task is named."""


def key_of(task: Task, function: Function, digests: Mapping[str, str]) -> str:
    """The name of a task's result: other settings, inputs, outputs or versions give another.

    `digests` names the content of each input. The outputs count because two equal files may be read by two tasks.
    """
    inputs = [digests[name] for name in task.inputs]
    versions = {"function": function.version, "libraries": dict(function.libraries)}
    return folders.digest_of([task.function, versions, dict(task.settings), inputs, list(task.outputs)])[:32]


def output_digest(key: str, name: str) -> str:
    """The digest of a file that a task with this key writes, known before it is written."""
    return f"{key}/{name}"


def content_digests(root: Path, names: Iterable[str]) -> dict[str, str]:
    """XXH3-128 of each file's content, "" of what cannot be read; files whose size and time are as at the last call
    are not read again."""
    cache = root / DONE / CONTENTS
    try:
        known = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    found: dict[str, list[Any]] = {}
    unreadable: list[str] = []
    with ThreadPoolExecutor(_READERS) as readers:
        for name, entry in readers.map(lambda name: (name, _content(root / name, known.get(name))), names):
            if entry is None:
                unreadable.append(name)
            else:
                found[name] = entry
    if any(known.get(name) != entry for name, entry in found.items()):
        cache.parent.mkdir(parents=True, exist_ok=True)
        folders.write_file(cache, json.dumps(known | found))  # in ASCII: a name may hold lone surrogates
    return dict.fromkeys(unreadable, "") | {name: entry[2] for name, entry in found.items()}


def _content(path: Path, before: list[Any] | None) -> list[Any] | None:
    """Size, time and digest of a file, as `before` where size and time are; None where it cannot be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe waits for who writes it
            return None
        if before is not None and before[:2] == [status.st_size, status.st_mtime_ns]:
            return before
        return [status.st_size, status.st_mtime_ns, _digest(path)]
    except OSError:
        return None


def quick_digests(names: Iterable[str]) -> dict[str, str]:
    """The size and time of each file in place of its content."""
    found = {}
    for name in names:
        try:
            status = os.stat(name)
            found[name] = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:
            found[name] = ""
    return found


def was_begun(root: Path) -> bool:
    """Whether any task was done in a root."""
    return any(path.name != CONTENTS for path in (root / DONE).glob("*.json"))


def perform(job: Job) -> dict[str, Any]:
    """Do a task -> its done-file's content. Outputs get their names when all are whole, then the done-file is written.

    Doing it twice, even at once, is harmless: temporary names are unique and the bytes are equal. Mistakes of the user
    and of the disk are raised as they are, all else as a TaskError, which any process can pass on.
    """
    try:
        return _perform(job)
    except (UserError, OSError):
        raise
    except Exception as error:
        raise TaskError(f"{job.task} failed: {type(error).__name__}: {error}") from error


def _perform(job: Job) -> dict[str, Any]:
    root, task, begun = Path(job.root), job.task, time.perf_counter()
    for name, size in job.sizes.items():
        _await(root / name, size)
    finals = [root / name for name in task.outputs]
    temporaries = [path.with_name(f".{path.name}.tmp-{uuid.uuid4().hex}") for path in finals]
    for path in finals:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        counts = job.call([root / name for name in task.inputs], task.settings, temporaries)
        outputs = {}
        for name, path in zip(task.outputs, temporaries, strict=True):
            _sync(path)
            outputs[name] = {"size": path.stat().st_size, "xxh3_128": _digest(path)}
        for path, final in zip(temporaries, finals, strict=True):
            path.replace(final)
    finally:
        for path in temporaries:
            path.unlink(missing_ok=True)
    for folder in {path.parent for path in finals}:
        folders.sync_folder(folder)
    seconds = round(time.perf_counter() - begun, 3)
    done = {**job.record, "outputs": outputs, "counts": dict(counts or {}), "seconds": seconds}
    (root / DONE).mkdir(exist_ok=True)
    folders.write_file(done_path(root, job.key), json.dumps(done, indent=1))
    return done


def done_path(root: Path, key: str) -> Path:
    """Where the done-file of a key stands."""
    return root / DONE / f"{key}.json"


def done_before(root: Path) -> dict[str, dict[str, Any]]:
    """Key -> content of every done-file of a root that can be read."""
    found = {}
    for path in (root / DONE).glob("*.json"):
        with contextlib.suppress(ValueError):
            done = json.loads(path.read_text(encoding="utf-8"))
            if "outputs" in done:
                found[path.stem] = done
    return found


def is_whole(root: Path, done: Mapping[str, Any], passed: Collection[str] = ()) -> bool:
    """Whether all outputs that a done-file names, but for the `passed`, are there in full size."""
    return all(_size(root / name) == entry["size"] for name, entry in done["outputs"].items() if name not in passed)


def sweep(root: Path) -> None:
    """Remove the temporary files of processes that were killed."""
    for folder, _, names in os.walk(root):
        for name in names:
            if name.startswith(".") and ".tmp-" in name:
                Path(folder, name).unlink(missing_ok=True)


def _await(path: Path, size: int) -> None:
    """Return when the file has its size; raises OSError where it does not get it."""
    until = time.monotonic() + _PATIENCE
    while (found := _size(path)) != size:
        if time.monotonic() > until:
            raise OSError(f"{path} has {found} bytes instead of {size}: it was changed or cut after it was written")
        time.sleep(0.2)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: Path) -> str:
    content = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(2**20):
            content.update(block)
    return content.hexdigest()
