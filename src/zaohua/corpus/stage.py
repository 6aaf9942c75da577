"""The corpus stage: sources in; documents, held-out text and what was removed out."""

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import xxhash

from zaohua import folders
from zaohua.corpus.documents import DOCUMENT, TableWriter
from zaohua.corpus.gathering import FREE, TEST, TRAIN, Gathering
from zaohua.corpus.heldout import cut
from zaohua.corpus.normalize import normalize
from zaohua.corpus.reading import Found, Noted, read
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import READABLE, Entry, inventory
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.tokenizer.texts import row_groups

CODE = 1
"""Raised by hand when the same settings and sources would give another corpus."""

SMALLEST = 2000
"""Characters below which nothing can be learned: a few hundred tokens, their held-out tenth a sentence or two."""

_GLANCED = 200  # files that stand for all in a quick look
_STAGING = "gathered"
_WORLD_SAMPLE = 1000  # documents that stand for an embedded world's content: it is made from a seed, so all follow

Embedded = Callable[[str, str], Iterator[tuple[str, str, str]]]
"""(source, "train" or "test") -> (id, text, language) of each document of a world that the program brings along."""


def run(settings: CorpusSettings, output: Path, events: Events, *, embedded: Embedded | None = None) -> Path:
    """Read `settings.sources`, clean them, remove repeats and hold out a part -> the corpus folder `output`.

    `documents/` and `heldout/` hold what is kept, `removed/…` what is not, with the reason; report.json counts.
    Raises UserError when a source is missing, nothing in it is text, or there is too little to train on.
    """
    entries, worlds = _sources(settings, embedded)
    for entry in entries:
        if output.resolve() in entry.path.resolve().parents:  # it would be replaced by what is made of it
            raise UserError(
                f"{entry.path} lies in {output}, where the corpus is to be written: give another folder with -o"
            )
    manifest: dict[str, Any] = {
        "stage": "corpus",
        "code": CODE,
        "settings": settings.model_dump(mode="json"),
        "inputs": {"sources": _digest(entries, worlds, embedded)},
    }
    if folders.up_to_date(output, manifest):
        events.say(f"corpus: {output} is up to date", f"语料：{output} 已是最新")
        return output
    with folders.writing(output, manifest) as folder:
        gathering = Gathering(folder / _STAGING, folder / "removed", settings)
        _read_files(entries, gathering, events)
        for world in worlds:
            assert embedded is not None
            _read_world(world, gathering, embedded)
        gathering.close()
        _check_size(gathering, settings)
        _write_parts(folder, gathering, settings)
        report = gathering.report()
        if not report["total"]["heldout_bytes"]:
            raise UserError(f"nothing could be held out at {settings.heldout:g}: give a larger heldout, or more text")
        folders.write_file(folder / "report.json", json.dumps(report, ensure_ascii=False, indent=1) + "\n")
        manifest["found"] = gathering.found()
        manifest["split"] = _sentence(report["split"])
    _say(report, events)
    return output


def glance(settings: CorpusSettings, embedded: Embedded | None, *, limit: int) -> tuple[list[str], int, int]:
    """A quick look: clean texts of some `limit` bytes from all over the sources, and the bytes and documents in all.

    The last two are estimates where a file was not read to its end. Nothing is written.
    """
    entries, worlds = _sources(settings, embedded)
    chosen = entries[:: -(-len(entries) // _GLANCED)] if entries else []
    quota = limit // max(len(chosen) + len(worlds), 1)
    sample: list[str] = []
    total = documents = 0.0
    for entry in chosen:
        noted = Noted()
        texts = (normalize(item.text) for item in read(entry, settings, noted) if isinstance(item, Found))
        seen, size = _taste(texts, quota, sample)
        share = max(noted.share(), 1e-6)
        total += size / share
        documents += seen / share
    scale = sum(entry.size for entry in entries) / max(sum(entry.size for entry in chosen), 1)
    total, documents = total * scale, documents * scale
    for world in worlds:
        assert embedded is not None
        texts = (text for _, text, _ in embedded(world, "train"))
        seen, size = _taste(texts, quota, sample)
        for text in texts:
            seen, size = seen + 1, size + len(text.encode())
        total, documents = total + size, documents + seen
    return sample, round(total), round(documents)


def _taste(texts: Iterator[str], quota: int, sample: list[str]) -> tuple[int, int]:
    """Move texts to the sample until they come to `quota` bytes; how many texts and bytes the source gave."""
    seen = size = 0
    for text in texts:
        sample.append(text[: quota - size])
        seen, size = seen + 1, size + len(text.encode())
        if size >= quota:
            break
    return seen, size


def _sources(settings: CorpusSettings, embedded: Embedded | None) -> tuple[list[Entry], list[str]]:
    """The files and the embedded worlds that the sources name."""
    if not settings.sources:
        raise UserError(f"no text was given: name files, folders or globs of {READABLE}")
    worlds = [source for source in settings.sources if embedded and ":" in source and not Path(source).exists()]
    return inventory([source for source in settings.sources if source not in worlds]), worlds


def _digest(entries: list[Entry], worlds: list[str], embedded: Embedded | None) -> str:
    """One digest for the content of all sources."""
    parts: list[Any] = []
    for entry in entries:
        content = xxhash.xxh3_128()
        try:
            with entry.path.open("rb") as file:
                while block := file.read(2**20):
                    content.update(block)
        except OSError:  # reading will set the file aside and say why
            content.update(b"unreadable")
        parts.append([entry.source, entry.name, content.hexdigest()])
    for world in worlds:
        assert embedded is not None
        content = xxhash.xxh3_128()
        for part in ("train", "test"):
            for name, text, _ in islice(embedded(world, part), _WORLD_SAMPLE):
                content.update(f"{part}\0{name}\0{text}\0".encode())
        parts.append([world, content.hexdigest()])
    return folders.digest_of(parts)


def _read_files(entries: list[Entry], gathering: Gathering, events: Events) -> None:
    sizes = [entry.size for entry in entries]
    with events.progress("corpus", sum(sizes) / 1e6, "MB") as progress:
        for entry, size in zip(entries, sizes, strict=True):
            noted = Noted()
            done = 0.0
            gathering.begin(entry, size)
            for item in read(entry, gathering.settings, noted):
                gathering.take(entry, item)
                share = noted.share()
                progress.advance((share - done) * size / 1e6)
                done = share
            gathering.note(entry, noted)
            progress.advance((1 - done) * size / 1e6)


def _read_world(world: str, gathering: Gathering, embedded: Embedded) -> None:
    """An embedded world's documents; where it brings a test part, that is held out and nothing else of it."""
    test = embedded(world, "test")
    first = next(test, None)
    for name, text, language in embedded(world, "train"):
        gathering.take_embedded(world, name, text, language, FREE if first is None else TRAIN)
    for name, text, language in chain([first] if first else [], test):
        gathering.take_embedded(world, name, text, language, TEST)


def _check_size(gathering: Gathering, settings: CorpusSettings) -> None:
    named = ", ".join(settings.sources)
    if not gathering.characters:
        first = gathering.first_reason or "empty"
        raise UserError(f"no text was found in {named} (the first file or line: {first}); give files of {READABLE}")
    if gathering.characters < SMALLEST:
        raise UserError(
            f"{named} holds {gathering.characters:,} characters of text, too little to train on: "
            f"give at least {SMALLEST:,}, better a million"
        )


def _write_parts(folder: Path, gathering: Gathering, settings: CorpusSettings) -> None:
    """From everything that was gathered: repeats to removed/duplicates, the rest to documents/ and heldout/."""
    first, split = gathering.decide()
    repeated = set(first[first != range(len(first))].tolist())
    ids: dict[int, str] = {}
    writers = {part: TableWriter(folder / part, DOCUMENT) for part in ("documents", "heldout")}
    index = 0
    for group in row_groups(folder / _STAGING, list(DOCUMENT)):
        for row in group.to_pylist():
            if index in repeated:
                ids[index] = row["id"]
            if first[index] != index:
                gathering.remove_duplicate(row, ids[int(first[index])])
            elif index in split.cuts:
                kept, tail = cut(row["text"], split.cuts[index], "line" if settings.split == "tail" else "paragraph")
                if kept:
                    gathering.keep("documents", writers["documents"], row | {"text": kept})
                if tail:
                    gathering.keep("heldout", writers["heldout"], row | {"text": tail, "id": f"{row['id']}#tail"})
            else:
                part = "heldout" if split.whole[index] else "documents"
                gathering.keep(part, writers[part], row)
            index += 1
    for writer in writers.values():
        writer.close()
    gathering.finish()
    shutil.rmtree(folder / _STAGING)


def _sentence(split: dict[str, Any]) -> str:
    return f"{split['share']:.1%} of the bytes: {split['whole']:,} documents whole, the ends of {split['cut']:,}"


def _say(report: dict[str, Any], events: Events) -> None:
    total, split = report["total"], report["split"]
    documents, characters = (total[name] + total[f"heldout_{name}"] for name in ("documents", "characters"))
    events.say(
        f"corpus: {documents:,} documents, {characters:,} characters · set aside: "
        f"{total['unreadable']:,} unreadable, {total['short']:,} short, {total['duplicates']:,} duplicates",
        f"语料：{documents:,} 篇文档，{characters:,} 个字符 · 另置："
        f"不可读 {total['unreadable']:,}，过短 {total['short']:,}，重复 {total['duplicates']:,}",
    )
    events.say(
        f"  held out {_sentence(split)}",
        f"  留出 {split['share']:.1%} 的字节：整篇 {split['whole']:,} 篇，截取末尾 {split['cut']:,} 篇",
    )
    if total["unreadable"]:
        events.say(
            f"  first set aside: {report['first_reason']} (all in removed/unreadable)",
            f"  第一条不可读：{report['first_reason']}（全部在 removed/unreadable）",
        )
