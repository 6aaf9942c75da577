"""Near-duplicates end to end, Parquet to Parquet, beside datatrove and datasketch: speed, memory, recall, precision.

    python benchmarks/near_duplicates.py [--documents 4000] [--repeats 3] [--language zh] [--output FILE]

Peers run in an environment of their own: that of the Python named by ZAOHUA_DATATROVE, or .bench/deduplication, made
with uv at the first run. Documents are cut from the texts in ZAOHUA_DATA (default ../shared/data), lengths log-normal;
three in ten get a copy with a share of their characters (words) edited, or in traditional characters. Systems take
turns on the same files, with two workers where they can. A small run beside each large one tells what starting costs:
documents a second are those after the start.
Recall is the share of copies of which not both are kept; precision the share of removed documents that are planted or
alike another one by an exact Jaccard similarity of 0.8.
"""

import argparse
import gzip
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow
import pyarrow.parquet
import result

from zaohua.corpus.edges import NEIGHBOURS, edges, verified
from zaohua.corpus.keys import dedup_key
from zaohua.corpus.signatures import NearDuplicates, signatures

DATA = Path(os.environ.get("ZAOHUA_DATA", result.ROOT.parent / "shared" / "data"))
HERE = Path(__file__).parent / "deduplication"
ENVIRONMENT = result.ROOT / ".bench" / "deduplication"
PEERS_PYTHON = Path(os.environ.get("ZAOHUA_DATATROVE", ENVIRONMENT / "bin" / "python"))
PEERS = ("datatrove[processing,multilingual]==0.10.1", "datasketch==2.0.0", "pyarrow")
RATES = (0.0, 0.005, 0.01, 0.02, 0.04, 0.1)
FILES = 8
_SHORTEST = 0.1  # seconds
SYSTEMS = {
    "zaohua": ("by_zaohua.py", {}),
    "zaohua-verified": ("by_zaohua.py", {"characters": 5, "words": 3, "verify": 0.7}),
    "datatrove": ("by_datatrove.py", None),
    "datasketch": ("by_datasketch.py", None),
}


class Planted(NamedTuple):
    """Documents, and for each copy where it stands, where its source stands, and how it was made."""

    texts: list[str]
    copies: list[tuple[int, int, str]]


class Measured(NamedTuple):
    """One run of one system."""

    seconds: float
    processor: float
    megabytes: float


def sources(language: str) -> Iterator[str]:
    """The texts that documents are cut from."""
    corpus = DATA / "corpus" / language
    if language == "en":
        yield from (path.read_text(encoding="utf-8", errors="replace") for path in sorted(corpus.glob("novels/*.txt")))
        return
    yield from (path.read_text(encoding="utf-8", errors="replace") for path in sorted(corpus.glob("classics/*.txt")))
    yield (corpus / "web/clue_sampled.txt").read_text(encoding="utf-8")
    with gzip.open(corpus / "tech/oi_wiki.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from (json.loads(line)["text"] for line in file)


def documents(language: str, count: int, rng: random.Random) -> list[str]:
    """So many pieces of the texts, of log-normal lengths, in no order."""
    text = "\n".join(sources(language))
    middle, found, place = (600, [], 0) if language == "zh" else (1800, [], 0)
    while place < len(text):
        size = int(rng.lognormvariate(math.log(middle), 0.6))
        found.append(text[place : place + size].strip())
        place += size
    rng.shuffle(found)
    return [piece for piece in found if len(piece) > 100][:count]


def edited(text: str, language: str, rate: float, rng: random.Random) -> str:
    """The text with that share of its characters (words) replaced, left out or followed by another."""
    units = text.split(" ") if language == "en" else list(text)
    for place in sorted(rng.sample(range(len(units)), round(rate * len(units))), reverse=True):
        other = rng.choice(units)
        units[place : place + 1] = rng.choice(([other], [], [units[place], other]))
    return (" " if language == "en" else "").join(units)


def planted(language: str, count: int, seed: int = 1) -> Planted:
    """Documents of which three in ten stand there once more, changed; one copy of a source."""
    from opencc import OpenCC

    rng, traditional = random.Random(seed), OpenCC("s2t").convert
    entries: list[tuple[str, int, str]] = []
    for number, text in enumerate(documents(language, round(count / 1.3), rng)):
        entries.append((text, number, ""))
        if rng.random() < 0.3:
            rate = rng.choice([*RATES, "traditional"] if language == "zh" else RATES)
            copy = traditional(text) if isinstance(rate, str) else edited(text, language, rate, rng)
            entries.append((copy, number, rate if isinstance(rate, str) else f"{rate:.1%}"))
    rng.shuffle(entries)
    source = {number: place for place, (_, number, way) in enumerate(entries) if not way}
    copies = [(place, source[number], way) for place, (_, number, way) in enumerate(entries) if way]
    return Planted([text for text, _, _ in entries], copies)


def write_input(folder: Path, texts: Sequence[str]) -> None:
    """The documents as Parquet files of equally many, each with its place as its id."""
    (folder / "input").mkdir(parents=True)
    for number, part in enumerate(np.array_split(np.arange(len(texts)), FILES)):
        table = pyarrow.table({"id": [str(i) for i in part], "text": [texts[i] for i in part]})
        pyarrow.parquet.write_table(table, folder / "input" / f"{number:05}.parquet")


def environment() -> str | None:
    """Make the peers' environment where it is missing; the reason where that cannot be done."""
    if PEERS_PYTHON.exists():
        return None
    python, uv = ENVIRONMENT / "bin" / "python", result.ROOT / ".uv" / "bin" / "uv"
    commands = [
        [uv, "venv", "-q", "--python", "3.11", ENVIRONMENT],
        [uv, "pip", "install", "-q", "--python", python, *PEERS],
    ]
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["uv failed"])[-1]
    return None


def measured(system: str, language: str, folder: Path) -> Measured:
    """Run a system on the input in a folder: seconds, processor seconds and peak memory of it and its workers."""
    script, settings = SYSTEMS[system]
    python = sys.executable if settings is not None else str(PEERS_PYTHON)
    words = [] if settings is None else [json.dumps(settings)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    begun = time.perf_counter()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [python, str(HERE / script), str(folder), language, *words],
            env={**os.environ, **threads},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        seen = Watched()
        watcher = threading.Thread(target=watch, args=(process, seen))
        watcher.start()
        code = process.wait()
        watcher.join()
    seconds = time.perf_counter() - begun
    if code:
        raise RuntimeError((folder / "log").read_text()[-2000:])
    return Measured(seconds, sum(seen.ticks.values()) / os.sysconf("SC_CLK_TCK"), seen.peak / 1e6)


@dataclass
class Watched:
    """What a process and all below it have used: processor ticks of each, and the most memory of all together."""

    ticks: dict[int, int] = field(default_factory=dict)
    peak: int = 0


def watch(process: subprocess.Popen, seen: Watched) -> None:
    """Note what a process and all below it use, ten times a second; shared pages count once."""
    while process.poll() is None:
        children: dict[int, list[int]] = defaultdict(list)
        ticks: dict[int, int] = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            words = _text(status).rpartition(")")[2].split()
            if words:
                children[int(words[1])].append(int(status.parent.name))
                ticks[int(status.parent.name)] = int(words[11]) + int(words[12])
        family = [process.pid]
        for each in family:
            family += children[each]
        seen.ticks.update({each: ticks[each] for each in family if each in ticks})
        sizes = (line.split() for each in family for line in _text(Path(f"/proc/{each}/smaps_rollup")).splitlines())
        seen.peak = max(seen.peak, sum(int(words[1]) * 1024 for words in sizes if words[0] == "Pss:"))
        time.sleep(0.1)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # the process has ended
        return ""


def kept_in(folder: Path) -> set[int]:
    """The documents that a system kept."""
    found: set[int] = set()
    for path in (folder / "kept").rglob("*.parquet"):
        found.update(map(int, pyarrow.parquet.read_table(path, columns=["id"])["id"].to_pylist()))
    return found


def alike(texts: Sequence[str], language: str) -> set[int]:
    """The documents to which another one has an exact Jaccard similarity of 0.8 or more."""
    loose = NearDuplicates(bands=40, rows=4, verify=0.8)
    keys, characters = [dedup_key(text) for text in texts], np.full(len(texts), language == "zh")
    pairs = edges(*signatures(keys, characters, np.arange(len(texts), dtype=np.uint64), loose), neighbours=NEIGHBOURS)
    look_up = lambda ids: ([keys[i] for i in ids.tolist()], characters[ids.astype(int)])  # noqa: E731
    found = verified(pairs, look_up, loose, sizes=lambda ids: np.array([len(keys[i].encode()) for i in ids.tolist()]))
    return set(found.ravel().tolist())


def quality(texts: Planted, kept: set[int], similar: set[int]) -> dict[str, float]:
    """Recall by how copies were made, and precision."""
    found: dict[str, list[bool]] = defaultdict(list)
    for copy, source, way in texts.copies:
        found[f"recall {way}"].append(not {copy, source} <= kept)
    shares = {name: statistics.mean(hits) for name, hits in sorted(found.items())}
    related = similar | {place for copy, source, _ in texts.copies for place in (copy, source)}
    removed = set(range(len(texts.texts))) - kept
    return {**shares, "precision": len(removed & related) / max(len(removed), 1)}


def bench(language: str, count: int, repeats: int, systems: Sequence[str], say: Any) -> list[result.Row]:
    """All systems on one language's documents, in turns."""
    texts = planted(language, count)
    few = max(count // 20, 100)
    megabytes = sum(len(text.encode()) for text in texts.texts) / 1e6
    say(f"{language}: {len(texts.texts):,} documents, {megabytes:.1f} MB, {len(texts.copies):,} copies")
    similar = alike(texts.texts, language)
    runs: dict[str, list[tuple[Measured, Measured]]] = defaultdict(list)
    shares: dict[str, dict[str, float]] = {}
    rows: list[result.Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for repeat in range(repeats):
            for system in systems:
                pair = []
                for size in (few, len(texts.texts)):
                    folder = Path(scratch) / "run"
                    write_input(folder, texts.texts[:size])
                    try:
                        pair.append(measured(system, language, folder))
                        if size > few and repeat == 0:
                            shares[system] = quality(texts, kept_in(folder), similar)
                    except RuntimeError as error:
                        rows.append(result.missing(system, language, "documents/s", str(error).splitlines()[-1]))
                        break
                    finally:
                        shutil.rmtree(folder)
                else:
                    runs[system].append((pair[0], pair[1]))
                    say(f"  {system}: {pair[1].seconds:.1f} s, {pair[1].processor:.1f} s of processor")
    more = len(texts.texts) - few
    for system, pairs in runs.items():
        values = {
            "documents/s": rates(more, [large.seconds - small.seconds for small, large in pairs]),
            "documents/s of processor": rates(more, [large.processor - small.processor for small, large in pairs]),
            "documents/s with start": rates(len(texts.texts), [large.seconds for _, large in pairs]),
            "peak MB": [large.megabytes for _, large in pairs],
        }
        for unit in [unit for unit, each in values.items() if not each]:
            rows.append(result.missing(system, language, unit, "its time cannot be told from its start"))
            del values[unit]
        rows += [result.row(system, language, "", unit, each) for unit, each in values.items()]
        rows += [result.row(system, language, "", name, [share]) for name, share in shares[system].items()]
    return rows


def rates(count: int, seconds: Sequence[float]) -> list[float]:
    """So many documents in so many seconds, of the runs that took long enough to tell."""
    return [count / each for each in seconds if each > _SHORTEST]


def main() -> int:
    """Run, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=4000, help="documents of a language (4000)")
    parser.add_argument("--repeats", type=int, default=3, help="turns (3)")
    parser.add_argument("--language", action="append", choices=["zh", "en"], help="a language; repeatable (both)")
    parser.add_argument("--system", action="append", choices=list(SYSTEMS), help="a system; repeatable (all)")
    parser.add_argument("--output", type=Path, default=result.RESULTS / "near_duplicates.json", help="where to write")
    chosen = parser.parse_args()
    systems = chosen.system or list(SYSTEMS)
    reason = environment() if any(SYSTEMS[system][1] is None for system in systems) else None
    rows = []
    if reason:
        print(f"the peers are left out: {reason}")
        systems = [system for system in systems if SYSTEMS[system][1] is not None]
    for language in chosen.language or ["zh", "en"]:
        rows += bench(language, chosen.documents, chosen.repeats, systems, lambda line: print(line, flush=True))
    site = next(PEERS_PYTHON.parent.parent.glob("lib/python*/site-packages"), ENVIRONMENT)
    result.write(
        chosen.output,
        name="near duplicates",
        rows=rows,
        ratios=result.ratios(rows, "zaohua", ("documents/s", "documents/s of processor", "documents/s with start")),
        packages=("numpy", "pyarrow", "rensa", "datatrove", "datasketch"),
        site=site,
        threads=2,
    )
    for row in rows:
        print(
            f"{row.case:3} {row.system:16} {row.unit:26} " + (row.precision if row.value is None else f"{row.value:g}")
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
