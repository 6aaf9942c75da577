"""The chat page: everything comes from this server, no text can become markup, examples are of the small world."""

import json
import re
from importlib.resources import files
from random import Random

import httpx
import pytest

from zaohua import microworld
from zaohua.evaluation.world import language_of
from zaohua.microworld.phrase import read
from zaohua.microworld.question import facts, put
from zaohua.server.app import PAGE, SHARED

FOLDER = files("zaohua.server") / "page"


def test_every_file_is_served_and_no_other_is_there():
    assert {entry.name for entry in FOLDER.iterdir()} == set(PAGE) - SHARED


def source_of(name):
    """A file of the page as it stands in the package."""
    return ((files("zaohua.pages") if name in SHARED else FOLDER) / name).read_bytes()


def test_the_page_has_the_colours_of_all_pages_and_none_of_them_twice():
    shared, own = (set(re.findall(rb"(--[a-z-]+):", source_of(name))) for name in ("theme.css", "page.css"))
    assert shared
    assert not shared & own
    assert {
        name for sheet in ("theme.css", "page.css") for name in re.findall(rb"var\((--[a-z-]+)\)", source_of(sheet))
    } <= (shared | own)
    assert re.findall(rb'stylesheet" href="(.*?)"', source_of("index.html")) == [b"theme.css", b"page.css"]


@pytest.mark.parametrize("name", PAGE)
def test_a_file_is_sent_with_a_strict_policy(server, name):
    answer = httpx.get(f"{server.address}/{'' if name == 'index.html' else name}")
    assert answer.content == source_of(name)
    assert answer.headers["content-type"].startswith(PAGE[name])
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", PAGE)
def test_nothing_comes_from_elsewhere_and_text_is_only_ever_text(name):
    source = source_of(name).decode().replace("http://www.w3.org/2000/svg", "")
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


def examples() -> list[list[str]]:
    """The page's stories, each with its question."""
    source = (FOLDER / "labels.js").read_text(encoding="utf-8")
    return [json.loads(line.strip().rstrip(",")) for line in re.findall(r'(?m)^\s+\[".*"\],$', source)]


def openings() -> list[str]:
    """The texts that the page offers to continue."""
    source = (FOLDER / "labels.js").read_text(encoding="utf-8")
    return [text for found in re.findall(r"openings: (\[.*\])", source) for text in json.loads(found)]


def questions_of(text: str, language: str) -> set[str]:
    """What the small world may ask about a story, each with exactly one answer."""
    sentences = microworld.sentences(text, language)
    events = [read(sentence, "small", language)[0] for sentence in sentences]
    told = microworld.Story(text, language, "", tuple(events), tuple(sentences), "small", "train", 0)
    return {put(fact.kind, fact.about._replace(colour=""), told, Random(0)) for fact in facts(told)}


def test_every_example_is_a_story_of_the_small_world_with_a_question_as_that_world_puts_it():
    assert {language_of(story) for story, _ in examples()} == {"en", "zh"}
    for story, question in examples():
        language = language_of(story)
        assert microworld.check(story, richness="small", language=language).problems == ()
        assert question in questions_of(story, language)


def test_every_opening_is_the_beginning_of_a_story_of_the_small_world():
    assert len(openings()) == 6
    for text in openings():
        verdict = microworld.check(text, richness="small", language=language_of(text))
        assert verdict.problems == ("it does not end as stories end",)
