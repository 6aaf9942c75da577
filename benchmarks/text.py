"""How fast one core does to a text what is done to every text: MB of UTF-8 a second, for each step and for all.

    ZAOHUA_DATA=../shared/data python benchmarks/text.py [--seconds 3]

Reads the novels (English), the classics, the web texts and the technical texts (Chinese), as documents of some 2 kB
and whole; ftfy alone and NFC alone stand beside our steps. CPU seconds of this process, so that a busy machine changes
little.
"""

import argparse
import gzip
import json
import os
import time
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path

import ftfy

from zaohua.corpus.keys import dedup_key, exact_key
from zaohua.corpus.language import identify
from zaohua.corpus.mojibake import damaged, repair
from zaohua.corpus.normalize import Normalisation, normalize
from zaohua.corpus.privacy import mask
from zaohua.corpus.rejoin import rejoin
from zaohua.corpus.script import histogram

DATA = Path(os.environ.get("ZAOHUA_DATA", "../shared/data")) / "corpus"
PART = 700  # characters of a short Chinese document, a third of a short English one
LIMIT = 3_000_000  # bytes of each text that are enough to time it


def chain(text: str) -> None:
    """Everything that happens to one document, in order."""
    text = repair(text)[0]
    damaged(text)
    text = rejoin(normalize(text))
    identify(text)
    exact_key(dedup_key(text))
    mask(text)


STEPS: dict[str, Callable[[str], object]] = {
    "mojibake.repair": repair,
    "mojibake.damaged": damaged,
    "normalize": normalize,
    "normalize to simplified": partial(normalize, settings=Normalisation(script="simplified")),
    "rejoin": rejoin,
    "script.histogram": histogram,
    "language.identify": identify,
    "keys.dedup_key": dedup_key,
    "privacy.mask": mask,
    "whole chain": chain,
    "(ftfy alone)": partial(
        ftfy.fix_text, unescape_html=False, fix_latin_ligatures=False, fix_character_width=False, uncurl_quotes=False,
        fix_line_breaks=False, normalization=None,
    ),
    "(NFC alone)": partial(unicodedata.normalize, "NFC"),
}  # fmt: skip


def texts() -> dict[str, list[str]]:
    """Name -> documents."""
    whole = {
        "novels en": [path.read_text(encoding="utf-8") for path in sorted((DATA / "en/novels").glob("*.txt"))[:4]],
        "classics zh": [path.read_text(encoding="utf-8") for path in sorted((DATA / "zh/classics").glob("*.txt"))],
        "web zh": (DATA / "zh/web/clue_sampled.txt").read_text(encoding="utf-8").split("\n"),
    }
    with gzip.open(DATA / "zh/tech/oi_wiki.jsonl.gz", "rt", encoding="utf-8") as file:
        whole["tech zh"] = [json.loads(line)["text"] for line in file]
    cut = {}
    for name in ("novels en", "classics zh"):
        size = PART * 3 if name.endswith("en") else PART
        cut[f"{name}, 2 kB"] = [
            text[start : start + size] for text in whole[name] for start in range(0, len(text), size)
        ]
    return cut | whole


def rate(step: Callable[[str], object], documents: list[str], seconds: float) -> float:
    """MB of UTF-8 a CPU second; the best of the passes that fit into the time."""
    chosen, size = [], 0
    for document in documents:
        chosen.append(document)
        size += len(document.encode())
        if size >= LIMIT:
            break
    step(chosen[0])  # loads what is loaded late
    best, until = 0.0, time.process_time() + seconds
    while not best or time.process_time() < until:
        start = time.process_time()
        for document in chosen:
            step(document)
        best = max(best, size / 1e6 / (time.process_time() - start))
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="CPU seconds for each figure, at least one pass")
    seconds = parser.parse_args().seconds
    corpora = texts()
    print("MB/s".ljust(26) + "".join(name.rjust(20) for name in corpora))
    for name, step in STEPS.items():
        figures = "".join(f"{rate(step, documents, seconds):20.1f}" for documents in corpora.values())
        print(name.ljust(26) + figures, flush=True)


if __name__ == "__main__":
    main()
