"""Ids as they come -> text that may be shown: no half characters, and nothing of a stop string."""

import codecs
from collections.abc import Iterable, Sequence


class TextStream:
    """Feed ids, get pieces of text. Joined, the pieces are the decoded whole up to the first stop string.

    Held back are the bytes of an unfinished character and whatever may become a stop string. A stop string counts where
    it is complete first; of several complete at once, the longest.
    """

    def __init__(self, token_bytes: Sequence[bytes], *, stop: Iterable[str] = ()) -> None:
        self.stopped = False  # a stop string came; nothing more will
        self._token_bytes = token_bytes
        self._stop = tuple(text for text in stop if text)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""

    def feed(self, ids: Iterable[int]) -> str:
        """The text that these ids make certain; "" while nothing is, and after a stop string."""
        return self._take(self._decoder.decode(b"".join(self._token_bytes[index] for index in ids)))

    def flush(self) -> str:
        """At the end: what was held back and did not become a stop string."""
        text = self._take(self._decoder.decode(b"", final=True))
        held, self._held = self._held, ""
        return text + held

    def _take(self, text: str) -> str:
        if self.stopped:
            return ""
        text = self._held + text
        ends = [(start + len(stop), start) for stop in self._stop if (start := text.find(stop)) >= 0]
        if ends:
            self.stopped, self._held = True, ""
            return text[: min(ends)[1]]
        sure = len(text) - max((_overlap(text, stop) for stop in self._stop), default=0)
        self._held = text[sure:]
        return text[:sure]


def _overlap(text: str, stop: str) -> int:
    """How many last characters of the text are the first of the stop string, but not all of it."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)
