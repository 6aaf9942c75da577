"""Which vocabulary predicts text best in the same time: rule, size and size of the corpus, and what others do.

For each text (Chinese, English, both) a corpus is made once, and of it parts of several sizes with the same held-out
text. For each arm a vocabulary is learned or brought in, the part is encoded, and the same small model is trained for
the same minutes; what counts is its bits per byte of the held-out text. The most telling arms come first, how long all
of it takes is told before it begins, and each arm is written down when it is done: the same command goes on there.
Minutes are steps at the machine's pace, which is measured at the very beginning, on a quiet machine, for vocabularies
of several sizes in turns: so whatever else runs beside an arm changes nothing of what comes of it.

    python recipes/tokenizer/experiment.py --minutes-per-arm 2     all arms, or the first --arms N
    python recipes/tokenizer/experiment.py --table                 result.md from the arms that there are
    python recipes/tokenizer/experiment.py --smoke --texts zh      two seconds an arm, to see that all of it runs
"""

import argparse
import os
import shutil
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import findings
import pace
import torch
from arms import DATA, SIZES, TEXTS, Arm, arms

from zaohua import folders, stages
from zaohua.checkpoint.model_folder import LoadedModel, load_model
from zaohua.corpus import stage as corpus_stage
from zaohua.corpus.documents import DOCUMENT, Table, read_documents
from zaohua.corpus.settings import CorpusSettings
from zaohua.data import shards
from zaohua.data.packing import Rows
from zaohua.data.settings import TokensSettings
from zaohua.evaluation.perplexity import bits_per_byte, summed_loss
from zaohua.events import Events, duration
from zaohua.model.size import parameter_count
from zaohua.objectives.causal import Causal
from zaohua.recipe import ModelSettings
from zaohua.settings import UserError
from zaohua.tokenizer.report import Sample, measure
from zaohua.tokenizer.sampling import chunks, sample
from zaohua.tokenizer.texts import text_bytes
from zaohua.training.interruption import Interrupted
from zaohua.training.settings import TrainingSettings

HERE = Path(__file__).parent
SAMPLE_BYTES = 20_000_000  # what vocabularies are learned from, as by default
HELDOUT_BYTES = 600_000  # what is measured on
PIECE = 2000  # characters; documents are cut into pieces, so that a share of three novels is a share of each
BESIDE = 60.0  # seconds of an arm beside its training, until some have been measured


class Experiment:
    """What was asked for, and the results so far."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen, self.events = chosen, Events(console=False)
        self.asked = {name: getattr(chosen, name) for name in ("minutes", "dim", "layers", "length", "precision")}
        self.found = read_results(chosen.output) or {
            "asked": self.asked,
            "machine": {
                "begun": time.strftime("%Y-%m-%d"),
                "cores": os.cpu_count(),
                "cuda": torch.cuda.is_available(),
                "torch": torch.__version__,
            },
            "arms": {},
        }

    def run(self) -> None:
        """Every arm that has no result yet, at most so many."""
        if self.found["asked"] != self.asked:
            raise SystemExit(f"{self.chosen.output} holds arms of {self.found['asked']}: name another --output")
        done: dict[str, Any] = self.found["arms"]
        wanted = list(arms(self.chosen))
        left = [arm for arm in wanted if arm.key not in done][: self.chosen.arms]
        if "pace" not in self.found:
            self.found["pace"] = pace.measured(self.chosen)
            folders.write_json(self.chosen.output, self.found)
        print(self.estimate(len(wanted), len(left)), flush=True)
        parts = self.parts({(arm.text, arm.share) for arm in left})
        for number, arm in enumerate(left):
            print(f"{time.strftime('%H:%M:%S')} {arm.key}", flush=True)
            facts: dict[str, Any] = {"text": arm.text, "share": arm.share, "vocabulary": arm.vocabulary.name}
            facts["seed"] = arm.seed
            start = time.perf_counter()
            try:
                facts |= self.arm(arm, parts[arm.text, arm.share])
                said = f"{facts['bits_per_byte']:.4f} bits per byte"
            except Interrupted:
                raise SystemExit("stopped; the same command begins this arm again and goes on") from None
            except Exception as error:  # hours that nobody watches shall not end with one arm
                if not isinstance(error, UserError | ImportError):
                    traceback.print_exc()
                said = facts["missing"] = " ".join(f"{type(error).__name__}: {error}".split())
            facts["seconds"] = round(time.perf_counter() - start, 1)
            done[arm.key] = facts
            folders.write_json(self.chosen.output, self.found)
            print(f"    {said}; {duration(self.seconds() * (len(left) - number - 1))} left", flush=True)

    def seconds(self) -> float:
        """What an arm takes: as those did that were trained, or its training and a guess."""
        taken = [each["seconds"] for each in self.found["arms"].values() if "bits_per_byte" in each]
        return sum(taken) / len(taken) if taken else self.chosen.minutes * 60 + BESIDE

    def estimate(self, wanted: int, left: int) -> str:
        """What is to be done, and how long that takes."""
        measured = any("bits_per_byte" in each for each in self.found["arms"].values())
        source = "as measured so far" if measured else f"{BESIDE:.0f} s beside its training is a guess"
        return (
            f"{wanted} arms, {left} to do now, {duration(self.seconds())} each ({source}): "
            f"{duration(self.seconds() * left)}, and some minutes first where a corpus is still to be made"
        )

    def parts(self, wanted: set[tuple[str, float]]) -> dict[tuple[str, float], Path]:
        """The corpus folders of texts and shares, all made before anything is measured."""
        found = {}
        for text, share in sorted(wanted):
            names = [DATA / name for name in TEXTS[text]]
            sources = tuple(str(path) for path in names if path.exists())
            if not sources:
                raise SystemExit(f"none of {', '.join(TEXTS[text])} is in {DATA}: set ZAOHUA_DATA")
            place = self.chosen.folder / text
            corpus = corpus_stage.run(CorpusSettings(sources=sources), place / "corpus", self.events)
            found[text, share] = part_of(corpus, share, place / f"part-{share:g}")
        return found

    def arm(self, arm: Arm, corpus: Path) -> dict[str, Any]:
        """Learn, encode, train, measure; what is large is deleted at the end."""
        folder = self.chosen.folder / "arm"
        shutil.rmtree(folder, ignore_errors=True)
        taken = list(sample(corpus, SAMPLE_BYTES))
        size = sum(len(text.encode()) for text in taken) / 1e6
        start = time.perf_counter()
        tokenizer = arm.vocabulary.make(taken)
        learning = round(size / (time.perf_counter() - start), 2) if arm.vocabulary.learned else None
        with folders.writing(folder / "tokenizer", {"stage": "tokenizer", "settings": {}, "inputs": {}}) as temporary:
            tokenizer.save(temporary)
        tokenizer.encode_batch(taken[:20])
        start = time.perf_counter()
        tokenizer.encode_batch(taken)
        encoding = size / (time.perf_counter() - start)
        rates = measure(tokenizer, (Sample(document.text) for document in read_documents(corpus, "heldout")))
        shards.run(TokensSettings(), corpus, folder / "tokenizer", folder / "tokens", self.events)
        steps = max(round(self.chosen.minutes * 60 / pace.seconds(self.found["pace"], tokenizer.vocab_size)), 1)
        trained = self.trained(folder, arm.seed, steps)
        config = trained.model.config
        store = shards.TokenStore.open(folder / "tokens")
        part, heldout = store.part("train"), store.part("heldout")
        nats, _ = summed_loss(Causal(trained.model), Rows(heldout, self.chosen.length))
        tables = tokenizer.vocab_size * config.dim * (1 if config.tied_head else 2)
        found = {
            "corpus_bytes": part.bytes,
            "heldout_bytes": heldout.bytes,
            "ids": tokenizer.vocab_size,
            "bits_per_byte": round(bits_per_byte(nats, heldout.bytes), 5),
            "tokens_per_character": round(1 / rates["languages"]["all"]["characters_per_token"], 4),
            "bytes_per_token": rates["languages"]["all"]["bytes_per_token"],
            "fallback_rate": rates["fallback_rate"],
            "learning": learning,
            "encoding": round(encoding, 2),
            "table_share": round(tables / parameter_count(config), 3),
            "steps": steps,
            "tokens": trained.about["tokens"],
            "epochs": round(trained.about["tokens"] / len(part.tokens), 3),
        }
        shutil.rmtree(folder, ignore_errors=True)
        return found

    def trained(self, folder: Path, seed: int, steps: int) -> LoadedModel:
        """The small model after so many steps, by the dials of `zaohua make`."""
        settings = TrainingSettings(
            steps=steps,
            length=self.chosen.length,
            rows=pace.ROWS,
            learning_rate=3e-3,
            optimizer="muon",
            precision=self.chosen.precision,
            seed=seed,
            validate_every=10**6,
            validate_rows=1,
            sample_every=0,
        )
        shape = ModelSettings(dim=self.chosen.dim, layers=self.chosen.layers)
        stages.pretrain(shape, settings, folder / "tokens", folder / "tokenizer", folder / "pretrain", self.events)
        return load_model(folder / "pretrain" / "model")


def part_of(corpus: Path, share: float, folder: Path) -> Path:
    """A corpus folder with a share of each source of another, in pieces; its held-out text is that of every share."""
    inputs = {"corpus": folders.summary_digest(corpus)}
    settings = {"share": share, "piece": PIECE, "heldout": HELDOUT_BYTES}
    manifest = {"stage": "corpus", "settings": settings, "inputs": inputs}
    if folders.up_to_date(folder, manifest):
        return folder
    shares = {"documents": share, "heldout": min(1.0, HELDOUT_BYTES / text_bytes(corpus, "heldout"))}
    sizes = {part: Counter[str]() for part in shares}
    with folders.writing(folder, manifest) as temporary:
        for part in ("documents", "heldout"):
            (temporary / part).mkdir()
            seen: Counter[str] = Counter()
            with Table(temporary / part / "part-0000.parquet", DOCUMENT) as table:
                for document in read_documents(corpus, part):
                    for piece in chunks(document.text, PIECE):
                        number = seen[document.source] = seen[document.source] + 1
                        if int(number * shares[part]) > int((number - 1) * shares[part]):
                            row = {"id": f"{document.source}:{number}", "text": piece, "source": document.source}
                            table.add(row | {"meta": "{}"})
                            sizes[part][document.source] += len(piece.encode())
        total = {"bytes": sizes["documents"].total(), "heldout_bytes": sizes["heldout"].total()}
        sources = {source: {"bytes": size} for source, size in sizes["documents"].items()}
        folders.write_json(temporary / "report.json", {"total": total, "sources": sources})
    return folder


def read_results(path: Path) -> dict[str, Any] | None:
    """What is written down so far."""
    return folders.read_json(path, "delete it to begin anew", "请删除它，从头开始") if path.is_file() else None


def arguments(given: Iterable[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes-per-arm", dest="minutes", type=float, default=2.0, help="of training (2)")
    parser.add_argument("--arms", type=int, help="stop after so many more (all)")
    parser.add_argument("--texts", nargs="+", choices=list(TEXTS), default=list(TEXTS), help="(all three)")
    parser.add_argument("--shares", nargs="+", type=float, choices=list(SIZES), default=[1.0, 0.1, 0.01],
                        help="of a corpus; all is compared on the largest, sizes on each (1 0.1 0.01)")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=1, help="runs of each arm; the second begins after all (1)")
    parser.add_argument("--dim", type=int, default=192, help="width of the model (192)")
    parser.add_argument("--layers", type=int, default=4, help="of the model (4)")
    parser.add_argument("--length", type=int, default=256, help="tokens in a row (256)")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="of every arm (fp32)")
    parser.add_argument("--folder", type=Path, default=Path("runs/tokenizer"), help="for corpora and models")
    parser.add_argument("--output", type=Path, default=HERE / "results.json", help="(recipes/tokenizer/results.json)")
    parser.add_argument("--smoke", action="store_true", help="a few seconds an arm, small sizes, into --folder")
    parser.add_argument("--table", action="store_true", help="write result.md beside the output and stop")
    chosen = parser.parse_args(None if given is None else list(given))
    chosen.sizes, chosen.shares = SIZES, sorted(set(chosen.shares), reverse=True)
    if chosen.smoke:
        chosen.minutes, chosen.dim, chosen.layers, chosen.length = 1 / 30, 32, 1, 64
        chosen.shares, chosen.sizes = [0.03, 0.01], {0.03: (512, 1024), 0.01: (400, 512)}
        chosen.output = chosen.folder / "smoke.json" if chosen.output == HERE / "results.json" else chosen.output
    return chosen


def main(given: Iterable[str] | None = None) -> int:
    """Run, or write the table."""
    chosen = arguments(given)
    if not chosen.table:
        chosen.output.parent.mkdir(parents=True, exist_ok=True)
        Experiment(chosen).run()
        return 0
    found = read_results(chosen.output)
    if found is None:
        raise SystemExit(f"there is no {chosen.output}: run the experiment first")
    lines = findings.page(found)
    folders.write_file(chosen.output.with_name("result.md"), "\n".join(lines) + "\n")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
