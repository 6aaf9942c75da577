"""Verbs for text: the corpus, the tokenizer and the tokens."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from zaohua import folders
from zaohua.corpus.settings import RunnerSettings
from zaohua.data.settings import TokensSettings
from zaohua.events import Events
from zaohua.settings import UserError, check
from zaohua.tokenizer.settings import TokenizerSettings
from zaohua.verbs.flags import CorpusFlags, Flat, Output, model_at


def corpus(
    *sources: str,
    output: Output,
    dry_run: int | None = None,
    runner: str | None = None,
    settings: Annotated[CorpusFlags | None, Flat] = None,
) -> None:
    """Collect text, clean it, remove what is broken, poor or repeated, hold some out, and report it all.

    Args:
        sources: files, folders, globs and archives of .txt, .md, .jsonl, .csv, .parquet, .html, .epub, .docx, .pdf,
            .warc, Wikipedia dumps, plain or packed; https:// pages and hf:NAME with --web.allowed; microworld:small.
        output: the corpus folder to write.
        dry_run: do it with some so many texts from all over the sources, and write OUTPUT-sample with its report.
        runner: the same as --run.runner.
    """
    from zaohua.corpus import stage
    from zaohua.corpus.gathering import SAMPLE
    from zaohua.sources import embedded_documents

    wanted = (settings or CorpusFlags()).model_copy(update={"sources": sources})
    if runner is not None:
        where = check(RunnerSettings, wanted.run.model_dump() | {"runner": runner})
        wanted = wanted.model_copy(update={"run": where})
    if dry_run is not None:
        if dry_run < 1:
            raise UserError(
                f"--dry-run is {dry_run}: give a number of texts, such as 1000",
                f"--dry-run 的值为 {dry_run}：请给出文本的篇数，如 1000",
            )
        wanted, output = wanted.model_copy(update={"sample": dry_run}), folders.named(output)
        output = output.with_name(output.name + SAMPLE)
    events = Events()
    stage.run(wanted, output, events, embedded=embedded_documents)
    page = folders.named(output) / "report.html"
    events.say(f"where every text went: {page}", f"每篇文本的去向：{page}")


def train_tokenizer(
    corpus: Path,
    /,
    *,
    output: Output,
    settings: Annotated[TokenizerSettings | None, Flat] = None,
) -> None:
    """Learn a vocabulary from a corpus folder.

    Args:
        corpus: a corpus folder.
        output: the tokenizer folder to write.
    """
    from zaohua.tokenizer import training

    training.run(settings or TokenizerSettings(), corpus, output, Events())


def extend_tokenizer(
    model: Path,
    /,
    *,
    output: Output,
    words: Path | None = None,
    grow: int = 0,
    corpus: Path | None = None,
    chat: bool = False,
) -> None:
    """Give a model's vocabulary more tokens, and the model a row for each: the mean of the pieces that it replaces.

    Texts without a new word keep their ids, and the model what it knows. `zaohua pretrain --start OUTPUT` goes on.

    Args:
        model: a model folder, a training folder or a run's folder; or a tokenizer folder.
        output: the model folder (or tokenizer folder) to write.
        words: a list of words, one a line; lines that begin with # and repeats are passed over.
        grow: how many more merges to learn from --corpus.
        corpus: a corpus folder to learn merges from.
        chat: add the special tokens of conversations where they are missing.
    """
    from zaohua import extending

    alone = (model / "tokenizer.json").is_file() and not (model / "config.json").is_file()
    extending.run(
        model if alone else model_at(model), output, Events(), words=words, merges=grow, corpus=corpus, chat=chat
    )


def import_tokenizer(
    vocabulary: Path,
    /,
    *,
    output: Output,
    kind: Literal["gpt1", "gpt2", "bert", "sentencepiece", "tiktoken", "tokenizer.json"] | None = None,
    cut: Literal["gpt2", "cl100k", "o200k", "qwen2"] | None = None,
) -> None:
    """Bring in the vocabulary of another program, giving the same ids as there.

    Args:
        vocabulary: a folder or file: GPT-1's, GPT-2's, BERT's vocab.txt, SentencePiece's .model, .tiktoken or
            tokenizer.json.
        output: the tokenizer folder to write.
        kind: what it is, where the names of the files do not tell.
        cut: the expression that a .tiktoken file was made with, which it does not tell itself.
    """
    from zaohua import extending

    extending.bring(vocabulary, output, Events(), kind=kind, cut=cut)


def report_tokenizer(
    corpus: Path,
    /,
    *tokenizers: Path,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    dim: int | None = None,
    layers: int = 12,
) -> None:
    """Measure tokenizers side by side on the held-out text of a corpus, as a Markdown table.

    Args:
        corpus: a corpus folder, or a text file.
        tokenizers: tokenizer folders, model folders, runs, or vocabularies of other programs.
        output: a file for the table besides the screen.
        dim: tell the token table's share of a model of this width, so many layers deep.
        layers: layers of that model.
    """
    from zaohua import extending

    extending.compare(corpus, tokenizers, output, dim=dim, layers=layers)


tokenizer = {
    "train": train_tokenizer,
    "extend": extend_tokenizer,
    "import": import_tokenizer,
    "report": report_tokenizer,
}
"""The verb's own verbs."""


def tokens(
    corpus: Path,
    tokenizer: Path,
    /,
    *,
    output: Output,
    settings: Annotated[TokensSettings | None, Flat] = None,
) -> None:
    """Encode a corpus folder with a tokenizer folder into token shards.

    Args:
        corpus: a corpus folder.
        tokenizer: a tokenizer folder.
        output: the tokens folder to write.
    """
    from zaohua.data import shards

    shards.run(settings or TokensSettings(), corpus, tokenizer, output, Events())
