"""Plots as SVG: shapes stretch with the page, and words stand beside them at their own size."""

from collections.abc import Callable, Mapping, Sequence

from zaohua.corpus.report.markup import Content, Html, share, tag

_SLOT = 36  # pixels that a band and its two lines of words take at least
_TALL = 250  # pixels that all bands of one side have together
_NAME = 17  # width of a name, in letters
_HIGH = 100


def bar(parts: Sequence[tuple[str, float]], whole: float) -> Html:
    """A line as long as its parts, (colour, value), are of the whole."""
    shapes, start = [], 0.0
    for group, value in parts:
        width = 100 * value / whole if whole else 0
        shapes.append(tag("rect", x=_number(start), width=_number(width), height=1, class_=f"fill {group}"))
        start += width
    return tag("svg", *shapes, class_="bar", viewBox="0 0 100 1", preserveAspectRatio="none", aria_hidden="true")


def columns(
    heights: Sequence[Sequence[tuple[str, float]]],
    labels: Sequence[Content],
    titles: Sequence[str],
    lines: Sequence[float] = (),
) -> Html:
    """Columns beside each other, each of (colour, value) one on the other, with labels below and titles to point at.

    The `lines` stand at these places, counted in columns.
    """
    most = max((sum(value for _, value in parts) for parts in heights), default=0) or 1
    shapes = []
    for place, (parts, title) in enumerate(zip(heights, titles, strict=True)):
        top, stack = float(_HIGH), []
        for group, value in parts:
            height = max(_HIGH * value / most, 1.2 if value else 0)
            top -= height
            at = {"x": _number(place + 0.06), "y": _number(top), "width": "0.88", "height": _number(height)}
            stack.append(tag("rect", **at, class_=f"fill {group}"))
        area = tag("rect", x=place, y=0, width=1, height=_HIGH, class_="area")
        shapes.append(tag("g", tag("title", title), area, *stack))
    for line in lines:
        shapes.append(tag("path", d=f"M{_number(line)} 0V{_HIGH}", class_="limit", vector_effect="non-scaling-stroke"))
    box = f"0 0 {max(len(heights), 1)} {_HIGH}"
    drawn = tag("svg", *shapes, viewBox=box, preserveAspectRatio="none", role="img")
    axis = tag("div", *(tag("span", label) for label in labels), class_="axis")
    return tag("div", drawn, axis, class_="columns")


def flow(
    left: Sequence[tuple[str, Content]], right: Sequence[tuple[str, Content]], values: Mapping[tuple[str, str], float],
    form: Callable[[float], str],
) -> Html:  # fmt: skip
    """Bands from each of the left to each of the right, (name, words), as broad as values[left name, right name].

    The right names are colours too.
    """
    whole = sum(values.values()) or 1
    scale = _TALL / whole
    totals = [{name: sum(value for pair, value in values.items() if pair[side] == name) for name, _ in nodes}
              for side, nodes in ((0, left), (1, right))]  # fmt: skip
    high = max(sum(max(_SLOT, value * scale) + 6 for value in each.values()) for each in totals)
    places = [_places(each, scale, high) for each in totals]
    bands, begins = [], [dict(each) for each in places]
    for source, _ in left:
        for group, _ in right:
            value = values.get((source, group), 0)
            if not value:
                continue
            a, b, breadth = begins[0][source], begins[1][group], max(value * scale, 0.6)
            begins[0][source] += value * scale
            begins[1][group] += value * scale
            c, d = a + breadth, b + breadth
            path = (f"M0 {_number(a)}C50 {_number(a)} 50 {_number(b)} 100 {_number(b)}"
                    f"V{_number(d)}C50 {_number(d)} 50 {_number(c)} 0 {_number(c)}Z")  # fmt: skip
            title = tag("title", f"{source} → {group}: {form(value)} ({share(value, totals[0][source])})")
            bands.append(tag("path", title, d=path, class_=f"fill {group}"))
    middle = tag("svg", *bands, viewBox=f"0 0 100 {_number(high)}", preserveAspectRatio="none", height=_number(high))
    sides = []
    for side, nodes in enumerate((left, right)):
        marks = []
        for name, words in nodes:
            value = totals[side][name]
            marks += _mark(
                places[side][name], value * scale, name, words, f"{form(value)} · {share(value, whole)}", side
            )
        sides.append(tag("svg", *marks, height=_number(high), class_=("left", "right")[side]))
    return tag("div", sides[0], middle, sides[1], class_="flow", role="img")


def _places(totals: Mapping[str, float], scale: float, high: float) -> dict[str, float]:
    """Where each band begins, each in the middle of its slot, all together in the middle."""
    slots = [max(_SLOT, value * scale) + 6 for value in totals.values()]
    top = (high - sum(slots)) / 2
    places = {}
    for (name, value), slot in zip(totals.items(), slots, strict=True):
        places[name] = top + (slot - value * scale) / 2
        top += slot
    return places


def _mark(top: float, breadth: float, name: str, words: Content, number: str, side: int) -> list[Html]:
    """A node: its bar, its words and its number."""
    colour = name if side else "source"
    at = {"width": 7, "height": _number(max(breadth, 1.5)), "y": _number(top), "class_": f"fill {colour}"}
    middle = top + breadth / 2
    place = {"x": 15} if side else {"x": "100%", "dx": -15, "text_anchor": "end"}
    block = tag("rect", x=0, **at) if side else tag("svg", tag("rect", x=-7, **at), x="100%", overflow="visible")
    return [
        block,
        tag("text", words, y=_number(middle - 2), **place),
        tag("text", number, y=_number(middle + 13), class_="soft", **place),
    ]


def fitted(name: str) -> str:
    """The end of a name, as much as has room beside a band; hanzi are twice as wide as letters."""
    width = 0
    for kept, character in enumerate(reversed(name)):
        width += 2 if character >= "\u2e80" else 1
        if width > _NAME:
            return "…" + name[len(name) - max(kept - 1, 1) :]
    return name


def spread(values: Mapping[str, int], limits: Sequence[float]) -> tuple[list[int], float, float, list[float]]:
    """Values as text and their counts -> counts in 24 equal bins from the least of all, limits too, to the most.

    Also these two, and where the limits lie, in bins.
    """
    numbers = [float(value) for value in values]
    low, high = min([*numbers, *limits]), max([*numbers, *limits])
    width = (high - low) or 1.0
    bins = [0] * 24
    for value, times in zip(numbers, values.values(), strict=True):
        bins[min(int(24 * (value - low) / width), 23)] += times
    return bins, low, high, [24 * (limit - low) / width for limit in limits]


def _number(value: float) -> str:
    """As short as a hundredth of a pixel allows."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def legend(items: Sequence[tuple[str, Content]]) -> Html:
    """What the colours mean."""
    return tag("p", *(tag("span", tag("i", class_=f"dot {group}"), words) for group, words in items), class_="legend")
