"""The rules of the world: what each kind of event needs and what it changes."""

from zaohua.microworld.event import FEELINGS, OPENINGS, SCENE_SET, SETTING, Event
from zaohua.microworld.people_rules import PEOPLE_RULES
from zaohua.microworld.state import State
from zaohua.microworld.thing_rules import THING_RULES

ARRIVALS = OPENINGS | {"join", "come"}
RULES = PEOPLE_RULES | THING_RULES
ANSWERS = {"ask": ("give", "refuse"), "borrow": ("lend", "refuse")}


def apply(state: State, event: Event) -> list[str]:
    """Change the world by the event; returns what speaks against the event (nothing if it may happen)."""
    state.problems = problems = []
    kind, who, whom = event.kind, event.who, event.whom
    if (kind in OPENINGS) is not (state.last is None):
        problems.append("an opening stands first and only there")
    if kind in FEELINGS:
        if not state.due:
            problems.append("nothing has happened that anyone would feel something about")
    elif state.due and kind != "thank":
        problems.append(f"the story does not say how {state.due[0][0]} felt")
    if kind in SETTING and (state.last is None or state.last.kind not in SCENE_SET):
        problems.append("the scene is set before things happen")
    if state.question is not None:
        asked, state.question = state.question, None
        if kind not in ANSWERS[asked.kind] or (who, whom, event.thing) != (asked.whom, asked.who, asked.thing):
            problems.append("a question goes unanswered")
    elif kind == "refuse":
        problems.append("nobody has asked for anything")
    if kind not in ARRIVALS:
        problems += [f"{person} is unknown" for person in (who, whom) if person and person not in state.place]
    if who == whom != "":
        problems.append("nobody does this to themselves")
    if not problems:
        RULES[kind](state, event)
    known = state.properties.get(event.thing) if event.colour or event.look else None
    if known and (event.colour not in ("", known["colour"]) or event.look not in ("", known["look"])):
        problems.append(f"the {event.thing} has other properties")
    state.last = event
    return state.problems


def finish(state: State) -> list[str]:
    """What the story leaves open."""
    state.problems = []
    state.need(state.last is not None and state.last.kind in FEELINGS, "the story does not end as stories end")
    state.need(not state.due, "the story does not say how everybody felt")
    return state.problems
