"""The corpus stage: near-duplicates and rules beside datatrove, the whole stage's speed and memory, and what follows.

    ZAOHUA_DATATROVE=PYTHON python benchmarks/corpus.py [--megabytes 1000] [--only near rules stage] [--output FILE]

`near` and `rules` run datatrove on the same documents in turns (near_duplicates.py and rules.py say how). `stage` makes
documents by putting paragraphs of the texts in ZAOHUA_DATA together anew, half of the bytes Chinese, half English, as
JSON lines; then `zaohua corpus` (default settings), `zaohua tokenizer train` and `zaohua tokens` read them on two
workers; `book` gives `zaohua corpus` such paragraphs as one .txt file. Rates are megabytes of files a second; memory is
that of all processes together, shared pages once.
From these rates `--table` prints how many machines and hours a terabyte and a hundred take, and what that assumes.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import near_duplicates
import result
import rules

from zaohua.corpus.pieces import SIZE

PARTS = ("near", "rules", "stage", "book")
WORKERS = 2
MACHINES = ((1, 16), (10, 16), (100, 64))
"""(machines, cores of each) in the table."""
DRIVER = 1000
"""MB/s at which the driver reads every byte once for its digest: 10 Gbit/s, or a fast disk."""
MOVED = 7
"""Times the bytes of the sources that storage moves: read for the digest, cut, cleaned (3); keys written and read for
the sketches (2); cleaned texts written, read twice, and the documents written, packed to some 0.4 each (1.6)."""
ASSUMPTIONS = f"""
- Every core does what a core did in the measured run on {WORKERS}, waiting included. No run of that size was made.
- Storage that all machines share moves {MOVED} times the bytes of the sources, at the rate in the last column; a slower
  one decides the time. Tasks send one another names and counts only, so the network carries what storage moves.
- The driver reads every byte once for its digest, at {DRIVER:,} MB/s, before the first task; the other machines wait.
- No skew: the sources are many files, or files that can be cut. A file of {SIZE >> 20} MB or more is cut by one task,
  which reads all of it; one that cannot be cut (a page, a book) is one task.
- The clusters of duplicates, the border of what is held out, the names of repeated texts and the common lines are one
  task each. More machines do not help them, though the hours are divided as if they did: a lower bound. The clusters
  want a machine with a tenth of the text's bytes as memory.
- 100 TB are a hundred corpora of 1 TB, one after the other, each without repeats in itself, as FineWeb's crawls are.
- `zaohua tokens` has no cluster: it runs on one of the machines, all of whose cores its threads keep busy.
"""


def paragraphs(language: str) -> list[str]:
    """The paragraphs of all texts of a language."""
    return [line for text in near_duplicates.sources(language) for line in text.splitlines() if len(line) > 40]


def documents(language: str, size: int, rng: random.Random) -> Iterator[str]:
    """Some `size` bytes of documents: paragraphs from anywhere, of log-normal length in all."""
    pool, written = paragraphs(language), 0
    while written < size:
        wanted = rng.lognormvariate(7.0 if language == "en" else 6.0, 0.8)
        parts: list[str] = []
        while sum(map(len, parts)) < wanted:
            parts.append(rng.choice(pool))
        text = "\n".join(parts)
        written += len(text.encode())
        yield text


def write_texts(folder: Path, megabytes: int, files: int = 8) -> tuple[int, int]:
    """JSON lines of so many megabytes in all -> documents, bytes on disk."""
    rng, count = random.Random(0), 0
    for number in range(files):
        with (folder / f"part-{number}.jsonl").open("w", encoding="utf-8") as file:
            for language in ("en", "zh"):
                for text in documents(language, megabytes * 10**6 // (2 * files), rng):
                    file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
                    count += 1
    return count, sum(path.stat().st_size for path in folder.iterdir())


def carried_out(*words: object) -> near_duplicates.Measured:
    """A command of ours: seconds, processor seconds, peak memory."""
    seen = near_duplicates.Watched()
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "zaohua.cli", *map(str, words)], stdout=log, stderr=subprocess.STDOUT
        )
        watcher = threading.Thread(target=near_duplicates.watch, args=(process, seen))
        watcher.start()
        code = process.wait()
        watcher.join()
        log.seek(0)
        if code:
            raise RuntimeError(log.read()[-2000:])
    processor = sum(seen.ticks.values()) / os.sysconf("SC_CLK_TCK")
    return near_duplicates.Measured(time.perf_counter() - begun, processor, seen.peak / 1e6)


def stage(megabytes: int) -> list[result.Row]:
    """Read, clean, deduplicate, learn a vocabulary, encode."""
    case = f"{megabytes} MB"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "texts").mkdir()
        count, size = write_texts(folder / "texts", megabytes)
        print(f"stage: {count:,} documents, {size / 1e6:,.0f} MB", flush=True)
        steps = {
            "corpus": ("corpus", folder / "texts", "-o", folder / "corpus", "--run.workers", WORKERS),
            "tokenizer": ("tokenizer", "train", folder / "corpus", "-o", folder / "tokenizer"),
            "tokens": ("tokens", folder / "corpus", folder / "tokenizer", "-o", folder / "tokens"),
        }
        taken = {name: carried_out(*words) for name, words in steps.items()}
    rows = [row for name, each in taken.items() for row in rows_of(f"{name}, {case}", size, each)]
    whole = sum(taken[name].seconds for name in ("corpus", "tokens"))
    rows.append(result.row("zaohua", f"corpus and tokens, {case}", "", "MB/s", [size / 1e6 / whole]))
    return rows


def book(megabytes: int) -> list[result.Row]:
    """The corpus stage on one .txt file."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "book.txt"
        with file.open("w", encoding="utf-8") as text:
            for language in ("en", "zh"):
                for part in documents(language, megabytes * 10**6 // 2, rng):
                    text.write(part + "\n")
        size = file.stat().st_size
        print(f"book: one file of {size / 1e6:,.0f} MB", flush=True)
        taken = carried_out("corpus", file, "-o", Path(scratch) / "corpus", "--run.workers", WORKERS)
    return rows_of(f"corpus of one text file, {megabytes} MB", size, taken)


def rows_of(case: str, size: int, taken: near_duplicates.Measured) -> list[result.Row]:
    """What came of a command that read so many bytes."""
    values = {
        "MB/s": size / 1e6 / taken.seconds,
        "peak MB": taken.megabytes,
        "MB/s of processor": size / 1e6 / taken.processor,
    }
    return [result.row("zaohua", case, "", unit, [value]) for unit, value in values.items()]


def chains(documents: int, repeats: int) -> list[result.Row]:
    """Documents a second of one core through the chain of rules, beside datatrove's."""
    rows = []
    for language, sources in (("eng", rules.english), ("cmn", rules.chinese)):
        texts = [text for group in sources(documents).values() for text in group if text.strip()]
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(texts, file)
            file.flush()
            ours, theirs = [], []
            for _ in range(repeats):
                theirs.append(rules.ask(str(near_duplicates.PEERS_PYTHON), "their_time", language, file.name))
                ours.append(rules.ask(sys.executable, "our_time", language, file.name))
        for system, seconds in (("zaohua", ours), ("datatrove", theirs)):
            rates = [len(texts) / each for each in seconds]
            rows.append(result.row(system, f"rules, {language}", "", "documents/s of processor", rates))
    return rows


def table(rate: float, tokens: float) -> Iterator[str]:
    """Machines and hours, from MB/s of the corpus stage and of the tokens stage on WORKERS cores; what is assumed."""
    columns = ("text", "machines × cores", "driver alone, hours", "corpus, hours", "tokens on one, hours", "together")
    yield f"| {' | '.join(columns)} | storage, GB/s |"
    yield "|---" * (len(columns) + 1) + "|"
    for terabytes in (1, 100):
        for machines, cores in MACHINES:
            speed = rate / WORKERS * machines * cores
            hours = [terabytes * 1e6 / each / 3600 for each in (DRIVER, speed, tokens / WORKERS * cores)]
            told = " | ".join(map(_short, (*hours, sum(hours), speed * MOVED / 1000)))
            yield f"| {terabytes} TB | {machines} × {cores} | {told} |"
    yield ASSUMPTIONS


def _short(value: float) -> str:
    """A number with some two figures that count."""
    return f"{value:,.{0 if value >= 100 else 1 if value >= 1 else 2}f}"


def near(documents: int, repeats: int) -> list[result.Row]:
    """Near-duplicates end to end, both languages, beside datatrove."""
    systems = ["zaohua", "zaohua-verified", "datatrove"]
    return [row for language in ("en", "zh")
            for row in near_duplicates.bench(language, documents, repeats, systems, print)]  # fmt: skip


def main() -> int:
    """Run the parts, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000, help="text for the whole stage (1000)")
    parser.add_argument("--documents", type=int, default=20_000, help="documents of a language for near-duplicates")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--output", type=Path, default=result.RESULTS / "corpus.json")
    parser.add_argument("--table", action="store_true", help="print the table from the last result, and end")
    chosen = parser.parse_args()
    if chosen.table:
        found = {(row["case"].partition(",")[0], row["unit"]): row["value"]
                 for row in json.loads(chosen.output.read_text(encoding="utf-8"))["rows"]}  # fmt: skip
        print("\n".join(table(found["corpus", "MB/s"], found["tokens", "MB/s"])))
        return 0
    rows: list[result.Row] = []
    peers: Sequence[str] = [part for part in ("near", "rules") if part in chosen.only]
    if peers and (reason := near_duplicates.environment()):
        print(f"datatrove is left out, and with it {' and '.join(peers)}: {reason}")
        peers = []
    if "near" in peers:
        rows += near(chosen.documents, chosen.repeats)
    if "rules" in peers:
        rows += chains(400, chosen.repeats)
    if "stage" in chosen.only:
        rows += stage(chosen.megabytes)
    if "book" in chosen.only:
        rows += book(chosen.megabytes)
    units = ("documents/s", "documents/s of processor", "documents/s with start")
    site = next(near_duplicates.PEERS_PYTHON.parent.parent.glob("lib/python*/site-packages"), Path())
    ratios = result.ratios(rows, "zaohua", units)
    packages = ("numpy", "pyarrow", "rensa", "datatrove")
    result.write(chosen.output, name="corpus", rows=rows, ratios=ratios, packages=packages, site=site, threads=2)
    for row in rows:
        print(f"{row.case:28} {row.system:16} {row.unit:26} {row.value}")
    for ratio in ratios:
        print(f"{ratio['case']:28} over {ratio['over']:16} {ratio['unit']:26} {ratio['value']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
