"""Section of the report: which languages and scripts was kept, and how long texts are."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from zaohua.corpus.report import plots
from zaohua.corpus.report.markup import Content, Html, both, count, details, joined, share, size, table, tag
from zaohua.corpus.report.survey import EDGES
from zaohua.corpus.report.words import PARTS, SCRIPTS, language, say

_LISTED = 20  # languages that have their own row


def shape(report: Mapping[str, Any], found: Mapping[str, Any]) -> Html:
    """Languages and lengths beside each other."""
    left, right = languages(report, found), lengths(found)
    return tag("div", tag("div", left), tag("div", right), class_="halves")


def languages(report: Mapping[str, Any], found: Mapping[str, Any]) -> Html:
    """How much text of which language and script was kept."""
    kept = found["languages"]
    sizes = {key: _kept(counts, " bytes") for key, counts in kept.items()}
    order = sorted(kept, key=lambda key: (-sizes[key], key))
    whole = sum(sizes.values())
    rows: list[list[Content]] = []
    for key in order[:_LISTED]:
        parts = [(part, kept[key].get(f"{part} bytes", 0)) for part in ("documents", "heldout")]
        rows.append([language(key), plots.bar(parts, sizes[order[0]]), *_cells([key], sizes, whole, kept, report)])
    if rest := order[_LISTED:]:
        words = both(f"另外 {len(rest):,} 种", f"{len(rest):,} others")
        rows.append([words, "", *_cells(rest, sizes, whole, kept, report)])
    documents = joined([both("篇数", "documents"), tag("small", both("去重前", "with repeats"))])
    head = [both("语言与文字", "language and script"), "", both("字节", "bytes"), both("占比", "share"), documents]
    title = tag("h3", both("语言与文字", "Language and script"))
    return joined([title, table(head, rows, names=2), _scripts(sizes, whole)])


def _cells(
    keys: list[str], sizes: Mapping[str, int], whole: int, kept: Mapping[str, Mapping[str, int]],
    report: Mapping[str, Any],
) -> list[Content]:  # fmt: skip
    own = sum(sizes[key] for key in keys)
    before = tag("small", count(sum(report["languages"].get(key, 0) for key in keys)))
    return [size(own), share(own, whole), joined([count(sum(_kept(kept[key], "") for key in keys)), before])]


def _kept(counts: Mapping[str, int], suffix: str) -> int:
    return sum(counts.get(part + suffix, 0) for part in ("documents", "heldout"))


def _scripts(sizes: Mapping[str, int], whole: int) -> Html:
    """One line of all scripts."""
    total = Counter[str]()
    for key, number in sizes.items():
        total[key.partition(" ")[2]] += number
    most = sorted(total.items(), key=lambda each: (-each[1], each[0]))[:6]
    parts = [(f"tone{place}", float(number)) for place, (_, number) in enumerate(most)]
    words: list[tuple[str, Content]] = []
    for place, (script, number) in enumerate(most):
        words.append((f"tone{place}", joined([say(SCRIPTS, script), f" {share(number, whole)}"])))
    if rest := whole - sum(number for _, number in most):
        parts.append(("tone6", float(rest)))
        words.append(("tone6", joined([both("其他", "others"), f" {share(rest, whole)}"])))
    return joined([plots.bar(parts, whole), plots.legend(words)])


def lengths(found: Mapping[str, Any]) -> Html:
    """How long texts are, kept and removed, on a scale of powers of ten."""
    counts = {part: {int(key): number for key, number in each.items()} for part, each in found["lengths"].items()}
    places = [place for each in counts.values() for place in each if place >= 0]
    if not places:
        return Html("")
    bins = range(min(places), max(places) + 1)
    edges = [*EDGES.tolist(), 10 * int(EDGES[-1])]
    heights = [[(part, float(counts.get(part, {}).get(place, 0))) for part in PARTS] for place in bins]
    spans = [f"{edges[place]:,} – {edges[place + 1] - 1:,}" for place in bins]
    titles = [f"{span}: {' / '.join(f'{n:,.0f}' for _, n in parts)}" for span, parts in zip(spans, heights)]
    head = [both("字符", "characters"), *(say(PARTS, part) for part in PARTS)]
    rows = [[span, *(f"{number:,.0f}" for _, number in parts)] for span, parts in zip(spans, heights)]
    scale = tag("small", both("每篇字符数，对数刻度", "characters of a text, logarithmic"))
    return joined([
        tag("h3", both("长度", "Length"), " ", scale),
        plots.legend([(part, say(PARTS, part)) for part in PARTS]),
        plots.columns(heights, [_power(edges[place]) for place in bins], titles),
        details(both("数值", "numbers"), table(head, rows), class_="numbers"),
    ])  # fmt: skip


def _power(edge: int) -> str:
    """The label of a bin that begins at a power of ten."""
    if 10 ** round(math.log10(edge)) != edge:
        return ""
    return str(edge) if edge < 1000 else f"{edge // 1000}k" if edge < 10**6 else f"{edge // 10**6:,}M"
