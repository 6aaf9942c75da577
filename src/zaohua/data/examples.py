"""Examples to learn from: conversations rendered as ids and packed into rows, learning on chosen tokens alone."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from zaohua.data.rows import IGNORED
from zaohua.settings import UserError
from zaohua.tokenizer.chat import check, render
from zaohua.tokenizer.tokenizer import Tokenizer

Conversation = list[dict[str, str]]
"""Turns {"role": "system" | "user" | "assistant", "content": text}."""


def read_conversations(path: Path) -> Iterator[Conversation]:
    """The conversations of a .jsonl file of {"messages": [...]}; raises UserError naming the first bad line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line.decode("utf-8-sig"))
                messages = [{"role": turn["role"], "content": turn["content"]} for turn in entry["messages"]]
                check(messages)
            except UnicodeDecodeError:
                raise UserError(
                    f"{path}, line {number}: it is not UTF-8: save the file as UTF-8",
                    f"{path} 第 {number} 行不是 UTF-8：请把文件存为 UTF-8",
                ) from None
            except (ValueError, KeyError, TypeError, RecursionError):
                raise UserError(
                    f'{path}, line {number}: a line must be {{"messages": [{{"role": …, "content": …}}, …]}}',
                    f'{path} 第 {number} 行的格式不对：每行应是 {{"messages": [{{"role": …, "content": …}}, …]}}',
                ) from None
            except UserError as error:
                raise UserError(
                    f"{path}, line {number}: {error.english}", f"{path} 第 {number} 行：{error.chinese}"
                ) from None
            yield messages


class PackedExamples:
    """Examples laid end to end into rows of `length` tokens, each whole in one row and blind to its neighbours.

    Longer examples keep their end, where the answer stands. ids, labels, positions, documents (rows, length) int64.
    """

    def __init__(self, examples: Iterable[tuple[list[int], list[bool]]], length: int, *, filler: int) -> None:
        rows: list[list[tuple[np.ndarray, np.ndarray]]] = []
        room: list[int] = []
        self.cut = 0
        """How many examples were longer than a row and lost their beginning."""
        for ids, learn in examples:
            self.cut += len(ids) > length + 1
            taken = np.asarray(ids[-(length + 1) :], dtype=np.int64)
            wanted = np.asarray(learn[-(length + 1) :], dtype=bool)
            labels = np.where(wanted[1:], taken[1:], IGNORED)  # (time,): what follows, where it is to be learned
            place = next((i for i in range(max(0, len(rows) - 8), len(rows)) if room[i] >= len(labels)), None)
            if place is None:
                place = len(rows)
                rows.append([])
                room.append(length)
            rows[place].append((taken[:-1], labels))
            room[place] -= len(labels)
        self.arrays: Mapping[str, np.ndarray] = {
            "ids": np.full((len(rows), length), filler, dtype=np.int64),
            "labels": np.full((len(rows), length), IGNORED, dtype=np.int64),
            "positions": np.zeros((len(rows), length), dtype=np.int64),
            "documents": np.full((len(rows), length), -1, dtype=np.int64),
        }
        for row, parts in enumerate(rows):
            start = 0
            for number, (ids, labels) in enumerate(parts):
                span = slice(start, start + len(ids))
                self.arrays["ids"][row, span] = ids
                self.arrays["labels"][row, span] = labels
                self.arrays["positions"][row, span] = np.arange(len(ids))
                self.arrays["documents"][row, span] = number
                start = span.stop

    def __len__(self) -> int:
        return len(self.arrays["ids"])

    def batch(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Row numbers (n,) -> ids, labels, positions, documents, each (n, length) int64."""
        return {name: array[indices] for name, array in self.arrays.items()}


def pack_conversations(conversations: Iterable[Conversation], tokenizer: Tokenizer, length: int) -> PackedExamples:
    """Conversations as rows in which the assistant's words, and the mark that ends them, are learned."""
    examples = (render(tokenizer, messages) for messages in conversations)
    return PackedExamples(examples, length, filler=tokenizer.end_of_text)
