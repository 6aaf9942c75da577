"""Named ways of spoiling a story, each of which the checker must notice."""

import re
from collections.abc import Callable
from random import Random

from zaohua.microworld.event import FEELINGS, OPENINGS, Event
from zaohua.microworld.lexicon import LANGUAGES, join, measures, tables, wordings
from zaohua.microworld.phrase import tell
from zaohua.microworld.scene import pick
from zaohua.microworld.story import Story

WORD = re.compile(r"[A-Za-z']+|[\u4e00-\u9fff]")
FUNCTION_WORDS = {
    "en": frozenset(["the", "a", "an", "was", "were", "had", "to", "from", "in", "at", "on", "by", "of", "and"]),
    "zh": frozenset("在把向和给对从"),
}
UNKNOWN = {"en": ("blorp", "zindle", "frabbed", "quorn"), "zh": ("囧", "槑", "曌", "犇")}
POSSESSING = frozenset({"ask", "give", "refuse", "lose", "return", "snatch", "swap"})
MEETING = frozenset({"ask", "give", "return", "snatch", "swap", "scare"})


def damaged(story: Story, way: str, rng: Random) -> str | None:
    """The story's text spoilt in the way, or None where the story offers no occasion for it."""
    sentences = WAYS[way](story, rng)
    return None if sentences is None else join(sentences, story.language)


def choose(story: Story, rng: Random, fits: Callable[[Event], bool]) -> int | None:
    """The place of a random event that fits."""
    places = [place for place, event in enumerate(story.events) if fits(event)]
    return rng.choice(places) if places else None


def told(story: Story, event: Event, rng: Random) -> str:
    """A sentence for an event that did not happen."""
    return tell(event, story.richness, story.language, rng.random)


def replaced(story: Story, place: int | None, sentence: Callable[[str, Event], str | None]) -> list[str] | None:
    """The sentences with one of them changed; None where nothing could be changed."""
    if place is None:
        return None
    changed = sentence(story.sentences[place], story.events[place])
    if changed is None or changed == story.sentences[place]:
        return None
    return [*story.sentences[:place], changed, *story.sentences[place + 1 :]]


def edited(
    story: Story, rng: Random, edit: Callable[[list[str], int], None], fits: Callable[[str], bool]
) -> list[str] | None:
    """The sentences with one word edited in place: edit(pieces, position of a fitting word among the pieces)."""

    def change(sentence: str, event: Event) -> str | None:
        pieces = [piece for piece in re.split(f"({WORD.pattern})", sentence) if piece]
        places = [place for place, piece in enumerate(pieces) if WORD.fullmatch(piece) and fits(piece)]
        if not places:
            return None
        edit(pieces, rng.choice(places))
        return re.sub(r"^ +|(?<= ) +", "", "".join(pieces))

    return replaced(story, rng.randrange(len(story.sentences)), change)


def words_swapped(story: Story, rng: Random) -> list[str] | None:
    """Two neighbouring words (in Chinese: characters) change places."""

    def edit(pieces: list[str], place: int) -> None:
        following = next((later for later in range(place + 1, len(pieces)) if WORD.fullmatch(pieces[later])), place)
        pieces[place], pieces[following] = pieces[following], pieces[place]

    return edited(story, rng, edit, lambda word: True)


def word_missing(story: Story, rng: Random) -> list[str] | None:
    """A function word is left out."""

    def edit(pieces: list[str], place: int) -> None:
        pieces[place] = ""

    return edited(story, rng, edit, FUNCTION_WORDS[story.language].__contains__)


def word_repeated(story: Story, rng: Random) -> list[str] | None:
    """A function word stands twice."""

    def edit(pieces: list[str], place: int) -> None:
        pieces[place] += (" " if story.language == "en" else "") + pieces[place]

    return edited(story, rng, edit, FUNCTION_WORDS[story.language].__contains__)


def unknown_word(story: Story, rng: Random) -> list[str] | None:
    """A word gives way to one that the world does not know."""

    def edit(pieces: list[str], place: int) -> None:
        pieces[place] = rng.choice(UNKNOWN[story.language])

    return edited(story, rng, edit, lambda word: True)


def wrong_form(story: Story, rng: Random) -> list[str] | None:
    """A word has a form that does not agree: was for were, a for an; in Chinese another thing's measure word."""
    if story.language == "en":
        forms = {"was": "were", "were": "was", "a": "an", "an": "a"}
        return edited(
            story, rng, lambda pieces, place: pieces.__setitem__(place, forms[pieces[place]]), forms.__contains__
        )
    place = choose(story, rng, lambda event: bool(event.thing and event.colour))

    def change(sentence: str, event: Event) -> str | None:
        measure = measures(story.richness)[event.thing]
        other = rng.choice(sorted(set(measures(story.richness).values()) - {measure}))
        return re.sub(f"([一那]){measure}", rf"\g<1>{other}", sentence, count=1)

    return replaced(story, place, change)


def sentence_moved(story: Story, rng: Random) -> list[str] | None:
    """A sentence stands somewhere else."""
    sentences = list(story.sentences)
    source, target = rng.sample(range(len(sentences)), 2)
    sentences.insert(target, sentences.pop(source))
    return None if tuple(sentences) == story.sentences else sentences


def sentence_repeated(story: Story, rng: Random) -> list[str] | None:
    """A sentence stands twice."""
    place = rng.randrange(len(story.sentences))
    return [*story.sentences[: place + 1], *story.sentences[place:]]


def opening_missing(story: Story, rng: Random) -> list[str] | None:
    """The first sentence is left out."""
    return list(story.sentences[1:])


def ending_missing(story: Story, rng: Random) -> list[str] | None:
    """The last sentence is left out."""
    return list(story.sentences[:-1])


def wrong_owner(story: Story, rng: Random) -> list[str] | None:
    """Somebody uses what another has."""
    place = choose(story, rng, lambda event: event.kind in POSSESSING)

    def change(sentence: str, event: Event) -> str | None:
        if event.whom:
            return told(story, event._replace(who=event.whom, whom=event.who), rng)
        others = [person for person in story.state().place if person != event.who]
        return told(story, event._replace(who=rng.choice(others)), rng) if others else None

    return replaced(story, place, change)


def stranger(story: Story, rng: Random) -> list[str] | None:
    """Somebody acts or feels of whom the story has not spoken."""
    place = choose(story, rng, lambda event: bool(event.who) and event.kind not in OPENINGS | {"join"})
    known = story.state().place
    new = next(person for person in iter(lambda: pick(rng, story.richness, "people"), "") if person not in known)
    return replaced(story, place, lambda sentence, event: told(story, event._replace(who=new), rng))


def wrong_thing(story: Story, rng: Random) -> list[str] | None:
    """Somebody uses a thing of which the story has not spoken."""
    place = choose(story, rng, lambda event: event.kind in POSSESSING | {"want", "find", "break", "mend", "take"})
    known = story.things()
    new = next(thing for thing in iter(lambda: pick(rng, story.richness, "things"), "") if thing not in known)
    return replaced(story, place, lambda sentence, event: told(story, event._replace(thing=new), rng))


def wrong_feeling(story: Story, rng: Random) -> list[str] | None:
    """Somebody feels what does not follow from what happened."""
    place = choose(story, rng, lambda event: event.kind in FEELINGS)

    def change(sentence: str, event: Event) -> str | None:
        others = [
            feeling for feeling in tables(story.richness).feelings if feeling not in (event.feeling, event.feeling2)
        ]
        return told(story, event._replace(feeling=rng.choice(others)), rng)

    return replaced(story, place, change)


def two_places(story: Story, rng: Random) -> list[str] | None:
    """Somebody is said to be where they are not."""
    place = rng.randrange(1, len(story.sentences))
    person = rng.choice([event.who for event in story.events[:place] if event.who])
    used = {event.place for event in story.events}
    elsewhere = rng.choice([key for key in tables(story.richness).places if key not in used])
    return [
        *story.sentences[:place],
        told(story, Event("join", person, place=elsewhere), rng),
        *story.sentences[place:],
    ]


def gone_away(story: Story, rng: Random) -> list[str] | None:
    """Somebody leaves and nevertheless deals with the one who stays."""
    place = choose(story, rng, lambda event: event.kind in MEETING)
    if place is None:
        return None
    used = {event.place for event in story.events}
    elsewhere = rng.choice([key for key in tables(story.richness).places if key not in used])
    going = told(story, Event("go", story.events[place].who, place=elsewhere), rng)
    return [*story.sentences[:place], going, *story.sentences[place:]]


def tongues_mixed(story: Story, rng: Random) -> list[str] | None:
    """A name is written in the other language."""
    other = LANGUAGES[1 - LANGUAGES.index(story.language)]
    place = choose(story, rng, lambda event: bool(event.who))

    def change(sentence: str, event: Event) -> str | None:
        own, foreign = (wordings(story.richness, name)["person"][event.who][0] for name in (story.language, other))
        return sentence.replace(own, foreign)

    return replaced(story, place, change)


WAYS: dict[str, Callable[[Story, Random], list[str] | None]] = {
    function.__name__: function
    for function in (
        words_swapped, word_missing, word_repeated, unknown_word, wrong_form, sentence_moved, sentence_repeated,
        opening_missing, ending_missing, wrong_owner, stranger, wrong_thing, wrong_feeling, two_places, gone_away,
        tongues_mixed,
    )
}  # fmt: skip
