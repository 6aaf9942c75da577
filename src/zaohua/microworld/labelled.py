"""Labelled pairs and texts from the world's states: sentiment, entailment, graded similarity and translation."""

from collections.abc import Callable, Iterator
from itertools import count
from random import Random

from zaohua.microworld.event import FEELINGS, SCENE_SET, Event
from zaohua.microworld.lexicon import join, positive, tables
from zaohua.microworld.phrase import tell
from zaohua.microworld.question import DEEDS, Fact, facts, put
from zaohua.microworld.scene import pick
from zaohua.microworld.story import Story, story

STATED = ("where", "holder", "colour", "feel", *DEEDS)
SPOKEN = ("who", "whom", "thing", "other", "place", "feeling", "feeling2", "colour", "look", "reason")
REASONS = {"fright": "frights", "cheer": "cheers"}
"""The word tables that the reasons of some kinds of event are in."""
SOURCES = {"whom": "people", "who": "people", "thing": "things", "other": "things", "feeling2": "feelings"}


def sentiment(*, richness: str, language: str, part: str, seed: int) -> Iterator[dict]:
    """{"text", "label"}: one episode, positive or negative by its last feelings (told or not), neutral before any."""
    for index in count():
        rng = Random(f"sentiment/{seed}/{richness}/{part}/{index}")
        wanted = rng.choice(("positive", "negative", "neutral"))
        for attempt in count():
            told = story(
                richness=richness, language=language, part=part, seed=f"{seed}-sentiment", index=index * 1000 + attempt
            )
            start, end = rng.choice(episodes(told))
            label = mood(told, told.events[end])
            if wanted == "neutral":
                if told.events[start].kind not in SCENE_SET:
                    continue
                end = next(place for place in range(start, end) if told.events[place].kind not in SCENE_SET)
            elif label != wanted:
                continue
            elif rng.random() < 0.5:
                end += 1
            yield {"text": join(told.sentences[start:end], language), "label": wanted}
            break


def episodes(told: Story) -> list[tuple[int, int]]:
    """Where each episode starts and where its feelings stand."""
    found, start = [], 0
    for place, event in enumerate(told.events):
        if event.kind in FEELINGS:
            if place > start:
                found.append((start, place))
            start = place + 1
    return found


def mood(told: Story, event: Event) -> str:
    """Positive or negative, or mixed where two people feel differently."""
    felt = {positive(told.richness, feeling) for feeling in (event.feeling, event.feeling2) if feeling}
    return "mixed" if len(felt) > 1 else "positive" if felt == {True} else "negative"


def entail(*, richness: str, language: str, part: str, seed: int) -> Iterator[dict]:
    """{"premise", "hypothesis", "label"}: a statement that the story makes true, makes false, or says nothing about."""
    for index in count():
        rng = Random(f"entail/{seed}/{richness}/{part}/{index}")
        told = story(richness=richness, language=language, part=part, seed=f"{seed}-entail", index=index)
        fact = rng.choice([fact for fact in facts(told) if fact.kind in STATED])
        label = rng.choice(tuple(CHANGES))
        about = CHANGES[label](fact, told, rng)
        if fact.kind != "colour":
            about = about._replace(colour="")
        yield {"premise": told.text, "hypothesis": put(fact.kind, about, told, rng, "statement"), "label": label}


def true(fact: Fact, told: Story, rng: Random) -> Event:
    """The fact as it is."""
    return fact.about


def unsaid(fact: Fact, told: Story, rng: Random) -> Event:
    """The fact about a thing (or, where no thing is concerned, a person) of which the story says nothing."""
    role = "thing" if fact.about.thing else "who"
    return fact.about._replace(**{role: another(role, fact.about, told, rng, {*told.state().place, *told.things()})})


def false(fact: Fact, told: Story, rng: Random) -> Event:
    """The fact with another answer, one from the story if it has one; a feeling turns into one of the other mood.

    In the small world it is told by the sort of people and things who does what, so another of the same sort is named.
    """
    about, role = fact.about, fact.answer
    value = getattr(about, role)
    if role == "feeling":
        good = positive(told.richness, value)
        others = [key for key in tables(told.richness).feelings if positive(told.richness, key) is not good]
    elif role == "who":
        typical = not tables(told.richness).times and (
            fact.kind in DEEDS or tables(told.richness).things[about.thing][-1] == "toy"
        )
        others = [] if typical else [person for person in told.state().place if person != value]
    elif role == "place":
        others = sorted({event.place for event in told.events} - {value, ""})
    else:
        others = []
    return about._replace(**{role: rng.choice(others) if others else another(role, about, told, rng, {value})})


CHANGES: dict[str, Callable[[Fact, Story, Random], Event]] = {
    "entailment": true,
    "neutral": unsaid,
    "contradiction": false,
}


def another(role: str, event: Event, told: Story, rng: Random, forbidden: set[str]) -> str:
    """An id for the role that is none of the forbidden ones; people and things give way to others of their sort."""
    table = REASONS.get(event.kind, "reasons") if role == "reason" else SOURCES.get(role, f"{role}s")
    rows = getattr(tables(told.richness), table)
    sorts = frozenset({rows[getattr(event, role)][-1]}) if table in ("people", "things") else frozenset()
    while True:
        key = pick(rng, told.richness, table, sorts)
        if key not in forbidden:
            return key


def similar(*, richness: str, language: str, part: str, seed: int) -> Iterator[dict]:
    """{"first", "second", "score"}: two sentences; 5 times the share of what they say in common (see `likeness`)."""
    for index in count():
        rng = Random(f"similar/{seed}/{richness}/{part}/{index}")
        told = story(richness=richness, language=language, part=part, seed=f"{seed}-similar", index=index)
        first = rng.choice(told.events)
        roles = [role for role in SPOKEN if getattr(first, role)]
        changed = rng.sample(roles, rng.randrange(len(roles) + 1))
        present = {*told.state().place, *told.things(), *(event.place for event in told.events), first.feeling}
        second = first._replace(**{role: another(role, first, told, rng, present) for role in changed})
        if rng.random() < 0.25:
            other = story(richness=richness, language=language, part=part, seed=f"{seed}-other", index=index)
            second = rng.choice(other.events)
        yield {
            "first": tell(first, richness, language, rng.random),
            "second": tell(second, richness, language, rng.random),
            "score": likeness(first, second),
        }


def likeness(first: Event, second: Event) -> float:
    """Five times the share of equal parts, from 0 to 5 by tenths; the kind of event counts as two, a role as one."""
    roles = [role for role in SPOKEN if getattr(first, role) or getattr(second, role)]
    same = sum(getattr(first, role) == getattr(second, role) for role in roles) + 2 * (first.kind == second.kind)
    return round(5 * same / (len(roles) + 2), 1)


def translate(*, richness: str, language: str, part: str, seed: int) -> Iterator[dict]:
    """{"zh", "en"}: the same one to three sentences in both languages."""
    for index in count():
        rng = Random(f"translate/{seed}/{richness}/{part}/{index}")
        pair = {}
        length, start = rng.choice((1, 1, 2, 3)), rng.random()
        for name in ("zh", "en"):
            told = story(richness=richness, language=name, part=part, seed=f"{seed}-translate", index=index)
            place = int(start * (len(told.sentences) - length + 1))
            pair[name] = join(told.sentences[place : place + length], name)
        yield pair
