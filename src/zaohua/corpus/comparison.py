"""How documents are compared with one another: the settings alone, which a command line reads without numpy."""

from typing import Annotated, Literal

from pydantic import Field

from zaohua.settings import Settings


class NearDuplicates(Settings):
    """Which documents count as nearly the same. With Jaccard similarity J of their shingles a pair is found with
    probability 1 - (1 - J^rows)^bands; half of all pairs are near J = (1 / bands)^(1 / rows), by default 0.72.
    """

    characters: Annotated[int, Field(ge=2, le=64)] = 8
    """Code points of a shingle of Chinese, Japanese and other text without spaces. 5 finds more edited copies and
    wants `verify`."""

    words: Annotated[int, Field(ge=1, le=64)] = 5
    """Words of a shingle of other text (FineWeb)."""

    bands: Annotated[int, Field(ge=1, le=1000)] = 14
    """Bands (FineWeb)."""

    rows: Annotated[int, Field(ge=1, le=1000)] = 8
    """MinHashes in each band (FineWeb)."""

    seed: Annotated[int, Field(ge=0)] = 1
    """Another seed draws other hash functions."""

    verify: Annotated[float, Field(gt=0, le=1)] | None = None
    """The exact Jaccard similarity that a pair must reach besides, such as 0.7; unset: a shared band is enough."""

    keep: Literal["first", "longest"] = "first"
    """Which of a cluster is kept: the first in order of sources and files, or the longest."""


class Boilerplate(Settings):
    """Which lines are cut out because many documents have them."""

    documents: Annotated[int, Field(ge=1)] | None = None
    """Lines that stand in more documents than this are cut out; unset: none are."""

    unit: Literal["line", "paragraph"] = "line"
    """What is compared: lines, or paragraphs, which stand between blank lines."""

    min_characters: Annotated[int, Field(ge=1)] = 6
    """Shorter lines are left, such as "}" or a chapter's number (characters without white space)."""


class Decontamination(Settings):
    """How documents that contain evaluation texts are recognised, and what becomes of them."""

    words: Annotated[int, Field(ge=2, le=64)] = 13
    """Words in a row that a document must share with an evaluation text in a script with spaces (GPT-3)."""

    characters: Annotated[int, Field(ge=4, le=256)] = 25
    """Code points in a row, in scripts without spaces."""

    short: Annotated[int, Field(ge=1)] = 12
    """Evaluation texts shorter than that are looked for as a whole, from so many letters on; below they are listed."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of an evaluation text's n-grams that must stand in the document; 0: one is enough."""

    action: Literal["drop", "excise"] = "drop"
    """Whether the document goes or only what it shares, which leaves a line end."""

    common: Annotated[int, Field(ge=1)] = 10
    """N-grams in more documents than this are listed apart: most are proverbs, poems or statutes."""
