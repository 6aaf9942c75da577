"""All who watch a run, as one; none of them can stop or change it."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from zaohua.events import Events, Watcher

_LONGEST = 200  # characters of an error that are shown


class Watchers:
    """Tells everybody. Who fails is named in one line, and from then on told nothing more."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.watching: dict[str, Watcher] = {}

    def add(self, name: str, begin: Callable[[], Watcher]) -> None:
        """Let one more watch, by what `begin` returns; where it cannot begin, that is said."""
        try:
            self.watching[name] = begin()
        except (Exception, SystemExit) as error:
            self._give_up(name, error)

    def step(self, fields: Mapping[str, Any]) -> None:
        self._each(lambda watcher: watcher.step(dict(fields)))

    def happened(self, name: str, fields: Mapping[str, Any]) -> None:
        self._each(lambda watcher: watcher.happened(name, dict(fields)))

    def close(self) -> None:
        self._each(lambda watcher: watcher.close())
        self.watching.clear()

    def __enter__(self) -> "Watchers":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _each(self, tell: Callable[[Watcher], None]) -> None:
        for name, watcher in list(self.watching.items()):
            try:
                tell(watcher)
            except (Exception, SystemExit) as error:  # whatever it is, it is not the run's
                del self.watching[name]
                with contextlib.suppress(Exception, SystemExit):
                    watcher.close()  # a terminal gets its cursor back
                self._give_up(name, error)

    def _give_up(self, name: str, error: BaseException) -> None:
        what = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
        with contextlib.suppress(OSError, ValueError):  # nobody reads the console
            self.events.say(
                f"  {name} no longer watches, the run goes on ({what})", f"  {name} 不再跟踪，训练照常进行（{what}）"
            )
