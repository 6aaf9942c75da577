"""The words of the embedded world: what each id is called in each language, in every form that a phrase may ask for."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "zh")
TABLES = {
    "small": ("small",),
    "full": ("full_people", "full_places", "full_things", "full_words", "full_en", "full_zh"),
}

COMMONNESS = {"small": 0.0, "full": 3.0}
"""By richness, the b of `place`: the smaller, the commoner what stands first in its table; 0: all are as common."""


def place(draw: float, count: int, richness: str) -> int:
    """A place below `count` for a number in [0, 1): with b above 0, place k comes up as 1 / (k + b) (Mandelbrot 1953).

    So words are as unequally common as in any language, but no word stands out so far that it is written from habit.
    """
    b = COMMONNESS[richness]
    return min(int(b * (1 + count / b) ** draw - b) if b else int(draw * count), count - 1)


@dataclass(frozen=True)
class Tables:
    """One richness's people, places and things (ids with their words), feelings by event, and phrases by language."""

    people: Mapping[str, list[str]]
    places: Mapping[str, list[str]]
    things: Mapping[str, list[str]]
    colours: Mapping[str, list[str]]
    looks: Mapping[str, list[str]]
    feelings: Mapping[str, list]
    openings: Mapping[str, list[str]]
    times: Mapping[str, list[str]]
    manners: Mapping[str, list[str]]
    degrees: Mapping[str, list[str]]
    reasons: Mapping[str, list[str]]
    frights: Mapping[str, list[str]]
    cheers: Mapping[str, list[str]]
    adverbs: Mapping[str, list[str]]
    effects: Mapping[str, list[list[str]]]
    phrases: Mapping[str, Mapping[str, list[str]]]


def choices() -> tuple[str, ...]:
    """The richness settings there are."""
    return tuple(TABLES)


@cache
def tables(richness: str) -> Tables:
    """The tables of one richness, read once."""
    if richness not in TABLES:
        raise ValueError(f"richness is {richness!r}; it must be one of {', '.join(TABLES)}")
    merged: dict = {}
    for name in TABLES[richness]:
        part = tomllib.loads(files("zaohua.microworld").joinpath(f"tables/{name}.toml").read_text(encoding="utf-8"))
        phrases = part.pop("phrases", {})
        merged.setdefault("phrases", {}).update(phrases)
        merged.update(part)
    rows = {key: {row[0]: row[1:] for row in value} for key, value in merged.items() if isinstance(value, list)}
    return Tables(**rows, **{key: value for key, value in merged.items() if isinstance(value, dict)})


@cache
def wordings(richness: str, language: str) -> dict[str, dict[str, list[str]]]:
    """What can stand in each simple slot: slot form -> id -> its wordings, the first of them canonical."""
    words, column = tables(richness), LANGUAGES.index(language)
    people, places = words.people, words.places
    forms = {"person": {key: [row[column]] for key, row in people.items()}}
    if language == "en":
        forms["place"] = {key: [f"the {row[0]}"] for key, row in places.items()}
        forms["place.in"] = {key: [f"{row[1]} the {row[0]}"] for key, row in places.items()}
        pronouns = {"he": ("he", "she"), "him": ("him", "her"), "his": ("his", "her"), "self": ("himself", "herself")}
    else:
        forms["place"] = {key: [row[2]] for key, row in places.items()}
        forms["place.in"] = {key: [row[3]] for key, row in places.items()}
        pronouns = {"he": ("他", "她")}
    for form, pair in pronouns.items():
        forms[f"person.{form}"] = {key: [pair[row[2] == "f"]] for key, row in people.items()}
    forms["feeling"] = {key: row[column] for key, row in words.feelings.items()}
    for table in ("openings", "times", "manners", "degrees", "reasons", "frights", "cheers", "colours"):
        forms[table.removesuffix("s")] = {key: [row[column]] for key, row in getattr(words, table).items()}
    return forms


@cache
def nouns(richness: str, language: str) -> dict[str, str]:
    """Each thing's noun."""
    column = LANGUAGES.index(language)
    return {key: row[column] for key, row in tables(richness).things.items()}


@cache
def measures(richness: str) -> dict[str, str]:
    """Each thing's Chinese measure word."""
    return {key: row[2] for key, row in tables(richness).things.items()}


@cache
def qualities(richness: str, language: str, field: str) -> dict[str, str]:
    """The words of one property of things: field is colour or look."""
    column = LANGUAGES.index(language)
    return {key: row[column] for key, row in getattr(tables(richness), f"{field}s").items()}


def positive(richness: str, feeling: str) -> bool:
    """Whether the feeling is a good one to have."""
    return tables(richness).feelings[feeling][2] == "positive"


def join(sentences: list[str] | tuple[str, ...], language: str) -> str:
    """Sentences set one after another as the language does it."""
    return (" " if language == "en" else "").join(sentences)
