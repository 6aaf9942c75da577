"""A finished corpus folder made of given texts: as much of one as the tokenizer reads."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet

from zaohua import folders


def corpus_of(texts: Sequence[tuple[str, str]], folder: Path, heldout: Sequence[str] = ()) -> Path:
    """Write documents of (source, text) and held-out texts -> the folder."""
    sizes: dict[str, int] = {}
    for source, text in texts:
        sizes[source] = sizes.get(source, 0) + len(text.encode())
    report = {
        "total": {"bytes": sum(sizes.values()), "heldout_bytes": sum(len(text.encode()) for text in heldout)},
        "sources": {source: {"bytes": size} for source, size in sizes.items()},
    }
    with folders.writing(folder, {"stage": "corpus", "settings": {}, "inputs": {}}) as temporary:
        for part, rows in (("documents", texts), ("heldout", [("x", text) for text in heldout])):
            (temporary / part).mkdir()
            table = pyarrow.table({"source": [source for source, _ in rows], "text": [text for _, text in rows]})
            pyarrow.parquet.write_table(table, temporary / part / "part-0000.parquet", row_group_size=50)
        (temporary / "report.json").write_text(json.dumps(report))
    return folder
