"""Learning a vocabulary from text, and the stage that does so from a corpus folder."""

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from zaohua import folders
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.tokenizer.definition import SPECIALS
from zaohua.tokenizer.report import report
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.splitting import pattern
from zaohua.tokenizer.texts import text_bytes, texts
from zaohua.tokenizer.tokenizer import Tokenizer, from_engine
from zaohua.tokenizer.vocabulary import check_supported, suggested_vocab_size

CODE = 1
"""Raised by hand when the same settings and text would give another tokenizer."""

_LONGEST_TOKEN = 48  # bytes, 16 hanzi: longer ones are rulers, headers and boilerplate, and rows of the table lost
_CHUNK = 65_536  # characters; the unit in which text is sampled and counted


def train_tokenizer(texts: Iterable[str], settings: TokenizerSettings, *, corpus_bytes: int | None = None) -> Tokenizer:
    """The tokenizer learned from texts, of which at most `settings.sample_bytes` are read.

    `corpus_bytes` is the size that `vocab_size = "auto"` follows; without it the size of what was read.
    Raises UserError when the text does not support the vocabulary asked for. Same texts, same tokenizer.
    """
    from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Engine

    sample, size = _bounded(texts, settings.sample_bytes)
    automatic = settings.vocab_size == "auto"
    wanted = suggested_vocab_size(corpus_bytes or size) if settings.vocab_size == "auto" else settings.vocab_size
    engine = Engine(models.BPE())
    split = pre_tokenizers.Split(Regex(pattern(settings.hanzi)), "isolated")
    engine.pre_tokenizer = pre_tokenizers.Sequence(  # pyright: ignore[reportAttributeAccessIssue]
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    engine.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    trainer = trainers.BpeTrainer(
        vocab_size=wanted - len(SPECIALS),
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=_LONGEST_TOKEN,
        show_progress=False,
        special_tokens=[],
    )
    engine.train_from_iterator(sample, trainer)
    tokenizer = from_engine(engine)
    if not automatic:
        check_supported(wanted, tokenizer.vocab_size)
    return tokenizer


def run(settings: TokenizerSettings, corpus: Path, output: Path, events: Events) -> Path:
    """Train on the documents of a corpus folder, never on its held-out part; write a tokenizer folder and a report."""
    folders.open_folder(corpus, "corpus", made_by=f"zaohua corpus TEXTS -o {corpus}")
    manifest = {
        "stage": "tokenizer",
        "code": CODE,
        "settings": settings.model_dump(mode="json"),
        "inputs": {"corpus": folders.summary_digest(corpus)},
    }
    if folders.up_to_date(output, manifest):
        events.say(f"tokenizer: {output} is up to date", f"分词器：{output} 已是最新")
        return output
    size = text_bytes(corpus, "documents")
    if not size:
        raise UserError(f"{corpus} has no documents to learn a vocabulary from: give more text to `zaohua corpus`")
    with folders.writing(output, manifest) as folder:
        share = min(1.0, settings.sample_bytes / size)
        with events.progress("tokenizer", size * share / 1e6, "MB") as progress:
            sample = []
            for chunk in _evenly(_chunks(corpus), share):
                sample.append(chunk)
                progress.advance(len(chunk.encode()) / 1e6)
            tokenizer = train_tokenizer(sample, settings, corpus_bytes=size)
        tokenizer.save(folder)
        found = report(tokenizer, itertools.islice(sample, 200))
        folders.write_file(folder / "report.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    for line in found["lines"]:
        events.say(line)
    return output


def _chunks(corpus: Path) -> Iterator[str]:
    """The corpus in pieces that end at a line's end where there is one."""
    for batch in texts(corpus, "documents"):
        for text in batch:
            start = 0
            while start < len(text):
                end = text.rfind("\n", start, start + _CHUNK) + 1
                end = end if end > start else start + _CHUNK
                yield text[start:end]
                start = end


def _evenly(chunks: Iterator[str], share: float) -> Iterator[str]:
    """About that share of the chunks, spread over all of them."""
    for number, chunk in enumerate(chunks):
        if int((number + 1) * share) > int(number * share) or share >= 1:
            yield chunk


def _bounded(texts: Iterable[str], limit: int) -> tuple[list[str], int]:
    """The first texts up to a limit in bytes, and how many bytes they are."""
    sample: list[str] = []
    size = 0
    for text in texts:
        if size >= limit:
            break
        sample.append(text)
        size += len(text.encode("utf-8", "replace"))
    return sample, size
