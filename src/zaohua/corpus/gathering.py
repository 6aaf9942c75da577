"""The files and embedded worlds that the sources of a corpus name, those on the web fetched first."""

import os
from pathlib import Path

from zaohua.corpus import web
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import READABLE, REMOTE, Entry, inventory
from zaohua.corpus.worlds import Embedded
from zaohua.settings import UserError


def gathered(settings: CorpusSettings, embedded: Embedded | None, work: Path | None) -> tuple[list[Entry], list[str]]:
    """The files and the embedded worlds that the sources name; what lies on the web is fetched into `work`."""
    if not settings.sources:
        raise UserError(f"no text was given: name files, folders or globs of {READABLE}")

    remote = web.fetcher(work / "fetched", settings.web) if work else None
    worlds = [
        source
        for source in settings.sources
        if embedded and ":" in source and not source.startswith(REMOTE) and not Path(source).exists()
    ]
    return inventory([source for source in settings.sources if source not in worlds], remote), worlds


def is_readable(entry: Entry) -> bool:
    """Whether a file can be opened now; reading it says why not."""
    return os.access(entry.path, os.R_OK) and entry.path.is_file()
