"""The files and embedded worlds that the sources of a corpus name, those on the web fetched first."""

from collections.abc import Sequence
from pathlib import Path

from zaohua.corpus import web
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import READABLE, READABLE_CHINESE, REMOTE, Entry, inventory
from zaohua.corpus.worlds import Embedded
from zaohua.settings import UserError

SAMPLE = "-sample"
"""How the name of a dry run's folder ends."""


def gathered(settings: CorpusSettings, embedded: Embedded | None, work: Path | None) -> tuple[list[Entry], list[str]]:
    """The files and the embedded worlds that the sources name; what lies on the web is fetched, into `cache_of(work)`:
    for a sample, some of it.

    Without `work` nothing is fetched: raises UserError for a source of the web.
    """
    if not settings.sources:
        raise UserError(
            f"no text was given: name files, folders or globs of {READABLE}",
            f"没有给出文本：请给出文件、文件夹或通配符；能读的文件有 {READABLE_CHINESE}",
        )

    remote = _unseen if settings.web.allowed else None
    if work:
        remote = web.fetcher(cache_of(work), settings.web, settings.sample)
    worlds = [
        source
        for source in settings.sources
        if embedded and ":" in source and not source.startswith(REMOTE) and not Path(source).exists()
    ]
    return inventory([source for source in settings.sources if source not in worlds], remote), worlds


def cache_of(work: Path) -> Path:
    """Where fetched sources stay when the work folder goes, so that the next run asks nobody: .NAME.fetched.

    A dry run's is that of the run that it stands for.
    """
    return work.with_name(f"{work.name.removesuffix('.work').removesuffix(SAMPLE)}.fetched")


def _unseen(source: str) -> Sequence[tuple[Path, str]]:
    raise UserError(
        f"{source} lies on the web, which a quick look does not fetch: "
        f"give files or folders of this machine here, and web sources to `zaohua corpus`",
        f"{source} 在网上，快速查看时不抓取：这里请给出本机的文件或文件夹，网上的来源请交给 `zaohua corpus`",
    )
