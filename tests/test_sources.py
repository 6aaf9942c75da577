"""Names of sources that are no files of text: worlds of any size, conversations read once."""

import json

import pytest

from zaohua import sources
from zaohua.recipe import ChatSettings
from zaohua.settings import UserError


@pytest.mark.parametrize(
    ("spec", "world"),
    [
        ("microworld:small", ("small", 6_000_000)),
        ("microworld:full:500KB", ("full", 500_000)),
        ("microworld:small:3MB", ("small", 3_000_000)),
        ("microworld:full:2GB", ("full", 2_000_000_000)),
    ],
)
def test_a_world_is_as_large_as_its_name_says(spec, world):
    assert sources.is_world(spec)
    assert sources.world_of(spec) == world


@pytest.mark.parametrize(
    "spec", ["microworld:huge", "microworld:small:3", "microworld:small:3TB", "microworld:full:MB"]
)
def test_another_name_is_a_sentence_that_lists_the_right_ones(spec):
    with pytest.raises(UserError, match="microworld:small and microworld:full"):
        sources.world_of(spec)


def test_conversations_are_checked_in_one_reading(tmp_path, monkeypatch):
    path = tmp_path / "chats.jsonl"
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    path.write_text((json.dumps({"messages": turns}) + "\n") * 30)
    opened = []
    read = sources.read_conversations
    monkeypatch.setattr(sources, "read_conversations", lambda place: opened.append(place) or read(place))
    sources.check_conversations(ChatSettings(sources=(str(path),)))
    assert opened == [path]
    path.write_text(path.read_text() + "broken\n")
    with pytest.raises(UserError, match="line 31"):
        sources.check_conversations(ChatSettings(sources=(str(path),)))
    with pytest.raises(UserError, match="unknown source"):
        sources.check_conversations(ChatSettings(sources=("microworld:huge",)))
    with pytest.raises(UserError, match="there is no file"):
        sources.check_conversations(ChatSettings(sources=(str(tmp_path / "none.jsonl"),)))
