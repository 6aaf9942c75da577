"""Counts and picks of files add up, in any order."""

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus.cleaning import to_json
from zaohua.corpus.report import survey as survey_module
from zaohua.corpus.report.survey import EDGES, SAMPLES, Picks, Survey, chosen_samples

from .conftest import document, dropped


def entries(ranks):
    return [{"rank": rank, "id": str(n), "text": "", "source": "s"} for n, rank in enumerate(ranks)]


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 12), st.randoms(use_true_random=False))
def test_picks_are_the_first_by_hash_in_any_order(ranks, most, draw):
    offered = entries(ranks)
    expected = sorted(offered, key=lambda entry: (entry["rank"], entry["id"]))[:most]
    draw.shuffle(offered)
    picks = Picks(most)
    for entry in offered:
        if entry["rank"] <= picks.limit():
            picks.offer(entry)
    assert picks.entries() == expected


def test_counts_are_those_of_the_rows(corpus):
    parts = {
        "documents": [document("a", "四个字吧", language="zh", script="Hans"), document("b", "x" * 10, "books")],
        "heldout": [document("z", ""), document("c", "call <PHONE> or <EMAIL>")],
        "removed": [
            dropped("d", "yy", "letters", value=0.123, limit=0.25),
            dropped("e", "", "unreadable", reason="why"),
        ],
    }
    folder = corpus(parts)
    found = Survey()
    for part in parts:
        found.take(folder / part / "part-0.parquet", part)
    content = found.content()
    assert content["outcomes"]["web"] == {
        "documents": 1, "documents bytes": 12, "heldout": 2, "heldout bytes": 23, "letters": 1, "letters bytes": 2,
        "unreadable": 1, "unreadable bytes": 0,
    }  # fmt: skip
    assert content["outcomes"]["books"] == {"documents": 1, "documents bytes": 10}
    assert content["languages"]["zh Hans"] == {"documents": 1, "documents bytes": 12}
    assert content["values"]["letters"] == {"0.123": 1}
    assert content["limits"] == {"letters": [0.25], "unreadable": []}
    assert content["lengths"]["removed"] == {"-1": 1, str(int((EDGES <= 2).sum()) - 1): 1}
    assert [entry["id"] for entry in content["masked"]["PHONE"]] == ["c"]
    assert content["examples"]["unreadable"][0]["reason"] == "why"
    assert json.loads(json.dumps(content)) == content


def test_lengths_have_five_bins_in_each_power_of_ten():
    assert EDGES[:6].tolist() == [1, 2, 3, 4, 7, 10]
    assert EDGES[10:16:5].tolist() == [100, 1000]


def test_samples_come_from_all_sources(corpus):
    rows = [document(f"big{n}", "text", "big") for n in range(2 * SAMPLES)]
    rows += [document(f"small{n}", "text", "small") for n in range(20)]
    folder = corpus({"documents": random.Random(0).sample(rows, len(rows))})
    found = Survey()
    found.take(folder / "documents" / "part-0.parquet", "documents")
    chosen = chosen_samples(found.content()["samples"])
    assert len(chosen) == SAMPLES
    assert sum(source == "small" for source, _ in chosen) == 20


def test_a_large_source_has_as_many_samples_whether_it_comes_first_or_last(corpus, monkeypatch):
    monkeypatch.setattr(survey_module, "SAMPLES", 40)
    large = [document(f"{n}", "text", "large") for n in range(100)]
    small = [document(f"{n}", "text", f"source {n}") for n in range(20)]
    chosen = []
    for name, files in (("first", [large, small]), ("last", [small, large])):
        found = Survey()
        for number, rows in enumerate(files):
            folder = corpus({"documents": rows}, name=f"{name}{number}")
            found.take(folder / "documents" / "part-0.parquet", "documents")
        chosen.append(chosen_samples(found.content()["samples"]))
    assert chosen[0] == chosen[1]


def test_of_more_sources_than_samples_some_are_shown_the_same_ones_in_any_order(corpus, monkeypatch):
    monkeypatch.setattr(survey_module, "SAMPLES", 10)
    rows = [document(f"{n}", "text", f"source {n % 40}") for n in range(200)]
    chosen = []
    for draw in range(3):
        mixed = random.Random(draw).sample(rows, len(rows))
        folder = corpus({"documents": mixed}, files=3, name=str(draw))
        whole = Survey()
        for number in range(3):
            found = Survey()
            found.take(folder / "documents" / f"part-{number}.parquet", "documents")
            whole.add(found.content())
        chosen.append([(source, entry["id"]) for source, entry in chosen_samples(whole.content()["samples"])])
    assert chosen[0] == chosen[1] == chosen[2]
    assert len(chosen[0]) == len({source for source, _ in chosen[0]}) == 10


def test_an_address_with_a_lone_surrogate_is_spelled_out(corpus, tmp_path):
    meta = to_json({"file": "a", "url": "https://example.org/\udce9"})
    folder = corpus({"documents": [document("a", "a text") | {"meta": meta}]})
    survey_module.survey([folder / "documents/part-0.parquet"], {"parts": ["documents"]}, [tmp_path / "survey"])
    (entry,) = json.loads((tmp_path / "survey").read_text(encoding="utf-8"))["samples"]["web"]
    assert entry["url"] == "https://example.org/\\udce9"
