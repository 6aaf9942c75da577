"""What a site's robots.txt lets us read (RFC 9309)."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_LARGEST = 500 * 1024  # bytes that must be heeded, and all that are


@dataclass(frozen=True)
class Robots:
    """Rules as (allowed, pattern), and the seconds that the site asks to be left alone between two pages."""

    rules: tuple[tuple[bool, str], ...] = ()
    delay: float = 0.0

    def allow(self, url: str) -> bool:
        """Whether a page may be read: of the rules that fit, the longest decides; of two alike the friendlier."""
        parts = urlsplit(url)
        path = _canonical((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        fitting = [(len(pattern), allowed) for allowed, pattern in self.rules if _fits(pattern, path)]
        return max(fitting)[1] if fitting else True


NOTHING = Robots(((False, "/"),))
"""The rules of a site whose robots.txt cannot be had at the moment."""


def robots_of(text: bytes, agent: str) -> Robots:
    """The rules of a robots.txt for `agent`, else those for all."""
    groups: dict[str, tuple[list[tuple[bool, str]], list[float]]] = {}
    named: set[str] = set()
    in_rules = True
    for line in text[:_LARGEST].decode("utf-8", "replace").lstrip("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            named = set() if in_rules else named
            in_rules = False
            if value.lower() in (agent.lower(), "*"):
                named.add(value.lower())
                groups.setdefault(value.lower(), ([], []))
        elif key in ("allow", "disallow", "crawl-delay"):
            in_rules = True
            for name in named:
                if key == "crawl-delay":
                    groups[name][1].extend(float(value) for _ in range(bool(re.fullmatch(r"\d+(\.\d+)?", value))))
                elif value:
                    groups[name][0].append((key == "allow", _canonical(value)))
    rules, delays = groups.get(agent.lower()) or groups.get("*") or ([], [])
    return Robots(tuple(rules), max(delays, default=0.0))


def _canonical(path: str) -> str:
    """One way of writing a path: é and %C3%A9 are the same."""
    return quote(unquote(path), safe="/?&=*$:@!'(),;+~")


def _fits(pattern: str, path: str) -> bool:
    """Whether a path begins as the pattern says: * is anything, $ at its end is the end."""
    ends = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for index, part in enumerate(others):
        if ends and index == len(others) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        place = path.find(part, at)
        if place < 0:
            return False
        at = place + len(part)
    return not ends or at == len(path)
