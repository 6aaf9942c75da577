"""Texts as arrays: every document of a batch gives what it gives alone, by a formula spelled out here once more."""

import itertools
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.corpus import shingles
from zaohua.corpus.shingles import long_enough, units, window_hashes, windows, word_letters

MASK = 2**64 - 1
texts_of = st.lists(st.text(st.sampled_from("ab Zé。，字体です\n\u200b-😀"), max_size=40), max_size=12)


def spelled_out(values: list[int], width: int) -> list[int]:
    """The hash of each window of a text by plain integers (reference/corpus.md, section 7)."""
    found = []
    for start in range(len(values) - width + 1):
        h = 0
        for value in values[start : start + width]:
            h = ((h * 0x9E3779B97F4A7C15) & MASK) ^ ((value + 0x632BE59BD9B4E019) & MASK)
            h ^= h >> 29
        found.append(h)
    return found


def letters(text: str) -> list[int]:
    return [
        ord(c) for c in text if unicodedata.category(c)[0] not in "ZP" and unicodedata.category(c) not in ("Cc", "Cf")
    ]


def words(text: str) -> list[str]:
    kept = set(letters(text))
    return "".join(c if ord(c) in kept else " " for c in text).split()


@given(texts=texts_of)
def test_characters_are_the_code_points_that_are_letters(texts):
    values, starts = units(texts, way="characters")
    assert [values[a:b].tolist() for a, b in itertools.pairwise(starts)] == [letters(text) for text in texts]


@given(texts=texts_of)
def test_equal_words_are_equal_units_and_others_are_not(texts):
    values, starts = units(texts, way="words")
    assert np.diff(starts).tolist() == [len(words(text)) for text in texts]
    seen = dict(zip(values.tolist(), [word for text in texts for word in words(text)]))
    assert [seen[value] for value in values.tolist()] == [word for text in texts for word in words(text)]


@given(texts=texts_of, width=st.integers(1, 6), way=st.sampled_from(["characters", "words"]))
def test_windows_of_a_batch_are_those_of_each_text_alone(texts, width, way):
    chosen, values, starts = long_enough(*units(texts, way=way), width)
    found: dict[int, list[int]] = {}
    for hashes, offsets, first, place in windows(values, starts, width):
        assert offsets[0] == 0
        assert offsets[-1] == len(hashes)
        assert place == len(found.get(first, []))
        for i, (low, high) in enumerate(itertools.pairwise(offsets), first):
            found.setdefault(i, []).extend(hashes[low:high].tolist())
    expected = {}
    for i, number in enumerate(chosen):
        alone, _ = units([texts[number]], way=way)
        expected[i] = spelled_out(alone.tolist(), width)
    assert found == expected
    assert set(range(len(texts))) - set(chosen.tolist()) == {
        i for i, text in enumerate(texts) if len(({"characters": letters, "words": words}[way])(text)) < width
    }


@pytest.mark.parametrize("way", ["characters", "words", "mixed"])
def test_pieces_and_blocks_of_any_size_give_the_same(monkeypatch, way):
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("abcde 字词句。"), size)) for size in (0, 1, 3, 500, 7, 2000, 40, 0, 900)]

    def everything() -> tuple:
        chosen, values, starts = long_enough(*units(texts, way=way), 4)
        blocks = list(windows(values, starts, 4))
        return chosen.tolist(), values.tolist(), starts.tolist(), np.concatenate([b[0] for b in blocks]).tolist()

    whole = everything()
    monkeypatch.setattr(shingles, "_PIECE", 64)
    monkeypatch.setattr(shingles, "_BLOCK", 16)
    assert everything() == whole


def test_mixed_units_are_single_hanzi_and_whole_words():
    """A question is found whole in any language, whatever the language of the text around it."""
    values, starts = units(["我用python3写gpt，很快", "python3", "gpt", "我"], way="mixed")
    assert np.diff(starts).tolist() == [7, 1, 1, 1]
    assert values[[2, 4, 0]].tolist() == values[starts[1:4]].tolist()
    assert word_letters("我用python3写gpt，很快").tolist() == [0, 1, 2, 9, 10, 13, 14, 15]


def test_a_word_longer_than_a_piece_is_cut_by_its_own_length_alone(monkeypatch):
    monkeypatch.setattr(shingles, "_PIECE", 10)
    alone, _ = units(["a" * 25], way="words")
    values, starts = units(["bb cc", "a" * 25], way="words")
    assert values[starts[1] :].tolist() == alone.tolist()
    assert len(alone) == 3


def test_lone_surrogates_and_nothing_at_all_are_taken():
    values, starts = units(["\ud800a", "", "。。"], way="characters")
    assert (values.tolist(), starts.tolist()) == ([0xD800, ord("a")], [0, 2, 2, 2])
    assert units([], way="characters")[1].tolist() == [0]
    assert list(windows(np.zeros(0, dtype=np.uint64), np.array([0]), 5)) == []


def test_one_hash_has_64_bits_that_move():
    """A changed letter changes about half of the bits."""
    text = np.arange(1000, 1400, dtype=np.uint64)
    other = text.copy()
    other[200] += 1
    before, after = window_hashes(text, 8), window_hashes(other, 8)
    changed = np.flatnonzero(before != after)
    assert changed.tolist() == list(range(193, 201))
    bits = [(int(a) ^ int(b)).bit_count() for a, b in zip(before[changed[:6]], after[changed[:6]])]
    assert np.mean(bits) > 20
