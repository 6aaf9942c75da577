"""The arms of the experiment in their order, and how each vocabulary is made."""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zaohua.settings import UserError
from zaohua.tokenizer.definition import SPECIALS, whole
from zaohua.tokenizer.extension import with_chat
from zaohua.tokenizer.foreign import import_vocabulary
from zaohua.tokenizer.learning import learn
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.splitting import FOREIGN, pattern
from zaohua.tokenizer.tokenizer import Tokenizer, of_definition
from zaohua.tokenizer.training import train_tokenizer

DATA = Path(os.environ.get("ZAOHUA_DATA", "../shared/data"))
ZH, EN = ("corpus/zh/classics", "corpus/zh/web", "corpus/zh/tech"), ("corpus/en/novels", "corpus/en/web")
TEXTS = {"zh": ZH, "en": EN, "mixed": ZH + EN}
RULES = ("words", "four", "two", "single")
"""Beside `run`. They differ in how hanzi are cut, so English text is left out."""
SIZES = {
    1.0: (2048, 4096, 8192, 16_384, 32_768),
    0.3: (2048, 4096, 8192, 16_384, 32_768),
    0.1: (1024, 2048, 4096, 8192, 16_384),
    0.03: (1024, 2048, 4096, 8192, 16_384),
    0.01: (512, 1024, 2048, 4096, 8192),
}
"""Share of a corpus -> sizes tried on it, on both sides of what `auto` gives."""
FIRST = 8192  # the size at which rules and others are compared before other sizes are tried


@dataclass(frozen=True)
class Vocabulary:
    """Its name, and how it is made from a sample of a corpus; one that was `learned` elsewhere is only read."""

    name: str
    make: Callable[[list[str]], Tokenizer]
    learned: bool = True


@dataclass(frozen=True)
class Arm:
    """One vocabulary on one share of one text, trained from one seed."""

    text: str
    share: float
    vocabulary: Vocabulary
    seed: int

    @property
    def key(self) -> str:
        return f"{self.text} {self.share:g} | {self.vocabulary.name} | seed {self.seed}"


def arms(chosen: argparse.Namespace) -> Iterator[Arm]:
    """All arms, the most telling first: rules and others at one size, sizes, sizes on less text, then the rest."""
    largest, *less = chosen.shares
    sizes = chosen.sizes[largest]
    first = FIRST if FIRST in sizes else sizes[-1]
    rest = [size for size in sizes if size != first]
    chinese = [text for text in chosen.texts if text != "en"]
    steps: list[tuple[Sequence[str], float, list[Vocabulary]]] = [
        (chosen.texts, largest, [ours("run", first), *others(first)]),
        (chinese, largest, [ours(rule, first) for rule in RULES]),
        (chosen.texts, largest, [ours("run", size) for size in rest]),
        *((chosen.texts, share, [ours("run", size) for size in chosen.sizes[share]]) for share in less),
        (chosen.texts, largest, more(first)),
        (chinese, largest, [ours(rule, size) for size in rest for rule in RULES]),
    ]
    for seed in range(chosen.seeds):
        for texts, share, vocabularies in steps:
            for vocabulary in vocabularies:
                for text in texts:
                    yield Arm(text, share, vocabulary, seed)


def ours(rule: str, size: int, kind: str = "bpe") -> Vocabulary:
    settings = TokenizerSettings(kind=kind, hanzi=rule, vocab_size=size, sample_bytes=10**9)  # pyright: ignore[reportArgumentType]
    return Vocabulary(f"{kind} {rule} {size}", lambda taken: train_tokenizer(taken, settings))


def others(size: int) -> list[Vocabulary]:
    """What others would take."""
    return [
        Vocabulary(f"GPT-2's rule {size}", lambda taken: directly(taken, size, FOREIGN["gpt2"])),
        Vocabulary(f"SentencePiece unigram {size}", lambda taken: sentencepiece(taken, size)),
        Vocabulary("minimind 6400", lambda taken: imported(DATA / "tokenizers/minimind"), learned=False),
    ]


def more(size: int) -> list[Vocabulary]:
    """Our other kinds, our rule with merges that may end inside a character, and GPT-2's own vocabulary."""
    return [
        ours("run", size, "unigram"),
        Vocabulary(f"characters, at most {size}", lambda taken: characters(taken, size)),
        Vocabulary(f"merges of bytes {size}", lambda taken: directly(taken, size, pattern("run"))),
        Vocabulary("GPT-2 50257", lambda taken: imported(DATA / "tokenizers/gpt2"), learned=False),
    ]


def characters(taken: list[str], size: int) -> Tokenizer:
    """A vocabulary of characters, as many as there are."""
    return of_definition(learn(taken, "characters", size - len(SPECIALS), "run"))


def imported(path: Path) -> Tokenizer:
    """A vocabulary of others, with our special tokens."""
    return with_chat(import_vocabulary(path)).tokenizer


def directly(taken: list[str], size: int, expression: str) -> Tokenizer:
    """What the `tokenizers` library learns by itself: merges of bytes, which may end inside a character."""
    from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Engine

    engine = Engine(models.BPE())
    split = pre_tokenizers.Split(Regex(expression), "isolated")
    engine.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    engine.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(SPECIALS),
        min_frequency=2,
        initial_alphabet=alphabet,
        max_token_length=48,
        show_progress=False,
    )
    engine.train_from_iterator(taken, trainer)
    return Tokenizer(whole(json.loads(engine.to_str())))


def sentencepiece(taken: list[str], size: int) -> Tokenizer:
    """SentencePiece's unigram with its own defaults, but for what would change or lose text."""
    import io
    from tempfile import TemporaryDirectory

    import sentencepiece as library

    model = io.BytesIO()
    try:
        library.SentencePieceTrainer.train(
            sentence_iterator=(line for text in taken for line in text.splitlines() if line),
            model_writer=model,
            vocab_size=size - len(SPECIALS),
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
    with TemporaryDirectory() as folder:
        (Path(folder) / "tokenizer.model").write_bytes(model.getvalue())
        return imported(Path(folder))
