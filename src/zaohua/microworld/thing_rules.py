"""What happens to things: who may have, give, lose, break or mend them, and what changes by it."""

from collections.abc import Callable

from zaohua.microworld.event import Event
from zaohua.microworld.state import State

REPAIRED = {"mend": "break", "wash": "soil"}


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
        state.lies[event.thing] = state.place[event.who]
        state.lost.add(event.thing)
        state.affect(event, "lose")


def _find(state: State, event: Event) -> None:
    lost = state.need(event.thing in state.lost, f"the {event.thing} is not lost")
    if (
        lost
        and state.at(event)
        and state.need(state.lies[event.thing] == state.place[event.who], f"the {event.thing} is elsewhere")
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


def _hide(state: State, event: Event) -> None:
    if state.at(event) and state.holds(event.who, event.thing):
        del state.holder[event.thing]
        state.lies[event.thing] = state.place[event.who]
        state.lost.add(event.thing)
        state.hidden.add(event.thing)


THING_RULES: dict[str, Callable[[State, Event], None]] = {
    "have": _have, "wish": _wish, "want": _want, "lie": _lie, "tell": _tell, "take": _take, "ask": _ask,
    "borrow": _borrow, "give": _give, "present": _present, "lend": _lend, "refuse": _refuse, "lose": _lose,
    "find": _find, "discover": _discover, "return": _return, "snatch": _snatch, "break": _break, "soil": _break,
    "mend": _mend, "wash": _mend, "make": _make, "swap": _swap, "play": _play, "share": _share, "hide": _hide,
}  # fmt: skip
