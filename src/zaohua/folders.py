"""A stage's folder: begun under a temporary name, finished by a manifest and a rename, verified by digests."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from zaohua.settings import UserError

MANIFEST = "manifest.json"
CLOCK = "clock.json"
"""What a whole run keeps beside its stages' folders."""


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(value: Any) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file so that a crash leaves either the old one or the new one: temporary name, fsync, rename."""
    temporary = path.with_name(f".{path.name}.tmp-{uuid.uuid4().hex}")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(error, path) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """The mapping in a JSON file; raises UserError that ends in `remedy` where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no file {path}: {remedy}") from None
    except (ValueError, OSError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as JSON ({error}): {remedy}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no mapping: {remedy}")
    return content


def write_json(path: Path, content: Any) -> None:
    """Write a value as JSON that people can read too, whole or not at all."""
    write_file(path, json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def writing(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a temporary folder to fill; on success write its manifest, fsync everything and rename it to `folder`.

    On any failure the temporary folder is removed and what stood at `folder` is left as it was. Raises UserError where
    that is a folder with something in it that no stage of ours wrote, or another process is writing it.
    `manifest` holds what the caller knows: stage, settings, inputs; files, sizes and digests are added here.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            sweep(folder)
            refuse_others(folder)
            temporary = folder.with_name(f".{folder.name}.tmp-{uuid.uuid4().hex}")
            temporary.mkdir()
            try:
                yield temporary
                seal(temporary, manifest)
                _swap(temporary, folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise disk_error(error, folder) from error


def refuse_others(folder: Path) -> None:
    """Raise UserError where something stands at `folder` that is no finished stage of ours and must not be replaced."""
    if not folder.exists() or manifest_of(folder) or (folder.is_dir() and not any(folder.iterdir())):
        return
    held = "is the folder of a whole run" if (folder / CLOCK).is_file() else "holds something that zaohua did not write"
    raise UserError(f"{folder} {held}: give another folder with -o")


def _swap(temporary: Path, folder: Path) -> None:
    """Let a finished temporary folder take the place of `folder`."""
    old = folder.with_name(f".{folder.name}.old-{uuid.uuid4().hex}")
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    sync_folder(folder.parent)


def seal(folder: Path, manifest: Mapping[str, Any], *, leave_out: str = "") -> None:
    """Fsync every file of a folder and write its manifest, last; what lies in its folder `leave_out` is not named."""
    files = {}
    named = (path for path in folder.rglob("*") if path.relative_to(folder).parts[0] != leave_out)
    for path in sorted(p for p in named if p.is_file() and p.name != MANIFEST):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        files[path.relative_to(folder).as_posix()] = {"size": path.stat().st_size, "sha256": digest(path)}
    for inner in (p for p in folder.rglob("*") if p.is_dir()):
        sync_folder(inner)
    write_json(folder / MANIFEST, {**manifest, "files": files})


def sweep(folder: Path) -> None:
    """Clear up what a killed process left: unfinished temporary folders go, a half-made swap is completed."""
    for old in folder.parent.glob(f".{folder.name}.old-*"):
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(folder)
    for temporary in folder.parent.glob(f".{folder.name}.tmp-*"):
        shutil.rmtree(temporary, ignore_errors=True)


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """A finished folder's manifest, or None when the folder is missing or unfinished."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "files" in content else None


def up_to_date(folder: Path, expected: Mapping[str, Any]) -> bool:
    """Whether `folder` is finished, whole by file sizes, and was made with these settings from these inputs."""
    found = manifest_of(folder)
    if found is None or any(
        found.get(key) != json.loads(json.dumps(value, default=str)) for key, value in expected.items()
    ):
        return False
    return all(_size(folder / name) == entry["size"] for name, entry in found["files"].items())


def open_folder(folder: Path, stage: str, *, made_by: str) -> dict[str, Any]:
    """The manifest of a finished folder of `stage`; raises UserError saying which command makes one."""
    found = manifest_of(folder)
    if found is None or found.get("stage") != stage:
        what = (
            "does not exist"
            if not folder.exists()
            else "is not finished"
            if found is None
            else f"is not a {stage} folder"
        )
        raise UserError(f"{folder} {what}: make it with `{made_by}`")
    return found


def problems(folder: Path) -> list[str]:
    """What is wrong with a finished folder: missing, resized or changed files, one sentence each."""
    found = manifest_of(folder)
    if found is None:
        return [f"{folder} has no {MANIFEST}: it was never finished"]
    wrong = []
    for name, entry in found["files"].items():
        path = folder / name
        size = _size(path)
        if size is None:
            wrong.append(f"{path} is missing")
        elif size != entry["size"]:
            wrong.append(f"{path} has {size} bytes instead of {entry['size']}")
        elif digest(path) != entry["sha256"]:
            wrong.append(f"{path} has changed: its SHA-256 is not the manifest's")
    return wrong


def summary_digest(folder: Path) -> str:
    """One digest for the content of a finished folder: what a later stage names as its input."""
    found = manifest_of(folder)
    assert found is not None, f"{folder} is not finished"
    return digest_of(found["files"])


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for one process; the kernel lets go when the process dies, however it dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as file:
        _take(file, folder)
        yield


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the one writer of a folder that may be replaced: the lock stands beside it, and goes with its holder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name(f".{folder.name}.writing")
    while True:
        with path.open("a+") as file:
            _take(file, folder)
            if os.fstat(file.fileno()).st_nlink:  # else its last holder has just removed it
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return


def _take(file: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"another zaohua process is working in {folder}: wait for it, or give another folder with -o"
        ) from None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def disk_error(error: OSError, path: Path | None = None) -> Exception:
    """What a disk or a path is to blame for as the user's to mend; anything else as it is."""
    import errno

    place = path or error.filename
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        where = f" while writing {place}" if place else ""
        return UserError(f"the disk is full{where}: free some space and run the same command again; nothing was lost")
    if error.errno in (errno.EACCES, errno.EPERM) and place and os.path.exists(place) and not os.access(place, os.R_OK):
        return UserError(f"{place} cannot be read ({error.strerror}): change its permissions, or give another")
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return UserError(f"{place} cannot be written ({error.strerror}): give another folder with -o")
    if place and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG):
        return UserError(f"{place}: {error.strerror}: give another path")
    return error
