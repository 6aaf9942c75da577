"""The embedded bilingual world: stories and labelled tasks whose answers are known by construction."""

from zaohua.microworld.check import Verdict, check
from zaohua.microworld.dirt import Plant, Planted, dirty
from zaohua.microworld.event import Event
from zaohua.microworld.phrase import sentences
from zaohua.microworld.story import Story, stories
from zaohua.microworld.tasks import TASKS, examples
from zaohua.microworld.texts import corpus

__all__ = [
    "TASKS", "Event", "Plant", "Planted", "Story", "Verdict",
    "check", "corpus", "dirty", "examples", "sentences", "stories",
]  # fmt: skip
