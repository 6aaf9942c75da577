"""The card says in the reader's language what was counted."""

import pytest

from zaohua.evaluation import card

BITS = {
    "heldout": {
        "bits_per_byte": 1.5,
        "bytes": 5000,
        "split": {"way": "auto", "share": 0.05, "whole": 7, "cut": 2},
    },
    "baselines": {"xz -9": {"alone": 2.0, "seen": 1.9}, "ngram": {"seen": 1.8}},
}


@pytest.mark.parametrize("way", ["auto", "tail"])
def test_how_the_text_was_split_is_said_in_both_languages(way):
    heldout = BITS["heldout"] | {"split": BITS["heldout"]["split"] | {"way": way}}
    english, chinese = (card.bits(BITS | {"heldout": heldout}, language)[0] for language in ("en", "zh"))
    assert "5.0% of the bytes, 7 documents whole, the ends of 2 documents)" in english
    assert "5.0%，整篇 7 篇，截取末尾 2 篇）" in chinese
    assert "documents" not in chinese
    assert ("ends of the files" in english, "每个文件的末尾" in chinese) == (way == "tail",) * 2


@pytest.mark.parametrize(
    ("whole", "cut", "said"), [(7, 0, ", 7 documents whole)"), (0, 2, ", the ends of 2 documents)")]
)
def test_what_was_not_held_out_is_not_counted(whole, cut, said):
    heldout = BITS["heldout"] | {"split": BITS["heldout"]["split"] | {"whole": whole, "cut": cut}}
    assert card.bits(BITS | {"heldout": heldout}, "en")[0].endswith(f"5.0% of the bytes{said}")


def test_what_the_baselines_have_not_seen_is_said():
    assert "first 100,000,000 bytes" in card.bits(BITS | {"looked_back": 10**8}, "en")[-1]
    assert "first" not in "".join(card.bits(BITS, "en"))
