"""The texts of a corpus folder, one row group at a time, for every stage that reads one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zaohua import folders

if TYPE_CHECKING:
    import pyarrow


REMEDY = "make the folder again with `zaohua corpus`", "请用 `zaohua corpus` 重新生成这个文件夹"
"""What to do where the report of a corpus cannot be read."""


def row_groups(folder: Path, columns: Sequence[str]) -> Iterator["pyarrow.Table"]:
    """The named columns of a folder of Parquet files; some megabytes of text are in memory at once."""
    import pyarrow.parquet

    for path in sorted(folder.glob("*.parquet")):
        with pyarrow.parquet.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, columns=list(columns))


def text_bytes(corpus: Path, part: str) -> int:
    """UTF-8 bytes of the texts of a part of a finished corpus, as the corpus stage counted them."""
    total = folders.read_json(corpus / "report.json", *REMEDY)["total"]
    return total["bytes" if part == "documents" else f"{part}_bytes"]
