"""A stage's folder: begun under a temporary name, finished by a manifest and a rename, verified by digests."""

import contextlib
import fcntl
import fnmatch
import glob
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypedDict

from zaohua.settings import UserError

MANIFEST, OWN_DIGEST = "manifest.json", "manifest_sha256"
CLOCK = "clock.json"
"""What a whole run keeps beside its stages' folders."""
BEGUN = "begun.json"
"""What is trained in a training folder, written first."""


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(value: Any) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def named(path: Path) -> Path:
    """The same place by a name that others can be made of; `.` and `..` have none. Raises UserError for the root, and
    for `.` where that is gone: who replaces the folder that a terminal stands in leaves it in the old one.
    """
    if path.name not in ("", ".."):
        return path
    try:
        path = Path(os.path.abspath(path))
    except FileNotFoundError:
        raise UserError(
            "the folder you are in is gone, or was replaced by a new one: enter it again with cd",
            "当前所在的文件夹已不存在，或已换成新的：请用 cd 重新进入",
        ) from None
    if not path.name:
        raise UserError(
            f"{path} cannot be replaced: give another place with -o", f"{path} 不能替换：请用 -o 另给一个位置"
        )
    return path


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file so that a crash leaves either the old one or the new one."""
    with creating(path) as file:
        file.write(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)


@contextlib.contextmanager
def creating(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write, which takes its name when it is left, durably: temporary name, fsync, rename."""
    path = named(path)
    temporary = path.with_name(f".{path.name}.tmp-{uuid.uuid4().hex}")
    try:
        with temporary.open("wb") as file:
            yield file
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


class Written(TypedDict):
    """What a manifest says of a file: its bytes, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


def read_json(path: Path, remedy: str, chinese: str) -> dict[str, Any]:
    """The mapping in a JSON file; raises UserError that ends in `remedy`, in `chinese` too, where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no file {path}: {remedy}", f"没有文件 {path}：{chinese}") from None
    except (ValueError, OSError, RecursionError) as error:
        raise UserError(
            f"{path} cannot be read as JSON ({error}): {remedy}", f"无法把 {path} 作为 JSON 读取（{error}）：{chinese}"
        ) from None
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no mapping: {remedy}", f"{path} 的内容不是键值映射：{chinese}")
    return content


def write_json(path: Path, content: Any) -> None:
    """Write a value as JSON that people can read too, whole or not at all."""
    write_file(path, json_text(content))


def json_text(content: Any) -> str:
    """A value as `write_json` writes it."""
    return json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def writing(folder: Path, manifest: Mapping[str, Any], written: Mapping[str, Written] | None = None) -> Iterator[Path]:
    """Yield a temporary folder to fill; on success write its manifest, fsync everything and rename it to `folder`.

    On any failure the temporary folder is removed and what stood at `folder` is left as it was. Raises UserError where
    that is a folder with something in it that no stage of ours wrote, at the beginning or at the end, or another
    process is writing it.
    `manifest` holds what the caller knows: stage, settings, inputs; files, sizes and digests are added here, but those
    in `written`, which was known when the files were written.
    """
    try:
        with alone(folder) as folder:
            sweep(folder)
            refuse_others(folder)
            temporary = folder.with_name(f".{folder.name}.tmp-{uuid.uuid4().hex}")
            temporary.mkdir()
            try:
                yield temporary
                seal(temporary, manifest, written=written)
                refuse_others(folder)  # something may have come meanwhile
                _swap(temporary, folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise disk_error(error, folder) from error


def refuse_others(folder: Path) -> None:
    """Raise UserError where something stands at `folder` that is no finished stage of ours and must not be replaced.

    Nor can there be one at a path that is no text: manifests and other programs' libraries cannot name it.
    """
    folder = named(folder)
    whole = os.path.abspath(folder)
    if (shown := whole.encode("utf-8", "backslashreplace").decode()) != whole:
        raise UserError(
            f"{shown} is a path that is not UTF-8: give another folder with -o",
            f"{shown} 这个路径不是 UTF-8 编码：请用 -o 另给一个文件夹",
        )
    if not folder.exists() or manifest_of(folder) or (folder.is_dir() and not any(folder.iterdir())):
        return
    english, chinese = (
        ("is the folder of a whole run", "是一次完整运行的文件夹")
        if (folder / CLOCK).is_file()
        else ("holds something that zaohua did not write", "里有不是 zaohua 写的东西")
    )
    raise UserError(f"{folder} {english}: give another folder with -o", f"{folder} {chinese}：请用 -o 另给一个文件夹")


def _swap(temporary: Path, folder: Path) -> None:
    """Let a finished temporary folder take the place of `folder`."""
    old = folder.with_name(f".{folder.name}.old-{uuid.uuid4().hex}")
    if folder.exists():
        folder.rename(old)
    temporary.rename(folder)
    sync_folder(folder.parent)  # first: else a power cut could leave neither
    shutil.rmtree(old, ignore_errors=True)


def seal(
    folder: Path,
    manifest: Mapping[str, Any],
    *,
    leave_out: Collection[str] = (),
    written: Mapping[str, Written] | None = None,
) -> None:
    """Fsync every file of a folder and write its manifest, last; what lies in its folders `leave_out` is not named.

    The manifest ends in a digest of itself. Files in `written` are durable already, and are not read again.
    """
    files: dict[str, Written] = {}
    inside = (path for path in folder.rglob("*") if path.relative_to(folder).parts[0] not in leave_out)
    for path in sorted(p for p in inside if p.is_file() and p.name != MANIFEST):
        name = path.relative_to(folder).as_posix()
        if written and name in written:
            files[name] = written[name]
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        files[name] = {"size": path.stat().st_size, "sha256": digest(path)}
    for inner in (p for p in folder.rglob("*") if p.is_dir()):
        sync_folder(inner)
    content = json.loads(json_text({**manifest, "files": files}))
    write_json(folder / MANIFEST, content | {OWN_DIGEST: digest_of(content)})


def sweep(folder: Path) -> None:
    """Clear up what a killed process left: unfinished temporary folders go, a half-made swap is completed."""
    name = glob.escape(folder.name)
    for old in folder.parent.glob(f".{name}.old-*"):
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(folder)
    for temporary in folder.parent.glob(f".{name}.tmp-*"):
        shutil.rmtree(temporary, ignore_errors=True)


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """A finished folder's manifest, or None when the folder is missing or unfinished, or its manifest damaged.

    Manifests written before they had a digest of themselves are believed.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = all(isinstance(entry["size"], int) and entry["sha256"] for entry in content["files"].values())
        own = content.pop(OWN_DIGEST, None)
        whole = whole and own in (None, digest_of(content))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return content if whole else None


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
        english, chinese = (
            ("does not exist", "不存在")
            if not folder.exists()
            else ("is not finished", "尚未完成")
            if found is None
            else (f"is not a {stage} folder", f"不是 {stage} 阶段的文件夹")
        )
        raise UserError(f"{folder} {english}: make it with `{made_by}`", f"{folder} {chinese}：请用 `{made_by}` 生成")
    return found


def problems(folder: Path, pattern: str = "*") -> list[UserError]:
    """What is wrong with a finished folder: missing, resized or changed files (those that `pattern` matches), one
    sentence each.
    """
    found = manifest_of(folder)
    if found is None:
        return [
            UserError(
                f"{folder} has no whole {MANIFEST} (it was never finished, or is damaged)",
                f"{folder} 没有完整的 {MANIFEST}（它从未完成，或已损坏）",
            )
        ]
    wrong = []
    for name, entry in found["files"].items():
        if not fnmatch.fnmatch(name, pattern):
            continue
        path = folder / name
        size = _size(path)
        try:
            found_digest = digest(path) if size == entry["size"] else None
        except OSError as error:
            wrong.append(UserError(f"{path} cannot be read ({error.strerror})", f"无法读取 {path}（{error.strerror}）"))
            continue
        if size is None:
            wrong.append(UserError(f"{path} is missing", f"缺少 {path}"))
        elif size != entry["size"]:
            wrong.append(
                UserError(
                    f"{path} has {size} bytes instead of {entry['size']}",
                    f"{path} 有 {size} 字节，应有 {entry['size']} 字节",
                )
            )
        elif found_digest != entry["sha256"]:
            wrong.append(
                UserError(
                    f"{path} has changed (its SHA-256 is not the manifest's)",
                    f"{path} 已被改动（它的 SHA-256 与清单不符）",
                )
            )
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
def alone(folder: Path) -> Iterator[Path]:
    """Be the one writer of a folder that may be replaced, and get it `named`: the lock stands beside it, and goes with
    its holder.
    """
    folder = named(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name(f".{folder.name}.writing")
    while True:
        with path.open("a+") as file:
            _take(file, folder)
            if os.fstat(file.fileno()).st_nlink:  # else its last holder has just removed it
                try:
                    yield folder
                finally:
                    path.unlink(missing_ok=True)
                return


def _take(file: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"another zaohua process is working in {folder}: wait for it, or give another folder with -o",
            f"另一个 zaohua 进程正在 {folder} 中工作：请等它结束，或用 -o 另给一个文件夹",
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
        english, chinese = (f" while writing {place}", f"，写不下 {place}") if place else ("", "")
        return UserError(
            f"the disk is full{english}: free some space and run the same command again; nothing was lost",
            f"磁盘已满{chinese}：请腾出空间，再运行同一命令；没有丢失任何内容",
        )
    if error.errno in (errno.EACCES, errno.EPERM) and place and os.path.exists(place) and not os.access(place, os.R_OK):
        return UserError(
            f"{place} cannot be read ({error.strerror}): change its permissions, or give another",
            f"无法读取 {place}（{error.strerror}）：请修改其权限，或换一个",
        )
    if place and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return UserError(
            f"{place} cannot be written ({error.strerror}): give another folder with -o",
            f"无法写入 {place}（{error.strerror}）：请用 -o 另给一个文件夹",
        )
    if place and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG):
        return UserError(
            f"{place}: {error.strerror}: give another path", f"路径 {place} 不可用（{error.strerror}）：请换一个路径"
        )
    return error
