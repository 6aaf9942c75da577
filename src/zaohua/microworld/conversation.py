"""Conversations about stories: questions in turns, requests for a story that the assistant fulfils, then another."""

from collections.abc import Iterator
from itertools import count
from random import Random

from zaohua.microworld.event import Event
from zaohua.microworld.question import Fact, answer, asked, facts, put, table
from zaohua.microworld.story import Story, story

TALK_SHARE = 0.06
"""How many conversations begin with small talk, and how many end with it."""
REQUESTS_SHARE = 0.2
"""How many of the stories the assistant tells; the user brings the others."""
ASKED_SHARE = 0.5
"""How many of the assistant's stories the user has questions about."""
ANOTHER_SHARE = 0.3
"""How often another story follows in the same conversation: questions are then about the later one."""
CARELESS = 0.3
"""How often a user leaves the last mark away, and how often 请 or the capital at the beginning."""
ROOM = 15
"""Sentences that the stories of one conversation have together, where it has more than one."""
QUESTIONS = 6
"""Most questions in a conversation; each story that the user brings has one."""


def examples(*, richness: str, language: str, part: str, seed: int) -> Iterator[dict]:
    """{"messages"}: questions about a story or the wish to hear one, perhaps another, with the assistant's turns."""
    for index in count():
        rng = Random(f"chat/{seed}/{richness}/{part}/{index}")
        turns = [talk(language, rng)] if rng.random() < TALK_SHARE else []
        sentences = 0
        for number in count():
            left = max(QUESTIONS - len(turns), 1)
            told, about_it = episode(richness, language, part, f"{seed}-{number}", index, left, rng)
            sentences += len(told.sentences)
            if number and sentences > ROOM:
                break
            turns += about_it
            if rng.random() >= ANOTHER_SHARE:
                break
        if rng.random() < TALK_SHARE:
            turns.append(talk(language, rng))
        roles = ("user", "assistant")
        yield {"messages": [{"role": role, "content": text} for turn in turns for role, text in zip(roles, turn)]}


def episode(
    richness: str, language: str, part: str, seed: str, index: int, most: int, rng: Random
) -> tuple[Story, list[tuple[str, str]]]:
    """One story in a conversation, told by the assistant or by the user, and its turns, of `most` questions at most."""
    if rng.random() < REQUESTS_SHARE:
        told = story(richness=richness, language=language, part=part, seed=f"{seed}-told", index=index)
        known = facts(told)
        more = rng.sample(known, min(len(known), rng.randint(1, most))) if rng.random() < ASKED_SHARE else []
        return told, [(request(told, rng), told.text), *(question(fact, told, rng) for fact in more)]
    told, first = asked(richness, language, part, seed, index, rng)
    others = [fact for fact in facts(told) if fact != first]
    asking, reply = question(first, told, rng)
    more = rng.sample(others, min(len(others), rng.randrange(most)))
    return told, [(f"{told.text}\n{asking}", reply), *(question(fact, told, rng) for fact in more)]


def talk(language: str, rng: Random) -> tuple[str, str]:
    """A greeting, or a question about the assistant, with what it says."""
    chosen = rng.choice(table(language)["talk"])
    return rng.choice(chosen["asked"]), chosen["answer"]


def request(told: Story, rng: Random) -> str:
    """A wish that the story fulfils: for any story, or for one about a person or a thing in it."""
    state = told.state()
    person, thing = rng.choice(list(state.place)), rng.choice([*state.properties, ""])
    kinds = ("story", "story_person", "story_thing") if thing else ("story", "story_person")
    return typed(put(rng.choice(kinds), Event("", person, thing=thing), told, rng), rng)


def question(fact: Fact, told: Story, rng: Random) -> tuple[str, str]:
    """A turn: what is asked about the story, and the answer."""
    return typed(put(fact.kind, fact.about._replace(colour=""), told, rng), rng), answer(fact, told)


def typed(said: str, rng: Random) -> str:
    """A wish or a question as people type it."""
    if rng.random() < CARELESS:
        said = said.rstrip(".?。？")
    if rng.random() < CARELESS:
        said = said.removeprefix("请")
        said = said[0].lower() + said[1:]
    return said
