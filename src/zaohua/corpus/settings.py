"""What is read, how it is cut into documents, and what is held out."""

import codecs
from typing import Annotated, Literal

from pydantic import Field, field_validator

from zaohua.settings import Settings


class CorpusSettings(Settings):
    """Which text, and how it becomes documents."""

    sources: tuple[str, ...] = ()
    """Files, folders (with all below them) and globs of .txt .md .json .jsonl .parquet, plain, .gz or .zst; or an
    embedded world such as microworld:small."""

    documents: Literal["file", "line", "blank_line"] = "file"
    """What is one document in a .txt or .md file: the file, each line, or what stands between blank lines."""

    text_field: str | None = None
    """The field of .json, .jsonl and .parquet records that holds the text; None: text, content or the like is found."""

    encoding: str | None = None
    """The encoding of all text files, such as gb18030; None: recognised for each file."""

    min_characters: Annotated[int, Field(ge=1)] = 8
    """Shorter documents are removed (characters after cleaning)."""

    heldout: Annotated[float, Field(ge=0.001, le=0.5)] = 0.1
    """Share of the text (of its UTF-8 bytes) that is kept from training and measured on."""

    split: Literal["auto", "tail"] = "auto"
    """What is held out: `auto` whole documents chosen by a hash, and the end of any document too large for that;
    `tail` the end of each file, cut at a line."""

    salt: str = ""
    """Another salt holds out other documents."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            return None if name is None else codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"unknown encoding {name!r}: give one such as utf-8, gb18030, big5 or utf-16") from None
