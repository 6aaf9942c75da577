"""One event of the embedded world: what happened, to whom, with what, where; it belongs to no language."""

from typing import NamedTuple


class Event(NamedTuple):
    """An event's kind and its roles by id; an empty string is a role that is not there or not mentioned."""

    kind: str
    who: str = ""
    whom: str = ""
    thing: str = ""
    other: str = ""
    place: str = ""
    feeling: str = ""
    feeling2: str = ""
    colour: str = ""
    look: str = ""
    time: str = ""
    manner: str = ""
    reason: str = ""


FIELDS = {name: position for position, name in enumerate(Event._fields)}
OPENINGS = frozenset({"open", "meet"})
FEELINGS = frozenset({"feel", "both", "alike"})
SETTING = frozenset({"join", "come", "have", "wish", "want", "lie", "tell"})
SCENE_SET = SETTING | OPENINGS | FEELINGS
