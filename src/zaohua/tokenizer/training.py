"""Learning a vocabulary from text, and the stage that does so from a corpus folder."""

import itertools
import json
from collections.abc import Iterable
from pathlib import Path

from zaohua import folders
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.tokenizer.definition import SPECIALS
from zaohua.tokenizer.learning import learn
from zaohua.tokenizer.report import report
from zaohua.tokenizer.sampling import bounded, sample
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.tokenizer.texts import text_bytes
from zaohua.tokenizer.tokenizer import Tokenizer, of_definition
from zaohua.tokenizer.vocabulary import check_supported, suggested_vocab_size

CODE = 2
"""Raised by hand when the same settings and text would give another tokenizer."""


def train_tokenizer(texts: Iterable[str], settings: TokenizerSettings, *, corpus_bytes: int | None = None) -> Tokenizer:
    """The tokenizer learned from texts, of which at most `settings.sample_bytes` are read.

    `corpus_bytes` is the size that `vocab_size = "auto"` follows; without it the size of what was read.
    Raises UserError when the text does not support the vocabulary asked for. Same texts, same tokenizer.
    """
    taken, size = bounded(texts, settings.sample_bytes)
    automatic = settings.vocab_size == "auto"
    wanted = suggested_vocab_size(corpus_bytes or size) if settings.vocab_size == "auto" else settings.vocab_size
    tokenizer = of_definition(learn(taken, settings.kind, wanted - len(SPECIALS), settings.hanzi))
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
        raise UserError(
            f"{corpus} has no documents to learn a vocabulary from: give more text to `zaohua corpus`",
            f"{corpus} 里没有可供学习词表的文档：请给 `zaohua corpus` 更多文本",
        )
    with folders.writing(output, manifest) as folder:
        share = min(1.0, settings.sample_bytes / size)
        with events.progress("tokenizer", size * share / 1e6, "MB") as progress:
            taken = []
            for chunk in sample(corpus, settings.sample_bytes):
                taken.append(chunk)
                progress.advance(len(chunk.encode()) / 1e6)
            tokenizer = train_tokenizer(taken, settings, corpus_bytes=size)
        tokenizer.save(folder)
        found = report(tokenizer, itertools.islice(taken, 200))
        folders.write_file(folder / "report.json", json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    for line in found["lines"]:
        events.say(line)
    return output
