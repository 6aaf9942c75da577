"""Which files the user's sources mean, in an order that depends on nothing but their names."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zaohua import folders
from zaohua.settings import UserError

KINDS = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".markdown": "text",
    ".jsonl": "records",
    ".ndjson": "records",
    ".json": "json",
    ".parquet": "parquet",
}
COMPRESSED = (".gz", ".zst")
READABLE = ".txt .md .json .jsonl .parquet, plain or as .gz or .zst"


@dataclass(frozen=True)
class Entry:
    """A file to read: the source that it belongs to, as the user wrote it, and its own name, which no other has."""

    source: str
    path: Path
    name: str

    @property
    def kind(self) -> str:
        """text, records, json, parquet or unknown."""
        return KINDS.get(self._ends()[0], "unknown")

    @property
    def compression(self) -> str:
        """gz, zst or none."""
        return self._ends()[1].removeprefix(".") or "none"

    @property
    def size(self) -> int:
        """Bytes on disk; 0 where they cannot be told."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def _ends(self) -> tuple[str, str]:
        path = Path(self.path.name.lower())
        last = path.suffix if path.suffix in COMPRESSED else ""
        return (Path(path.stem).suffix if last else path.suffix), last


def inventory(sources: Sequence[str]) -> list[Entry]:
    """The files of all sources, each once; a folder's by relative path. Raises UserError for a source that has none.

    Left out are hidden files, and folders that a stage of ours wrote.
    """
    entries: list[Entry] = []
    seen: set[Path] = set()
    names: dict[str, int] = {}
    for source in sources:
        found = list(_files(source))
        if not found:
            what = "holds no files" if Path(source).is_dir() else "matches no files"
            raise UserError(f"{source} {what}: give a file, a folder or a glob of {READABLE}")
        for path, name in found:
            resolved = path.resolve()
            if resolved not in seen:
                seen.add(resolved)
                names[name] = names.get(name, 0) + 1
                entries.append(Entry(source, path, name if names[name] == 1 else f"{name}@{names[name]}"))
    return entries


def _files(source: str) -> Iterator[tuple[Path, str]]:
    path = Path(source).expanduser()
    if path.is_file():
        yield path, path.name
    elif path.is_dir():
        yield from ((file, f"{path.resolve().name}/{file.relative_to(path).as_posix()}") for file in _walk(path))
    elif glob.has_magic(source):
        for match in sorted(map(Path, glob.glob(str(path), recursive=True))):
            if match.is_file():
                yield match, match.as_posix().lstrip("/")
    else:
        raise UserError(f"there is no file or folder {source}: give a file, a folder or a glob of {READABLE}")


def _walk(folder: Path) -> list[Path]:
    """The visible files below a folder, sorted by relative path."""
    found = []
    for place, inner, files in os.walk(folder):
        here = Path(place)
        if folders.MANIFEST in files and "stage" in (folders.manifest_of(here) or {}):
            inner.clear()
            continue
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [here / name for name in files if not name.startswith(".")]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())
