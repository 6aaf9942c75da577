"""Dirt on request: what spoils collected text, planted at known places, so that cleaning can be scored exactly."""

import html
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from random import Random

from zaohua.microworld.phrase import sentences

Document = tuple[str, str, str]
REMEMBERED = 512


@dataclass(frozen=True)
class Plant:
    """One piece of dirt: its kind, the document that has it, the document it was made from, and the clean text."""

    kind: str
    id: str
    source: str
    original: str


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
) -> tuple[Iterator[Document], Planted]:
    """The documents (id, text, language) with dirt among them, and the record of it, which fills as they are taken.

    Each rate is a share of the clean documents: that many additional copies (duplicates, near_duplicates; each stands
    somewhere after its source), or that many texts changed in place (the others; a text is changed in one way at most,
    and into traditional characters only if it is Chinese). Copies are made of clean text.
    """
    rates = {"mojibake": mojibake, "boilerplate": boilerplate, "traditional": traditional, "html": html}
    if min(duplicates, near_duplicates, *rates.values()) < 0 or sum(rates.values()) > 1:
        raise ValueError(
            "a rate of dirt is a share from 0 to 1, and those that change texts in place add up to at most 1"
        )
    planted = Planted()
    copies = {"duplicates": duplicates, "near_duplicates": near_duplicates}
    return _dirtied(documents, Random(f"dirt/{seed}"), copies, rates, planted), planted


def _dirtied(
    documents: Iterable[Document], rng: Random, copies: dict[str, float], rates: dict[str, float], planted: Planted
) -> Iterator[Document]:
    clean: list[Document] = []
    for identity, text, language in documents:
        kind = drawn(rates, rng)
        if kind == "traditional" and language != "zh":
            kind = None
        spoilt = WAYS[kind](text, language, rng) if kind else text
        if kind and spoilt != text:
            planted.plants.append(Plant(kind, identity, identity, text))
        else:
            clean.append((identity, text, language))
        yield identity, spoilt, language
        for kind, rate in copies.items():
            if clean and rng.random() < rate:
                source, original, tongue = rng.choice(clean[-REMEMBERED:])
                copy = f"{identity}-{kind}"
                planted.plants.append(Plant(kind, copy, source, original))
                yield copy, original if kind == "duplicates" else changed(original, tongue, rng), tongue


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


def changed(text: str, language: str, rng: Random) -> str:
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
    return space.join(pieces)


def mistaken(text: str, language: str, rng: Random) -> str:
    """UTF-8 read as Windows-1252 (bytes without a character there as Latin-1); English gets curly quotes first."""
    if language == "en":
        text = text.replace(' "', " “").replace('"', "”") if '"' in text else text[:-1] + "…"
    return "".join(bytes([byte]).decode("cp1252" if byte not in UNDEFINED else "latin-1") for byte in text.encode())


UNDEFINED = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})


def surrounded(text: str, language: str, rng: Random) -> str:
    """The text with lines before and after it that many pages share."""
    lines = stock()["boilerplate"][language]
    before, after = rng.sample(lines, rng.randrange(2)), rng.sample(lines, 1 + rng.randrange(2))
    return "\n".join([*before, text, *after])


def traditional_text(text: str, language: str, rng: Random) -> str:
    """The text in traditional characters."""
    table = stock()
    for simplified, other in table["phrases"]:
        text = text.replace(simplified, other)
    pairs = table["characters"].replace("\n", "")
    return text.translate(str.maketrans(pairs[::2], pairs[1::2]))


def page(text: str, language: str, rng: Random) -> str:
    """The text as a piece of HTML."""
    table = stock()
    title, menu = sentences(text, language)[0], rng.choice(table["boilerplate"][language])
    names = {"title": title, "menu": menu, "text": text}
    return rng.choice(table["html"]["pages"]).format(**{name: html.escape(value) for name, value in names.items()})


WAYS: dict[str, Callable[[str, str, Random], str]] = {
    "mojibake": mistaken,
    "boilerplate": surrounded,
    "traditional": traditional_text,
    "html": page,
}
