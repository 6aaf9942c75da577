"""What is learned in equal minutes: held-out bits per byte of `zaohua make`'s choice beside nanoGPT's and GPT-2's.

Real texts from ZAOHUA_DATA. Our minutes hold everything, from the first look at the text to the card; a peer's hold its
training alone, on the text that our run cleaned. All are measured on the same bytes, 200,000 of the end of each file.
nanoGPT's recipe is run as published (2,000 steps, however short) and once more for as long as ours; a character that
its training text lacks costs it 8 bits. GPT-2 has its own tokenizer. An hour and a half on two cores.

`--case shakespeare` is the recipe of recipes/shakespeare-char, beside nanoGPT's own and beside `make` in the three
minutes that are published for it, in nats per character as well.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peers
import processes
import result

DATA = Path(os.environ.get("ZAOHUA_DATA", "../shared/data"))
TEXTS = {"plays": "corpus/en/plays", "classics": "corpus/zh/classics", "novels": "corpus/en/novels"}
SHAKESPEARE, RECIPE = "shakespeare", result.ROOT / "recipes" / "shakespeare-char" / "recipe.toml"
OWN, UNIT, NATS = "zaohua make", "bits per byte", "nats per character"
OUR_RECIPE = "zaohua run recipes/shakespeare-char"
BYTES = 200_000
WANTED = 0.9  # of each peer's bits per byte, at most
PUBLISHED_NATS, NEAR = 1.88, 0.05


@dataclass(frozen=True)
class Arm:
    """One learner on one text: which of learners.LEARNERS, after which command of ours (none: on another's corpus)."""

    name: str
    learner: str
    command: tuple[str, ...] = ()


def arms(case: str, text: Path, minutes: float) -> list[Arm]:
    """Who is compared on a text. The first makes the corpus that all but our own read."""
    make = ("make", str(text), "--minutes", f"{minutes:g}", "--corpus.split", "tail")
    recipe = "nanoGPT's CPU recipe"
    if case == SHAKESPEARE:
        run = ("run", str(RECIPE), "--corpus.sources", str(text))
        return [Arm(OUR_RECIPE, OWN, run), Arm(recipe, recipe), Arm(OWN, OWN, make)]
    longer, trainer = f"{recipe}, as long as ours", "transformers GPT-2, Trainer at its defaults"
    return [Arm(OWN, OWN, make), *(Arm(name, name) for name in (recipe, longer, trainer))]


def learn(job: dict[str, Any]) -> dict[str, Any]:
    """One arm in this process -> what came of it, with the bytes and characters that it was measured on."""
    import torch
    from heldout import excerpt
    from learners import LEARNERS, Task

    from zaohua.corpus.documents import read_documents

    torch.set_num_threads(job["threads"])
    train, heldout = (
        [document.text for document in read_documents(Path(job["corpus"]), part)] for part in ("documents", "heldout")
    )
    measured, gpt2 = excerpt(heldout, job["bytes"]), DATA / "tokenizers" / "gpt2" / "tokenizer.json"
    task = Task(folder=Path(job["folder"]), train=train, heldout=measured, seconds=job["seconds"], gpt2=gpt2)
    found = LEARNERS[job["learner"]](task)
    return {**found, "bytes": task.heldout_bytes, "characters": sum(map(len, measured))}


class Bench:
    """One run: what was asked for, and the rows so far."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.minutes, self.threads, self.bytes, self.kept = chosen.minutes, chosen.threads, chosen.bytes, chosen.folder
        self.cases: Sequence[str] = chosen.case or [*TEXTS, SHAKESPEARE]
        self.rows: list[result.Row] = []

    def run(self) -> None:
        """Every arm of every text in turn."""
        for case in self.cases:
            text = DATA / TEXTS["plays" if case == SHAKESPEARE else case]
            if not text.exists():
                self.rows.append(result.missing(OWN, case, UNIT, f"no {text.name} in ZAOHUA_DATA"))
                continue
            corpus = None
            for arm in arms(case, text, min(self.minutes, 3.0) if case == SHAKESPEARE else self.minutes):
                folder = self.kept / case / ("run" if arm.command[:1] == ("run",) else "make")
                if arm.command:  # it says what it does; a run that is finished is not run again
                    command = [sys.executable, "-m", "zaohua.cli", *arm.command, "-o", str(folder)]
                    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": str(self.threads)})
                    corpus = corpus or folder / "corpus"
                self.measure(arm, case, folder, corpus or folder / "corpus")

    def measure(self, arm: Arm, case: str, folder: Path, corpus: Path) -> None:
        """Train where that is not done yet, measure on the held-out text of `corpus`, and write down."""
        job = {"learner": arm.learner, "folder": str(folder), "corpus": str(corpus), "seconds": self.minutes * 60}
        job |= {"threads": self.threads, "bytes": self.bytes}
        words, limit = ["--learn", json.dumps(job)], self.minutes * 60 + 3600
        done = processes.ask("learning.py", words, 1, threads=self.threads, with_peers=True, timeout=limit)[0]
        print(f"{case:12} {arm.name:44} {done}", flush=True)
        if "bits" not in done:
            self.rows.append(result.missing(arm.name, case, UNIT, done["missing"]))
            return
        said = f"{done['steps']:,} steps, {done['tokens']:,} tokens"
        values = {UNIT: done["bits"], NATS: done["bits"] * math.log(2) * done["bytes"] / done["characters"]}
        values["seconds"] = done["seconds"]
        self.rows += [result.row(arm.name, case, said, unit, [value]) for unit, value in values.items()]


def standing(rows: Sequence[result.Row]) -> list[dict[str, Any]]:
    """Each goal: what was wanted, what was got, and whether that is enough."""
    bits = {(row.case, row.system): row.value for row in rows if row.unit == UNIT and row.value}
    nats = {(row.case, row.system): row.value for row in rows if row.unit == NATS and row.value}
    found = [
        {"case": case, "goal": f"{UNIT} over {peer}", "wanted": f"at most {WANTED}", "got": got, "met": got <= WANTED}
        for (case, peer), value in bits.items()
        if case != SHAKESPEARE and peer != OWN and (case, OWN) in bits
        for got in [round(bits[case, OWN] / value, 3)]
    ]
    reached = nats.get((SHAKESPEARE, OUR_RECIPE))
    if reached is not None:
        wanted, met = f"{PUBLISHED_NATS} ± {NEAR}", abs(reached - PUBLISHED_NATS) <= NEAR
        found.append(
            {"case": SHAKESPEARE, "goal": f"{NATS}, {OUR_RECIPE}", "wanted": wanted, "got": reached, "met": met}
        )
        if made := nats.get((SHAKESPEARE, OWN)):
            wanted = f"below {reached}"
            found.append(
                {"case": SHAKESPEARE, "goal": f"{NATS}, {OWN}", "wanted": wanted, "got": made, "met": made < reached}
            )
    return found


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=[*TEXTS, SHAKESPEARE], help="a text; repeatable (all)")
    parser.add_argument("--minutes", type=float, default=10.0, help="minutes of each learner (10)")
    parser.add_argument("--bytes", type=int, default=BYTES, help="held-out bytes that are predicted (200,000)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=peers.SITE.parent / "learning", help="where our runs lie")
    parser.add_argument("--output", type=Path, help="where to write; in part runs .bench/learning.json")
    parser.add_argument("--learn", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Let all learn, and write the result."""
    chosen = arguments()
    if chosen.learn:
        processes.say(learn(json.loads(chosen.learn)))
        return
    if reason := peers.install():
        print(reason)
    bench = Bench(chosen)
    bench.run()
    goals = standing(bench.rows)
    for goal in goals:
        print(f"{goal['case']:12} {goal['goal']}: {goal['got']} (wanted {goal['wanted']}; met: {goal['met']})")
    whole = not chosen.case and chosen.minutes == 10.0
    result.write(
        chosen.output or (result.RESULTS if whole else peers.SITE.parent) / "learning.json",
        name="learning",
        rows=bench.rows,
        ratios=result.ratios(bench.rows, OWN, (UNIT,)),
        packages=("zaohua", "torch", "transformers", "tokenizers", "accelerate"),
        site=peers.SITE,
        threads=chosen.threads,
        goals=goals,
    )


if __name__ == "__main__":
    main()
