"""The chat page: everything comes from this server, and no text can become markup."""

import re
from importlib.resources import files

import httpx
import pytest

from zaohua.server.app import PAGE

FOLDER = files("zaohua.server") / "page"


def test_every_file_is_served_and_no_other_is_there():
    assert {entry.name for entry in FOLDER.iterdir()} == set(PAGE)


@pytest.mark.parametrize("name", PAGE)
def test_a_file_is_sent_with_a_strict_policy(server, name):
    answer = httpx.get(f"{server.address}/{'' if name == 'index.html' else name}")
    assert answer.content == (FOLDER / name).read_bytes()
    assert answer.headers["content-type"].startswith(PAGE[name])
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", PAGE)
def test_nothing_comes_from_elsewhere_and_text_is_only_ever_text(name):
    source = (FOLDER / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "//" not in re.sub(r"(?m)//( .*)?$", "", source)
    for danger in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "<script>",
    ):
        assert danger not in source
    assert not re.search(r"\son\w+=|style=", source)


def test_both_languages_say_everything():
    source = (FOLDER / "labels.js").read_text(encoding="utf-8")
    english, chinese = source.split("\n  zh: {")
    keys = [
        re.findall(r"[ {]([a-zA-Z]+): [\"\[]", part.split("export const language")[0]) for part in (english, chinese)
    ]
    assert keys[0] == keys[1]
    markup = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'data-say(?:-\w+)?="(\w+)"', markup)) <= set(keys[0])
