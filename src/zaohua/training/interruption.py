"""Ctrl-C, SIGTERM, SIGUSR1: remembered, so that the loop can save at a step; a second one ends the process at once."""

import os
import signal
from types import FrameType, TracebackType

from zaohua.settings import Sentence

ASKED_TO_END = (signal.SIGTERM, signal.SIGUSR1)
"""Signals that ask a process to end as Ctrl-C does; a cluster's scheduler sends the second."""


class Interrupted(Sentence):
    """The run was asked to stop, has saved, and can be resumed."""


class Interruption:
    """While entered, SIGINT, SIGTERM and SIGUSR1 set `asked` instead of ending the process."""

    SIGNALS = (signal.SIGINT, *ASKED_TO_END)

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> "Interruption":
        self._before = {number: signal.signal(number, self._remember) for number in self.SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            os._exit(128 + number)
        self.asked = True
