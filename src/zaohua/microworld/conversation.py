"""Conversations about stories: questions in turns, and requests for a story that the assistant fulfils."""

from collections.abc import Iterator
from itertools import count
from random import Random

from zaohua.microworld.event import Event
from zaohua.microworld.question import answer, asked, facts, put
from zaohua.microworld.story import Story, story

REQUESTS_SHARE = 0.15


def examples(*, richness: str, language: str, part: str, seed: int) -> Iterator[dict]:
    """{"messages"}: one to six questions about a story, or the wish to hear one, with the assistant's turns."""
    for index in count():
        rng = Random(f"chat/{seed}/{richness}/{part}/{index}")
        if rng.random() < REQUESTS_SHARE:
            told = story(richness=richness, language=language, part=part, seed=f"{seed}-told", index=index)
            turns = [(request(told, rng), told.text)]
        else:
            turns = questions(richness, language, part, seed, index, rng)
        roles = ("user", "assistant")
        yield {"messages": [{"role": role, "content": text} for turn in turns for role, text in zip(roles, turn)]}


def request(told: Story, rng: Random) -> str:
    """A wish that the story fulfils: for any story, or for one about a person or a thing in it."""
    state = told.state()
    person, thing = rng.choice(list(state.place)), rng.choice([*state.properties, ""])
    kinds = ("story", "story_person", "story_thing") if thing else ("story", "story_person")
    return put(rng.choice(kinds), Event("", person, thing=thing), told, rng)


def questions(richness: str, language: str, part: str, seed: int, index: int, rng: Random) -> list[tuple[str, str]]:
    """Turns of question and answer; the first question follows the story on a new line."""
    told, first = asked(richness, language, part, seed, index, rng)
    others = [fact for fact in facts(told) if fact != first]
    chosen = [first, *rng.sample(others, min(len(others), rng.randrange(6)))]
    turns = [(put(fact.kind, fact.about._replace(colour=""), told, rng), answer(fact, told)) for fact in chosen]
    return [(f"{told.text}\n{turns[0][0]}", turns[0][1]), *turns[1:]]
