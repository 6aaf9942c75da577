"""A document, and the Parquet files that documents are written to and read from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import pyarrow
import pyarrow.parquet

from zaohua import folders
from zaohua.tokenizer.texts import row_groups

_ROW_GROUP = 4 * 2**20  # characters and bytes of metadata: what a reader holds in memory
_STRINGS = pyarrow.large_string()  # plain strings end at 2 GB a column

DOCUMENT = {"id": _STRINGS, "text": _STRINGS, "source": _STRINGS, "meta": _STRINGS}
"""Columns of a document; `meta` is JSON: file, line, url, language, script, and the fields of its record."""
CLEANED = DOCUMENT | {"number": pyarrow.uint64(), "part": pyarrow.int8()}
"""Columns of a document on its way: `number` tells its place among all, `part` FREE, TRAIN or TEST."""
REMOVED = DOCUMENT | {
    "rule": _STRINGS, "reason": _STRINGS, "value": pyarrow.float64(), "limit": pyarrow.float64(), "kept": _STRINGS,
}  # fmt: skip
"""Columns of what was removed: by which rule, why, what it measured against which limit; `kept` is the id of the
document that it repeats."""

FREE, TRAIN, TEST = 0, 1, 2
"""Whether a document's part is still to be chosen, or was by where it came from."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text, the id it keeps, the source it came from as the user named it, and what else is known of it."""

    id: str
    text: str
    source: str
    meta: Mapping[str, Any]


def storable(text: str) -> str:
    """A text as a file can hold it: lone surrogates, as in names that are not UTF-8, are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def read_documents(corpus: Path, part: Literal["documents", "heldout"]) -> Iterator[Document]:
    """The documents of a finished corpus folder, in order."""
    folders.open_folder(corpus, "corpus", made_by=f"zaohua corpus TEXTS -o {corpus}")
    for group in row_groups(corpus / part, list(DOCUMENT)):
        for row in group.to_pylist():
            yield Document(row["id"], row["text"], row["source"], json.loads(row["meta"]))


def read_table(path: Path, columns: Sequence[str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """The rows of one file, a row group at a time; all columns or some."""
    with pyarrow.parquet.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=columns and list(columns)).to_pylist()


class Table:
    """Rows appended to one Parquet file; entered and left as a context. Equal rows give equal bytes."""

    def __init__(self, path: Path, columns: Mapping[str, pyarrow.DataType]) -> None:
        self.schema = pyarrow.schema(list(columns.items()))
        self.rows = self._size = 0
        self._pending: list[Mapping[str, Any]] = []
        self._file = pyarrow.parquet.ParquetWriter(path, self.schema, compression="zstd")

    def __enter__(self) -> "Table":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._file.close()

    def add(self, row: Mapping[str, Any]) -> None:
        """Append one row."""
        self._pending.append(row)
        self.rows += 1
        self._size += len(row["text"].encode()) + len(row["meta"])
        if self._size >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            table = pyarrow.Table.from_pylist(self._pending, schema=self.schema)
            self._file.write_table(table, row_group_size=len(self._pending))
            self._pending, self._size = [], 0
