"""The plots of both worlds: each function tells one on a scene, as events that obey the world's rules."""

from collections.abc import Callable

from zaohua.microworld.scene import BREAKABLE, Scene


def gift(scene: Scene) -> None:
    """One has a thing, the other asks for it and gets it."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first)
    if scene.chance(0.5):
        scene.happen("want", second, "", thing)
    scene.happen("ask", second, first, thing)
    scene.happen("give", first, second, thing)
    if scene.chance(0.5):
        thank(scene)
    scene.feel()


def refusal(scene: Scene) -> None:
    """One asks for a thing in vain, and may find another elsewhere."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first)
    short = scene.chance(0.6)
    if short and scene.chance(0.5):
        scene.happen("want", second, "", thing)
    scene.happen("ask", second, first, thing)
    scene.happen("refuse", first, second, thing)
    scene.feel()
    if not short:
        scene.thing("discover", second, place=scene.go(second))
        scene.feel()


def loss(scene: Scene) -> None:
    """A thing gets lost; a friend may find it and bring it back."""
    friend = scene.chance(0.6)
    cast = scene.begin(2 if friend else 1)
    thing = scene.thing("have", cast[0])
    place = scene.state.place[cast[0]] if friend else scene.go(cast[0])
    scene.happen("lose", cast[0], "", thing, place=place)
    scene.feel()
    if friend:
        scene.happen("find", cast[1], "", thing, place=place)
        scene.happen("return", cast[1], cast[0], thing)
        scene.feel()


def theft(scene: Scene) -> None:
    """One grabs the other's thing, and is sorry in the end."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first, BREAKABLE)
    scene.happen("want", second, "", thing)
    scene.happen("snatch", second, first, thing)
    scene.feel()
    ending = scene.rng.random()
    if ending < 0.4:
        scene.happen("return", second, first, thing)
        scene.feel()
    elif ending < 0.7:
        scene.go(second)
        scene.happen("break", second, "", thing)
        scene.feel()


def damage(scene: Scene) -> None:
    """A thing breaks, and a friend may mend it."""
    first, second = scene.begin(2)
    thing = scene.thing("have", first, BREAKABLE)
    scene.happen("break", first if scene.chance(0.5) else second, "", thing)
    scene.feel()
    if scene.chance(0.5):
        scene.happen("mend", second, "", thing)
        if scene.chance(0.5):
            thank(scene)
        scene.feel()


def quest(scene: Scene) -> None:
    """Somebody looks for a thing that lies in another place."""
    first, second = scene.begin(2)
    if scene.chance(0.5):
        thing = scene.thing("wish", first)
        place = scene.new("places")
        scene.happen("tell", second, first, thing, place=place)
        scene.happen("go", first, place=place)
        scene.happen("take", first, "", thing)
    else:
        home = scene.state.place[first]
        thing = scene.thing("wish", second)
        place = scene.new("places")
        scene.happen("lie", thing=thing, place=place)
        scene.happen("go", first, place=place)
        scene.happen("take", first, "", thing)
        scene.happen("go", first, place=home)
        scene.happen("give", first, second, thing)
    scene.feel()


def visit(scene: Scene) -> None:
    """One goes to the other's place to ask for a thing."""
    (first,) = scene.begin(1)
    second, place = scene.new("people"), scene.new("places")
    scene.happen("join", second, place=place)
    thing = scene.thing("have", second)
    scene.happen("go", first, place=place)
    scene.happen("ask", first, second, thing)
    scene.happen("give" if scene.chance(0.5) else "refuse", second, first, thing)
    scene.feel()


def fright(scene: Scene) -> None:
    """Somebody gets a fright, from a strange thing or from the other."""
    first, second = scene.begin(2)
    if scene.chance(0.4):
        scene.thing("have", first)
        scene.happen("scare", second, first)
        scene.feel()
        return
    thing = scene.thing("have", second)
    place = scene.go(first)
    scene.happen("fright", first, place=place, reason=scene.new("frights"))
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
