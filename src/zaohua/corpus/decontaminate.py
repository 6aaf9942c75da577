"""Evaluation texts in a corpus: found by the n-grams they share with documents, exactly; named, dropped or cut out."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zaohua.corpus import arrays
from zaohua.corpus.comparison import Decontamination
from zaohua.corpus.shingles import dense, letters_of, long_enough, units, windows, word_letters

_STEMS = (12, 6, 3, 2, 1)  # a short item is looked for by so many of its first units, then compared whole
_SIEVE = 2**22
_EXCERPT = 40  # characters shown before and after what was found
_BLOCK = 2**20  # characters of a text laid beside its key at once


class Item(NamedTuple):
    """One evaluation text: the set it belongs to, and the dedup key of question and answer in a row."""

    evaluation: str
    key: str


class Hits(NamedTuple):
    """Places where documents hold n-grams of items; a row each, columns (n,) int64."""

    documents: np.ndarray
    items: np.ndarray
    units: np.ndarray
    """The first of the document's units that is covered."""
    widths: np.ndarray
    """How many units are covered."""
    grams: np.ndarray
    """The number of the n-gram in the index."""


@dataclass(frozen=True)
class _Grams:
    """The n-grams of one width, by hash; `whole` where each stands for an item that is to be compared as a whole."""

    width: int
    whole: bool
    hashes: np.ndarray
    items: np.ndarray
    sieve: np.ndarray
    first: int
    """The number of the first of them in the index."""


class Index:
    """All n-grams of evaluation texts, in so many bytes as 16 for each."""

    def __init__(self, items: Sequence[Item], settings: Decontamination) -> None:
        self.items, self.settings = list(items), settings
        self.values, self.starts = units([item.key for item in items], "mixed")
        lengths = np.diff(self.starts)
        letters = [letters_of(item.key) for item in items]
        spaceless = np.array([2 * int(dense()[each].sum()) for each in letters]) >= lengths
        needed = np.where(spaceless, settings.characters, settings.words)
        enough = np.array([len(each) for each in letters]) >= settings.short
        self.unchecked = np.flatnonzero((lengths < needed) & ~enough).tolist()
        """Items too short to look for."""
        self.grams: list[_Grams] = []
        self.counts = np.ones(len(items), dtype=np.int64)
        """N-grams of each item."""
        for width in sorted({settings.words, settings.characters}):
            chosen = np.flatnonzero((needed == width) & (lengths >= width))
            self.counts[chosen] = lengths[chosen] - width + 1
            self._add(chosen, width, whole=False)
        stems = np.array(
            [next((stem for stem in _STEMS if stem <= length), 0) for length in lengths.tolist()], dtype=int
        )
        for width in _STEMS:
            self._add(np.flatnonzero((lengths < needed) & enough & (stems == width)), width, whole=True)

    def _add(self, chosen: np.ndarray, width: int, *, whole: bool) -> None:
        if not len(chosen):
            return
        ends = self.starts[chosen] + (width if whole else np.diff(self.starts)[chosen])
        parts = [self.values[a:b] for a, b in zip(self.starts[chosen].tolist(), ends.tolist(), strict=True)]
        starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
        hashes, items = [], []
        for found, offsets, first, _ in windows(np.concatenate(parts), starts, width):
            hashes.append(found)
            items.append(np.repeat(chosen[first : first + len(offsets) - 1], np.diff(offsets)))
        pairs = np.unique(np.stack([np.concatenate(hashes), np.concatenate(items).astype(np.uint64)], axis=1), axis=0)
        sieve = np.zeros(_SIEVE, dtype=bool)
        sieve[pairs[:, 0] % np.uint64(_SIEVE)] = True
        first = self.grams[-1].first + len(self.grams[-1].hashes) if self.grams else 0
        self.grams.append(_Grams(width, whole, pairs[:, 0].copy(), pairs[:, 1].astype(np.int64), sieve, first))

    def hits(self, keys: Sequence[str]) -> Hits:
        """All places where documents, given by their dedup keys, hold what the index holds."""
        values, starts = units(keys, "mixed")
        rows: list[np.ndarray] = [np.zeros((0, 5), dtype=np.int64)]
        for grams in self.grams:
            chosen, some, borders = long_enough(values, starts, grams.width)
            for hashes, offsets, first, place in windows(some, borders, grams.width):
                likely = np.flatnonzero(grams.sieve[hashes % np.uint64(_SIEVE)])
                low = np.searchsorted(grams.hashes, hashes[likely])
                counts = np.searchsorted(grams.hashes, hashes[likely], side="right") - low
                at, gram = np.repeat(likely, counts), _ranges(low, counts)
                row = np.searchsorted(offsets, at, side="right") - 1
                unit = at - offsets[row] + np.where(row == 0, place, 0)
                width = np.full(len(at), grams.width)
                found = np.stack([chosen[first + row], grams.items[gram], unit, width, grams.first + gram], axis=1)
                rows.append(self._whole(found, values, starts) if grams.whole else found)
        return Hits(*np.unique(np.concatenate(rows), axis=0).T)

    def _whole(self, found: np.ndarray, values: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Of places where a short item begins, those where all of it stands."""
        kept = []
        for row in found:
            document, item, unit, _, gram = row.tolist()
            wanted = self.values[self.starts[item] : self.starts[item + 1]]
            begin = starts[document] + unit
            if np.array_equal(values[begin : min(begin + len(wanted), starts[document + 1])], wanted):
                kept.append([document, item, unit, len(wanted), gram])
        return np.array(kept, dtype=np.int64).reshape(-1, 5)

    def enough(self, hits: Hits) -> Hits:
        """The hits of documents with items of which they hold as large a share as is asked."""
        pairs = np.stack([hits.documents, hits.items, hits.grams], axis=1)
        distinct = np.unique(pairs, axis=0)[:, :2]
        both, counts = np.unique(distinct, axis=0, return_counts=True)
        passed = both[counts >= self.settings.share * self.counts[both[:, 1]]]
        size = len(self.items)
        kept = np.isin(hits.documents * size + hits.items, passed[:, 0] * size + passed[:, 1])
        return Hits(*(column[kept] for column in hits))

    def gram_text(self, gram: int) -> str:
        """The words of an n-gram, from the dedup key of its item."""
        grams = next(grams for grams in reversed(self.grams) if grams.first <= gram)
        item = int(grams.items[gram - grams.first])
        values = self.values[self.starts[item] : self.starts[item + 1]]
        width = len(values) if grams.whole else grams.width
        hashes, *_ = next(windows(values, np.array([0, len(values)]), grams.width))
        unit = 0 if grams.whole else int(np.flatnonzero(hashes == grams.hashes[gram - grams.first])[0])
        return _slice(self.items[item].key, unit, unit + width)

    def write(self, path: Path) -> None:
        """The items; `read_index` makes the index of them again."""
        texts = [text.encode("utf-8", "surrogatepass") for item in self.items for text in item]
        ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
        arrays.write(path, {"end": ends, "text": np.frombuffer(b"".join(texts), dtype=np.uint8)})


def read_index(path: Path, settings: Decontamination) -> Index:
    """The index of the items in a file."""
    found = arrays.read(path)
    content, ends = found["text"].tobytes(), [0, *found["end"].tolist()]
    texts = [content[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(ends)]
    return Index([Item(*pair) for pair in zip(texts[::2], texts[1::2], strict=True)], settings)


def write_gram_counts(path: Path, grams: np.ndarray) -> None:
    """In how many documents of a file each n-gram stands, of n-grams named once for each document."""
    found, counts = np.unique(grams, return_counts=True)
    arrays.write(path, {"gram": found, "count": counts})


def common_grams(paths: Iterable[Path], index: Index) -> list[tuple[int, str]]:
    """N-grams in more documents of all files than `common`: in how many, and its words; the most common first."""
    total: Counter[int] = Counter()
    for path in paths:
        found = arrays.read(path)
        total.update(dict(zip(found["gram"].tolist(), found["count"].tolist(), strict=True)))
    often = sorted((-count, gram) for gram, count in total.items() if count > index.settings.common)
    return list(dict.fromkeys((-count, index.gram_text(gram)) for count, gram in often))  # items may share one


class Contaminated(NamedTuple):
    """A document that holds evaluation texts: what is left of it, and what was found."""

    text: str | None
    """None: nothing is left."""
    found: list[tuple[str, int, str]]
    """For each item its evaluation set, its number, and an excerpt of the document around the first place."""


def decontaminate(
    texts: Sequence[str], keys: Sequence[str], index: Index, fold: Callable[[str], str]
) -> tuple[dict[int, Contaminated], np.ndarray]:
    """Texts and their dedup keys -> those that hold evaluation texts, by number, and the n-grams in them.

    `fold` makes the dedup key of a text; it tells where in the text a place of the key stands. The n-grams are numbers
    in the index, one for each document that has it, to be counted over all files.
    """
    hits = index.hits(keys)
    grams = np.unique(np.stack([hits.documents, hits.grams], axis=1), axis=0)[:, 1]
    hits = index.enough(hits)
    result: dict[int, Contaminated] = {}
    for document in map(int, np.unique(hits.documents)):
        here = hits.documents == document
        text = texts[document]
        spans = _spans(text, keys[document], hits.units[here], hits.units[here] + hits.widths[here], fold)
        found: dict[int, str] = {}
        for item, place in zip(hits.items[here].tolist(), range(int(here.sum())), strict=True):
            low, high = (0, 0) if spans is None else spans[place]
            found.setdefault(item, text[max(low - _EXCERPT, 0) : high + _EXCERPT])
        named = [(index.items[item].evaluation, item, excerpt) for item, excerpt in sorted(found.items())]
        left = _without(text, spans) if index.settings.action == "excise" and spans is not None else None
        result[document] = Contaminated(left or None, named)
    return result, grams


def _spans(
    text: str, key: str, begins: np.ndarray, ends: np.ndarray, fold: Callable[[str], str]
) -> list[tuple[int, int]] | None:
    """Ranges of a key's units as ranges of characters in its text; None where the two cannot be laid side by side."""
    letters, firsts = letters_of(key), word_letters(key)
    wanted = np.concatenate([firsts[begins], firsts[ends] - 1])
    places = np.zeros(len(wanted), dtype=np.int64)
    folded: dict[int, np.ndarray] = {}
    passed = 0
    for begin in range(0, len(text), _BLOCK):
        points = np.frombuffer(text[begin : begin + _BLOCK].encode("utf-32-le", "surrogatepass"), dtype="<u4")
        distinct, which = np.unique(points, return_inverse=True)
        for point in set(distinct.tolist()) - folded.keys():
            folded[point] = letters_of(fold(chr(point)))
        each = [folded[point] for point in distinct.tolist()]
        sizes = np.array([len(some) for some in each])
        starts, counts = (np.cumsum(sizes) - sizes)[which], sizes[which]
        found = np.concatenate(each)[_ranges(starts, counts)]
        if not np.array_equal(found, letters[passed : passed + len(found)]):
            return None
        here = (wanted >= passed) & (wanted < passed + len(found))
        places[here] = begin + np.repeat(np.arange(len(points)), counts)[wanted[here] - passed]
        passed += len(found)
    if passed < len(letters):
        return None
    low, high = np.split(places, 2)
    return list(zip(low.tolist(), (high + 1).tolist(), strict=True))


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """A text without ranges of its characters; a line end stands where something was taken out."""
    kept, end = [], 0
    for low, high in sorted(spans):
        if low > end:
            kept.append(text[end:low])
        end = max(end, high)
    return "\n".join(part for part in [*kept, text[end:]] if part.strip())


def _slice(key: str, begin: int, end: int) -> str:
    """The part of a key from one unit to before another."""
    spans = _spans(key, key, np.array([begin]), np.array([end]), lambda character: character)
    assert spans is not None, "a text lies beside itself"
    return key[spans[0][0] : spans[0][1]]


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """start, start + 1, … of each range, one after the other."""
    return np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
