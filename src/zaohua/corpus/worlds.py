"""What an embedded world is to the stage: a function that gives documents by the name of a source."""

from collections.abc import Callable, Iterator
from itertools import islice

import xxhash

_SAMPLE = 1000  # documents that stand for a world's content: it is made from a seed, so all follow

Embedded = Callable[[str, str], Iterator[tuple[str, str, str]]]
"""(source, "train" or "test") -> (id, text, language) of each document of a world that the program brings along; a
function at the top of a module."""


def world_digests(worlds: list[str], embedded: Embedded | None) -> list[list[str]]:
    """One digest for the content of each world."""
    found = []
    for world in worlds:
        assert embedded is not None
        content = xxhash.xxh3_128()
        for part in ("train", "test"):
            for name, text, _ in islice(embedded(world, part), _SAMPLE):
                content.update(f"{part}\0{name}\0{text}\0".encode())
        found.append([world, content.hexdigest()])
    return found
