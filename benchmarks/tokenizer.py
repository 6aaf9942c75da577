"""Speed of learning a vocabulary and of encoding, beside `tokenizers` and `tiktoken` called directly, in one run.

Learning is measured from a corpus folder on disk to the finished tokenizer for us, and from a list of texts in memory
for `tokenizers`, with the same splitting rule and size. Encoding is measured on the vocabulary that we learned, with
the same texts in memory, after each engine has seen a part of them; ids that differ end the run. Systems take turns in
rounds. About five minutes on two cores; leave the machine alone meanwhile.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import peers
import result

OWN, TOKENIZERS, TIKTOKEN = "zaohua", "tokenizers", "tiktoken"
LEARNING, ENCODING = "MB/s, learning", "MB/s, encoding"
PACKAGES = ("zaohua", "tokenizers", "tiktoken", "pyarrow", "numpy")
DOCUMENT = 4000  # characters, about; a web page
FILES = {
    "zh": ("corpus/zh/classics/*.txt", "corpus/zh/web/clue_sampled.txt"),
    "en": ("corpus/en/novels/*.txt",),
}


class Bench:
    """One run: what was asked for, and the rates so far."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.rounds, self.limit, self.vocab_size = chosen.rounds, int(chosen.megabytes * 1e6), chosen.vocab_size
        self.started = time.monotonic()
        self.rates: dict[tuple[str, str, str], list[float]] = defaultdict(list)

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.started:4.0f} s] {text}", flush=True)

    def case(self, name: str, texts: list[str]) -> None:
        """Learn and encode one case's texts with every system, `rounds` times."""
        size = sum(len(text.encode()) for text in texts) / 1e6
        self.say(f"{name}: {len(texts):,} documents, {size:.1f} MB")
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as first:
            learned(corpus_of(texts[:20], Path(first)), 300)  # libraries load what they load late
            learned_directly(texts[:20], 300)
            corpus = corpus_of(texts, Path(folder))
            learners: dict[str, Callable[[], object]] = {
                OWN: lambda: learned(corpus, self.vocab_size),
                TOKENIZERS: lambda: learned_directly(texts, self.vocab_size),
            }
            for turn in range(self.rounds):
                for system in turned(learners, turn):
                    self.time(system, name, LEARNING, size, learners[system])
            tokenizer = learned(corpus, self.vocab_size)
        engine, bulk = tokenizer._engine, tokenizer._bulk
        assert bulk is not None
        threads = os.cpu_count() or 1
        encoders: dict[str, Callable[[list[str]], list[list[int]]]] = {
            OWN: tokenizer.encode_batch,
            TOKENIZERS: lambda part: [each.ids for each in engine.encode_batch_fast(part, add_special_tokens=False)],
            TIKTOKEN: lambda part: bulk.encode_ordinary_batch(part, num_threads=threads),
        }
        for encode in encoders.values():
            encode(texts[: len(texts) // 10 + 1])
        found = {}
        for turn in range(self.rounds):
            for system in turned(encoders, turn):
                found[system] = self.time(system, name, ENCODING, size, lambda s=system: encoders[s](texts))
        if not found[OWN] == found[TOKENIZERS] == found[TIKTOKEN]:
            raise SystemExit(f"{name}: the engines do not give the same ids")
        self.say(f"  {size * 1e6 / sum(map(len, found[OWN])):.3f} bytes a token, the same ids by all three")

    def time(self, system: str, case: str, unit: str, size: float, work: Callable[[], object]) -> object:
        """The work's result; its rate is noted."""
        start = time.perf_counter()
        done = work()
        rate = size / (time.perf_counter() - start)
        self.rates[system, case, unit].append(rate)
        self.say(f"  {unit}: {system} {rate:.2f}")
        return done

    def rows(self) -> list[result.Row]:
        return [
            result.row(system, case, f"{self.vocab_size} ids", unit, rates)
            for (system, case, unit), rates in self.rates.items()
        ]


def turned(systems: Iterable[str], turn: int) -> list[str]:
    """The systems in their order, and in every second round the other way round."""
    return list(systems) if turn % 2 == 0 else list(reversed(list(systems)))


def learned(corpus: Path, vocab_size: int):
    """Our tokenizer, from a corpus folder on disk."""
    from zaohua.tokenizer.sampling import sample
    from zaohua.tokenizer.settings import TokenizerSettings
    from zaohua.tokenizer.training import train_tokenizer

    settings = TokenizerSettings(vocab_size=vocab_size, sample_bytes=10**9)
    return train_tokenizer(sample(corpus, settings.sample_bytes), settings)


def learned_directly(texts: list[str], vocab_size: int):
    """A byte-level BPE of the `tokenizers` library with our splitting rule, from texts in memory."""
    from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Engine

    from zaohua.tokenizer.splitting import pattern

    engine = Engine(models.BPE())
    split = pre_tokenizers.Split(Regex(pattern("run")), "isolated")
    engine.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    engine.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - 6,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=48,
        show_progress=False,
    )
    engine.train_from_iterator(texts, trainer)
    return engine


def corpus_of(texts: list[str], folder: Path) -> Path:
    """A finished corpus folder of these texts, as much of one as the tokenizer reads."""
    import pyarrow
    import pyarrow.parquet

    (folder / "documents").mkdir()
    rows = pyarrow.table({"source": ["texts"] * len(texts), "text": texts})
    file = folder / "documents" / "part-0000.parquet"
    pyarrow.parquet.write_table(rows, file, compression="zstd", row_group_size=2000)
    size = sum(len(text.encode()) for text in texts)
    report = {"total": {"bytes": size}, "sources": {"texts": {"bytes": size}}}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return folder


def documents(language: str, limit: int) -> list[str]:
    """Documents of some 4,000 characters that end at a line's end, from ZAOHUA_DATA, else from the embedded world."""
    data = Path(os.environ.get("ZAOHUA_DATA", "../shared/data"))
    files = [file for pattern in FILES[language] for file in sorted(data.glob(pattern))]
    found: list[str] = []
    for text in (file.read_text(encoding="utf-8-sig") for file in files) if files else _world(language, limit):
        start = 0
        while start < len(text) and limit > 0:
            end = text.find("\n", start + DOCUMENT) + 1 or len(text)
            found.append(text[start:end])
            limit -= len(found[-1].encode())
            start = end
    return found


def _world(language: str, limit: int) -> Iterable[str]:
    from zaohua.microworld.texts import corpus

    return (text for _, text, _ in corpus(richness="full", languages=(language,), size=limit))


def arguments(given: Iterable[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round on half a megabyte, into .bench/")
    parser.add_argument("--case", action="append", choices=["zh", "en", "mixed"], help="a case; repeatable (all)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each system (3)")
    parser.add_argument("--megabytes", type=float, default=10.0, help="text of a case (10)")
    parser.add_argument("--vocab-size", type=int, default=8192, help="ids (8192)")
    parser.add_argument("--output", type=Path, help="where to write; in part runs .bench/tokenizer.json")
    chosen = parser.parse_args(None if given is None else list(given))
    whole = not (chosen.quick or chosen.case)
    chosen.output = chosen.output or (result.RESULTS if whole else peers.SITE.parent) / "tokenizer.json"
    if chosen.quick:
        chosen.rounds, chosen.megabytes, chosen.vocab_size = 1, 0.5, 1024
    return chosen


def main() -> int:
    """Run, write, print; 1 where the ids differ."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    chosen = arguments()
    bench = Bench(chosen)
    for case in chosen.case or ["zh", "en", "mixed"]:
        languages = ["zh", "en"] if case == "mixed" else [case]
        parts = [documents(language, bench.limit // len(languages)) for language in languages]
        bench.case(case, [text for part in parts for text in part])
    rows = bench.rows()
    result.write(
        chosen.output,
        name="tokenizer",
        rows=rows,
        ratios=result.ratios(rows, OWN, (LEARNING, ENCODING)),
        packages=PACKAGES,
        site=peers.SITE,
        threads=os.cpu_count() or 1,
    )
    for row in rows:
        print(f"{row.case:6} {row.system:11} {row.value:8.2f} {row.unit}")
    bench.say(f"written: {chosen.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
