"""Questions about a story, with answers that the world knows and that no guess can give."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count
from random import Random
from typing import Any

from zaohua.microworld.event import FEELINGS, Event
from zaohua.microworld.lexicon import nouns, qualities, wordings
from zaohua.microworld.phrase import Phrase, compiled
from zaohua.microworld.scene import pick
from zaohua.microworld.story import Story, story

DEEDS = ("break", "mend", "lose", "find", "snatch")
KINDS = ("where", "holder", "want", "feel", "colour", "deed")


@dataclass(frozen=True)
class Fact:
    """What can be asked about a story: `about` holds who or what it concerns, `answer` the field with the answer."""

    kind: str
    about: Event
    answer: str


@cache
def table(language: str) -> dict[str, Any]:
    """What tables/tasks.toml holds of a language."""
    text = files("zaohua.microworld").joinpath("tables/tasks.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)[language]


@cache
def wording(richness: str, language: str, use: str) -> dict[str, tuple[Phrase, ...]]:
    """How each kind of question is put (use is question), or each kind of fact stated (statement)."""
    rows: dict[str, list[str]] = table(language)[use]
    used = 1 if richness == "small" else None
    return {
        kind: tuple(compiled(richness, language, kind, template) for template in templates[:used])
        for kind, templates in rows.items()
    }


def put(kind: str, about: Event, told: Story, rng: Random, use: str = "question") -> str:
    """A question, request or statement about a story, in one of its wordings."""
    options = wording(told.richness, told.language, use)[kind]
    return rng.choice(options).tell(about, rng.random)


def facts(told: Story) -> list[Fact]:
    """Everything that can be asked about the story and has exactly one answer."""
    state = told.state()
    found = [Fact("where", Event("", person, place=place), "place") for person, place in state.place.items()]
    found += [Fact("holder", Event("", holder, thing=thing), "who") for thing, holder in state.holder.items()]
    found += [
        Fact("colour", Event("", thing=thing, colour=properties["colour"]), "colour")
        for thing, properties in state.properties.items()
        if properties["colour"]
    ]
    found += [Fact("feel", Event("", person, feeling=feeling), "feeling") for person, feeling in state.feeling.items()]
    wishes: dict[str, set[str]] = {}
    for event in told.events:
        if event.kind in ("want", "wish", "ask"):
            wishes.setdefault(event.who, set()).add(event.thing)
    found += [
        Fact("want", Event("", who, thing=min(things)), "thing") for who, things in wishes.items() if len(things) == 1
    ]
    for deed in DEEDS:
        done = [event for event in told.events if event.kind == deed]
        for thing in dict.fromkeys(event.thing for event in done):
            people = {event.who for event in done if event.thing == thing}
            if len(people) == 1:
                found.append(Fact(deed, Event("", min(people), thing=thing), "who"))
    return found


def answer(fact: Fact, told: Story) -> str:
    """The answer in the story's language and, where words mean the same, in the word that the story uses."""
    richness, language = told.richness, told.language
    value = getattr(fact.about, fact.answer)
    if fact.answer == "who":
        return wordings(richness, language)["person"][value][0]
    if fact.answer == "place":
        return wordings(richness, language)["place"][value][0]
    if fact.answer == "colour":
        return qualities(richness, language, "colour")[value]
    if fact.answer == "thing":
        return ("the " if language == "en" else "") + nouns(richness, language)[value]
    return felt(told, fact.about.who, value)


def felt(told: Story, person: str, feeling: str) -> str:
    """The word with which the story last says that the person has the feeling."""
    options = sorted(wordings(told.richness, told.language)["feeling"][feeling], key=len, reverse=True)
    for event, sentence in zip(reversed(told.events), reversed(told.sentences), strict=True):
        if event.kind in FEELINGS and person in (event.who, event.whom):
            return next(word for word in options if word in sentence)
    raise LookupError(f"the story does not say what {person} feels")


def asked(richness: str, language: str, part: str, seed: int | str, index: int, rng: Random) -> tuple[Story, Fact]:
    """A story and a fact to ask about: kinds are equally frequent, and so are the feelings among answers."""
    kind = rng.choice(KINDS)
    feeling = pick(rng, richness, "feelings")
    for attempt in count():
        told = story(
            richness=richness, language=language, part=part, seed=f"{seed}-asked", index=index * 1000 + attempt
        )
        fitting = [
            fact
            for fact in facts(told)
            if (fact.kind == kind and (kind != "feel" or fact.about.feeling == feeling))
            or (kind == "deed" and fact.kind in DEEDS)
        ]
        if fitting:
            return told, rng.choice(fitting)
    raise AssertionError


def examples(*, richness: str, language: str, part: str, seed: int) -> Iterator[dict]:
    """{"story", "question", "answer", "kind"}: free answers, each the words of the story; kind is what is asked for."""
    for index in count():
        rng = Random(f"question/{seed}/{richness}/{part}/{index}")
        told, fact = asked(richness, language, part, seed, index, rng)
        about = fact.about._replace(colour="")
        yield {
            "story": told.text,
            "question": put(fact.kind, about, told, rng),
            "answer": answer(fact, told),
            "kind": fact.kind,
        }
