"""A scene: the bench on which a plot builds its story, event by event, by the rules of the world."""

from random import Random
from zlib import crc32

from zaohua.microworld.event import FEELINGS, SCENE_SET, Event
from zaohua.microworld.lexicon import place, tables
from zaohua.microworld.rules import apply
from zaohua.microworld.state import State

HELD_OUT_SHARE = 0.06
BREAKABLE = frozenset({"toy", "tool"})
KEEPABLE = frozenset({"toy", "tool", "book", "cloth"})
EDIBLE = frozenset({"food", "fruit"})
BESIDE = {"child": "grown", "boy": "woman", "woman": "boy", "girl": "man", "man": "girl"}
"""Who meets whom: one who is easily told apart."""


def held_out(person: str, thing: str, place: str) -> bool:
    """Whether this person with this thing in this place is kept for the test part, whatever language and seed."""
    return crc32(f"{person} {thing} {place}".encode()) < HELD_OUT_SHARE * 2**32


class Scene:
    """A story in the making: draws people, things and places that it has not used yet, and keeps the world's state."""

    def __init__(self, richness: str, rng: Random) -> None:
        self.richness = richness
        self.words = tables(richness)
        self.rng = rng
        self.state = State(self.words.effects)
        self.events: list[Event] = []
        self.used: set[str] = set()
        self.held_out = False
        self.rich = bool(self.words.times)

    def chance(self, probability: float) -> bool:
        """True with the probability."""
        return self.rng.random() < probability

    def new(self, table: str, sorts: frozenset[str] = frozenset()) -> str:
        """An id of people, places, things, ... that the story has not used; of things, one of the sorts."""
        while True:
            key = pick(self.rng, self.richness, table, sorts)
            if key not in self.used:
                self.used.add(key)
                return key

    def happen(self, kind: str, who: str = "", whom: str = "", thing: str = "", **roles: str) -> None:
        """Add an event; a plot that breaks the rules of the world is our own mistake."""
        event = Event(kind, who, whom, thing, **roles)
        if self.rich:
            event = self.adorned(event)
        problems = apply(self.state, event)
        assert not problems, (event, problems, self.events)
        if thing and who and not self.held_out:
            self.held_out = held_out(who, thing, self.state.place[who])
        self.events.append(event)

    def adorned(self, event: Event) -> Event:
        """The event with the time, manner, reason and properties that a rich telling mentions."""
        extra: dict[str, str] = {}
        kind, rng = event.kind, self.rng
        if kind not in SCENE_SET and rng.random() < 0.4:
            extra["time"] = pick(rng, self.richness, "times")
        if kind in FEELINGS:
            extra["manner"] = pick(rng, self.richness, "degrees")
        elif kind in self.words.adverbs and rng.random() < 0.6:
            adverbs = self.words.adverbs[kind]
            extra["manner"] = adverbs[int(rng.random() * len(adverbs))]
        if kind in ("want", "wish") and rng.random() < 0.5:
            extra["reason"] = pick(rng, self.richness, "reasons")
        known = self.state.properties.get(event.thing)
        if known is not None and not event.colour and not event.look:
            for name in ("colour", "look"):
                if known[name] and rng.random() < 0.35:
                    extra[name] = known[name]
        return event._replace(**extra) if extra else event

    def begin(self, people: int) -> tuple[str, ...]:
        """One or two people in one place: the story's opening or, later on, people of it and perhaps a newcomer."""
        place = self.state.place
        if not self.events:
            first = self.new("people", frozenset() if self.rich else frozenset({"child"}))
            cast = (first,) if people == 1 else (first, self.newcomer(first))
            time = pick(self.rng, self.richness, "openings")
            self.happen("open" if people == 1 else "meet", *cast, place=self.new_place("near"), time=time)
            return cast
        known = list(place)
        first = self.rng.choice(known)
        if people == 1:
            return (first,)
        known.remove(first)
        second = self.rng.choice(known) if known and self.chance(0.65) else self.newcomer(first)
        if place.get(second) != place[first]:
            self.happen("come", second, place=place[first])
        return first, second

    def newcomer(self, beside: str) -> str:
        """Somebody who joins, of the other sort of people than the one who is there."""
        return self.new("people", frozenset({BESIDE[self.words.people[beside][-1]]}))

    def new_place(self, sort: str = "far") -> str:
        """A place that the story has not used; in the small world one near by or far away."""
        return self.new("places", frozenset() if self.rich else frozenset({sort}))

    def where(self, who: str) -> str:
        """The place of what somebody does, which the small world does not mention again."""
        return self.state.place[who] if self.rich else ""

    def thing(self, kind: str, who: str, sorts: frozenset[str] = KEEPABLE, **roles: str) -> str:
        """A new thing comes in by an event of the kind (have, wish, discover, make)."""
        if not self.rich:
            sorts = frozenset({"toy" if self.words.people[who][-1] == "child" else "tool"})
        thing = self.new("things", sorts)
        food = self.words.things[thing][3] in EDIBLE
        if not food:
            roles["colour"] = pick(self.rng, self.richness, "colours")
        if self.words.looks and (food or self.chance(0.7)):
            roles["look"] = pick(self.rng, self.richness, "looks", frozenset({"both", "food" if food else "any"}))
        self.happen(kind, who, "", thing, **roles)
        return thing

    def go(self, who: str) -> str:
        """Somebody goes to a new place."""
        place = self.new_place()
        self.happen("go", who, place=place)
        return place

    def feel(self) -> None:
        """Say how everybody feels about what has just happened."""
        while self.state.due:
            (who, feeling), *others = self.state.due
            if not others or (self.rich and self.chance(0.4)):
                self.happen("feel", who, feeling=feeling, **self.about(who))
            elif others[0][1] == feeling:
                self.happen("alike", who, others[0][0], feeling=feeling, **self.about(who))
            else:
                whom, second = others[0]
                self.happen("both", who, whom, feeling=feeling, feeling2=second, **self.about(who))

    def about(self, who: str) -> dict[str, str]:
        """In a rich telling: the thing that a feeling is about, or where it is felt."""
        cause = self.state.cause
        if not self.rich or cause is None:
            return {}
        if cause.thing and self.chance(0.75):
            return {"thing": cause.thing}
        return {"place": self.state.place[who]} if self.chance(0.7) else {}


_KEYS: dict[tuple[str, str, frozenset[str]], tuple[str, ...]] = {}


def pick(rng: Random, richness: str, table: str, sorts: frozenset[str] = frozenset()) -> str:
    """An id of a word table, or of those of its rows whose last column is among the sorts: the first are commonest."""
    keys = _KEYS.get((richness, table, sorts))
    if keys is None:
        rows = getattr(tables(richness), table)
        keys = tuple(key for key, row in rows.items() if not sorts or row[-1] in sorts)
        _KEYS[richness, table, sorts] = keys
    return keys[place(rng.random(), len(keys), richness)]
