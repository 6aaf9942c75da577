"""Dirt: deterministic, of the asked-for amount, and recorded exactly."""

import html
import re

import pytest

from zaohua.microworld import corpus, dirty
from zaohua.microworld.dirt import stock, traditional_text

KINDS = ("duplicates", "near_duplicates", "mojibake", "boilerplate", "traditional", "html")


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
    expected = 0.2 * (chinese if kind == "traditional" else len(clean))
    assert 0.75 * expected <= len(planted.plants) <= 1.25 * expected


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


def test_mojibake_can_be_undone():
    _, documents, planted = soiled(mojibake=0.3)
    texts = {identity: text for identity, text, _ in documents}
    for plant in planted.plants:
        raw = b"".join(
            character.encode("latin-1") if character in "\x81\x8d\x8f\x90\x9d" else character.encode("cp1252")
            for character in texts[plant.id]
        )
        plain = raw.decode().replace("…", ".")
        if plain.isascii() or plant.original.isascii():
            plain = plain.replace("“", '"').replace("”", '"')
        assert plain == plant.original


def test_html_and_boilerplate_keep_their_text():
    _, documents, planted = soiled(html=0.3, boilerplate=0.3)
    texts = {identity: text for identity, text, _ in documents}
    for plant in planted.of("html").values():
        assert plant.original in html.unescape(texts[plant.id])
        assert re.search("</(p|div|html)>", texts[plant.id])
    for plant in planted.of("boilerplate").values():
        lines = texts[plant.id].split("\n")
        assert plant.original in lines
        assert len(lines) > 1


def test_traditional_characters_stand_for_one_simplified_character_each():
    pairs = stock()["characters"].replace("\n", "")
    simplified, traditional = pairs[::2], pairs[1::2]
    assert len(set(simplified)) == len(simplified) == len(set(traditional)) == len(traditional)
    assert not set(simplified) & set(traditional)
    assert traditional_text("丽丽拿着一只蓝色的风筝，在谷仓里。", "zh", None) == "丽丽拿着一隻藍色的風箏，在穀倉裡。"


def test_dirt_is_deterministic_and_depends_on_the_seed():
    clean = list(corpus(richness="small", size=30_000))
    assert list(dirty(clean, seed=1)[0]) == list(dirty(clean, seed=1)[0])
    assert list(dirty(clean, seed=1)[0]) != list(dirty(clean, seed=2)[0])


@pytest.mark.parametrize("rates", [{"html": -0.1}, {"html": 0.7, "mojibake": 0.7}])
def test_impossible_rates_are_refused(rates):
    with pytest.raises(ValueError, match="a rate of dirt"):
        dirty([], **rates)
