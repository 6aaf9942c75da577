"""Vocabularies and models of others taken up and made larger: what `zaohua tokenizer extend, import, report` do."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from zaohua import folders
from zaohua.corpus.documents import read_documents
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.textfile import read_text
from zaohua.tokenizer.definition import DEFINITION, STYLE
from zaohua.tokenizer.extension import extended
from zaohua.tokenizer.foreign import Source, import_vocabulary
from zaohua.tokenizer.report import Sample, table
from zaohua.tokenizer.report import compare as compared
from zaohua.tokenizer.sampling import sample
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.tokenizer.words import read_words

_LEARNED = 20_000_000  # bytes of a corpus that merges are learned from
_MEASURED = 3_000_000  # characters of text that tokenizers are compared on


def run(
    model: Path, output: Path, events: Events, *, words: Path | None, merges: int, corpus: Path | None, chat: bool
) -> None:
    """Write a larger model of a model folder, or a larger tokenizer of a tokenizer folder."""
    if not (words or merges or chat):
        raise UserError(
            "nothing to add: give --words LIST, --grow N with --corpus, or --chat",
            "没有要添加的内容：请给出 --words LIST，或 --grow N 与 --corpus，或 --chat",
        )
    if merges < 0 or bool(merges) != (corpus is not None):
        raise UserError(
            "--grow N learns N merges from a corpus: give it together with --corpus FOLDER",
            "--grow N 要从语料中学习 N 个合并：请与 --corpus FOLDER 一起给出",
        )
    folders.refuse_others(output)
    listed = read_words(words) if words else []
    learned = list(sample(_finished(corpus), _LEARNED)) if corpus else []
    grown = partial(extended, words=listed, texts=learned, merges=merges, chat=chat)
    if not (model / "config.json").is_file():
        found = grown(Tokenizer.load(model))
        if not found.pieces:
            raise UserError(
                f"{model} has a token for all of this already: give other words, or another corpus",
                f"要添加的内容在 {model} 里都已有词元：请换别的词，或换一份语料",
            )
        _save(found.tokenizer, output, {"tokens": len(found.pieces)}, {"tokenizer": Tokenizer.load(model).digest})
    else:
        from zaohua.checkpoint.resizing import extend_model

        state = _optimizer_of(model)
        found = extend_model(model, grown, output, optimizer=state)
        if state:
            events.say("  the optimiser's state goes with it", "  优化器状态一并扩展")
    first = [found.tokenizer.token_bytes[index].decode("utf-8", "replace") for index in islice(found.pieces, 8)]
    size = found.tokenizer.vocab_size
    shown = " ".join(token for token in first if token and "\ufffd" not in token)
    events.say(
        f"{output}: {len(found.pieces):,} new tokens, {size:,} in all" + (f" ({shown} …)" if shown else ""),
        f"{output}：新增 {len(found.pieces):,} 个词元，共 {size:,} 个" + (f"（{shown} …）" if shown else ""),
    )
    skipped = len(set(listed)) - sum(word in found.tokenizer.words.ids for word in set(listed))
    if skipped:
        events.say(f"  {skipped:,} words were single tokens already", f"  {skipped:,} 个词原本就是单个词元")


def bring(vocabulary: Path, output: Path, events: Events, *, kind: Source | None, cut: str | None) -> None:
    """Write a vocabulary of another program as a tokenizer folder."""
    folders.refuse_others(output)
    found = import_vocabulary(vocabulary, kind, cut=cut)
    _save(found, output, {"kind": kind, "cut": cut}, {"digest": found.digest})
    name, size = found.form.name, found.vocab_size
    events.say(f"{output}: {size:,} ids, {name}", f"{output}：{size:,} 个词元，{name}")
    if not found.lossless:
        events.say("  it does not give every text back as it was", "  它不能把所有文本原样还原")


def compare(corpus: Path, tokenizers: Sequence[Path], output: Path | None, *, dim: int | None, layers: int) -> None:
    """Print a table of tokenizers measured on the same text, and write it where asked."""
    if not tokenizers:
        raise UserError(
            "give the tokenizers to compare: tokenizer folders, models, or vocabularies of other programs",
            "请给出要比较的分词器：分词器文件夹、模型，或其他程序的词表",
        )
    samples = list(_samples(corpus))
    options = {} if dim is None else {"dim": dim, "other_parameters": 12 * layers * dim**2}
    named = dict(zip(_told_apart(tokenizers), tokenizers, strict=True))
    reports = compared({name: _tokenizer_at(path) for name, path in named.items()}, samples, **options)
    lines = table(reports)
    print("\n".join(lines))
    if output:
        folders.write_file(output, "\n".join(lines) + "\n")


def _samples(corpus: Path) -> Iterator[Sample]:
    """Held-out text, of each source as much, or a text file's; the domain is the source."""
    if corpus.is_file():
        yield Sample(read_text(corpus)[:_MEASURED])
        return
    report = folders.read_json(_finished(corpus) / "report.json", "make the folder again", "请重新生成这个文件夹")
    sources = report["sources"]
    left = dict.fromkeys(sources, _MEASURED // len(sources))
    domains = dict(zip(sources, _told_apart(map(Path, sources)), strict=True))
    for document in read_documents(corpus, "heldout"):
        if text := document.text[: left[document.source]]:
            left[document.source] -= len(text)
            yield Sample(text, document.meta.get("language"), domains[document.source])


def _told_apart(paths: Iterable[Path]) -> list[str]:
    """For each path as much of its end as tells it from the others."""
    parts = [path.resolve().parts for path in paths]
    size = next((n for n in range(1, 99) if len({each[-n:] for each in parts}) == len(set(parts))), 99)
    return ["/".join(each[-size:]) for each in parts]


def _finished(corpus: Path) -> Path:
    folders.open_folder(corpus, "corpus", made_by=f"zaohua corpus TEXTS -o {corpus}")
    return corpus


def _tokenizer_at(path: Path) -> Tokenizer:
    """A tokenizer of ours, that of a model or a run, or another program's."""
    for place in ("", "model", "tokenizer"):
        if all((path / place / name).is_file() for name in (DEFINITION, STYLE)):
            return Tokenizer.load(path / place)
    return import_vocabulary(path)


def _optimizer_of(model: Path) -> Path | None:
    """The state of the optimiser that a model was trained with, where its training folder still has a checkpoint."""
    from zaohua.checkpoint.weights import OPTIMIZER

    if (model / OPTIMIZER).is_file():
        return model / OPTIMIZER
    for checkpoint in sorted((model.parent / "checkpoints").glob("step-*"), reverse=True):
        if not folders.problems(checkpoint):
            return checkpoint / OPTIMIZER
    return None


def _save(tokenizer: Tokenizer, output: Path, settings: dict[str, Any], inputs: dict[str, Any]) -> None:
    with folders.writing(output, {"stage": "tokenizer", "settings": settings, "inputs": inputs}) as folder:
        tokenizer.save(folder)
