"""Sources of the web are fetched once: what was fetched outlives the work folder."""

import shutil
from pathlib import Path

import pytest

from zaohua.corpus import gathering, web
from zaohua.corpus.client import Answer
from zaohua.corpus.gathering import cache_of, gathered
from zaohua.corpus.glance import glance
from zaohua.corpus.settings import CorpusSettings
from zaohua.settings import UserError, check

PAGE, SITEMAP = "https://example.org/a", "https://example.org/sitemap.xml"


def wanted(allowed: bool = True) -> CorpusSettings:
    return check(CorpusSettings, {"sources": [PAGE], "web": {"allowed": allowed}})


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """What is asked of a web where every page is there, and a sitemap names a hundred."""
    found: list[str] = []

    class Web:
        def __init__(self, settings):
            self.settings = settings

        def page(self, url: str, largest: int) -> Answer:
            found.append(url)
            body = b"<p>a page</p>"
            if url == SITEMAP:
                body = f"<urlset>{''.join(f'<loc>https://example.org/{n}</loc>' for n in range(100))}</urlset>".encode()
            return Answer(url, 200, (("Content-Type", "text/html"),), body)

    monkeypatch.setattr(web, "Web", Web)
    return found


def test_what_was_fetched_stays_when_the_work_is_done_and_is_not_asked_for_again(tmp_path, asked):
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


def test_a_dry_run_asks_for_a_few_pages_from_all_over_and_the_run_for_the_others(tmp_path, asked):
    def names(work: str, sample: int | None) -> list[Path]:
        settings = wanted().model_copy(update={"sources": (SITEMAP,), "sample": sample})
        return [entry.path for entry in gathered(settings, None, tmp_path / work)[0]]

    few = names(".corpus-sample.work", 1000)
    assert asked == [SITEMAP, *(f"https://example.org/{n}" for n in range(0, 100, 5))]
    assert len(names(".corpus-sample.work", 3)) == 3
    every = names(".corpus.work", None)
    assert len(every) == 100
    assert set(few) < set(every)
    assert len(asked) == len(set(asked)) == 101
