"""Which files the user's sources mean, in an order that depends on nothing but their names."""

import functools
import glob
import itertools
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zaohua import folders
from zaohua.corpus.encodings import name_of
from zaohua.corpus.formats.contents import WHOLE, Span
from zaohua.corpus.formats.kinds import READABLE, READABLE_CHINESE, ends_of
from zaohua.settings import UserError

__all__ = ["READABLE", "READABLE_CHINESE", "Entry", "Fetch", "Piece", "inventory"]

Fetch = Callable[[str], Sequence[tuple[Path, str]]]
"""A source that is no place on this machine -> the files that were fetched of it, with their names."""
REMOTE = ("https://", "http://", "hf:")


@dataclass(frozen=True)
class Entry:
    """A file to read: the source that it belongs to, as the user wrote it, and its own name, which no other has."""

    source: str
    path: Path
    name: str

    @property
    def kind(self) -> str:
        """text, records, json, parquet, … or unknown."""
        return ends_of(self.path.name)[0]

    @property
    def compression(self) -> str:
        """gz, zst, bz2, xz or none."""
        return ends_of(self.path.name)[1] or "none"

    @property
    def size(self) -> int:
        """Bytes on disk; 0 where they cannot be told, and of what is no file."""
        try:
            status = self.path.stat()
        except OSError:
            return 0
        return status.st_size if stat.S_ISREG(status.st_mode) else 0


@dataclass(frozen=True)
class Piece:
    """What one task reads: a span of one file, or some whole files of one source. Plain values.

    `files` are (path, name, bytes on disk); `size` is the bytes on disk that the piece stands for.
    """

    source: str
    files: tuple[tuple[str, str, int], ...]
    size: int
    span: Span = WHOLE

    @classmethod
    def of(cls, entry: Entry, span: Span = WHOLE, size: int | None = None) -> "Piece":
        """A whole file, or a span of one, for which it counts as `size` bytes."""
        whole = entry.size
        file = (str(entry.path), entry.name, whole)
        return cls(entry.source, (file,), whole if size is None else size, span)


def inventory(sources: Sequence[str], fetch: Fetch | None = None) -> list[Entry]:
    """The files of all sources, each once; a folder's by relative path. Raises UserError for a source that has none.

    Left out are hidden files, and folders that a stage of ours wrote. What is no place on this machine, `fetch` brings.
    """
    entries: list[Entry] = []
    seen: set[Path] = set()
    names: dict[str, int] = {}
    for source in sources:
        if (shown := source.encode("utf-8", "backslashreplace").decode()) != source:
            raise UserError(
                f"{shown} is a name that is not UTF-8: give the folder that it lies in, or a glob such as *",
                f"{shown} 这个名字不是 UTF-8 编码：请给出它所在的文件夹，或用 * 这样的通配符",
            )
        found = list(_files(source, fetch))
        if not found:
            english, chinese = (
                ("holds no files", "里没有文件") if Path(source).is_dir() else ("matches no files", "没有匹配到文件")
            )
            raise UserError(
                f"{source} {english}: give a file, a folder or a glob of {READABLE}",
                f"{source} {chinese}：请给出文件、文件夹或通配符；能读的文件有 {READABLE_CHINESE}",
            )
        for path, name in found:
            resolved = Path(os.path.realpath(path))
            if resolved not in seen:
                seen.add(resolved)
                name = name_of(os.fsencode(name))  # old zips leave names that are not UTF-8
                own = name
                while own in names:
                    names[name] += 1
                    own = f"{name}@{names[name]}"
                names[own] = 1
                entries.append(Entry(source, path, own))
    return entries


def _files(source: str, fetch: Fetch | None) -> Iterator[tuple[Path, str]]:
    if source.startswith(REMOTE):
        if fetch is None:
            raise UserError(
                f"{source} lies on the web, where nothing is read unless you say so: set web.allowed",
                f"{source} 在网上，未经允许不会读取：请设置 web.allowed",
            )
        yield from fetch(source)
        return
    path = Path(source).expanduser()
    if path.is_file():
        yield path, path.name
    elif path.is_dir():
        yield from ((file, f"{path.resolve().name}/{file.relative_to(path).as_posix()}") for file in _walk(path))
    elif glob.has_magic(source):
        ours = functools.cache(_is_ours)
        named = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
        for match in sorted(map(Path, glob.glob(str(path), recursive=True))):
            if not any(ours(place) for place in match.parents if place.is_relative_to(named)):
                found = _walk(match) if os.path.isdir(match) else [match]
                yield from ((file, file.as_posix().lstrip("/")) for file in found)
    else:
        raise UserError(
            f"there is no file or folder {source}: give a file, a folder or a glob of {READABLE}",
            f"没有文件或文件夹 {source}：请给出文件、文件夹或通配符；能读的文件有 {READABLE_CHINESE}",
        )


def _is_ours(folder: Path) -> bool:
    """Whether a stage of ours wrote a folder."""
    return "stage" in (folders.manifest_of(folder) or {})


def _walk(folder: Path) -> list[Path]:
    """The visible files below a folder, sorted by relative path.

    Links that lead nowhere or to a folder are among them, and folders that cannot be read: reading them says so.
    """
    found: list[Path] = []
    locked: list[OSError] = []
    for place, inner, files in os.walk(folder, onerror=locked.append):
        here = Path(place)
        if folders.MANIFEST in files and _is_ours(here):
            inner.clear()
            continue
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [here / name for name in inner if os.path.islink(here / name)]
        found += [here / name for name in files if not name.startswith(".")]
    found += [Path(error.filename) for error in locked]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())
