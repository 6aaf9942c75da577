"""Dirt on request: what spoils collected text, planted at known places, so that cleaning can be scored exactly."""

import html
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

from zaohua.microworld.misreading import MISREADINGS
from zaohua.microworld.phrase import sentences

Document = tuple[str, str, str]
REMEMBERED = 512
EDITS = (0.005, 0.01, 0.02, 0.04)
"""Shares of its characters (in English: words) in which an edited copy differs, each as often."""


class Spoilt(NamedTuple):
    """A text with dirt, what perfect cleaning makes of it ("": the document should go), and what was done in detail."""

    text: str
    cleaned: str
    detail: str = ""


@dataclass(frozen=True)
class Plant:
    """One piece of dirt: its kind, the document that has it, the document it was made from, and the clean text.

    `cleaned` is what perfect cleaning gives, "" where the document should be removed. `detail` says more by kind:
    the rate of edits, the way of misreading, the lines that stand around the text, the foreign language.
    """

    kind: str
    id: str
    source: str
    original: str
    cleaned: str = ""
    detail: str = ""


@dataclass
class Planted:
    """Everything that has been planted so far; complete when the documents have all been taken."""

    plants: list[Plant] = field(default_factory=list)

    def of(self, kind: str) -> dict[str, Plant]:
        """The plants of one kind by the document that has them."""
        return {plant.id: plant for plant in self.plants if plant.kind == kind}

    def counts(self) -> Counter[str]:
        """How many plants of each kind there are."""
        return Counter(plant.kind for plant in self.plants)


def dirty(
    documents: Iterable[Document],
    *,
    seed: int = 0,
    duplicates: float = 0.05,
    near_duplicates: float = 0.05,
    mojibake: float = 0.02,
    boilerplate: float = 0.05,
    traditional: float = 0.05,
    html: float = 0.05,
    edited: float = 0.0,
    twins: float = 0.0,
    foreign: float = 0.0,
    mixed: float = 0.0,
) -> tuple[Iterator[Document], Planted]:
    """The documents (id, text, language) with dirt among them, and the record of it, which fills as they are taken.

    Each rate is a share of the clean documents: that many additional copies (duplicates, near_duplicates, edited by
    one of EDITS, twins in traditional characters; each stands somewhere after its source), or that many texts changed
    in place (the others; a text is changed in one way at most, and into traditional characters only if it is Chinese).
    Copies are made of clean text.
    """
    rates = {"mojibake": mojibake, "boilerplate": boilerplate, "traditional": traditional, "html": html,
             "foreign": foreign, "mixed": mixed}  # fmt: skip
    copies = {"duplicates": duplicates, "near_duplicates": near_duplicates, "edited": edited, "twins": twins}
    if min(*copies.values(), *rates.values()) < 0 or sum(rates.values()) > 1:
        raise ValueError(
            "a rate of dirt is a share from 0 to 1, and those that change texts in place add up to at most 1"
        )
    planted = Planted()
    return _dirtied(documents, Random(f"dirt/{seed}"), copies, rates, planted), planted


def _dirtied(
    documents: Iterable[Document], rng: Random, copies: dict[str, float], rates: dict[str, float], planted: Planted
) -> Iterator[Document]:
    clean: list[Document] = []
    for identity, text, language in documents:
        kind = drawn(rates, rng)
        if kind == "traditional" and language != "zh":
            kind = None
        spoilt = WAYS[kind](text, language, rng) if kind else Spoilt(text, text)
        if kind and spoilt.text != text:
            planted.plants.append(Plant(kind, identity, identity, text, spoilt.cleaned, spoilt.detail))
        else:
            clean.append((identity, text, language))
        yield identity, spoilt.text, language
        for kind, rate in copies.items():
            if clean and rng.random() < rate:
                source, original, tongue = rng.choice(clean[-REMEMBERED:])
                copy = COPIES[kind](original, tongue, rng)
                if kind == "duplicates" or copy.text != original:
                    name = f"{identity}-{kind}"
                    planted.plants.append(Plant(kind, name, source, original, copy.cleaned, copy.detail))
                    yield name, copy.text, tongue


def drawn(rates: dict[str, float], rng: Random) -> str | None:
    """One of the kinds, each with its rate, or none."""
    left = rng.random()
    for kind, rate in rates.items():
        left -= rate
        if left < 0:
            return kind
    return None


@cache
def stock() -> dict:
    """What dirt is made of."""
    return tomllib.loads(files("zaohua.microworld").joinpath("tables/dirt.toml").read_text(encoding="utf-8"))


def repeated(text: str, language: str, rng: Random) -> Spoilt:
    """The same text."""
    return Spoilt(text, "")


def changed(text: str, language: str, rng: Random) -> Spoilt:
    """Nearly the same text: one sentence stands twice, is left out, or a line stands around it."""
    pieces = sentences(text, language)
    space = " " if language == "en" else ""
    place = rng.randrange(len(pieces))
    way = rng.randrange(3)
    if way == 0:
        pieces.insert(place, pieces[place])
    elif way == 1 and len(pieces) > 4:
        del pieces[place]
    else:
        pieces.append(rng.choice(stock()["boilerplate"][language]))
    return Spoilt(space.join(pieces), "")


def edited_text(text: str, language: str, rng: Random) -> Spoilt:
    """The text with exactly a rate of EDITS of its characters (words) replaced, left out or followed by another."""
    rate = rng.choice(EDITS)
    units = text.split(" ") if language == "en" else list(text)
    for place in sorted(rng.sample(range(len(units)), max(1, round(rate * len(units)))), reverse=True):
        other = rng.choice([unit for unit in units if unit.isalnum() and unit != units[place]])
        units[place : place + 1] = rng.choice(([other], [], [units[place], other]))
    return Spoilt((" " if language == "en" else "").join(units), "", str(rate))


def mistaken(text: str, language: str, rng: Random) -> Spoilt:
    """The text read in a wrong encoding, Chinese in any of MISREADINGS; English, in UTF-8, gets curly quotes first."""
    way = "utf8_as_cp1252" if language == "en" else rng.choice(list(MISREADINGS))
    if language == "en":
        text = text.replace(' "', " “").replace('"', "”") if '"' in text else text[:-1] + "…"
    spoilt = MISREADINGS[way](text, rng)
    return Spoilt(spoilt, "" if "\ufffd" in spoilt else text, way)


def surrounded(text: str, language: str, rng: Random) -> Spoilt:
    """The text with lines before and after it that many pages share."""
    lines = stock()["boilerplate"][language]
    before, after = rng.sample(lines, rng.randrange(2)), rng.sample(lines, 1 + rng.randrange(2))
    return Spoilt("\n".join([*before, text, *after]), text, "\n".join([*before, *after]))


def traditional_text(text: str, language: str, rng: Random) -> Spoilt:
    """A Chinese text in traditional characters."""
    if language != "zh":
        return Spoilt(text, text)
    table, simplified = stock(), text
    for before, after in table["phrases"]:
        text = text.replace(before, after)
    pairs = table["characters"].replace("\n", "")
    return Spoilt(text.translate(str.maketrans(pairs[::2], pairs[1::2])), simplified)


def page(text: str, language: str, rng: Random) -> Spoilt:
    """The text as a piece of HTML."""
    table = stock()
    title, menu = sentences(text, language)[0], rng.choice(table["boilerplate"][language])
    names = {"title": title, "menu": menu, "text": text}
    made = rng.choice(table["html"]["pages"]).format(**{name: html.escape(value) for name, value in names.items()})
    return Spoilt(made, text)


def strange(text: str, language: str, rng: Random) -> Spoilt:
    """Another text, about as long, in a language that is not the world's."""
    tongue = rng.choice(list(stock()["foreign"]))
    wanted = max(3, len(text) // (60 if language == "en" else 40))
    return Spoilt(_join(_foreign(tongue, wanted, rng), tongue), "", tongue)


def half_strange(text: str, language: str, rng: Random) -> Spoilt:
    """The text with every second sentence in a language that is not the world's."""
    tongue = rng.choice(list(stock()["foreign"]))
    own = sentences(text, language)
    pieces = [each for pair in zip(own[::2], _foreign(tongue, len(own[::2]), rng), strict=True) for each in pair]
    return Spoilt(" ".join(pieces), "", tongue)


def _foreign(tongue: str, count: int, rng: Random) -> list[str]:
    table = stock()["foreign"][tongue]
    return [
        rng.choice(table["sentences"]).format(
            who=rng.choice(table["names"]), whom=rng.choice(table["names"]), n=rng.randrange(2, 90)
        )
        for _ in range(count)
    ]


def _join(pieces: list[str], tongue: str) -> str:
    return ("" if tongue == "ja" else " ").join(pieces)


WAYS: dict[str, Callable[[str, str, Random], Spoilt]] = {
    "mojibake": mistaken,
    "boilerplate": surrounded,
    "traditional": traditional_text,
    "html": page,
    "foreign": strange,
    "mixed": half_strange,
}
COPIES: dict[str, Callable[[str, str, Random], Spoilt]] = {
    "duplicates": repeated,
    "near_duplicates": changed,
    "edited": edited_text,
    "twins": traditional_text,
}
