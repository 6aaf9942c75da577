"""MinHash signatures: the same whatever the batch, as alike as their texts, and as rensa gives them one by one."""

import random

import numpy as np
import pytest
from pydantic import ValidationError

from zaohua.corpus import shingles
from zaohua.corpus.edges import edges, jaccard
from zaohua.corpus.signatures import NearDuplicates, band_keys, minhashes, shingle_sets, signatures

rensa = pytest.importorskip("rensa")
HAN = [chr(code) for code in range(0x4E00, 0x5600)]
WORDS = [f"{a}{b}{c}" for a in "bdfglmprst" for b in "aeiou" for c in ("n", "r", "st", "l")]


def text_of(rng: random.Random, characters: bool, size: int) -> str:
    return "".join(rng.choices(HAN, k=size)) if characters else " ".join(rng.choices(WORDS, k=size))


def edited(text: str, rate: float, rng: random.Random, characters: bool) -> str:
    """Each unit is replaced, left out or doubled, with the probability `rate` in all."""
    pieces = list(text) if characters else text.split()
    choices = HAN if characters else WORDS
    ways = (lambda piece: [rng.choice(choices)], lambda piece: [], lambda piece: [piece, piece])
    changed = [rng.choice(ways)(piece) if rng.random() < rate else [piece] for piece in pieces]
    return ("" if characters else " ").join(piece for pieces in changed for piece in pieces)


def planted(count: int, rate: float, characters: bool, seed: int) -> tuple[list[str], np.ndarray]:
    """Texts of 500 to 1,500 units, each followed by its edited copy, and whether they are cut into code points."""
    rng = random.Random(seed)
    texts = []
    for _ in range(count):
        text = text_of(rng, characters, rng.randrange(500, 1500))
        texts += [text, edited(text, rate, rng, characters)]
    return texts, np.full(len(texts), characters)


def recall(texts: list[str], characters: np.ndarray, settings: NearDuplicates) -> float:
    """The share of neighbours 2k, 2k + 1 that share a band; no other pair may."""
    found = edges(*signatures(texts, characters, np.arange(len(texts), dtype=np.uint64), settings))
    right = (found[:, 0] % np.uint64(2) == 0) & (found[:, 1] == found[:, 0] + np.uint64(1))
    assert right.all(), found[~right]
    return len(found) / (len(texts) / 2)


@pytest.mark.parametrize("characters", [True, False])
def test_a_batch_gives_what_each_text_gives_alone_in_any_block(monkeypatch, characters):
    rng = random.Random(1)
    settings = NearDuplicates()
    texts = [text_of(rng, characters, size) for size in (0, 3, 8, 200, 5, 900, 30)]
    chosen, whole = minhashes(texts, settings, characters=characters)
    assert chosen.tolist() == [
        i for i, size in enumerate((0, 3, 8, 200, 5, 900, 30)) if size >= (8 if characters else 5)
    ]
    monkeypatch.setattr(shingles, "_BLOCK", 50)
    for row, number in enumerate(chosen.tolist()):
        _, alone = minhashes([texts[number]], settings, characters=characters)
        assert alone[0].tolist() == whole[row].tolist()


def test_a_signature_is_rensas_of_the_set_of_shingles():
    settings = NearDuplicates(bands=4, rows=3, seed=7)
    texts = ["春眠不觉晓处处闻啼鸟夜来风雨声花落知多少", "the quick brown fox jumps over the lazy dog"]
    sets = dict(shingle_sets(texts, np.array([True, False]), settings))
    for number, characters in ((0, True), (1, False)):
        _, found = minhashes([texts[number]], settings, characters=characters)
        expected = rensa.RMinHash.digest_matrix_from_token_hash_sets([sets[number].tolist()], num_perm=12, seed=7)
        assert found.tolist() == expected.to_rows()


def test_golden_band_keys():
    """Raise the version of the sketch function when these change: finished sketches would no longer fit new ones."""
    settings = NearDuplicates(bands=2)
    keys, ids = signatures(
        ["春眠不觉晓处处闻啼鸟", "the quick brown fox jumps"],
        np.array([True, False]),
        np.array([5, 6], dtype=np.uint64),
        settings,
    )
    assert ids.tolist() == [5, 5, 6, 6]
    assert keys.tolist() == GOLDEN_KEYS


def test_texts_shorter_than_a_shingle_and_empty_ones_are_like_none():
    texts = ["", "一二三四五六七", "。！？", "", "one two three four", "一二三四五六七"]
    keys, ids = signatures(
        texts, np.array([True, True, True, False, False, True]), np.arange(6, dtype=np.uint64), NearDuplicates()
    )
    assert len(keys) == len(ids) == 0


def test_band_keys_differ_by_band_and_depend_on_every_row():
    settings = NearDuplicates(bands=3, rows=2)
    same = band_keys(np.full((1, 6), 5, dtype=np.uint32), settings)
    assert len(set(same[0].tolist())) == 3
    for column in range(6):
        other = np.full((1, 6), 5, dtype=np.uint32)
        other[0, column] = 6
        assert (band_keys(other, settings) != same)[0].nonzero()[0].tolist() == [column // 2]


def test_the_share_of_equal_minhashes_is_the_jaccard_similarity():
    """As datasketch's is; within four standard deviations of 1,000 draws."""
    datasketch = pytest.importorskip("datasketch")
    rng = random.Random(3)
    settings = NearDuplicates(bands=125, rows=8)
    text = text_of(rng, True, 1500)
    for rate in (0.005, 0.02, 0.05):
        other = edited(text, rate, rng, True)
        sets = dict(shingle_sets([text, other], np.array([True, True]), settings))
        _, found = minhashes([text, other], settings, characters=True)
        exact = jaccard(sets[0], sets[1])
        assert abs((found[0] == found[1]).mean() - exact) < 4 * (exact * (1 - exact) / 1000) ** 0.5
        theirs = [datasketch.MinHash(num_perm=1000, hashfunc=lambda value: value % 2**32) for _ in sets]
        for minhash, number in zip(theirs, (0, 1), strict=True):
            minhash.update_batch(sets[number].tolist())
        assert (
            abs(theirs[0].jaccard(theirs[1]) - (found[0] == found[1]).mean()) < 6 * (exact * (1 - exact) / 1000) ** 0.5
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("characters", "rate", "least"),
    [(True, 0.005, 0.98), (True, 0.01, 0.92), (False, 0.005, 0.98), (False, 0.01, 0.92)],
)
def test_edited_copies_are_found(characters, rate, least):
    assert recall(*planted(300, rate, characters, 5), NearDuplicates()) >= least


@pytest.mark.slow
def test_shorter_shingles_find_more():
    texts, characters = planted(300, 0.02, True, 6)
    assert recall(texts, characters, NearDuplicates(characters=5)) >= 0.9 > recall(texts, characters, NearDuplicates())


def test_a_setting_out_of_range_or_misspelt_is_refused():
    for wrong in ({"bands": 0}, {"verify": 1.5}, {"keep": "newest"}, {"band": 14}):
        with pytest.raises(ValidationError):
            NearDuplicates(**wrong)


GOLDEN_KEYS = [1307691380584411825, 12549061956046458309, 13539292929783726752, 152945846353640761]
