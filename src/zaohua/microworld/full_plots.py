"""The plots that only the full world has, and how plots follow one another in its longer stories."""

from collections.abc import Callable

from zaohua.microworld.people_rules import LOW
from zaohua.microworld.plots import PLOTS, thank
from zaohua.microworld.scene import EDIBLE, Scene

SHORTEST, LONGEST = 3, 25
TOY, CLOTH, MAKEABLE = frozenset({"toy"}), frozenset({"cloth"}), frozenset({"toy", "cloth", "food"})


def craft(scene: Scene) -> None:
    """Somebody makes a thing and may give it away as a present."""
    first, *others = scene.begin(1 if scene.chance(0.4) else 2)
    thing = scene.thing("make", first, MAKEABLE)
    scene.feel()
    if others:
        scene.happen("present", first, others[0], thing)
        if scene.chance(0.4):
            thank(scene)
        scene.feel()


def find(scene: Scene) -> None:
    """Somebody comes upon a thing."""
    (first,) = scene.begin(1)
    place = scene.go(first) if scene.chance(0.5) else scene.state.place[first]
    scene.thing("discover", first, place=place)
    scene.feel()


def loan(scene: Scene) -> None:
    """One lends the other a thing and gets it back."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first)
    scene.happen("borrow", second, first, thing)
    if scene.chance(0.25):
        scene.happen("refuse", first, second, thing)
        scene.feel()
        return
    scene.happen("lend", first, second, thing)
    if scene.chance(0.4):
        thank(scene)
    scene.feel()
    if scene.chance(0.7):
        scene.happen("return", second, first, thing)
        scene.feel()


def game(scene: Scene) -> None:
    """Two play with a toy."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first, TOY)
    scene.happen("play", first, second, thing, place=scene.state.place[first])
    scene.feel()


def feast(scene: Scene) -> None:
    """One shares something good to eat."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first, EDIBLE)
    scene.happen("share", first, second, thing)
    scene.feel()


def race(scene: Scene) -> None:
    """Two race to another place."""
    first, second = scene.begin(2)
    scene.happen("race", first, second, place=scene.new_place())
    scene.feel()


def farewell(scene: Scene) -> None:
    """One leaves; the other stays alone or comes after."""
    first, second = scene.begin(2)
    place = scene.new_place()
    scene.happen("leave", first, second, place=place)
    scene.feel()
    if scene.chance(0.6):
        scene.happen("go", second, place=place)
        scene.happen("reunite", second, first, place=place)
        scene.feel()


def hiding(scene: Scene) -> None:
    """One hides a thing and the other finds it."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first)
    place = scene.state.place[first]
    scene.happen("hide", first, "", thing, place=place)
    scene.happen("find", second, "", thing, place=place)
    scene.feel()
    if scene.chance(0.6):
        scene.happen("return", second, first, thing)
        scene.feel()


def cleaning(scene: Scene) -> None:
    """A thing gets dirty, and a friend may wash it."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first, CLOTH)
    scene.happen("soil", first if scene.chance(0.5) else second, "", thing)
    scene.feel()
    if scene.chance(0.6):
        scene.happen("wash", second, "", thing)
        if scene.chance(0.4):
            thank(scene)
        scene.feel()


def comfort(scene: Scene) -> None:
    """Where somebody is in a low mood, one who is with them may say sorry or cheer them up."""
    state = scene.state
    low = [person for person, feeling in state.feeling.items() if feeling in LOW]
    pairs = [
        (one, other) for other in low for one in state.place if one != other and state.place[one] == state.place[other]
    ]
    if not pairs or not scene.chance(0.4):
        return
    who, whom = scene.rng.choice(pairs)
    if state.feeling.get(who) == "sorry" and state.feeling[whom] in ("angry", "scared"):
        scene.happen("apologise", who, whom)
    else:
        scene.happen("cheer", who, whom, reason=scene.new("cheers"))
    scene.feel()


FULL_PLOTS: dict[str, Callable[[Scene], None]] = PLOTS | {
    function.__name__: function for function in (craft, find, loan, game, feast, race, farewell, hiding, cleaning)
}


def chain(scene: Scene) -> str:
    """Tell plot after plot about the same people until the story has the length that it draws; names the plots."""
    length = SHORTEST + int((LONGEST - SHORTEST) * scene.rng.random() ** 2.5)
    told: list[str] = []
    names = tuple(FULL_PLOTS)
    while not told or len(scene.events) < length - 2:
        name = scene.rng.choice(names)
        FULL_PLOTS[name](scene)
        told.append(name)
        comfort(scene)
    return "+".join(told)
