"""Pieces of the report's page: elements whose content is escaped, text in two languages, and numbers."""

import html
import re
from collections.abc import Iterable, Sequence


class Html(str):
    """Markup that may stand in a page as it is."""

    __slots__ = ()


Content = Html | str | int
# What acts on the text around it, or cannot be seen: it is shown by its number.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_EMPTY = {"input", "rect", "path", "line"}


def tag(name: str, /, *content: Content, **attributes: Content | None) -> Html:
    """An element; a trailing underscore of an attribute's name is left out, others become hyphens; None: no such."""
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Html(f"<{name}{named}>" if name == "input" else f"<{name}{named}/>")
    return Html(f"<{name}{named}>{joined(content)}</{name}>")


def joined(content: Iterable[Content]) -> Html:
    """One after the other, escaped where it is no markup."""
    return Html("".join(each if isinstance(each, Html) else _escaped(str(each)) for each in content))


def _escaped(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    return html.escape(_UNSEEN.sub(lambda found: f"‹{ord(found[0]):x}›", text))


def both(zh: Content, en: Content) -> Html:
    """The same in Chinese and in English; the page shows one of them."""
    return joined([tag("span", zh, class_="zh", lang="zh"), tag("span", en, class_="en", lang="en")])


def both_counts(number: int, zh: str, en: str) -> Html:
    """A number of something, such as 1 character; the English word is given as a plural."""
    return both(f"{number:,} {zh}", counted(number, en))


def counted(number: int, words: str) -> str:
    """1 text, 2 texts; the word is given as a plural."""
    return f"{number:,} {words.removesuffix('s') if number == 1 else words}"


def text(content: Content, **attributes: Content | None) -> Html:
    """Text of a document, in its own direction, apart from what stands around it."""
    return tag("div", content, class_="text", dir="auto", **attributes)


def excerpt(content: str, whole: int, most: int) -> Html:
    """The beginning of a text of `whole` characters, and how much is left out."""
    shown = content[:most]
    if whole <= len(shown):
        return text(shown)
    return text(joined([shown, tag("i", "… ", both(f"共 {whole:,} 字符", f"{whole:,} characters in all"))]))


def name(content: str, most: int = 120) -> Html:
    """A name from outside, which may be long; its end tells most."""
    shown = content if len(content) <= most else "…" + content[-most:]
    return tag("bdi", shown, class_="name", title=content[:500] if shown != content else None)


def count(number: int) -> str:
    """1,234"""
    return f"{number:,}"


def size(number: float) -> str:
    """1.23 MB"""
    for unit in ("B", "KB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 99.95 else f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.0f} TB" if number >= 99.95 else f"{number:.3g} TB"


def share(part: float, whole: float) -> str:
    """12.3 %"""
    if not whole or not part:
        return "0\u00a0%"
    percent = 100 * part / whole
    return f"{percent:.1f}\u00a0%" if percent >= 0.05 else "<\u00a00.1\u00a0%"


def table(head: Sequence[Content], rows: Iterable[Sequence[Content]], *, names: int = 1, class_: str = "") -> Html:
    """A table; its first `names` columns are text, the others numbers. It scrolls where the page is narrow."""
    kinds = ["name" if column < names else "number" for column in range(len(head))]
    top = tag("tr", *(tag("th", each, class_=kind, scope="col") for each, kind in zip(head, kinds, strict=True)))
    lines = [tag("tr", *(tag("td", each, class_=kind) for each, kind in zip(row, kinds, strict=True))) for row in rows]
    return tag(
        "div", tag("table", tag("thead", top), tag("tbody", *lines)), class_=f"wide {class_}".strip(), tabindex=0
    )


def details(title: Content, *content: Content, **attributes: Content | None) -> Html:
    """What opens at a click, also without a script."""
    return tag("details", tag("summary", title), *content, **attributes)


def both_words(zh: str, en: str) -> Html:
    """Like `both`, inside the text of a drawing."""
    return joined([tag("tspan", zh, class_="zh"), tag("tspan", en, class_="en")])
