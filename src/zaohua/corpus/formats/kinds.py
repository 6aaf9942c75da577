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
_NAMED = ".txt .md .jsonl .json .csv .tsv .parquet .html .epub .docx .pdf .warc .wet"
READABLE = f"{_NAMED}, Wikipedia's .xml, plain or as {' '.join(COMPRESSED)}, and .zip and .tar of them"
READABLE_CHINESE = f"{_NAMED} 和维基百科的 .xml，可压缩为 {' '.join(COMPRESSED)}，也可装在 .zip 和 .tar 里"
_SHORT = {".tgz": ".tar.gz", ".tbz2": ".tar.bz2", ".txz": ".tar.xz", ".tzst": ".tar.zst"}


def ends_of(name: str) -> tuple[str, str]:
    """(kind, compression) by a file's name: ("text", "gz") for a.txt.gz; ("unknown", "") for what is not read."""
    path = PurePosixPath(name.lower())
    if path.suffix in _SHORT:
        path = path.with_suffix(_SHORT[path.suffix])
    if path.suffix not in COMPRESSED:
        return KINDS.get(path.suffix, "unknown"), ""
    return KINDS.get(PurePosixPath(path.stem).suffix, "unknown"), path.suffix.removeprefix(".")
