"""Conversations as rows: whole, blind to their neighbours, learning on the assistant's words alone."""

import json

import numpy as np
import pytest

from zaohua.data.examples import PackedExamples, read_conversations
from zaohua.data.rows import IGNORED
from zaohua.settings import UserError


def rows(*examples, length=8):
    return PackedExamples([(ids, learn) for ids, learn in examples], length, filler=0)


def test_labels_are_the_next_tokens_where_they_are_to_be_learned():
    packed = rows(([1, 2, 3, 4], [False, False, True, True]))
    batch = packed.batch(np.array([0]))
    assert batch["ids"][0, :3].tolist() == [1, 2, 3]
    assert batch["labels"][0].tolist() == [IGNORED, 3, 4] + [IGNORED] * 5


def test_examples_share_a_row_without_seeing_each_other():
    batch = rows(([1, 2, 3], [True] * 3), ([4, 5, 6, 7], [True] * 4)).batch(np.array([0]))
    assert batch["documents"][0].tolist() == [0, 0, 1, 1, 1, -1, -1, -1]
    assert batch["positions"][0, :5].tolist() == [0, 1, 0, 1, 2]
    assert batch["labels"][0, :5].tolist() == [2, 3, 5, 6, 7]


def test_no_example_is_split_and_every_target_is_kept():
    rng = np.random.default_rng(0)
    examples = [(list(range(1, n + 1)), [True] * n) for n in rng.integers(2, 9, 50)]
    packed = rows(*examples, length=8)
    labels = packed.arrays["labels"]
    assert (labels != IGNORED).sum() == sum(len(ids) - 1 for ids, _ in examples)
    assert packed.cut == 0


def test_a_longer_example_keeps_its_end_and_is_counted():
    packed = rows((list(range(20)), [True] * 20), length=8)
    assert packed.cut == 1
    assert packed.arrays["labels"][0].tolist() == list(range(12, 20))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("你好".encode("gbk"), "it is not UTF-8: save"),
        (b"[]", "a line must be"),
        (b"[" * 100_000, "a line must be"),
        (b'{"messages": ["hello"]}', "a line must be"),
        (b'{"messages": []}', "the conversation is empty"),
        (b'{"messages": [{"role": "robot", "content": "hi"}]}', "message 1 has the role 'robot'"),
        (b'{"messages": [{"role": "user", "content": null}]}', r"message 1 \(user\) has no text"),
        (b'{"messages": [{"role": "user", "content": ["hi"]}]}', r"message 1 \(user\) has no text"),
    ],
)
def test_what_is_no_conversation_is_named_with_file_and_line(tmp_path, line, said):
    path = tmp_path / "chats.jsonl"
    good = {"messages": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "好"}]}
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(good, ensure_ascii=False).encode() + b"\r\n" + line + b"\n")
    found = read_conversations(path)
    assert next(found) == good["messages"]
    with pytest.raises(UserError, match=rf"chats.jsonl, line 2: {said}"):
        next(found)
