"""The sample: bounded, the same each time, spread over each source, and of every source as much as of any other."""

import pytest
from corpora import corpus_of
from hypothesis import given
from hypothesis import strategies as st
from strings import text_of

from zaohua.tokenizer import sampling


@given(sizes=st.dictionaries(st.text(max_size=3), st.integers(1, 10_000), min_size=1), limit=st.integers(1, 50_000))
def test_sources_share_alike_and_what_small_ones_lack_goes_to_the_larger(sizes, limit):
    shares = sampling.shares(sizes, limit)
    taken = {source: shares[source] * size for source, size in sizes.items()}
    assert sum(taken.values()) == pytest.approx(min(limit, sum(sizes.values())))
    whole = {source for source, share in shares.items() if share == 1}
    cut = [bytes_ for source, bytes_ in taken.items() if source not in whole]
    assert not cut or max(cut) == pytest.approx(min(cut))
    assert not cut or max([taken[source] for source in whole], default=0) <= max(cut) + 1e-6


@pytest.fixture
def corpus(tmp_path):
    counts = (("large", 400), ("small", 20))
    return corpus_of(
        [(name, f"{name}{n} " + text_of(n, 300)) for name, count in counts for n in range(count)], tmp_path / "c"
    )


def test_a_small_source_is_taken_whole_and_a_large_one_evenly(corpus):
    taken = list(sampling.sample(corpus, 100_000))
    assert taken == list(sampling.sample(corpus, 100_000))
    assert 50_000 < sum(len(text.encode()) for text in taken) < 150_000
    small = [text for text in taken if text.startswith("small")]
    large = [int(text.split(" ")[0].removeprefix("large")) for text in taken if text.startswith("large")]
    assert len(small) > 15
    assert large == sorted(large)
    assert large[0] < 40
    assert large[-1] > 360


def test_without_a_bound_all_is_taken(corpus):
    assert sum(text.startswith("large") for text in sampling.sample(corpus, 10**9)) > 350


def test_chunks_end_at_lines_and_lose_nothing():
    text = "一行文字\n" * 50_000
    found = list(sampling.chunks(text))
    assert "".join(found) == text
    assert len(found) > 2
    assert all(chunk.endswith("\n") for chunk in found)
    assert list(sampling.chunks("x" * 100_000)) == ["x" * 65_536, "x" * 34_464]


def test_no_more_is_read_than_the_limit_asks():
    def endless():
        while True:
            yield "一" * 100

    taken, size = sampling.bounded(endless(), 1000)
    assert (len(taken), size) == (4, 1200)
