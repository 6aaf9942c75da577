"""The state of the world in the middle of a story, and the rules: what each event needs and what it changes."""

from collections.abc import Callable, Mapping

from zaohua.microworld.event import FEELINGS, OPENINGS, Event

SETTING = frozenset({"join", "have", "wish", "want", "lie", "tell"})
SCENE_SET = SETTING | OPENINGS | FEELINGS
ARRIVALS = OPENINGS | {"join"}
ANSWERS = frozenset({"give", "refuse"})
THANKED = frozenset({"give", "return", "mend"})


class State:
    """Who is where, who holds and owns what, what is lost, broken, wished for, and what the story still has to say."""

    def __init__(self, effects: Mapping[str, list[list[str]]]) -> None:
        self.effects = effects
        self.place: dict[str, str] = {}
        self.holder: dict[str, str] = {}
        self.lies: dict[str, str] = {}
        self.owner: dict[str, str] = {}
        self.properties: dict[str, dict[str, str]] = {}
        self.wish: dict[str, str] = {}
        self.wished: dict[str, str] = {}
        self.feeling: dict[str, str] = {}
        self.lost: set[str] = set()
        self.broken: set[str] = set()
        self.taken: set[str] = set()
        self.due: list[tuple[str, str]] = []
        self.question: Event | None = None
        self.last: Event | None = None
        self.problems: list[str] = []

    def copy(self) -> "State":
        """An independent copy, to try another reading of a sentence."""
        other = State(self.effects)
        for name, value in vars(self).items():
            if isinstance(value, dict):
                value = {key: dict(entry) if isinstance(entry, dict) else entry for key, entry in value.items()}
            elif isinstance(value, (set, list)):
                value = value.copy()
            setattr(other, name, value)
        return other

    def need(self, condition: bool, problem: str) -> bool:
        """Note the problem unless the condition holds."""
        if not condition:
            self.problems.append(problem)
        return condition

    def apply(self, event: Event) -> list[str]:
        """Change the world by the event; returns what speaks against the event (nothing if it may happen)."""
        self.problems = problems = []
        kind, who, whom = event.kind, event.who, event.whom
        if (kind in OPENINGS) is not (self.last is None):
            problems.append("an opening stands first and only there")
        if kind in FEELINGS:
            if not self.due:
                problems.append("nothing has happened that anyone would feel something about")
        elif self.due and kind != "thank":
            problems.append(f"the story does not say how {self.due[0][0]} felt")
        if kind in SETTING and (self.last is None or self.last.kind not in SCENE_SET):
            problems.append("the scene is set before things happen")
        if self.question is not None:
            asked, self.question = self.question, None
            if kind not in ANSWERS or (who, whom, event.thing) != (asked.whom, asked.who, asked.thing):
                problems.append("a question goes unanswered")
        elif kind == "refuse":
            problems.append("nobody has asked for anything")
        if kind not in ARRIVALS:
            problems += [f"{person} is unknown" for person in (who, whom) if person and person not in self.place]
        if who == whom != "":
            problems.append("nobody does this to themselves")
        if not problems:
            RULES[kind](self, event)
        known = self.properties.get(event.thing) if event.colour or event.look else None
        if known and (event.colour not in ("", known["colour"]) or event.look not in ("", known["look"])):
            problems.append(f"the {event.thing} has other properties")
        self.last = event
        return self.problems

    def finish(self) -> list[str]:
        """What the story leaves open."""
        self.problems = []
        self.need(self.last is not None and self.last.kind in FEELINGS, "the story does not end as stories end")
        self.need(not self.due, "the story does not say how everybody felt")
        return self.problems

    def introduce(self, event: Event) -> bool:
        """A thing comes into the story with the properties that it keeps."""
        if not self.need(event.thing not in self.properties, f"the {event.thing} is known already"):
            return False
        self.properties[event.thing] = {"colour": event.colour, "look": event.look}
        return True

    def together(self, event: Event) -> bool:
        """Both people of the event are in the same place."""
        return self.need(self.place[event.who] == self.place[event.whom], "they are not in the same place")

    def holds(self, person: str, thing: str) -> bool:
        """The person has the thing."""
        return self.need(self.holder.get(thing) == person, f"{person} does not have the {thing}")

    def at(self, event: Event) -> bool:
        """The person is where the event says."""
        return self.need(self.place[event.who] == event.place, f"{event.who} is not in the {event.place}")

    def move(self, thing: str, holder: str) -> None:
        """The thing passes into somebody's hands."""
        self.lies.pop(thing, None)
        self.lost.discard(thing)
        self.holder[thing] = holder

    def affect(self, event: Event, effect: str) -> None:
        """Note what the event makes people feel; the story has to say so next."""
        roles = {"who": event.who, "whom": event.whom, "owner": self.owner.get(event.thing, "")}
        self.due = [(roles[role], feeling) for role, feeling in self.effects.get(effect, ())]
        self.feeling.update(self.due)


def _open(state: State, event: Event) -> None:
    state.place[event.who] = event.place
    if event.whom:
        state.place[event.whom] = event.place


def _join(state: State, event: Event) -> None:
    if state.need(event.who not in state.place, f"{event.who} is in two places or told of twice"):
        state.place[event.who] = event.place


def _have(state: State, event: Event) -> None:
    people = list(state.place)
    others = [person for person in state.holder.values() if people.index(person) >= people.index(event.who)]
    same = state.last is not None and state.last.kind == "have"
    state.need(not (same and others), "things are told in the order of their people")
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
        if state.owner[event.thing] == event.who:
            state.affect(event, "find.own")


def _discover(state: State, event: Event) -> None:
    if state.at(event) and state.introduce(event):
        state.holder[event.thing] = state.owner[event.thing] = event.who
        state.affect(event, "discover")


def _return(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing):
        state.need(state.owner[event.thing] == event.whom, f"the {event.thing} is not {event.whom}'s")
        state.move(event.thing, event.whom)
        state.affect(event, "return.taken" if event.thing in state.taken else "return")
        state.taken.discard(event.thing)


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
    state.need(thing not in state.broken, f"the {thing} is broken already")
    state.broken.add(thing)
    if not state.problems:
        owner = state.owner[thing]
        present = state.place[owner] == place
        state.affect(event, "break.own" if owner == event.who else "break.others" if present else "break.alone")


def _mend(state: State, event: Event) -> None:
    owner = state.owner.get(event.thing, "")
    state.need(event.thing in state.broken, f"the {event.thing} is not broken")
    state.need(state.place.get(owner) == state.place[event.who], f"{owner} is not there")
    state.need(owner != event.who, f"{owner} cannot mend it alone")
    state.broken.discard(event.thing)
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


def _swap(state: State, event: Event) -> None:
    if state.together(event) and state.holds(event.who, event.thing) and state.holds(event.whom, event.other):
        state.need(state.wish.get(event.who) == event.other, f"{event.who} does not want the {event.other}")
        state.need(state.wish.get(event.whom) == event.thing, f"{event.whom} does not want the {event.thing}")
        for person, thing in ((event.whom, event.thing), (event.who, event.other)):
            state.wish.pop(person, None)
            state.move(thing, person)
            state.owner[thing] = person
        state.affect(event, "swap")


def _feel(state: State, event: Event) -> None:
    told = [(event.who, event.feeling)]
    if event.kind != "feel":
        told.append((event.whom, event.feeling2 or event.feeling))
    state.need(state.due[: len(told)] == told, f"{event.who} does not feel {event.feeling} now")
    if event.kind == "both":
        state.need(event.feeling != event.feeling2, "two who feel the same are told of together")
    state.due = state.due[len(told) :]


RULES: dict[str, Callable[[State, Event], None]] = {
    "open": _open, "meet": _open, "join": _join, "have": _have, "wish": _wish, "want": _want, "lie": _lie,
    "tell": _tell, "go": _go, "take": _take, "ask": _ask, "give": _give, "refuse": _refuse, "lose": _lose,
    "find": _find, "discover": _discover, "return": _return, "snatch": _snatch, "break": _break, "mend": _mend,
    "fright": _fright, "scare": _scare, "thank": _thank, "swap": _swap, "feel": _feel, "both": _feel, "alike": _feel,
}  # fmt: skip
