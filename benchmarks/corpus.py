"""The corpus stage: near-duplicates and rules beside datatrove, the whole stage's speed and memory, and what follows.

    ZAOHUA_DATATROVE=PYTHON python benchmarks/corpus.py [--megabytes 1000] [--only near rules stage] [--output FILE]

`near` and `rules` run datatrove on the same documents in turns (near_duplicates.py and rules.py say how). `stage` makes
documents by putting paragraphs of the texts in ZAOHUA_DATA together anew, half of the bytes Chinese, half English, as
JSON lines; then `zaohua corpus` (default settings), `zaohua tokenizer train` and `zaohua tokens` read them on two
workers. Rates are megabytes of JSON lines a second; memory is that of all processes together, shared pages once.
From these rates `--table` prints how many machines and hours a terabyte and a hundred take.
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

PARTS = ("near", "rules", "stage")
MACHINES = ((1, 16), (10, 16), (100, 64))
"""(machines, cores of each) in the table."""


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
            "corpus": ("corpus", folder / "texts", "-o", folder / "corpus", "--run.workers", 2),
            "tokenizer": ("tokenizer", "train", folder / "corpus", "-o", folder / "tokenizer"),
            "tokens": ("tokens", folder / "corpus", folder / "tokenizer", "-o", folder / "tokens"),
        }
        taken = {name: carried_out(*words) for name, words in steps.items()}
    rows = []
    for name, each in taken.items():
        rows.append(result.row("zaohua", f"{name}, {case}", "", "MB/s", [size / 1e6 / each.seconds]))
        rows.append(result.row("zaohua", f"{name}, {case}", "", "peak MB", [each.megabytes]))
        rows.append(result.row("zaohua", f"{name}, {case}", "", "MB/s of processor", [size / 1e6 / each.processor]))
    whole = sum(taken[name].seconds for name in ("corpus", "tokens"))
    rows.append(result.row("zaohua", f"corpus and tokens, {case}", "", "MB/s", [size / 1e6 / whole]))
    return rows


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
    """Machines and hours, from MB/s of processor of the corpus and the tokens stage on one core."""
    seconds_a_megabyte = 1 / rate + 1 / tokens
    yield "| text | machines × cores | corpus, hours | tokens, hours | together |"
    yield "|---|---|---|---|---|"
    for terabytes in (1, 100):
        for machines, cores in MACHINES:
            hours = [terabytes * 1e6 / each / (machines * cores) / 3600 for each in (rate, tokens)]
            whole = terabytes * 1e6 * seconds_a_megabyte / (machines * cores) / 3600
            yield f"| {terabytes} TB | {machines} × {cores} | {hours[0]:,.1f} | {hours[1]:,.1f} | {whole:,.1f} |"


def near(documents: int, repeats: int) -> list[result.Row]:
    """Near-duplicates end to end, both languages, beside datatrove."""
    systems = ["zaohua", "zaohua-verified", "datatrove"]
    return [row for language in ("en", "zh")
            for row in near_duplicates.bench(language, documents, repeats, systems, print)]  # fmt: skip


def main() -> int:
    """Run the parts, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000, help="text for the whole stage (1000)")
    parser.add_argument("--documents", type=int, default=4000, help="documents of a language for near-duplicates")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--output", type=Path, default=result.RESULTS / "corpus.json")
    parser.add_argument("--table", action="store_true", help="print the table from the last result, and end")
    chosen = parser.parse_args()
    if chosen.table:
        found = {(row["case"].partition(",")[0], row["unit"]): row["value"]
                 for row in json.loads(chosen.output.read_text(encoding="utf-8"))["rows"]}  # fmt: skip
        unit = "MB/s of processor"
        print("\n".join(table(found["corpus", unit], found["tokens", unit])))
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
