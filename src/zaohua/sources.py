"""What the names of sources mean that are no files of text: the embedded world, and conversations to learn from."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from zaohua import folders, microworld
from zaohua.data.examples import Conversation, read_conversations
from zaohua.recipe import ChatSettings
from zaohua.settings import UserError

WORLD_SIZES = {"small": 6_000_000, "full": 60_000_000}
"""Bytes of training text that an embedded world gives unless its name says another size."""


_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


def is_world(source: str) -> bool:
    """Whether a source is an embedded world, not files."""
    return source.startswith("microworld:")


def embedded_documents(spec: str, part: str) -> Iterator[tuple[str, str, str]]:
    """(id, text, language) of an embedded world: microworld:small, microworld:full, or with a size, as in :full:50MB.

    The test part, whose combinations of people, things and places never occur in training, is a fifteenth of that.
    """
    richness, size = world_of(spec)
    return microworld.corpus(richness=richness, size=size if part == "train" else max(size // 15, 100_000), part=part)


def world_of(spec: str) -> tuple[str, int]:
    """An embedded world's richness and the bytes of its training text."""
    name, _, rest = spec.partition(":")
    richness, _, size = rest.partition(":")
    asked = re.fullmatch(r"(\d+)(KB|MB|GB)", size)
    if name != "microworld" or richness not in WORLD_SIZES or (size and not asked):
        raise UserError(
            f"unknown source {spec}: embedded worlds are microworld:small and microworld:full, with :500KB, :30MB or "
            ":1GB behind it for a size",
            f"未知的来源 {spec}：内置的小世界有 microworld:small 和 microworld:full，"
            "后面可加 :500KB、:30MB 或 :1GB 表示大小",
        )
    return richness, int(asked[1]) * _UNITS[asked[2]] if asked else WORLD_SIZES[richness]


def conversations(chat: ChatSettings, part: str) -> Iterator[Conversation]:
    """The conversations to learn from (train), or some that are kept unseen (test): one in twenty of a file's."""
    for source in chat.sources:
        if is_world(source):
            count = chat.conversations if part == "train" else 400
            streams = [
                microworld.examples("chat", richness=world_of(source)[0], language=language, part=part)
                for language in ("en", "zh")
            ]
            mixed = itertools.chain.from_iterable(zip(*streams, strict=False))
            yield from (example["messages"] for example in itertools.islice(mixed, count))
        else:
            for number, messages in enumerate(read_conversations(Path(source))):
                if (number % 20 == 19) == (part == "test"):
                    yield messages


def check_conversations(chat: ChatSettings) -> None:
    """Read all files of conversations, so that a bad line is found before the work; raises UserError."""
    for source in chat.sources:
        if is_world(source):
            world_of(source)
        else:
            for _ in read_conversations(_existing(source)):
                pass


def conversations_digest(chat: ChatSettings) -> str:
    """What identifies the conversations: the files' content, or the first ones of a world, which its seed fixes."""
    files = [folders.digest(_existing(source)) for source in chat.sources if not is_world(source)]
    worlds = tuple(source for source in chat.sources if is_world(source))
    few = chat.model_copy(update={"conversations": 50, "sources": worlds})
    return folders.digest_of([files, list(conversations(few, "train")), chat.conversations])


def _existing(source: str) -> Path:
    path = Path(source)
    if not path.is_file():
        raise UserError(
            f'there is no file {source}: chat.sources names .jsonl files of {{"messages": […]}}',
            f'没有文件 {source}：chat.sources 应是每行一个 {{"messages": […]}} 的 .jsonl 文件',
        )
    return path
