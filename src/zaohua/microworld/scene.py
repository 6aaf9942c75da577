"""A scene: the bench on which a plot builds its story, event by event, by the rules of the world."""

from random import Random
from zlib import crc32

from zaohua.microworld.event import Event
from zaohua.microworld.lexicon import tables
from zaohua.microworld.state import State

HELD_OUT_SHARE = 0.06


def held_out(person: str, thing: str, place: str) -> bool:
    """Whether this person with this thing in this place is kept for the test part, in every language and for every seed."""
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

    def chance(self, probability: float) -> bool:
        """True with the probability."""
        return self.rng.random() < probability

    def new(self, table: str) -> str:
        """An id of people, places, things, ... that the story has not used."""
        while True:
            key = pick(self.rng, self.richness, table)
            if key not in self.used:
                self.used.add(key)
                return key

    def happen(self, kind: str, who: str = "", whom: str = "", thing: str = "", **roles: str) -> None:
        """Add an event; a plot that breaks the rules of the world is our own mistake."""
        event = Event(kind, who, whom, thing, **roles)
        problems = self.state.apply(event)
        assert not problems, (event, problems, self.events)
        if thing and who and not self.held_out:
            self.held_out = held_out(who, thing, self.state.place[who])
        self.events.append(event)

    def begin(self, people: int) -> tuple[str, ...]:
        """Open the story with one or two people in a new place."""
        cast = tuple([self.new("people") for _ in range(people)])
        kind = "open" if people == 1 else "meet"
        time = pick(self.rng, self.richness, "openings")
        self.happen(kind, *cast, place=self.new("places"), time=time)
        return cast

    def thing(self, kind: str, who: str, **roles: str) -> str:
        """A new thing comes in by an event of the kind (have, wish, discover)."""
        thing = self.new("things")
        self.happen(kind, who, "", thing, colour=pick(self.rng, self.richness, "colours"), **roles)
        return thing

    def go(self, who: str) -> str:
        """Somebody goes to a new place."""
        place = self.new("places")
        self.happen("go", who, place=place)
        return place

    def feel(self) -> None:
        """Say how everybody feels about what has just happened."""
        due = list(self.state.due)
        if len(due) == 1:
            self.happen("feel", due[0][0], feeling=due[0][1])
        elif due[0][1] == due[1][1]:
            self.happen("alike", due[0][0], due[1][0], feeling=due[0][1])
        else:
            self.happen("both", due[0][0], due[1][0], feeling=due[0][1], feeling2=due[1][1])


_KEYS: dict[tuple[str, str], tuple[str, ...]] = {}


def pick(rng: Random, richness: str, table: str) -> str:
    """An id of one of the word tables, all equally likely."""
    keys = _KEYS.get((richness, table))
    if keys is None:
        keys = _KEYS[richness, table] = tuple(getattr(tables(richness), table))
    return keys[int(rng.random() * len(keys))]
