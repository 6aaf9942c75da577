"""Sources of the web are fetched once: what was fetched outlives the work folder."""

import shutil

import pytest

from zaohua.corpus import gathering, web
from zaohua.corpus.client import Answer
from zaohua.corpus.gathering import cache_of, gathered
from zaohua.corpus.glance import glance
from zaohua.corpus.settings import CorpusSettings
from zaohua.settings import UserError, check

PAGE = "https://example.org/a"


def wanted(allowed: bool = True) -> CorpusSettings:
    return check(CorpusSettings, {"sources": [PAGE], "web": {"allowed": allowed}})


def test_what_was_fetched_stays_when_the_work_is_done_and_is_not_asked_for_again(tmp_path, monkeypatch):
    asked: list[str] = []

    class Web:
        def __init__(self, settings):
            self.settings = settings

        def page(self, url: str, largest: int) -> Answer:
            asked.append(url)
            return Answer(url, 200, (("Content-Type", "text/html"),), b"<p>a page</p>")

    monkeypatch.setattr(web, "Web", Web)
    work = tmp_path / ".corpus.work"
    work.mkdir()
    first, _ = gathering.gathered(wanted(), None, work)
    shutil.rmtree(work)
    second, _ = gathering.gathered(wanted(), None, work)
    assert first == second
    assert asked == [PAGE]
    assert cache_of(work) == tmp_path / ".corpus.fetched" in first[0].path.parents


def test_a_glance_says_that_it_does_not_look_at_the_web():
    with pytest.raises(UserError, match="a quick look does not fetch"):
        glance(wanted(), None, limit=1000)
    with pytest.raises(UserError, match=r"set web\.allowed"):
        glance(wanted(allowed=False), None, limit=1000)
    with pytest.raises(UserError, match="a quick look does not fetch"):
        gathered(wanted(), None, None)
