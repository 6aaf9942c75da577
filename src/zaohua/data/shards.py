"""Token shards: a corpus as ids in flat files that are mapped, not read."""

import bisect
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zaohua import folders
from zaohua.data.settings import TokensSettings
from zaohua.events import Events
from zaohua.settings import UserError
from zaohua.tokenizer.texts import row_groups, text_bytes
from zaohua.tokenizer.tokenizer import Tokenizer

CODE = 3
"""Raised by hand when the same settings and inputs would give other shards."""

INDEX = "index.json"
PARTS = {"train": "documents", "heldout": "heldout"}
"""Part of the tokens -> part of the corpus."""


def run(settings: TokensSettings, corpus: Path, tokenizer: Path, output: Path, events: Events) -> Path:
    """Encode a corpus folder -> `train-0000.bin` …, the same for `heldout`, and index.json.

    A .bin holds ids, little-endian u16 or u32: end_of_text, document, end_of_text, document, …, end_of_text.
    """
    folders.open_folder(corpus, "corpus", made_by=f"zaohua corpus TEXTS -o {corpus}")
    encoder = Tokenizer.load(tokenizer)
    manifest = {
        "stage": "tokens",
        "code": CODE,
        "settings": settings.model_dump(mode="json"),
        "inputs": {"corpus": folders.summary_digest(corpus), "tokenizer": encoder.digest},
    }
    if folders.up_to_date(output, manifest):
        events.say(f"tokens: {output} is up to date", f"词元：{output} 已是最新")
        return output
    total = sum(text_bytes(corpus, source) for source in PARTS.values())
    dtype = np.dtype("<u2") if encoder.vocab_size <= 2**16 else np.dtype("<u4")
    with folders.writing(output, manifest) as folder, events.progress("tokens", total / 1e6, "MB") as progress:
        index: dict[str, Any] = {"dtype": dtype.str, "tokenizer": encoder.digest, "end_of_text": encoder.end_of_text}
        index["parts"] = {}
        for part, source in PARTS.items():
            writer = _Writer(folder, part, dtype, settings.shard_tokens, encoder)
            for group in row_groups(corpus / source, ["source", "text"]):
                for name, batch in _by_source(group):
                    progress.advance(writer.add(batch, name) / 1e6)
            index["parts"][part] = writer.finish()
        folders.write_file(folder / INDEX, json.dumps(index, indent=1) + "\n")
    for part, counts in index["parts"].items():
        rate = counts["bytes"] / max(counts["tokens"], 1)
        events.say(
            f"tokens: {part} {counts['documents']:,} documents, {counts['tokens']:,} tokens, {rate:.2f} bytes a token",
            f"词元：{part} {counts['documents']:,} 篇文档，{counts['tokens']:,} 个词元，每词元 {rate:.2f} 字节",
        )
    return output


def _by_source(group: Any) -> Iterator[tuple[str, list[str]]]:
    """The texts of a row group, one batch for each run of one source."""
    for name, rows in itertools.groupby(
        zip(group.column("source").to_pylist(), group.column("text").to_pylist(), strict=True), key=lambda row: row[0]
    ):
        yield name, [text for _, text in rows]


class _Writer:
    """Writes the shards of one part."""

    def __init__(self, folder: Path, part: str, dtype: np.dtype, shard_tokens: int, tokenizer: Tokenizer) -> None:
        self.folder, self.part, self.dtype, self.shard_tokens = folder, part, dtype, shard_tokens
        self.tokenizer = tokenizer
        self.pending = [np.array([tokenizer.end_of_text], dtype=dtype)]
        self.shards: list[int] = []
        self.documents = self.bytes = 0
        self.end = 0
        self.sources: dict[str, list[int]] = {}

    def add(self, batch: list[str], source: str) -> int:
        """Append documents of a source -> their UTF-8 bytes; a full shard is written out."""
        own = self.sources.setdefault(source, [self.end, self.end])
        for ids in self.tokenizer.encode_batch(batch):
            self.pending.append(np.array([*ids, self.tokenizer.end_of_text], dtype=self.dtype))
            self.end += len(ids) + 1
        own[1] = self.end
        self.documents += len(batch)
        size = sum(len(text.encode()) for text in batch)
        self.bytes += size
        while sum(map(len, self.pending)) >= self.shard_tokens:
            self._write(self.shard_tokens)
        return size

    def finish(self) -> dict[str, Any]:
        """Write the rest; documents, bytes of their text, tokens, those of each shard, and where each source lies."""
        if self.documents:
            self._write(sum(map(len, self.pending)))
        counts = {"documents": self.documents, "bytes": self.bytes, "tokens": sum(self.shards)}
        return {**counts, "shards": self.shards, "sources": self.sources}

    def _write(self, count: int) -> None:
        tokens = np.concatenate(self.pending)
        if count:
            path = self.folder / f"{self.part}-{len(self.shards):04}.bin"
            path.write_bytes(tokens[:count].tobytes())  # numpy's tofile hides a full disk
            self.shards.append(count)
        self.pending = [tokens[count:]]


class Tokens:
    """The shards of one part as one read-only sequence; a slice inside one shard is a view of the file."""

    def __init__(self, shards: list[np.ndarray]) -> None:
        self.shards = shards
        self.starts = np.cumsum([0, *map(len, shards)]).tolist()

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitem__(self, span: slice) -> np.ndarray:
        """Tokens [start, stop) of the stream, step 1."""
        start, stop, _ = span.indices(len(self))
        if start >= stop:
            return np.empty(0, dtype=self.shards[0].dtype if self.shards else np.uint16)
        first = bisect.bisect_right(self.starts, start) - 1
        if stop <= self.starts[first + 1]:
            return self.shards[first][start - self.starts[first] : stop - self.starts[first]]
        return np.concatenate(list(self._pieces(first, start, stop)))

    def _pieces(self, shard: int, start: int, stop: int) -> Iterator[np.ndarray]:
        while shard < len(self.shards) and self.starts[shard] < stop:
            begin = self.starts[shard]
            yield self.shards[shard][max(start - begin, 0) : stop - begin]
            shard += 1


@dataclass(frozen=True)
class Part:
    """One part of a store: its tokens, how many bytes of text they were, the mark between documents, its sources."""

    tokens: Tokens
    bytes: int
    end_of_text: int
    sources: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Source -> its tokens [begin, end)."""


class TokenStore:
    """A folder of token shards, opened: sizes checked, and the tokenizer that made it known."""

    def __init__(self, parts: dict[str, Part]) -> None:
        self.parts = parts

    @classmethod
    def open(cls, folder: Path, tokenizer: Tokenizer | None = None) -> "TokenStore":
        """Map a finished folder; raises UserError when it is damaged, or was made with another tokenizer than given."""
        folders.open_folder(folder, "tokens", made_by=f"zaohua tokens CORPUS -o {folder}")
        try:
            index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
            dtype = np.dtype(index["dtype"])
            parts = {part: _open_part(folder, part, index, dtype) for part in PARTS}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{folder} is damaged ({error}): make it again with `zaohua tokens`",
                f"{folder} 已损坏（{error}）：请用 `zaohua tokens` 重新生成",
            ) from None
        if tokenizer is not None and tokenizer.digest != index["tokenizer"]:
            raise UserError(
                f"{folder} was made with another tokenizer: run `zaohua tokens` again with this one",
                f"{folder} 是用另一个分词器编成的：请用现在这个分词器重新运行 `zaohua tokens`",
            )
        return cls(parts)

    def part(self, name: str) -> Part:
        """The part `train` or `heldout`."""
        return self.parts[name]


def _open_part(folder: Path, part: str, index: dict[str, Any], dtype: np.dtype) -> Part:
    counts = index["parts"][part]
    shards = [_map(folder / f"{part}-{n:04}.bin", dtype, count) for n, count in enumerate(counts["shards"])]
    sources = {name: (begin, end) for name, (begin, end) in counts["sources"].items()}
    return Part(Tokens(shards), counts["bytes"], index["end_of_text"], sources)


def _map(path: Path, dtype: np.dtype, count: int) -> np.ndarray:
    size = path.stat().st_size
    if size != count * dtype.itemsize:
        raise ValueError(f"{path.name} has {size} bytes instead of {count * dtype.itemsize}")
    return np.memmap(path, dtype=dtype, mode="r")
