"""Which vocabulary predicts text best in the same time: rule x size, and the vocabularies of others, on three texts.

For each text (Chinese, English, both) a corpus is made once. For each arm a vocabulary is learned or imported, the
corpus is encoded, and the same small model is trained for the same seconds; what counts is held-out bits per byte.
Results go to a JSON file after each arm. Started again, it goes on where it stopped.

    python recipes/tokenizer/experiment.py --seconds 120          everything: some hours on two cores
    python recipes/tokenizer/experiment.py --smoke                a few seconds an arm, to see that all of it runs
    python recipes/tokenizer/experiment.py --table                the table of what is there so far
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from zaohua import folders, stages
from zaohua.checkpoint.model_folder import LoadedModel, load_model
from zaohua.corpus import stage as corpus_stage
from zaohua.corpus.documents import read_documents
from zaohua.corpus.settings import CorpusSettings
from zaohua.data import shards
from zaohua.data.packing import Rows
from zaohua.data.settings import TokensSettings
from zaohua.evaluation.perplexity import bits_per_byte, summed_loss
from zaohua.events import Events
from zaohua.model.size import parameter_count
from zaohua.objectives.causal import Causal
from zaohua.recipe import ModelSettings
from zaohua.settings import UserError
from zaohua.tokenizer.extension import with_chat
from zaohua.tokenizer.foreign import import_vocabulary
from zaohua.tokenizer.report import Sample, common_characters, measure
from zaohua.tokenizer.sampling import sample
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.training import train_tokenizer
from zaohua.training.settings import TrainingSettings

HERE = Path(__file__).parent
DATA = Path(os.environ.get("ZAOHUA_DATA", "../shared/data"))
TEXTS = {
    "zh": ("corpus/zh/classics", "corpus/zh/web", "corpus/zh/tech"),
    "en": ("corpus/en/novels", "corpus/en/web"),
    "mixed": ("corpus/zh/classics", "corpus/zh/web", "corpus/zh/tech", "corpus/en/novels", "corpus/en/web"),
}
RULES = ("run", "four", "two", "single", "words")
SIZES = (2048, 4096, 8192, 16_384, 32_768)
PEER_SIZE = 8192
COLUMNS = ("vocabulary", "bits per byte", "spread", "tokens per character", "bytes per token", "learning MB/s",
           "encoding MB/s", "share of the table")  # fmt: skip
SAMPLE_BYTES = 20_000_000


@dataclass(frozen=True)
class Arm:
    """One vocabulary: its name, and how it is made from a sample of a corpus."""

    name: str
    make: Callable[[list[str]], Tokenizer]


def ours(kind: str, rule: str, size: int) -> Arm:
    settings = TokenizerSettings(kind=kind, hanzi=rule, vocab_size=size, sample_bytes=10**9)  # pyright: ignore[reportArgumentType]
    return Arm(f"{kind} {rule} {size}", lambda taken: train_tokenizer(taken, settings))


def arms(rules: Sequence[str], sizes: Sequence[int], peers: bool) -> list[Arm]:
    """Every rule at every size, and beside them the other kinds and the vocabularies of others."""
    found = [ours("bpe", rule, size) for size in sizes for rule in rules]
    if not peers:
        return found
    size = PEER_SIZE if PEER_SIZE in sizes else sizes[0]
    return [
        *found,
        ours("unigram", "run", size),
        ours("characters", "run", size),
        Arm(f"byte merges, our rule {size}", lambda taken: directly(taken, size, ours_rule=True)),
        Arm(f"byte merges, GPT-2's rule {size}", lambda taken: directly(taken, size, ours_rule=False)),
        Arm(f"SentencePiece unigram {size}", lambda taken: sentencepiece(taken, size)),
        Arm("minimind 6400", lambda taken: imported(DATA / "tokenizers/minimind")),
        Arm("GPT-2 50257", lambda taken: imported(DATA / "tokenizers/gpt2")),
    ]


def imported(path: Path) -> Tokenizer:
    """A vocabulary of others, with our special tokens."""
    return with_chat(import_vocabulary(path)).tokenizer


def directly(taken: list[str], size: int, *, ours_rule: bool) -> Tokenizer:
    """What the `tokenizers` library learns by itself: merges of bytes, which may end inside a character."""
    from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Engine

    from zaohua.tokenizer.definition import whole
    from zaohua.tokenizer.splitting import FOREIGN, pattern

    engine = Engine(models.BPE())
    expression = pattern("run") if ours_rule else FOREIGN["gpt2"]
    split = pre_tokenizers.Split(Regex(expression), "isolated")
    engine.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    engine.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size - 6, min_frequency=2, initial_alphabet=alphabet, max_token_length=48, show_progress=False
    )
    engine.train_from_iterator(taken, trainer)
    return Tokenizer(whole(json.loads(engine.to_str())))


def sentencepiece(taken: list[str], size: int) -> Tokenizer:
    """SentencePiece's unigram with its own defaults, but for what would change or lose text."""
    import io

    import sentencepiece as library

    model = io.BytesIO()
    try:
        library.SentencePieceTrainer.train(
            sentence_iterator=(line for text in taken for line in text.splitlines() if line),
            model_writer=model,
            vocab_size=size - 6,
            model_type="unigram",
            byte_fallback=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            max_sentence_length=100_000,
            input_sentence_size=200_000,
            shuffle_input_sentence=True,
            minloglevel=2,
        )
    except RuntimeError as error:  # it says so when the size is too small for the characters
        raise UserError(f"SentencePiece: {error}", f"SentencePiece 报错：{error}") from None
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        (Path(folder) / "tokenizer.model").write_bytes(model.getvalue())
        return imported(Path(folder))


class Experiment:
    """What was asked for, and where the results go."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen, self.events = chosen, Events(console=False)
        self.results: dict[str, Any] = {}
        if chosen.output.is_file():
            self.results = folders.read_json(chosen.output, "delete it to begin anew", "请删除它，从头开始")
        self.asked = {"seconds": chosen.seconds, "dim": chosen.dim, "layers": chosen.layers, "length": chosen.length}

    def run(self) -> None:
        """Every arm on every text that has no result for these settings yet."""
        for text in self.chosen.texts:
            corpus = self.corpus(text)
            for arm in arms(self.chosen.rules, self.chosen.sizes, not self.chosen.without_peers):
                for seed in range(self.chosen.seeds):
                    key = f"{text} | {arm.name} | seed {seed}"
                    if self.results.get(key, {}).get("asked") == self.asked:
                        continue
                    print(f"{time.strftime('%H:%M:%S')} {key}", flush=True)
                    try:
                        self.results[key] = {"text": text, "arm": arm.name, "seed": seed, "asked": self.asked}
                        self.results[key] |= self.arm(arm, corpus, self.chosen.folder / text / "arm", seed)
                    except (
                        UserError,
                        ImportError,
                    ) as error:  # too little text for the size, a library that is not there
                        self.results[key]["missing"] = str(error)
                    found = self.results[key]
                    print("   ", found.get("missing") or f"{found['bits_per_byte']:.4f} bits per byte", flush=True)
                    content = json.dumps(self.results, ensure_ascii=False, indent=1) + "\n"
                    folders.write_file(self.chosen.output, content)

    def corpus(self, text: str) -> Path:
        """The corpus folder of one of the texts."""
        sources = tuple(str(DATA / name) for name in TEXTS[text] if (DATA / name).exists())
        if not sources:
            raise SystemExit(f"none of {', '.join(TEXTS[text])} is in {DATA}: set ZAOHUA_DATA")
        return corpus_stage.run(CorpusSettings(sources=sources), self.chosen.folder / text / "corpus", self.events)

    def arm(self, arm: Arm, corpus: Path, folder: Path, seed: int) -> dict[str, Any]:
        """Learn, encode, train, measure; what is large is deleted at the end."""
        shutil.rmtree(folder, ignore_errors=True)
        taken = list(sample(corpus, self.chosen.sample_bytes))
        size = sum(len(text.encode()) for text in taken) / 1e6
        start = time.perf_counter()
        tokenizer = arm.make(taken)
        learning = size / (time.perf_counter() - start)
        with folders.writing(folder / "tokenizer", {"stage": "tokenizer", "settings": {}, "inputs": {}}) as temporary:
            tokenizer.save(temporary)
        tokenizer.encode_batch(taken[:20])
        start = time.perf_counter()
        tokenizer.encode_batch(taken)
        encoding = size / (time.perf_counter() - start)
        heldout = [document.text for document in read_documents(corpus, "heldout")]
        rates = measure(tokenizer, map(Sample, heldout), common=common_characters(taken))
        shards.run(TokensSettings(), corpus, folder / "tokenizer", folder / "tokens", self.events)
        trained = self.trained(folder, seed)
        model = trained.model
        found = {
            "vocab_size": tokenizer.vocab_size,
            "bits_per_byte": self.bits(model, folder / "tokens"),
            "characters_per_token": rates["languages"]["all"]["characters_per_token"],
            "bytes_per_token": rates["languages"]["all"]["bytes_per_token"],
            "tokens_per_character": round(1 / rates["languages"]["all"]["characters_per_token"], 4),
            "fallback_rate": rates["fallback_rate"],
            "common_characters": rates["common_characters"],
            "lossless": tokenizer.lossless,
            "learning_mb_per_second": round(learning, 2),
            "encoding_mb_per_second": round(encoding, 2),
            "parameters": parameter_count(model.config),
            "embedding_share": round(tokenizer.vocab_size * model.config.dim / parameter_count(model.config), 3),
            **{key: trained.about[key] for key in ("steps", "tokens")},
        }
        shutil.rmtree(folder, ignore_errors=True)
        return found

    def trained(self, folder: Path, seed: int) -> LoadedModel:
        """The small model after the same seconds as every other arm's."""
        settings = TrainingSettings(
            seconds=self.chosen.seconds,
            length=self.chosen.length,
            rows=16,
            learning_rate=3e-3,
            seed=seed,
            validate_every=10**6,
            sample_every=0,
            precision="fp32" if not torch.cuda.is_available() else "bf16",
        )
        shape = ModelSettings(dim=self.chosen.dim, layers=self.chosen.layers)
        stages.pretrain(shape, settings, folder / "tokens", folder / "tokenizer", folder / "pretrain", self.events)
        return load_model(folder / "pretrain" / "model")

    def bits(self, model, tokens: Path) -> float:
        """Bits per byte of all held-out text, or of the first 2,000 rows spread over it."""
        part = shards.TokenStore.open(tokens).part("heldout")
        rows = Rows(part, self.chosen.length)
        nats, targets = summed_loss(Causal(model), rows, limit=2000)
        return round(bits_per_byte(nats, part.bytes * targets / rows.targets), 5)


def table(results: dict[str, Any]) -> list[str]:
    """The results as Markdown: for each text its arms, the best first; seeds of an arm are averaged."""
    lines: list[str] = []
    for text in dict.fromkeys(each["text"] for each in results.values()):
        lines += ["", f"## {text}", "", "| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
        groups: dict[str, list[dict[str, Any]]] = {}
        for each in results.values():
            if each["text"] == text and "bits_per_byte" in each:
                groups.setdefault(each["arm"], []).append(each)

        def mean(group: list[dict[str, Any]], key: str) -> float:
            return sum(each[key] for each in group) / len(group)

        for name, group in sorted(groups.items(), key=lambda item: mean(item[1], "bits_per_byte")):
            bits = [each["bits_per_byte"] for each in group]
            lines.append(
                f"| {name} | {mean(group, 'bits_per_byte'):.4f} | {max(bits) - min(bits):.4f} "
                f"| {mean(group, 'tokens_per_character'):.3f} | {mean(group, 'bytes_per_token'):.2f} "
                f"| {mean(group, 'learning_mb_per_second'):.1f} | {mean(group, 'encoding_mb_per_second'):.1f} "
                f"| {mean(group, 'embedding_share'):.0%} |"
            )
        lines += [f"| {each['arm']} | missing: {each['missing']} |" + " |" * 6
                  for each in results.values() if each["text"] == text and "missing" in each]  # fmt: skip
    return lines


def arguments(given: Iterable[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0, help="of training, for every arm (120)")
    parser.add_argument("--texts", nargs="+", choices=list(TEXTS), default=list(TEXTS), help="(all three)")
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES), help="(all five)")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help=f"({' '.join(map(str, SIZES))})")
    parser.add_argument("--without-peers", action="store_true", help="rules and sizes alone")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each arm (1)")
    parser.add_argument("--dim", type=int, default=192, help="width of the model (192)")
    parser.add_argument("--layers", type=int, default=4, help="of the model (4)")
    parser.add_argument("--length", type=int, default=256, help="tokens in a row (256)")
    parser.add_argument("--sample-bytes", type=int, default=SAMPLE_BYTES, help="that vocabularies are learned from")
    parser.add_argument("--folder", type=Path, default=Path("runs/tokenizer"), help="for corpora and models")
    parser.add_argument("--output", type=Path, default=HERE / "results.json", help="(recipes/tokenizer/results.json)")
    parser.add_argument("--smoke", action="store_true", help="two seconds an arm, two rules, one size")
    parser.add_argument("--table", action="store_true", help="print the table and stop")
    chosen = parser.parse_args(None if given is None else list(given))
    if chosen.smoke:
        chosen.seconds, chosen.rules, chosen.sizes, chosen.sample_bytes = 2.0, ["run", "words"], [2048], 500_000
        chosen.dim, chosen.layers, chosen.length = 32, 1, 64
        chosen.output = chosen.folder / "smoke.json" if chosen.output == HERE / "results.json" else chosen.output
    return chosen


def main() -> int:
    """Run or print."""
    chosen = arguments()
    experiment = Experiment(chosen)
    if not chosen.table:
        chosen.output.parent.mkdir(parents=True, exist_ok=True)
        experiment.run()
    print("\n".join(table(experiment.results)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
