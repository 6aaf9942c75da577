"""Which kind of text a file holds, told by how its name ends."""

from pathlib import PurePosixPath

KINDS = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".markdown": "text",
    ".jsonl": "records",
    ".ndjson": "records",
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".parquet": "parquet",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".epub": "epub",
    ".docx": "docx",
    ".pdf": "pdf",
    ".warc": "warc",
    ".wet": "warc",
    ".xml": "wikipedia",
    ".zip": "zip",
    ".tar": "tar",
}
COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
ARCHIVES = ("zip", "tar")
READABLE = (
    ".txt .md .jsonl .json .csv .tsv .parquet .html .epub .docx .pdf .warc .wet, Wikipedia's .xml, "
    "plain or as .gz .zst .bz2 .xz, and .zip and .tar of them"
)
_SHORT = {".tgz": ".tar.gz", ".tbz2": ".tar.bz2", ".txz": ".tar.xz", ".tzst": ".tar.zst"}


def ends_of(name: str) -> tuple[str, str]:
    """(kind, compression) by a file's name: ("text", "gz") for a.txt.gz; ("unknown", "") for what is not read."""
    path = PurePosixPath(name.lower())
    if path.suffix in _SHORT:
        path = path.with_suffix(_SHORT[path.suffix])
    if path.suffix not in COMPRESSED:
        return KINDS.get(path.suffix, "unknown"), ""
    return KINDS.get(PurePosixPath(path.stem).suffix, "unknown"), path.suffix.removeprefix(".")
