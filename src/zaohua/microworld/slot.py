"""A slot: a gap of a phrase, how an event fills it, and what the text found in it says of the event."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from zaohua.microworld.event import FIELDS, Event
from zaohua.microworld.lexicon import measures, nouns, qualities, wordings

Draw = Callable[[], float]
ROLES = {"who": "person", "whom": "person", "feeling2": "feeling", "cause": "fright"}
STORED = {"opening": "time", "cause": "reason", "cheer": "reason", "degree": "manner"}
OPTIONAL = frozenset({"time", "manner", "reason"})


@dataclass(frozen=True)
class Slot:
    """A gap of a template that shows the event's `field`.

    Each group that `pattern` captures has a reading: a field and, by word, the ids that it may stand for.

    A reading whose field starts with "=" does not set the field but must agree with it: a pronoun with its person.
    """

    field: str
    fill: Callable[[Event, Draw], str]
    pattern: str
    readings: tuple[tuple[str, dict[str, frozenset[str]]], ...]


@cache
def slot(richness: str, language: str, field: str, form: str) -> Slot:
    """The slot that a template writes as {field} or {field.form}."""
    if field in ("thing", "other"):
        return (english_thing if language == "en" else chinese_thing)(richness, field, form)
    return word_slot(richness, language, field, form)


def alternatives(words: list[str]) -> str:
    """A pattern that matches any of the words, longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def name_shape(names: list[str]) -> str:
    """A short pattern that matches all names and little else; the reading says which matches are names.

    Hundreds of phrases name people: listing all names in each would take seconds to compile.
    """
    if all(re.fullmatch("[A-Z][a-z]+", name) for name in names):
        return "[A-Z][a-z]+"
    if {len(name) for name in names} != {2}:
        return alternatives(names)
    first, second = ("".join(sorted({name[place] for name in names})) for place in (0, 1))
    return f"[{first}][{second}]"


def reading(words: dict[str, list[str]]) -> dict[str, frozenset[str]]:
    """For each word, the ids that it may stand for."""
    found: dict[str, set[str]] = {}
    for key, options in words.items():
        for word in options:
            found.setdefault(word, set()).add(key)
    return {word: frozenset(keys) for word, keys in found.items()}


def word_slot(richness: str, language: str, field: str, form: str) -> Slot:
    """A slot that one word table fills: a name, a place, a feeling, or a pronoun that must agree with its person."""
    table = ROLES.get(field, field)
    forms = wordings(richness, language)[f"{table}.{form}" if form else table]
    stored = STORED.get(field, field)
    position = FIELDS[stored]
    single = {key: options[0] for key, options in forms.items()}

    def fill_single(event: Event, draw: Draw) -> str:
        return single.get(event[position], "")

    def fill_any(event: Event, draw: Draw) -> str:
        options = forms[event[position]]
        return options[int(draw() * len(options))]

    fill = fill_single if all(len(options) == 1 for options in forms.values()) else fill_any
    words = reading(forms)
    pronoun = table == "person" and form
    shape = name_shape(list(words)) if table == "person" and not form else alternatives(list(words))
    pattern = f"({shape})" + ("?" if field in OPTIONAL else "")
    return Slot(stored, fill, pattern, ((f"={stored}" if pronoun else stored, words),))


def thing_pattern(
    richness: str, language: str, field: str
) -> tuple[str, tuple[tuple[str, dict[str, frozenset[str]]], ...]]:
    """The pattern of a noun with its properties, which only the first thing of an event may show, and its readings."""
    readings: list[tuple[str, dict[str, frozenset[str]]]] = []
    pattern, gap = "", " " if language == "en" else ""
    for name in ("look", "colour") if field == "thing" else ():
        words = {key: [word] for key, word in qualities(richness, language, name).items()}
        if words:
            ending = "的?" if language == "zh" and name == "colour" else gap
            pattern += f"(?:({alternatives([word for (word,) in words.values()])}){ending})?"
            readings.append((name, reading(words)))
    noun = nouns(richness, language)
    readings.append((field, reading({key: [word] for key, word in noun.items()})))
    return f"{pattern}({alternatives(list(noun.values()))})", tuple(readings)


def english_thing(richness: str, field: str, form: str) -> Slot:
    """In English: "the red kite" ("The" after a quotation mark), plain "the kite", "a red kite", bare "red kite"."""
    noun, colour, look = nouns(richness, "en"), qualities(richness, "en", "colour"), qualities(richness, "en", "look")
    position, described = FIELDS[field], field == "thing" and form != "plain"
    article = {"": "the ", "plain": "the ", "The": "The ", "bare": "", "a": None}[form]

    def fill(event: Event, draw: Draw) -> str:
        words = noun[event[position]]
        if described and event.colour:
            words = f"{colour[event.colour]} {words}"
        if described and event.look:
            words = f"{look[event.look]} {words}"
        if article is None:
            return f"an {words}" if words[0] in "aeiou" else f"a {words}"
        return article + words

    pattern, readings = thing_pattern(richness, "en", field)
    leading = "(?:an (?=[aeiou])|a (?![aeiou]))" if article is None else article
    return Slot(field, fill, leading + pattern, readings)


def chinese_thing(richness: str, field: str, form: str) -> Slot:
    """A thing in Chinese: 风筝 or 红色的风筝 (no form; 风筝 plain), 一只红色的风筝 (a), 那只红色的风筝 (that)."""
    noun, colour, look = nouns(richness, "zh"), qualities(richness, "zh", "colour"), qualities(richness, "zh", "look")
    measure = measures(richness)
    position, described = FIELDS[field], field == "thing" and form != "plain"
    leading = {"": "", "plain": "", "a": "一", "that": "那"}[form]

    def fill(event: Event, draw: Draw) -> str:
        key = event[position]
        words = noun[key]
        if described and event.colour:
            words = colour[event.colour] + ("" if event.look else "的") + words
        if described and event.look:
            words = look[event.look] + words
        return leading + measure[key] + words if leading else words

    pattern, readings = thing_pattern(richness, "zh", field)
    if leading:
        counted = reading({key: [word] for key, word in measure.items()})
        pattern = f"{leading}({alternatives(list(counted))}){pattern}"
        readings = ((f"={field}", counted), *readings)
    return Slot(field, fill, pattern, readings)
