"""The part of a corpus that a vocabulary is learned from: bounded, of every source as much, the same each time."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from zaohua import folders
from zaohua.tokenizer.characters import characters
from zaohua.tokenizer.texts import REMEDY, row_groups

_CHUNK = 65_536  # characters; the unit in which text is sampled and counted


def shares(sizes: Mapping[str, int], limit: int) -> dict[str, float]:
    """{source: share of it to take}: equally many bytes of each, and what small ones lack is taken from the larger."""
    left, found = limit, {}
    for count, (source, size) in enumerate(sorted(sizes.items(), key=lambda item: (item[1], item[0]))):
        taken = min(size, left / (len(sizes) - count))
        found[source] = taken / size if size else 1.0
        left -= taken
    return found


def sample(corpus: Path, limit: int) -> Iterator[str]:
    """Some `limit` bytes of a corpus folder's documents in their order, spread evenly over each source."""
    report = folders.read_json(corpus / "report.json", *REMEDY)
    taken = shares({source: counts["bytes"] for source, counts in report["sources"].items()}, limit)
    seen: dict[str, int] = dict.fromkeys(taken, 0)
    for group in row_groups(corpus / "documents", ["source", "text"]):
        for source, text in zip(group.column("source").to_pylist(), group.column("text").to_pylist(), strict=True):
            share = taken.get(source, 1.0)
            for chunk in chunks(text):
                number = seen[source] = seen.get(source, 0) + 1
                if share >= 1 or int(number * share) > int((number - 1) * share):
                    yield chunk


def chunks(text: str, size: int = _CHUNK) -> Iterator[str]:
    """A text in pieces of at most `size` characters that end at a line's end where there is one."""
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + size) + 1
        end = end if end > start else start + size
        yield text[start:end]
        start = end


def bounded(texts: Iterable[str], limit: int) -> tuple[list[str], int]:
    """The first texts up to a limit in bytes, as what can be encoded, and how many bytes they are."""
    taken: list[str] = []
    size = 0
    for text in texts:
        if size >= limit:
            break
        taken.append(characters(text))
        size += len(taken[-1].encode())
    return taken, size
