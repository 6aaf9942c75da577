"""Sections of the report: what was changed, which evaluation texts were found, and documents to browse."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from zaohua.corpus.privacy import KINDS
from zaohua.corpus.report import plots
from zaohua.corpus.report.markup import Content, Html, both, count, details, excerpt, joined, name, table, tag, text
from zaohua.corpus.report.survey import chosen_samples
from zaohua.corpus.report.words import CHANGES, KIND_NAMES, LANGUAGES, PARTS, language, say

_LISTED = 20  # common passages, unchecked and unread texts that are shown
_SETS = 200  # evaluation sets that are shown
_PREVIEW = 70  # characters of a closed sample
_PLACEHOLDER = re.compile("(<(?:" + "|".join(KINDS) + ")>)")
_EVALUATION = "evaluation: "
_MASKED = "masked: "


def changes(report: Mapping[str, Any], found: Mapping[str, Any]) -> Html:
    """What was changed in texts that were kept: how often, and placeholders where they stand."""
    changed = {key: number for key, number in report["changed"].items() if number and not key.startswith(_EVALUATION)}
    if not changed:
        return tag("p", both("没有改动任何文本。", "No text was changed."), class_="hint")
    rows = [[say(CHANGES, key), count(number)] for key, number in changed.items() if not key.startswith(_MASKED)]
    masked = {key.removeprefix(_MASKED): number for key, number in changed.items() if key.startswith(_MASKED)}
    parts: list[Html] = []
    if rows:
        head = [both("改动", "change"), both("次数", "times")]
        parts += [tag("h3", both("修复与删行", "Repairs and lines")), table(head, rows, class_="small")]
    if masked:
        parts.append(tag("h3", both("以占位符代替的私人信息", "Private data that gave way to placeholders")))
    for kind, number in sorted(masked.items(), key=lambda each: (-each[1], each[0])):
        title = tag("b", say(KIND_NAMES, kind), " ", tag("code", f"<{kind}>"))
        drawn = plots.bar([("masked", number)], max(masked.values()))
        line = tag("div", title, tag("span", count(number), class_="number"), drawn, class_="rule masks")
        parts.append(details(line, *(_masked(entry) for entry in found["masked"].get(kind, ())), class_="block"))
    return joined(parts)


def _masked(entry: Mapping[str, Any]) -> Html:
    """What stands around a placeholder."""
    pieces = _PLACEHOLDER.split(entry["text"])
    marked = [tag("mark", piece) if place % 2 else piece for place, piece in enumerate(pieces)]
    before = "…" if entry["before"] else ""
    after = "…" if entry["before"] + len(entry["text"]) < entry["characters"] else ""
    return tag("article", tag("p", name(entry["id"])), text(joined([before, *marked, after])))


def evaluations(report: Mapping[str, Any], found: Mapping[str, Any], most: int) -> Html:
    """Which evaluation texts stood in the sources."""
    known = report.get("evaluations")
    if known is None:
        none = both("没有给出评测文本（设置 evaluations）。", "No evaluation texts were given (setting evaluations).")
        return tag("p", none, class_="hint")
    sets = {key.removeprefix(_EVALUATION): number for key, number in report["changed"].items()
            if key.startswith(_EVALUATION)}  # fmt: skip
    parts: list[Html] = []
    if sets:
        head = [both("评测集", "evaluation"), both("含有它的文档", "documents that hold some of it")]
        rows = [[name(key), count(number)] for key, number in sorted(sets.items())[:_SETS]]
        parts.append(table(head, rows, class_="small"))
    else:
        parts.append(
            tag("p", both("没有一篇文档含有评测文本。", "No document holds an evaluation text."), class_="hint")
        )
    for entry in found["examples"].get("contaminated", ()):
        whole = details(both("开头", "how the text begins"), excerpt(entry["text"], entry["characters"], most))
        quoted = tag("blockquote", entry["reason"][:400], dir="auto")
        parts.append(tag("article", tag("p", name(entry["id"])), quoted, whole))
    if known["common"]:
        title = both(
            "许多文档都有的片段，多为谚语、诗词或条文", "Passages of many documents, mostly proverbs, poems, statutes"
        )
        rows = [[tag("bdi", words[:200]), count(number)] for number, words in known["common"][:_LISTED]]
        parts += [tag("h3", title), table([both("片段", "passage"), both("文档数", "documents")], rows)]
    if known["unchecked"]:
        number = len(known["unchecked"])
        title = both(f"过短而无法查找的评测文本：{number:,} 条", f"Evaluation texts too short to look for: {number:,}")
        listed = [tag("li", name(key, 40), " ", tag("bdi", words[:80])) for key, words in known["unchecked"][:_LISTED]]
        parts += [tag("h3", title), tag("ul", *listed)]
    if known["unread"]:
        number = len(known["unread"])
        title = both(
            f"评测文件中没有读成的：{number:,} 处", f"Parts of evaluation files that could not be read: {number:,}"
        )
        listed = [
            tag("li", name(place, 40), " ", tag("bdi", reason[:200])) for place, reason in known["unread"][:_LISTED]
        ]
        parts += [tag("h3", title), tag("ul", *listed)]
    return joined(parts)


def samples(found: Mapping[str, Any], most: int) -> Html:
    """Documents from all sources, to be searched."""
    chosen = chosen_samples(found["samples"])
    sources = {source: place for place, source in enumerate(dict.fromkeys(source for source, _ in chosen))}
    spoken = Counter(entry.get("language", "und") for _, entry in chosen)
    by_source = [tag("option", source[-60:], value=place) for source, place in sources.items()]
    by_language = []
    for code in sorted(spoken, key=lambda code: (-spoken[code], code)):
        zh, en = LANGUAGES.get(code, (code, code))  # an option holds plain text: no element could be hidden in it
        by_language.append(tag("option", f"{zh} {en}" if zh != en else code, value=code))
    tools = tag(
        "div",
        tag("input", type="search", id="search", aria_label="查找 search"),
        tag("select", tag("option", value=""), *by_source, id="by-source", aria_label="来源 source"),
        tag("select", tag("option", value=""), *by_language, id="by-language", aria_label="语言 language"),
        tag("output", id="matches"),
        class_="tools",
        hidden="",
    )
    listed = [_sample(entry, most, sources[source]) for source, entry in chosen]
    return joined([tools, tag("div", *listed, class_="samples")])


def _sample(entry: Mapping[str, Any], most: int, source: int) -> Html:
    """A document: its first words, and when it is opened its place and as much of its text as is shown."""
    code = entry.get("language", "und")
    chips: list[Content] = [
        tag("span", language(f"{code} {entry.get('script', '')}"), class_="chip"), " ",
        tag("span", say(PARTS, entry["part"]), class_=f"chip {entry['part']}"),
    ]  # fmt: skip
    if (others := entry.get("cluster_size", 1) - 1) > 0:
        chips += [" ", tag("span", both(f"另有 {others:,} 篇重复", f"{others:,} repeats"), class_="chip")]
    preview = " ".join(entry["text"][: 2 * _PREVIEW].split())[:_PREVIEW]
    title = tag(
        "div",
        tag("bdi", preview, class_="preview"),
        tag("span", *chips, class_="chips"),
        tag("span", count(entry["characters"]), class_="number soft"),
        class_="line",
    )
    place = tag("p", name(entry["id"]), " ", tag("bdi", entry.get("url", ""), class_="soft"))
    shown = excerpt(entry["text"], entry["characters"], most)
    attributes = {"class_": "sample", "data_source": source, "data_language": code}
    return details(title, place, shown, **attributes)
