"""A web page as its title and its main text."""

import html
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from zaohua.corpus.encodings import as_declared, declared, encoding_of
from zaohua.corpus.formats.items import SetAsideError

_HEAD = 4096  # bytes in which a page names its encoding
_META = re.compile(rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,30})""", re.I)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_:.\-]{2,30})""", re.I)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_:.\-]{2,30})""", re.I)
_TITLE, _TITLE_END = re.compile(r"<title\b[^<>]{0,500}+>", re.I), re.compile("</title", re.I)
_LONGEST_TITLE = 2000
_GAPS = re.compile(r"\n{3,}")
_MISSED = 0.2  # share of what resiliparse finds under which trafilatura has missed the article
DEEPEST = 2000
"""Elements within elements; pages made by hand or program stay under 200, and parsers take long beyond."""
_TOKEN = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))|<(/?)([a-zA-Z][^\s/>]*+)"""
    r"""((?:[^>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?)*+)(?:>|\Z)""",
    re.S,
)
"""A comment, or a tag with its name and attributes."""
_RAW = frozenset(["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"])
_BLOCKS = [
    "address", "article", "aside", "blockquote", "button", "center", "details", "dir", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "main", "menu",
    "nav", "ol", "pre", "section", "select", "summary", "tbody", "tfoot", "thead", "ul",
]  # fmt: skip
_SCOPES = ["table", "template", "object", "marquee", "svg", "math", "body", "html"]
_WEIGHTS = dict.fromkeys(_BLOCKS, 1) | dict.fromkeys(_SCOPES, 2)
"""What a closing tag of less weight does not close."""
_NEVER_OPEN = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "dd",
        "dt",
    ]
)


@dataclass(frozen=True)
class Page:
    """What is read of a web page."""

    title: str
    text: str


def charset_of(mime: str) -> str:
    """The encoding that a Content-Type names, or nothing."""
    match = _CHARSET.search(mime)
    return match.group(1) if match else ""


def decoded(data: bytes, charset: str = "", chosen: str | None = None) -> tuple[str, str]:
    """A page's (text, encoding): by its mark, as UTF-8, as it or its server (`charset`) says, or as recognised.

    What is said is only believed when the bytes bear it out: very many pages say what they are not.
    """
    if chosen:
        return data.decode(chosen, "replace"), chosen
    if b"\0" not in data and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return (data.decode(), "utf-8") if b"\x1b$" not in data else _by_name(data, charset)
        except UnicodeDecodeError:
            return _by_name(data, charset)
    name = encoding_of(data)
    return data.decode(name, "replace"), name


def _by_name(data: bytes, charset: str) -> tuple[str, str]:
    said = [match.group(1).decode("ascii") for kind in (_META, _XML) if (match := kind.search(data[:_HEAD]))]
    for name in filter(None, map(declared, [*said, charset])):
        text = as_declared(data, name)
        if text is not None:
            return text, name
    name = encoding_of(data)
    return data.decode(name, "replace"), name


def page(text: str, extractor: str) -> Page:
    """A page's title and main text; nothing of a page without one. Raises SetAsideError for one nested too deep."""
    depth = nesting(text)
    if depth > DEEPEST:
        raise SetAsideError(f"a page nested {depth:,} deep, over {DEEPEST:,}")
    try:
        main = EXTRACTORS[extractor](text.replace("\0", ""))
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # parsers of others may stumble over anything; it costs the page alone
        raise SetAsideError(f"a page that cannot be parsed ({type(error).__name__}: {error})") from None
    return Page(title_of(text), _tidy(main))


def nesting(text: str) -> int:
    """How deep the elements of a page stand in one another, as a parser sees them.

    A closer closes what stands inside its element too, but nothing that is of more weight, and without an element of
    its name nothing; what comments, scripts and attributes hold is no tag. The time is linear.
    """
    waiting: list[tuple[str, int]] = []
    places: dict[str, list[int]] = defaultdict(list)  # where in `waiting` a name stands
    heavier: list[list[int]] = [[-1], [-1], [-1]]  # where what weighs more than 0, 1 and 2 stands
    deepest = at = 0
    while match := _TOKEN.search(text, at):
        at = match.end()
        closing, name, rest = match.group(1, 2, 3)
        name = (name or "").lower()
        weight = _WEIGHTS.get(name, 0)
        if not name or name in _NEVER_OPEN or (rest.endswith("/") and not weight):  # <div/> is open in HTML
            continue
        if name in _RAW and not closing:
            end = re.compile(f"</{name}", re.I).search(text, at)
            at = end.end() if end else len(text)
        elif not closing:
            places[name].append(len(waiting))
            for each in heavier[:weight]:
                each.append(len(waiting))
            waiting.append((name, weight))
            deepest = max(deepest, len(waiting))
        elif places[name] and places[name][-1] >= heavier[weight][-1]:
            first = places[name][-1]
            for inner, its_weight in waiting[first:]:
                places[inner].pop()
                for each in heavier[:its_weight]:
                    each.pop()
            del waiting[first:]
    return deepest


def title_of(text: str) -> str:
    """What stands in a page's <title>."""
    match = _TITLE.search(text)
    begin = match.end() if match else 0
    end = _TITLE_END.search(text, begin, begin + _LONGEST_TITLE) if match else None
    return " ".join(html.unescape(text[begin : end.start()]).split()) if end else ""


def _tidy(text: str) -> str:
    """Lines without spaces at their ends, at most one blank line between them."""
    lines = "\n".join(line.rstrip() for line in text.replace("\r", "").split("\n"))
    return _GAPS.sub("\n\n", lines).strip()


def _trafilatura(text: str) -> str:
    import trafilatura

    return trafilatura.extract(text, include_comments=False, favor_recall=True) or ""


def _resiliparse(text: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(text, main_content=True, alt_texts=False)


def _both(text: str) -> str:
    """Trafilatura's text, unless resiliparse finds so much more that the article was missed."""
    first, second = _trafilatura(text), _resiliparse(text)
    return second if len(first) < _MISSED * len(second) else first


def _all(text: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(text, main_content=False, alt_texts=False)


EXTRACTORS: dict[str, Callable[[str], str]] = {
    "trafilatura": _trafilatura,
    "resiliparse": _resiliparse,
    "both": _both,
    "all": _all,
}
"""What finds a page's main text; `all` takes all that is shown."""
