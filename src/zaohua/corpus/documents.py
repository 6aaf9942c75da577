"""A document, and the Parquet folders that documents are written to and read from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow
import pyarrow.parquet

from zaohua import folders
from zaohua.tokenizer.texts import row_groups

_ROW_GROUP = 8 * 2**20  # characters and bytes of metadata: what a reader holds in memory
_PART = 256 * 2**20
_STRINGS = pyarrow.large_string()  # plain strings end at 2 GB a column

DOCUMENT = {"id": _STRINGS, "text": _STRINGS, "source": _STRINGS, "meta": _STRINGS}
"""Columns of a document; `meta` is JSON."""
REMOVED = DOCUMENT | {"file": _STRINGS, "line": pyarrow.int64(), "reason": _STRINGS, "kept": _STRINGS}
"""Columns of what was removed: `line` is 0 for a whole file, `kept` the id of the document it repeats."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text, the id it keeps, the source it came from as the user named it, and what else is known of it."""

    id: str
    text: str
    source: str
    meta: Mapping[str, Any]


def read_documents(corpus: Path, part: Literal["documents", "heldout"]) -> Iterator[Document]:
    """The documents of a finished corpus folder, in order."""
    folders.open_folder(corpus, "corpus", made_by=f"zaohua corpus TEXTS -o {corpus}")
    for group in row_groups(corpus / part, list(DOCUMENT)):
        for row in group.to_pylist():
            yield Document(row["id"], row["text"], row["source"], json.loads(row["meta"]))


class TableWriter:
    """Rows into `part-0000.parquet` … of one folder, in row groups of some 8 MB; no folder without rows."""

    def __init__(self, folder: Path, columns: Mapping[str, pyarrow.DataType]) -> None:
        self.folder = folder
        self.schema = pyarrow.schema(list(columns.items()))
        self.rows = self.size = self.part_size = self.parts = 0
        self._pending: list[Mapping[str, Any]] = []
        self._file: pyarrow.parquet.ParquetWriter | None = None

    def add(self, row: Mapping[str, Any]) -> None:
        """Append one row."""
        self._pending.append(row)
        self.rows += 1
        self.size += len(row["text"].encode("utf-8")) + len(row["meta"])
        if self.size >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is pending and end the last file."""
        self._flush()
        self._end_file()

    def _flush(self) -> None:
        if not self._pending:
            return
        if self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"part-{self.parts:04}.parquet"
            self._file = pyarrow.parquet.ParquetWriter(path, self.schema, compression="zstd")
            self.parts += 1
        table = pyarrow.Table.from_pylist(self._pending, schema=self.schema)
        self._file.write_table(table, row_group_size=len(self._pending))
        self.part_size += self.size
        self._pending, self.size = [], 0
        if self.part_size >= _PART:
            self._end_file()

    def _end_file(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self.part_size = None, 0
