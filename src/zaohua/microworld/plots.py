"""The plots of both worlds: each function tells one on a scene, as events that obey the world's rules.

`scene.begin(2)` gives a child and a grown person in the small world, people of two sorts in the full one too.
"""

from collections.abc import Callable

from zaohua.microworld.scene import BREAKABLE, Scene


def gift(scene: Scene) -> None:
    """One asks for a thing and gets it."""
    first, second = scene.begin(2)
    thing = scene.thing("have", second)
    if scene.chance(0.5):
        scene.happen("want", first, "", thing)
    scene.happen("ask", first, second, thing)
    scene.happen("give", second, first, thing)
    if scene.chance(0.5):
        thank(scene)
    scene.feel()


def refusal(scene: Scene) -> None:
    """One asks for a thing in vain, and may find another elsewhere."""
    first, second = scene.begin(2)
    thing = scene.thing("have", second)
    short = scene.chance(0.6)
    if short and scene.chance(0.5):
        scene.happen("want", first, "", thing)
    scene.happen("ask", first, second, thing)
    scene.happen("refuse", second, first, thing)
    scene.feel()
    if not short:
        scene.go(first)
        scene.thing("discover", first, place=scene.where(first))
        scene.feel()


def loss(scene: Scene) -> None:
    """A thing gets lost; a friend may find it and bring it back."""
    friend = scene.chance(0.6)
    first, *others = scene.begin(2 if friend else 1)
    thing = scene.thing("have", first)
    if not friend:
        scene.go(first)
    scene.happen("lose", first, "", thing, place=scene.where(first))
    scene.feel()
    if others:
        scene.happen("find", others[0], "", thing, place=scene.where(first))
        scene.happen("return", others[0], first, thing)
        scene.feel()


def theft(scene: Scene) -> None:
    """One grabs the other's thing, and may be sorry in the end."""
    first, second = scene.begin(2)
    thing = scene.thing("have", second, BREAKABLE)
    scene.happen("want", first, "", thing)
    scene.happen("snatch", first, second, thing)
    scene.feel()
    ending = scene.rng.random()
    if ending < 0.4:
        scene.happen("return", first, second, thing)
        scene.feel()
    elif ending < 0.7:
        scene.go(first)
        scene.happen("break", first, "", thing)
        scene.feel()


def damage(scene: Scene) -> None:
    """One breaks a thing, and the other or the culprit may mend it."""
    first, second = scene.begin(2)
    owner, mender = (first, second) if scene.chance(0.5) else (second, first)
    thing = scene.thing("have", owner, BREAKABLE)
    scene.happen("break", first, "", thing)
    scene.feel()
    if scene.chance(0.5):
        scene.happen("mend", mender, "", thing)
        if scene.chance(0.5):
            thank(scene)
        scene.feel()


def quest(scene: Scene) -> None:
    """Somebody looks for a thing that lies in another place."""
    first, second = scene.begin(2)
    thing = scene.thing("wish", first)
    place = scene.new_place()
    if scene.chance(0.5):
        scene.happen("tell", second, first, thing, place=place)
    else:
        scene.happen("lie", thing=thing, place=place)
    scene.happen("go", first, place=place)
    scene.happen("take", first, "", thing)
    scene.feel()


def visit(scene: Scene) -> None:
    """One goes to the other's place to ask for a thing."""
    (first,) = scene.begin(1)
    second, place = scene.newcomer(first), scene.new_place()
    scene.happen("join", second, place=place)
    thing = scene.thing("have", second)
    scene.happen("go", first, place=place)
    scene.happen("ask", first, second, thing)
    scene.happen("give" if scene.chance(0.5) else "refuse", second, first, thing)
    scene.feel()


def fright(scene: Scene) -> None:
    """Somebody gets a fright, from a strange thing or from the other."""
    first, second = scene.begin(2)
    thing = scene.thing("have", second)
    if scene.chance(0.4):
        scene.happen("scare", first, second)
        scene.feel()
        return
    place = scene.go(first)
    scene.happen("fright", first, reason=scene.new("frights"), place=scene.where(first))
    scene.feel()
    if scene.chance(0.5):
        scene.happen("go", second, place=place)
        scene.happen("give", second, first, thing)
        scene.feel()


def swap(scene: Scene) -> None:
    """Each wants what the other has."""
    pair = scene.begin(2)
    first, second = (person for person in scene.state.place if person in pair)
    thing, other = scene.thing("have", first), scene.thing("have", second)
    scene.happen("want", first, "", other)
    scene.happen("want", second, "", thing)
    scene.happen("swap", first, second, thing, other=other)
    scene.feel()


def thank(scene: Scene) -> None:
    """The one who has just got something, or got it back, says thank you."""
    last = scene.events[-1]
    thing = last.thing if scene.rich and last.kind not in ("mend", "wash") and scene.chance(0.6) else ""
    scene.happen("thank", scene.state.due[0][0], last.who, thing)


PLOTS: dict[str, Callable[[Scene], None]] = {
    function.__name__: function for function in (gift, refusal, loss, theft, damage, quest, visit, fright, swap)
}
