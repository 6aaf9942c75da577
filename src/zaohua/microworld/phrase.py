"""A phrase: one template that both tells an event and, read backwards, finds the event in a sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

from zaohua.microworld.event import SCENE_SET, Event
from zaohua.microworld.lexicon import place, tables
from zaohua.microworld.slot import Draw, Slot, slot

QUOTES = frozenset('"“')
VARYING = ("thing", "place", "time", "manner", "reason")
GAP = re.compile(r"\{([a-z0-9]+)(?:\.([A-Za-z]+))?\}")


@dataclass(frozen=True)
class Phrase:
    """One way of telling one kind of event in one language; `anchor` is text that every such sentence contains."""

    kind: str
    slots: tuple[Slot, ...]
    form: str
    shape: str
    anchor: str
    needs: frozenset[str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a sentence told in this phrase looks like; compiled when first needed, for telling does without it."""
        return re.compile(self.shape)

    def tell(self, event: Event, draw: Draw) -> str:
        """The sentence for the event; draw() in [0, 1) picks among words that mean the same."""
        text = self.form % tuple([slot.fill(event, draw) for slot in self.slots])
        return text[0].upper() + text[1:]

    def read(self, sentence: str) -> Iterator[Event]:
        """The events that the sentence may tell in this phrase."""
        if self.anchor not in sentence or sentence[0].islower():
            return
        match = self.pattern.fullmatch(sentence) or self.pattern.fullmatch(sentence[0].lower() + sentence[1:])
        if match is None:
            return
        readings = [reading for slot in self.slots for reading in slot.readings]
        found: dict[str, frozenset[str]] = {}
        for wanted in (False, True):
            for (field, words), word in zip(readings, match.groups(), strict=True):
                if word is None or field.startswith("=") is not wanted:
                    continue
                name = field.removeprefix("=")
                ids = words.get(word, frozenset())
                found[name] = found[name] & ids if name in found else ids
        for values in product(*map(sorted, found.values())):
            yield Event(self.kind, **dict(zip(found, values)))


def compiled(richness: str, language: str, kind: str, template: str) -> Phrase:
    """The phrase that a template of the tables writes."""
    parts: list[str | Slot] = []
    start = 0
    for gap in GAP.finditer(template):
        if gap.start() > start:
            parts.append(template[start : gap.start()])
        parts.append(slot(richness, language, gap[1], gap[2] or ""))
        start = gap.end()
    parts.append(template[start:])
    pattern = "".join(re.escape(part) if isinstance(part, str) else part.pattern for part in parts)
    # A sentence starts with a capital, so the first letter of a template is no safe anchor.
    leading = next(place for place, part in enumerate(parts) if isinstance(part, str) or part.field != "time")
    safe = [part[1:] if place == leading else part for place, part in enumerate(parts) if isinstance(part, str)]
    slots = tuple(part for part in parts if isinstance(part, Slot))
    form = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
    needs = frozenset(slot.field for slot in slots if slot.field in VARYING and not slot.pattern.endswith("?"))
    return Phrase(kind, slots, form, pattern, max(safe, key=len), needs)


@cache
def phrases(richness: str, language: str) -> dict[str, tuple[Phrase, ...]]:
    """Every phrase of a language, by kind of event; those of actions may start with a time where there are times."""
    words = tables(richness)
    found: dict[str, tuple[Phrase, ...]] = {}
    for kind, templates in words.phrases[language].items():
        timed = "{time}" if words.times and kind not in SCENE_SET else ""
        found[kind] = tuple(
            compiled(richness, language, kind, template if template[0] in QUOTES else timed + template)
            for template in templates
        )
    return found


_FITTING: dict[tuple, tuple[Phrase, ...]] = {}


def fitting(event: Event, richness: str, language: str) -> tuple[Phrase, ...]:
    """The phrases that say all that the event holds and ask for nothing that it lacks."""
    kind, _, _, thing, _, place, _, _, _, _, time, manner, reason = event
    key = (richness, language, kind, not thing, not place, not time, not manner, not reason)
    if key not in _FITTING:
        said = {name for name, value in zip(VARYING, (thing, place, time, manner, reason)) if value}
        _FITTING[key] = tuple(
            phrase
            for phrase in phrases(richness, language)[kind]
            if phrase.needs <= said and said <= {slot.field for slot in phrase.slots}
        )
        assert _FITTING[key], f"no {language} phrase tells {event}"
    return _FITTING[key]


def tell(event: Event, richness: str, language: str, draw: Draw) -> str:
    """The event as a sentence, its wording picked by draw()."""
    options = fitting(event, richness, language)
    return options[place(draw(), len(options), richness)].tell(event, draw)


def read(sentence: str, richness: str, language: str) -> list[Event]:
    """Every event that the sentence may tell; none means that it is not a sentence of this world."""
    found = dict.fromkeys(
        event
        for options in phrases(richness, language).values()
        for phrase in options
        for event in phrase.read(sentence)
    )
    return list(found)


ENGLISH_END = re.compile(r'(?<=[.!?])\s+(?=[A-Z"])|(?<=[.!?]")\s+(?=[A-Z"])')
CHINESE_END = re.compile(r"(?<=[。！？])(?!”)|(?<=[。！？]”)")


def sentences(text: str, language: str) -> list[str]:
    """The sentences of a text; what stands within quotation marks belongs to the sentence around it."""
    pieces = (ENGLISH_END if language == "en" else CHINESE_END).split(text)
    found: list[str] = []
    opened = False
    for piece in pieces:
        if not piece:
            continue
        if opened:
            found[-1] += (" " if language == "en" else "") + piece
        else:
            found.append(piece)
        quoted = found[-1].count('"') % 2 == 1 if language == "en" else found[-1].count("“") > found[-1].count("”")
        opened = quoted
    return found
