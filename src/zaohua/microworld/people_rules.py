"""What happens between people: where they are, what they do to each other, what they feel."""

from collections.abc import Callable

from zaohua.microworld.event import Event
from zaohua.microworld.state import State

THANKED = frozenset({"give", "present", "lend", "return", "mend", "wash"})
LOW = frozenset({"sad", "angry", "scared", "sorry", "disappointed", "lonely"})


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


def _go(state: State, event: Event) -> None:
    if state.need(state.place[event.who] != event.place, f"{event.who} is in the {event.place} already"):
        state.place[event.who] = event.place


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


PEOPLE_RULES: dict[str, Callable[[State, Event], None]] = {
    "open": _open, "meet": _open, "join": _join, "come": _come, "go": _go, "fright": _fright, "scare": _scare,
    "thank": _thank, "race": _race, "leave": _leave, "reunite": _reunite, "cheer": _cheer, "apologise": _apologise,
    "feel": _feel, "both": _feel, "alike": _feel,
}  # fmt: skip
