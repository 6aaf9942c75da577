"""What readers give: texts, what cannot be read, and what was found out on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Found:
    """A text as it stands in its file; `line` is 0 where the file is one document, `file` the file's unique name.

    `plain` where it is running text as it was typed, whose lines may be broken. `place` is the number of the file among
    those of its piece, also for what is in an archive there.
    """

    text: str
    line: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    file: str = ""
    plain: bool = False
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Unreadable:
    """A line, or with line 0 a whole file, that is set aside; `place` as in Found."""

    reason: str
    line: int = 0
    text: str = ""
    url: str = ""
    file: str = ""
    place: int = field(default=0, compare=False)


Item = Found | Unreadable


@dataclass
class Noted:
    """What was found out about a file on the way, and which share of it has been read.

    `header` is a table's first line; `files` what was found out about the files inside.
    """

    encoding: str = ""
    text_field: str = ""
    header: str = ""
    share: Callable[[], float] = lambda: 1.0
    files: dict[str, "Noted"] = field(default_factory=dict)


class SetAsideError(Exception):
    """Why a whole file is set aside, as a phrase; what was read of it before is kept."""
