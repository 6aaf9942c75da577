"""A story of the embedded world, and the endless, random-access supply of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from zaohua.microworld.event import Event
from zaohua.microworld.full_plots import LONGEST, chain
from zaohua.microworld.lexicon import LANGUAGES, choices, join, tables
from zaohua.microworld.phrase import tell
from zaohua.microworld.plots import PLOTS
from zaohua.microworld.rules import apply
from zaohua.microworld.scene import Scene
from zaohua.microworld.state import State

PARTS = ("train", "test")


@dataclass(frozen=True)
class Story:
    """One story: text and sentences (one an event) in one language, and the events, which have no language."""

    text: str
    language: str
    plot: str
    events: tuple[Event, ...]
    sentences: tuple[str, ...]
    richness: str
    part: str
    index: int

    def state(self) -> State:
        """The world when the story is over."""
        state = State(tables(self.richness).effects)
        for event in self.events:
            apply(state, event)
        return state

    def things(self) -> tuple[str, ...]:
        """The things that the story is about."""
        return tuple(dict.fromkeys(event.thing for event in self.events if event.thing))


def checked(richness: str, language: str, part: str) -> None:
    """Refuse a setting that does not exist, by name."""
    for name, value, allowed in (
        ("richness", richness, choices()),
        ("language", language, LANGUAGES),
        ("part", part, PARTS),
    ):
        if value not in allowed:
            raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")


def happenings(richness: str, part: str, seed: int | str, index: int) -> tuple[str, tuple[Event, ...], Random]:
    """The plot and the events of one story, and the generator that goes on to word it."""
    rng = Random(f"{seed}/{richness}/{part}/{index}")
    names = tuple(PLOTS)
    name = names[int(rng.random() * len(names))]
    while True:
        scene = Scene(richness, rng)
        if scene.rich:
            name = chain(scene)
        else:
            PLOTS[name](scene)
        if scene.held_out is (part == "test") and len(scene.events) <= LONGEST:
            return name, tuple(scene.events), rng


def story(
    *, richness: str = "small", language: str = "en", part: str = "train", seed: int | str = 0, index: int = 0
) -> Story:
    """The story that stands at an index; the events do not depend on the language."""
    plot, events, rng = happenings(richness, part, seed, index)
    draw = rng.random
    sentences = tuple([tell(event, richness, language, draw) for event in events])
    return Story(join(sentences, language), language, plot, events, sentences, richness, part, index)


def stories(*, richness: str = "small", language: str = "en", part: str = "train", seed: int = 0) -> Iterator[Story]:
    """Endless stories; the same richness, part and seed give the same events in both languages, index by index.

    Some combinations of person, thing and place are held out: no train story has one, every test story has some.
    """
    checked(richness, language, part)
    for index in count():
        yield story(richness=richness, language=language, part=part, seed=seed, index=index)
