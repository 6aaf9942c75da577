"""How files are read: which text of them, and what is too large or too tightly packed to be text."""

from typing import Annotated, Literal

from pydantic import Field

from zaohua.settings import Settings


class ReadingSettings(Settings):
    """How files become texts."""

    documents: Literal["file", "line", "blank_line"] = "file"
    """What is one document in a .txt or .md file: the file (one above 8 MiB in parts), each line, or what stands
    between blank lines."""

    text_field: str | None = None
    """The field of records and tables that holds the text; unset: text, content or the like is found."""

    encoding: str | None = None
    """The encoding of all text files, such as gb18030; unset: recognised for each file."""

    html: Literal["both", "trafilatura", "resiliparse", "all"] = "both"
    """What finds the main text of a web page: trafilatura, which is careful; resiliparse, which is quick; `both`, the
    first and where it misses the article the second (best in benchmarks/main_text.py); `all` takes all text."""

    largest_document: Annotated[int, Field(ge=1024)] = 64 * 2**20
    """Bytes; a larger line, record or page is set aside."""

    largest_expansion: Annotated[int, Field(ge=2)] = 250
    """Times its size that a packed file may unpack to; text that says something stays far below."""

    largest_window: Annotated[int, Field(ge=1024, le=2**31)] = 2**27
    """Bytes that a .zst file may look back, which unpacking it takes in memory; zstd --long=31 needs 2147483648."""
