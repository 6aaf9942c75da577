"""Lines that many documents have are found over all files and cut out, and nothing else."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus import lines
from zaohua.corpus.engine import merging
from zaohua.corpus.engine.local import InProcess
from zaohua.corpus.engine.schedule import run
from zaohua.corpus.lines import Boilerplate, cut_lines, line_hashes, read_common, write_line_counts

FOOTER = "版权所有 © 2026 某某网站"
MENU = "Home | About us | Contact"


def common_of(folder, files: list[list[str]], settings: Boilerplate, partitions: int) -> np.ndarray:
    """The common lines of texts in files, by the tasks."""
    names = [f"counts-{number}" for number in range(len(files))]
    for name, texts in zip(names, files):
        write_line_counts(folder / name, texts, settings, partitions)
    run(lines.tasks(names, settings, partitions, "boilerplate"), lines.functions(), folder, InProcess())
    return read_common(folder / "boilerplate/common")


def pages(count: int) -> list[str]:
    rng = random.Random(0)
    return [
        "\n".join(
            [MENU, "", f"page {number} 的正文 {rng.random()}", f"  {FOOTER} " if number % 3 else f"end {number}", "}"]
        )
        for number in range(count)
    ]


def test_what_many_documents_share_is_cut_and_the_rest_stands_as_it_stood(tmp_path):
    settings = Boilerplate(documents=5)
    texts = pages(12)
    common = common_of(tmp_path, [texts], settings, 3)
    for number, text in enumerate(texts):
        kept, cut = cut_lines(text, common, settings)
        body = [line for line in text.split("\n") if MENU not in line and FOOTER not in line]
        assert kept == "\n".join(body).strip("\n")
        assert len(cut) == (2 if number % 3 else 1)


def test_a_line_in_as_many_documents_as_allowed_stays_and_repeats_in_one_document_count_once(tmp_path):
    settings = Boilerplate(documents=2)
    texts = ["twice here, twice\ntwice here, twice\nin all three", "twice here, twice\nin all three", "in  all three "]
    common = common_of(tmp_path, [texts], settings, 1)
    assert [cut_lines(text, common, settings)[1] for text in texts] == [
        ["in all three"],
        ["in all three"],
        ["in  all three "],
    ]


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_files_partitions_and_merging_change_nothing(tmp_path, partitions, monkeypatch):
    settings = Boilerplate(documents=5)
    texts = pages(30)
    whole = common_of(tmp_path / "a", [texts], settings, 1) if (tmp_path / "a").mkdir() is None else None
    (tmp_path / "b").mkdir()
    files = [texts[:3], [], texts[20:], texts[3:20]]
    assert common_of(tmp_path / "b", files, settings, partitions).tolist() == whole.tolist()
    monkeypatch.setattr(merging, "MERGED", 2)
    (tmp_path / "c").mkdir()
    assert common_of(tmp_path / "c", files, settings, partitions).tolist() == whole.tolist()
    assert (tmp_path / "c/boilerplate/merged/000001").exists()
    assert len(whole) == 2


def test_paragraphs_are_what_stands_between_blank_lines(tmp_path):
    settings = Boilerplate(documents=1, unit="paragraph")
    texts = ["subscribe now\nand save\n\nthe first story\n\n\nanother", "the second story\n \nsubscribe now\nand save"]
    common = common_of(tmp_path, [texts], settings, 2)
    assert [cut_lines(text, common, settings)[0] for text in texts] == [
        "the first story\n\n\nanother",
        "the second story",
    ]


@given(text=st.text(st.sampled_from("ab \n。"), max_size=60), unit=st.sampled_from(["line", "paragraph"]))
def test_without_common_lines_no_text_is_changed(text, unit):
    settings = Boilerplate(documents=1, unit=unit, min_characters=1)
    assert cut_lines(text, np.zeros(0, dtype=np.uint64), settings) == (text, [])
    common = np.array(sorted(set(line_hashes(text, settings)) - {0}), dtype=np.uint64)
    kept, cut = cut_lines(text, common, settings)
    assert not kept.strip()
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_short_lines_and_blank_ones_are_never_common():
    assert line_hashes("}\n\n第一章\n  \nlonger than that", Boilerplate(documents=1))[:4] == [0, 0, 0, 0]


def test_a_line_is_common_only_where_its_own_hash_is(tmp_path):
    settings = Boilerplate(documents=1)
    text = "\n".join(f"line number {n}" for n in range(50))
    hashes = np.array(sorted(line_hashes(text, settings)[::2]), dtype=np.uint64)
    kept, cut = cut_lines(text, hashes, settings)
    assert cut == [f"line number {n}" for n in range(0, 50, 2)]
    assert kept.split("\n") == [f"line number {n}" for n in range(1, 50, 2)]
