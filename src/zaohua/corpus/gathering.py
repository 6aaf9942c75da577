"""The files and embedded worlds that the sources of a corpus name, those on the web fetched first."""

import os
from collections.abc import Sequence
from pathlib import Path

from zaohua.corpus import hub, web
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import READABLE, REMOTE, Entry, inventory
from zaohua.corpus.worlds import Embedded
from zaohua.settings import UserError


def gathered(settings: CorpusSettings, embedded: Embedded | None, work: Path | None) -> tuple[list[Entry], list[str]]:
    """The files and the embedded worlds that the sources name; what lies on the web is fetched into `work`."""
    if not settings.sources:
        raise UserError(f"no text was given: name files, folders or globs of {READABLE}")

    def fetch(source: str) -> Sequence[tuple[Path, str]]:
        cache = (work or Path.cwd()) / "fetched"
        if source.startswith("hf:"):
            return hub.fetch(source, cache)
        return web.fetch(source, cache, settings.web)

    remote = fetch if settings.web.allowed and work else None
    worlds = [
        source
        for source in settings.sources
        if embedded and ":" in source and not source.startswith(REMOTE) and not Path(source).exists()
    ]
    return inventory([source for source in settings.sources if source not in worlds], remote), worlds


def is_readable(entry: Entry) -> bool:
    """Whether a file can be opened now; reading it says why not."""
    return os.access(entry.path, os.R_OK) and entry.path.is_file()
