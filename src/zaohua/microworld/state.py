"""The state of the world in the middle of a story: who is where, who has what, and what is still to be told."""

from collections.abc import Mapping

from zaohua.microworld.event import Event


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
        self.spoilt: dict[str, str] = {}
        self.taken: set[str] = set()
        self.lent: set[str] = set()
        self.hidden: set[str] = set()
        self.due: list[tuple[str, str]] = []
        self.question: Event | None = None
        self.last: Event | None = None
        self.cause: Event | None = None
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
        """The person is where the event says, if it says so."""
        return self.need(event.place in ("", self.place[event.who]), f"{event.who} is not in the {event.place}")

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
        self.cause = event
