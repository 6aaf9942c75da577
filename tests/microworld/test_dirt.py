"""Dirt: deterministic, of the asked-for amount, and recorded exactly."""

import difflib
import html
import re
from random import Random

import pytest

from zaohua.microworld import corpus, dirty
from zaohua.microworld.dirt import COPIES, EDITS, WAYS, stock, traditional_text

KINDS = (*COPIES, *WAYS)


def soiled(**rates):
    clean = list(corpus(richness="small", size=150_000, seed=2))
    documents, planted = dirty(clean, seed=5, **dict.fromkeys(KINDS, 0.0) | rates)
    return clean, list(documents), planted


def test_no_rates_no_dirt():
    clean, documents, planted = soiled()
    assert documents == clean
    assert planted.plants == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_names_what_was_planted_and_nothing_else(kind):
    clean, documents, planted = soiled(**{kind: 0.2})
    originals = {identity: text for identity, text, _ in clean}
    differing = {identity for identity, text, _ in documents if originals.get(identity) != text}
    assert differing == set(planted.of(kind))
    assert set(planted.counts()) == {kind}
    for plant in planted.plants:
        assert originals[plant.source] == plant.original
    chinese = sum(language == "zh" for _, _, language in clean)
    expected = 0.2 * (chinese if kind in ("traditional", "twins") else len(clean))
    assert 0.7 * expected <= len(planted.plants) <= 1.3 * expected


def test_duplicates_are_equal_and_near_duplicates_nearly():
    _, documents, planted = soiled(duplicates=0.1, near_duplicates=0.1)
    texts = {identity: text for identity, text, _ in documents}
    places = {identity: place for place, (identity, _, _) in enumerate(documents)}
    for plant in planted.of("duplicates").values():
        assert texts[plant.id] == plant.original
        assert places[plant.id] > places[plant.source]
    for plant in planted.of("near_duplicates").values():
        assert texts[plant.id] != plant.original
        assert abs(len(texts[plant.id]) - len(plant.original)) < 0.6 * len(plant.original)


def test_edited_copies_differ_in_exactly_the_planted_share():
    _, documents, planted = soiled(edited=0.6)
    texts = {identity: text for identity, text, _ in documents}
    assert {plant.detail for plant in planted.plants} == {str(rate) for rate in EDITS}
    for plant in planted.plants:
        english = plant.original.isascii()
        before, after = ((text.split(" ") if english else list(text)) for text in (plant.original, texts[plant.id]))
        edits = max(1, round(float(plant.detail) * len(before)))
        assert abs(len(after) - len(before)) <= edits
        kept = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        assert edits - 2 <= max(len(before), len(after)) - sum(block.size for block in kept) <= 2 * edits


def test_mojibake_is_of_every_way_and_can_be_undone_where_the_record_says_so():
    _, documents, planted = soiled(mojibake=0.9)
    texts = {identity: text for identity, text, _ in documents}
    undone = {
        "utf8_as_cp1252": lambda text: "".join(map(chr, cp1252_bytes(text))).encode("latin-1").decode(),
        "gbk_as_latin1": lambda text: text.encode("latin-1").decode("gbk"),
        "utf8_as_gbk": lambda text: b"\x80".join(part.encode("gb18030") for part in text.split("€")).decode(),
        "lost_as_gbk": lambda text: "\n".join(line for line in text.split("\n") if not line.startswith("锟斤拷")),
    }
    assert {plant.detail for plant in planted.plants} == set(undone)
    for plant in planted.plants:
        if plant.cleaned:
            assert undone[plant.detail](texts[plant.id]) == plant.cleaned
            plain = plant.cleaned.replace("“", '"').replace("”", '"').replace("…", ".")
            assert plain == plant.original.replace("“", '"').replace("”", '"')
        else:
            assert "\ufffd" in texts[plant.id]


def cp1252_bytes(text):
    return b"".join(
        character.encode("latin-1") if character in "\x81\x8d\x8f\x90\x9d" else character.encode("cp1252")
        for character in text
    )


def test_foreign_and_mixed_documents_hold_another_language():
    _, documents, planted = soiled(foreign=0.2, mixed=0.2)
    texts = {identity: text for identity, text, _ in documents}
    for plant in planted.plants:
        assert plant.detail in stock()["foreign"]
        assert plant.cleaned == ""
        first = plant.original.split("。" if "。" in plant.original else ".")[0]
        assert (first in texts[plant.id]) == (plant.kind == "mixed")


def test_twins_are_the_same_text_in_traditional_characters():
    _, documents, planted = soiled(twins=0.3)
    texts = {identity: text for identity, text, _ in documents}
    assert all(texts[plant.id] == traditional_text(plant.original, "zh", Random()).text for plant in planted.plants)


def test_html_and_boilerplate_keep_their_text():
    _, documents, planted = soiled(html=0.3, boilerplate=0.3)
    texts = {identity: text for identity, text, _ in documents}
    for plant in planted.of("html").values():
        assert plant.original in html.unescape(texts[plant.id])
        assert re.search("</(p|div|html)>", texts[plant.id])
    for plant in planted.of("boilerplate").values():
        lines = texts[plant.id].split("\n")
        assert plant.original in lines
        assert sorted([plant.original, *plant.detail.split("\n")]) == sorted(lines)


def test_traditional_characters_stand_for_one_simplified_character_each():
    pairs = stock()["characters"].replace("\n", "")
    simplified, traditional = pairs[::2], pairs[1::2]
    assert len(set(simplified)) == len(simplified) == len(set(traditional)) == len(traditional)
    assert not set(simplified) & set(traditional)
    assert (
        traditional_text("丽丽拿着一只蓝色的风筝，在谷仓里。", "zh", Random()).text
        == "丽丽拿着一隻藍色的風箏，在穀倉裡。"
    )


def test_dirt_is_deterministic_and_depends_on_the_seed():
    clean = list(corpus(richness="small", size=30_000))
    assert list(dirty(clean, seed=1)[0]) == list(dirty(clean, seed=1)[0])
    assert list(dirty(clean, seed=1)[0]) != list(dirty(clean, seed=2)[0])


@pytest.mark.parametrize("rates", [{"html": -0.1}, {"html": 0.7, "mojibake": 0.7}])
def test_impossible_rates_are_refused(rates):
    with pytest.raises(ValueError, match="a rate of dirt"):
        dirty([], **rates)
