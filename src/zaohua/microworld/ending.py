"""Stories without their ending, and four endings of which one follows from what happened."""

from collections.abc import Iterator
from functools import cache
from itertools import count
from random import Random

from zaohua.microworld.event import FEELINGS, Event
from zaohua.microworld.lexicon import join, tables
from zaohua.microworld.phrase import tell
from zaohua.microworld.rules import apply
from zaohua.microworld.scene import pick
from zaohua.microworld.state import State
from zaohua.microworld.story import Story, story

OPTIONS = 4
SAMPLED = 600


@cache
def moods(richness: str) -> dict[tuple[str, ...], list[tuple[int, ...]]]:
    """What one or two people may feel at once, and whom it befalls in some stories: their order of introduction."""
    possible = {tuple(row[1] for row in rows) for rows in tables(richness).effects.values()}
    found: dict[tuple[str, ...], list[tuple[int, ...]]] = {}
    for index in range(SAMPLED):
        told = story(richness=richness, seed="moods", index=index)
        order = list(told.state().place)
        for place, event in enumerate(told.events):
            if (mood := mood_of(told, place)) in possible:
                people = tuple(order.index(person) for person in (event.who, event.whom) if person)
                found.setdefault(mood, []).append(people)
    return found


def feeling(people: tuple[str, ...], felt: tuple[str, ...]) -> Event:
    """The event that tells how one or two people felt."""
    if len(felt) == 1:
        return Event("feel", people[0], feeling=felt[0])
    if felt[0] == felt[1]:
        return Event("alike", people[0], people[1], feeling=felt[0])
    return Event("both", people[0], people[1], feeling=felt[0], feeling2=felt[1])


def examples(*, richness: str, language: str, part: str, seed: int) -> Iterator[dict]:
    """{"context", "options", "answer"}: the place in `options` of the one ending that is consistent with the context.

    Right and wrong endings are drawn alike, evenly from all moods and with the people whom such a mood befalls, so that
    the options alone say nothing.
    """
    for index in count():
        rng = Random(f"choose/{seed}/{richness}/{part}/{index}")
        mood = rng.choice(list(moods(richness)))
        for attempt in count():
            told = story(
                richness=richness, language=language, part=part, seed=f"{seed}-choose", index=index * 1000 + attempt
            )
            places = [place for place in range(len(told.events)) if mood_of(told, place) == mood]
            if not places:
                continue
            place = rng.choice(places)
            options = endings(told, place, rng)
            answer = rng.randrange(OPTIONS)
            options[0], options[answer] = options[answer], options[0]
            degree = pick(rng, richness, "degrees") if tables(richness).degrees else ""
            options = [event._replace(manner=degree) for event in options]
            texts = [tell(event, richness, language, rng.random) for event in options]
            yield {"context": join(told.sentences[:place], language), "options": texts, "answer": answer}
            break


def mood_of(told: Story, place: int) -> tuple[str, ...]:
    """What the sentence at the place says that one or two people felt; nothing if it tells of something else."""
    event = told.events[place]
    if event.kind not in FEELINGS or told.events[place - 1].kind in FEELINGS:
        return ()
    second = {"feel": (), "alike": (event.feeling,), "both": (event.feeling2,)}[event.kind]
    return (event.feeling, *second)


def endings(told: Story, place: int, rng: Random) -> list[Event]:
    """The right ending, then wrong ones with other feelings or other people."""
    before = State(tables(told.richness).effects)
    for event in told.events[:place]:
        apply(before, event)
    due = list(before.due)
    right = feeling(tuple(person for person, _ in due), tuple(felt for _, felt in due))
    found = [right]
    people = list(before.place)
    while len(found) < OPTIONS:
        felt = rng.choice(list(moods(told.richness)))
        places = rng.choice(moods(told.richness)[felt])
        if max(places) < len(people):
            event = feeling(tuple(people[place] for place in places), felt)
            if event not in found and apply(before.copy(), event):
                found.append(event)
    return found
