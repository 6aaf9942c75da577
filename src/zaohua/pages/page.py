"""A page from its template, style and script, in one file that may load nothing and run nothing else."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable


def self_contained(folder: Traversable, name: str, parts: Mapping[str, str]) -> str:
    """NAME.html, .css and .js of a folder, and `parts` where the template has {{marks}}, under the head of all pages.

    The template begins with its title. The page's policy allows exactly this style and script, and no loading.
    """
    template, own, script = ((folder / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    head, theme = ((files("zaohua.pages") / each).read_text(encoding="utf-8") for each in ("head.html", "theme.css"))
    style = theme + own
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'"
    title, body = template.split("\n", 1)
    begin = _filled(head, {"policy": policy, "title": title + "\n", "style": style})
    return begin + _filled(body, {"script": script, **parts})


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """Not by replacing: what is put in may hold such marks itself."""
    first, *others = template.split("{{")
    pairs = (piece.partition("}}") for piece in others)
    return first + "".join(parts[key] + rest for key, _, rest in pairs)


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
