"""The checker: reads a story back into events and says whether it is grammatical and consistent with the world."""

from dataclasses import dataclass

from zaohua.microworld.event import FEELINGS, OPENINGS, Event
from zaohua.microworld.lexicon import join, tables
from zaohua.microworld.phrase import read, sentences
from zaohua.microworld.rules import apply, finish
from zaohua.microworld.state import State
from zaohua.microworld.story import checked

READINGS = 64


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a story: `grammatical` concerns its sentences, `consistent` (implies it) also its world."""

    grammatical: bool
    consistent: bool
    problems: tuple[str, ...]


def check(text: str, *, richness: str = "small", language: str = "en") -> Verdict:
    """Whether the text is a story of the world; a story with several readings is consistent if any of them is."""
    checked(richness, language, "train")
    pieces = sentences(text, language)
    found = [read(piece, richness, language) for piece in pieces]
    problems = [f"not a sentence: {piece}" for piece, events in zip(pieces, found, strict=True) if not events]
    if not found:
        problems.append("no story")
    elif not problems:
        if not any(event.kind in OPENINGS for event in found[0]):
            problems.append("it does not start as stories start")
        if not any(event.kind in FEELINGS for event in found[-1]):
            problems.append("it does not end as stories end")
        if join(pieces, language) != text:
            problems.append("the sentences are not set one after another as the language does it")
    if problems:
        return Verdict(False, False, tuple(problems))
    problems = contradictions(found, richness)
    return Verdict(True, not problems, tuple(problems))


def contradictions(found: list[list[Event]], richness: str) -> list[str]:
    """What speaks against every reading of the sentences; nothing if one of them is consistent."""
    states = [State(tables(richness).effects)]
    for number, events in enumerate(found, 1):
        following: list[State] = []
        problems: list[str] = []
        for state in states:
            for event in events:
                after = state.copy() if len(events) > 1 else state
                objections = apply(after, event)
                problems += objections
                if not objections and len(following) < READINGS:
                    following.append(after)
        if not following:
            return [f"sentence {number}: {problem}" for problem in dict.fromkeys(problems)]
        states = following
    endings = [finish(state) for state in states]
    return [] if any(not ending for ending in endings) else endings[0]
