"""Wiki markup as plain text: what is read stays, what is drawn, looked up or filled in by templates goes."""

import html
import re
from collections.abc import Callable

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
# What stands between these is no running text.
_DROPPED = re.compile(
    r"<(ref|gallery|timeline|imagemap|score|math|chem|graph|mapframe|maplink|templatedata|syntaxhighlight|source"
    r"|templatestyles|indicator|section|hiero|inputbox|categorytree)\b[^<>]*?(?:/>|>.*?(?:</\1\s*>|\Z))",
    re.S | re.I,
)
_BREAK = re.compile(r"<(?:br|p|/p|div|/div|li|/li|hr|tr|/tr|blockquote|/blockquote)\b[^<>]*>", re.I)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_BRACES = re.compile(r"\{\{|\}\}|\{\||\|\}")
_UNCLOSED = re.compile(r"\{\{.*$|\}\}", re.M)
_VARIANT = re.compile(r"-\{(?!\{)([^{}]*)\}-")
_LINK = re.compile(r"\[\[([^\[\]]*)\]\]")
_EXTERNAL = re.compile(r"\[(?:https?:|ftp:|mailto:|//)[^\s\[\]]++(?:\s++([^\[\]]*+))?\]", re.I)
_HEADING = re.compile(r"^=.*$", re.M)
_DEEPEST_HEADING = 6
_QUOTES = re.compile(r"'{2,5}")
_SWITCH = re.compile(r"__[A-Z]{3,}__|__[^\W\d_a-zA-Z]{2,8}__")
_LIST = re.compile(r"^[*#:;]+\s*", re.M)
_EMPTY_BRACKETS = re.compile(r"[(（]\s*+[,，;；、:：]*+\s*+[)）]")
_LONE_LABEL = re.compile(r"^[|!].*$", re.M)
_SPACES, _GAPS, _LINE_ENDS = re.compile(r"[ \t\u00a0]+"), re.compile(r"\n{3,}"), re.compile(r" *\n *")
# Namespaces whose links show pictures or sort pages; language links are two or three letters.
_HIDDEN = re.compile(
    r"(?:file|image|media|category|文件|檔案|档案|图像|圖像|图片|圖片|分类|分類|ファイル|画像|カテゴリ|파일|그림|분류"
    r"|datei|bild|kategorie|fichier|catégorie|archivo|categoría|файл|категория|[a-z]{2,3}(?:-[a-z]+)?)\s*:",
    re.I,
)
_NESTED = 50  # links within links, variants within variants
# Of these sections nothing is prose.
_LISTS_OF_LINKS = frozenset(
    [
        "references",
        "external links",
        "see also",
        "notes",
        "further reading",
        "bibliography",
        "sources",
        "citations",
        "footnotes",
        "参考文献",
        "參考文獻",
        "参考资料",
        "參考資料",
        "外部链接",
        "外部連結",
        "外部鏈接",
        "参见",
        "參見",
        "注释",
        "註釋",
        "注解",
        "脚注",
        "腳註",
        "延伸阅读",
        "延伸閱讀",
        "相关条目",
        "相關條目",
        "参考来源",
        "參考來源",
        "相关链接",
        "相關連結",
        "脚註",
        "出典",
        "外部リンク",
        "関連項目",
        "각주",
        "같이 보기",
        "외부 링크",
        "einzelnachweise",
        "weblinks",
        "siehe auch",
        "literatur",
        "références",
        "liens externes",
        "voir aussi",
    ]
)


def plain_text(markup: str) -> str:
    """An article's running text, its headings as lines of their own."""
    text = _COMMENT.sub("", markup)
    text = re.sub(r"</?nowiki\s*/?>", "", text, flags=re.I)
    text = _DROPPED.sub("", text)
    text = _without_braces(text)
    text = _innermost(text, _VARIANT, _variant)
    text = _innermost(text, _LINK, _link)
    text = _EXTERNAL.sub(lambda match: match.group(1) or "", text)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = html.unescape(html.unescape(text))  # &amp;nbsp; is usual
    text = _SWITCH.sub("", _QUOTES.sub("", text))
    text = _without_lists_of_links(text)
    text = _LONE_LABEL.sub("", _LIST.sub("", text))
    text = _EMPTY_BRACKETS.sub("", text)
    return _GAPS.sub("\n\n", _LINE_ENDS.sub("\n", _SPACES.sub(" ", text))).strip()


def _without_braces(text: str) -> str:
    """The text outside templates and tables, however deep they nest; braces that never close end at their line."""
    pairs: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for match in _BRACES.finditer(text):
        brace = match.group()
        if brace[0] == "{":
            waiting.append((brace, match.start()))
        elif waiting and waiting[-1][0][1] == ("{" if brace == "}}" else "|"):
            begin = waiting.pop()[1]
            while pairs and pairs[-1][0] > begin:  # it stands inside
                pairs.pop()
            pairs.append((begin, match.end()))
    kept, at = [], 0
    for begin, end in pairs:
        kept.append(text[at:begin])
        at = end
    return _UNCLOSED.sub("", "".join([*kept, text[at:]]))


def _innermost(text: str, pattern: re.Pattern[str], shown: Callable[[str], str]) -> str:
    """Each match as what is shown of it, from the inside out."""
    for _ in range(_NESTED):
        text, count = pattern.subn(lambda match: shown(match.group(1)), text)
        if not count:
            break
    return text


def _link(inner: str) -> str:
    """What a link shows; nothing for pictures, categories and other languages."""
    target, bar, label = inner.partition("|")
    if _HIDDEN.match(target.lstrip()):
        return ""
    shown = label if bar and label else target
    return shown.removeprefix(":").rpartition("|")[2] if bar else shown.removeprefix(":").replace("_", " ")


def _variant(inner: str) -> str:
    """What Chinese Wikipedia's -{ }- shows: of several forms the first."""
    flags, bar, rest = inner.partition("|")
    if bar and re.fullmatch(r"[A-Za-z;\-\s]*", flags):
        if flags.strip() in {"H", "T", "-"}:  # rules for other places
            return ""
        inner = rest
    forms = [form for form in inner.split(";") if form.strip()]
    first = forms[0] if forms else ""
    name, colon, form = first.partition(":")
    return form.strip() if colon and re.fullmatch(r"\s*zh(?:-\w+)*\s*", name) else first


def _without_lists_of_links(text: str) -> str:
    """The text without the sections that only list sources and links; the other headings lose their marks."""
    headings = [(*_heading(match.group()), *match.span()) for match in _HEADING.finditer(text)]
    headings = [heading for heading in headings if heading[0]]
    ends = [begin for _, _, begin, _ in headings] + [len(text)]
    kept = [text[: ends[0]]]
    skipping = 0
    pending: list[tuple[int, str]] = []  # headings under which nothing has come yet
    for (level, title, _, behind), end in zip(headings, ends[1:]):
        body = text[behind:end]
        if skipping and level > skipping:
            continue
        skipping = level if title.strip().lower() in _LISTS_OF_LINKS else 0
        if skipping:
            continue
        pending = [(above, name) for above, name in pending if above < level] + [(level, title)]
        if body.strip():
            kept += [f"\n\n{name}\n" for _, name in pending] + [body.lstrip("\n")]
            pending = []
    return "".join(kept)


def _heading(line: str) -> tuple[int, str]:
    """(level, title) of a line that begins with =; level 0 where it is no heading."""
    line = line.strip()
    marks = [len(line) - len(rest) for rest in (line.lstrip("="), line.rstrip("="))]
    level = min(*marks, len(line) // 2, _DEEPEST_HEADING)
    return level, line[level : len(line) - level].strip()
