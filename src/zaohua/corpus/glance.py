"""A quick look at the sources: what a plan needs to know of them."""

from collections.abc import Iterator

from zaohua.corpus.formats.items import Found, Noted
from zaohua.corpus.gathering import gathered
from zaohua.corpus.normalize import normalize
from zaohua.corpus.reading import read
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.worlds import Embedded

_GLANCED = 200  # files that stand for all in a quick look


def glance(settings: CorpusSettings, embedded: Embedded | None, *, limit: int) -> tuple[list[str], int, int]:
    """A quick look: clean texts of some `limit` bytes from all over the sources, and the bytes and documents in all.

    The last two are estimates where a file was not read to its end. Nothing is written.
    """
    entries, worlds = gathered(settings, embedded, None)
    chosen = entries[:: -(-len(entries) // _GLANCED)] if entries else []
    quota = limit // max(len(chosen) + len(worlds), 1)
    sample: list[str] = []
    total = documents = 0.0
    for entry in chosen:
        noted = Noted()
        items = read(entry, settings, noted)
        texts = (normalize(item.text, settings.normalise) for item in items if isinstance(item, Found))
        seen, size = _taste(texts, quota, sample)
        share = max(noted.share(), 1e-6)
        total += size / share
        documents += seen / share
    scale = sum(entry.size for entry in entries) / max(sum(entry.size for entry in chosen), 1)
    total, documents = total * scale, documents * scale
    for world in worlds:
        assert embedded is not None
        texts = (text for _, text, _ in embedded(world, "train"))
        seen, size = _taste(texts, quota, sample)
        for text in texts:
            seen, size = seen + 1, size + len(text.encode())
        total, documents = total + size, documents + seen
    return sample, round(total), round(documents)


def listed(settings: CorpusSettings, embedded: Embedded | None) -> list[tuple[str, int]]:
    """The name and the bytes on disk of every file that the sources name, and of every embedded world, 0 bytes."""
    entries, worlds = gathered(settings, embedded, None)
    return [(entry.name, entry.size) for entry in entries] + [(world, 0) for world in worlds]


def _taste(texts: Iterator[str], quota: int, sample: list[str]) -> tuple[int, int]:
    """Move texts to the sample until they come to `quota` bytes; how many texts and bytes the source gave."""
    seen = size = 0
    for text in texts:
        sample.append(text[: quota - size])
        seen, size = seen + 1, size + len(text.encode())
        if size >= quota:
            break
    return seen, size
