"""The rules of the world: what each kind of event needs and what it changes."""

from collections.abc import Callable

from zaohua.microworld.event import FEELINGS, OPENINGS, SCENE_SET, SETTING, Event
from zaohua.microworld.state import State

ARRIVALS = OPENINGS | {"join", "come"}
ANSWERS = {"ask": ("give", "refuse"), "borrow": ("lend", "refuse")}
THANKED = frozenset({"give", "present", "lend", "return", "mend", "wash"})
LOW = frozenset({"sad", "angry", "scared", "sorry", "disappointed", "lonely"})
REPAIRED = {"mend": "break", "wash": "soil"}


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


def _open(state: State, event: Event) -> None:
    state.place[event.who] = event.place
    if event.whom:
        state.place[event.whom] = event.place


def _join(state: State, event: Event) -> None:
    if state.need(event.who not in state.place, f"{event.who} is in two places or told of twice"):
        state.place[event.who] = event.place


def _come(state: State, event: Event) -> None:
    state.need(state.place.get(event.who) != event.place, f"{event.who} is in the {event.place} already")
    state.need(event.place in state.place.values(), f"nobody is in the {event.place}")
    state.place[event.who] = event.place


def _have(state: State, event: Event) -> None:
    last = state.last
    if last is not None and last.kind == "have":
        people = list(state.place)
        state.need(people.index(last.who) < people.index(event.who), "things are told in the order of their people")
    if state.introduce(event):
        state.holder[event.thing] = state.owner[event.thing] = event.who


def _wish(state: State, event: Event) -> None:
    state.introduce(event)
    _want(state, event)


def _want(state: State, event: Event) -> None:
    state.need(event.thing in state.properties, f"the {event.thing} is unknown")
    state.need(state.holder.get(event.thing) != event.who, f"{event.who} has the {event.thing} already")
    state.need(event.who not in state.wish, f"{event.who} wishes for something already")
    last = state.last
    if last is not None and last.kind == "want":
        people = list(state.place)
        state.need(people.index(last.who) < people.index(event.who), "wishes are told in the order of their people")
    state.wish[event.who] = state.wished[event.who] = event.thing


def _lie(state: State, event: Event) -> None:
    state.need(event.thing in state.wish.values(), f"nobody looks for the {event.thing}")
    state.need(event.thing not in state.holder, f"somebody has the {event.thing}")
    state.need(event.thing not in state.lies, f"it is known where the {event.thing} is")
    state.lies[event.thing] = event.place


def _tell(state: State, event: Event) -> None:
    state.need(state.wish.get(event.whom) == event.thing, f"{event.whom} does not look for the {event.thing}")
    if state.together(event):
        _lie(state, event)


def _go(state: State, event: Event) -> None:
    if state.need(state.place[event.who] != event.place, f"{event.who} is in the {event.place} already"):
        state.place[event.who] = event.place


def _take(state: State, event: Event) -> None:
    state.need(state.lies.get(event.thing) == state.place[event.who], f"the {event.thing} is not there")
    state.need(event.thing in state.wish.values(), f"nobody wants the {event.thing}")
    state.move(event.thing, event.who)
    state.owner.setdefault(event.thing, event.who)
    if state.wish.get(event.who) == event.thing:
        del state.wish[event.who]
        state.affect(event, "take")


def _ask(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.whom, event.thing):
        state.need(state.wish.setdefault(event.who, event.thing) == event.thing, f"{event.who} wants something else")
        state.wished[event.who] = event.thing
        state.question = event


def _borrow(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.whom, event.thing):
        state.question = event


def _give(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing):
        comforts = state.last is not None and state.feeling.get(event.whom) in ("scared", "sad")
        state.need(
            state.wish.get(event.whom) == event.thing or comforts, f"{event.whom} does not want the {event.thing}"
        )
        state.wish.pop(event.whom, None)
        state.move(event.thing, event.whom)
        state.owner[event.thing] = event.whom
        state.affect(event, "give")


def _refuse(state: State, event: Event) -> None:
    state.wish.pop(event.whom, None)
    state.affect(event, "refuse")


def _lose(state: State, event: Event) -> None:
    if state.at(event) and state.holds(event.who, event.thing):
        del state.holder[event.thing]
        state.lies[event.thing] = event.place
        state.lost.add(event.thing)
        state.affect(event, "lose")


def _find(state: State, event: Event) -> None:
    lost = state.need(event.thing in state.lost, f"the {event.thing} is not lost")
    if (
        lost
        and state.at(event)
        and state.need(state.lies[event.thing] == event.place, f"the {event.thing} is elsewhere")
    ):
        state.move(event.thing, event.who)
        if event.thing in state.hidden:
            state.hidden.discard(event.thing)
            state.affect(event, "find.hidden")
        elif state.owner[event.thing] == event.who:
            state.affect(event, "find.own")


def _discover(state: State, event: Event) -> None:
    if state.at(event) and state.introduce(event):
        state.holder[event.thing] = state.owner[event.thing] = event.who
        state.affect(event, "discover")


def _return(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing):
        state.need(state.owner[event.thing] == event.whom, f"the {event.thing} is not {event.whom}'s")
        state.move(event.thing, event.whom)
        thing = event.thing
        state.affect(
            event, "return.taken" if thing in state.taken else "return.lent" if thing in state.lent else "return"
        )
        state.taken.discard(thing)
        state.lent.discard(thing)


def _snatch(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.whom, event.thing):
        state.need(state.wish.get(event.who) == event.thing, f"{event.who} does not want the {event.thing}")
        state.wish.pop(event.who, None)
        state.move(event.thing, event.who)
        state.taken.add(event.thing)
        state.affect(event, "snatch")


def _break(state: State, event: Event) -> None:
    thing, place = event.thing, state.place[event.who]
    state.need(thing in state.holder, f"nobody has the {thing}")
    state.need(state.place.get(state.holder.get(thing, "")) == place, f"the {thing} is not there")
    state.need(thing not in state.spoilt, f"the {thing} is spoilt already")
    state.spoilt[thing] = event.kind
    if not state.problems:
        owner = state.owner[thing]
        present = state.place[owner] == place
        state.affect(event, "break.own" if owner == event.who else "break.others" if present else "break.alone")


def _mend(state: State, event: Event) -> None:
    owner = state.owner.get(event.thing, "")
    state.need(state.spoilt.get(event.thing) == REPAIRED[event.kind], f"the {event.thing} needs no such repair")
    state.need(state.place.get(owner) == state.place[event.who], f"{owner} is not there")
    state.need(owner != event.who, f"{owner} cannot mend it alone")
    state.spoilt.pop(event.thing, None)
    state.affect(event, "mend")


def _fright(state: State, event: Event) -> None:
    if state.at(event):
        state.affect(event, "fright")


def _scare(state: State, event: Event) -> None:
    if state.together(event):
        state.affect(event, "scare")


def _thank(state: State, event: Event) -> None:
    last = state.last
    state.need(last is not None and last.kind in THANKED and event.whom == last.who, f"no reason to thank {event.whom}")
    state.need(bool(state.due) and state.due[0][0] == event.who, f"{event.who} has no reason to thank anybody")
    state.need(
        not event.thing or (last is not None and last.thing == event.thing), "that is not what the thanks are for"
    )


def _swap(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing) and state.holds(event.whom, event.other):
        state.need(state.wish.get(event.who) == event.other, f"{event.who} does not want the {event.other}")
        state.need(state.wish.get(event.whom) == event.thing, f"{event.whom} does not want the {event.thing}")
        for person, thing in ((event.whom, event.thing), (event.who, event.other)):
            state.wish.pop(person, None)
            state.move(thing, person)
            state.owner[thing] = person
        state.affect(event, "swap")


def _present(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing):
        state.need(state.owner[event.thing] == event.who, f"the {event.thing} is not {event.who}'s")
        state.move(event.thing, event.whom)
        state.owner[event.thing] = event.whom
        state.affect(event, "present")


def _lend(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing):
        state.move(event.thing, event.whom)
        state.lent.add(event.thing)
        state.affect(event, "lend")


def _make(state: State, event: Event) -> None:
    if state.introduce(event):
        state.holder[event.thing] = state.owner[event.thing] = event.who
        state.affect(event, "make")


def _play(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing) and state.at(event):
        state.affect(event, "play")


def _share(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing):
        del state.holder[event.thing]
        state.affect(event, "share")


def _race(state: State, event: Event) -> None:
    if state.together(event) and state.need(state.place[event.who] != event.place, "they are there already"):
        state.place[event.who] = state.place[event.whom] = event.place
        state.affect(event, "race")


def _leave(state: State, event: Event) -> None:
    if state.together(event) and state.need(state.place[event.who] != event.place, f"{event.who} is there already"):
        state.place[event.who] = event.place
        state.affect(event, "leave")


def _reunite(state: State, event: Event) -> None:
    if state.together(event) and state.at(event):
        lonely = "lonely" in (state.feeling.get(event.who), state.feeling.get(event.whom))
        state.need(lonely, "they have not missed each other")
        state.affect(event, "reunite")


def _hide(state: State, event: Event) -> None:
    if state.at(event) and state.holds(event.who, event.thing):
        del state.holder[event.thing]
        state.lies[event.thing] = event.place
        state.lost.add(event.thing)
        state.hidden.add(event.thing)


def _cheer(state: State, event: Event) -> None:
    if state.together(event):
        state.need(state.feeling.get(event.whom) in LOW, f"{event.whom} needs no comfort")
        state.affect(event, "cheer")


def _apologise(state: State, event: Event) -> None:
    if state.together(event):
        state.need(state.feeling.get(event.who) == "sorry", f"{event.who} has nothing to be sorry for")
        state.need(state.feeling.get(event.whom) in ("angry", "scared"), f"{event.whom} has nothing to forgive")
        state.affect(event, "apologise")


def _feel(state: State, event: Event) -> None:
    told = [(event.who, event.feeling)]
    if event.kind != "feel":
        told.append((event.whom, event.feeling2 or event.feeling))
    state.need(state.due[: len(told)] == told, f"{event.who} does not feel {event.feeling} now")
    cause = state.cause
    state.need(not event.thing or (cause is not None and event.thing in (cause.thing, cause.other)), "that is not why")
    state.need(not event.place or event.place == state.place[event.who], f"{event.who} is not in the {event.place}")
    if event.kind == "both":
        state.need(event.feeling != event.feeling2, "two who feel the same are told of together")
    state.due = state.due[len(told) :]


RULES: dict[str, Callable[[State, Event], None]] = {
    "open": _open, "meet": _open, "join": _join, "come": _come, "have": _have, "wish": _wish, "want": _want,
    "lie": _lie, "tell": _tell, "go": _go, "take": _take, "ask": _ask, "borrow": _borrow, "give": _give,
    "present": _present, "lend": _lend, "refuse": _refuse, "lose": _lose, "find": _find, "discover": _discover,
    "return": _return, "snatch": _snatch, "break": _break, "soil": _break, "mend": _mend, "wash": _mend, "make": _make,
    "fright": _fright, "scare": _scare, "thank": _thank, "swap": _swap, "play": _play, "share": _share, "race": _race,
    "leave": _leave, "reunite": _reunite, "hide": _hide, "cheer": _cheer, "apologise": _apologise,
    "feel": _feel, "both": _feel, "alike": _feel,
}  # fmt: skip
