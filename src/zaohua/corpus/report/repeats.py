"""Section of the report: how often texts repeat each other, and some beside those that they repeat."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from zaohua.corpus.report import plots
from zaohua.corpus.report.differences import alike, differences
from zaohua.corpus.report.markup import (
    Content,
    Html,
    both,
    both_counts,
    count,
    details,
    excerpt,
    joined,
    name,
    table,
    tag,
    text,
)
from zaohua.corpus.report.survey import REPEATS
from zaohua.corpus.report.words import RULE_NAMES, say

_SIZES = (2, 3, 4, 5, 6, 11, 21, 51, 101, 1001)


def repeats(report: Mapping[str, Any], found: Mapping[str, Any], kept: Mapping[str, Sequence[str]], most: int) -> Html:
    """How large clusters are, and texts beside those that they repeat; `kept` are texts by id."""
    clusters = report["clusters"]
    if not clusters["clusters"]:
        return tag("p", both("没有发现重复。", "No text repeats another."), class_="hint")
    groups, largest = clusters["clusters"], max(map(int, clusters["sizes"]))
    exact, near = clusters["exact"], clusters["near"]
    told = both(
        f"{groups:,} 组重复，最大的一组有 {largest:,} 篇；移除完全重复 {exact:,} 篇、近似重复 {near:,} 篇。",
        f"{groups:,} clusters, the largest of {largest:,} texts; {exact:,} exact and {near:,} near repeats went.",
    )
    blocks: list[Html] = [tag("p", told), _sizes({int(key): number for key, number in clusters["sizes"].items()})]
    for rule in reversed(REPEATS):
        entries = found["examples"].get(rule, [])
        pairs = [_pair(entry, kept.get(entry["kept"], []), most, opened=not i) for i, entry in enumerate(entries)]
        blocks += [tag("h3", say(RULE_NAMES, rule)), *pairs] if pairs else []
    note = both(
        "保留的一篇按它在 documents/ 或 heldout/ 里的样子显示，即删去套话、遮去私人信息之后。",
        "What was kept is shown as it stands in documents/ or heldout/, without boilerplate and private data.",
    )
    return joined([*blocks, tag("p", note, class_="hint")])


def _sizes(sizes: Mapping[int, int]) -> Html:
    """How many clusters have how many texts."""
    largest = max(sizes)
    bounds = itertools.pairwise([*_SIZES, max(largest, _SIZES[-1]) + 1])
    bins = [(low, high - 1) for low, high in bounds if low <= largest]
    numbers = [sum(number for key, number in sizes.items() if low <= key <= high) for low, high in bins]
    labels = [str(low) if low == high else f"{low}–{high}" if low < 1001 else f"≥ {low}" for low, high in bins]
    titles = [f"{label}: {number:,}" for label, number in zip(labels, numbers)]
    heights = [[("near_duplicates", float(number))] for number in numbers]
    head = [both("组的大小", "texts of a cluster"), both("组数", "clusters")]
    rows = [[label, count(number)] for label, number in zip(labels, numbers)]
    return joined([
        tag("h3", both("组的大小", "Cluster sizes")),
        tag("div", plots.columns(heights, labels, titles), class_="few"),
        details(both("数值", "numbers"), table(head, rows), class_="numbers"),
    ])  # fmt: skip


def _pair(entry: Mapping[str, Any], found: Sequence[str], most: int, *, opened: bool) -> Html:
    """A removed text beside the one that was kept. Of several with the same id the most alike is meant."""
    shown = "" if opened else None
    if not found:
        gone = both("保留的那一篇后来被别的规则移除。", "The one that was kept fell to another rule later.")
        rest = excerpt(entry["text"], entry["characters"], most)
        return details(_title(entry), tag("p", gone, class_="hint"), rest, class_="block", open=shown)
    degree, other = max((alike(entry["text"], each), each) for each in found)
    left, right = _side_by_side(entry["text"], other, most)
    columns = tag(
        "div",
        tag("div", tag("p", both("移除", "removed"), " ", name(entry["id"], 60), class_="soft"), text(left)),
        tag("div", tag("p", both("保留", "kept"), " ", name(entry["kept"], 60), class_="soft"), text(right)),
        class_="pair",
    )
    chip = tag("span", both(f"{degree:.0%} 相同", f"{degree:.0%} alike"), class_="chip")
    return details(joined([_title(entry), " ", chip]), columns, class_="block", open=shown)


def _title(entry: Mapping[str, Any]) -> Html:
    length = both_counts(entry["characters"], "字符", "characters")
    return joined([name(entry["id"], 70), " ", tag("span", length, class_="soft")])


def _side_by_side(first: str, second: str, most: int) -> tuple[Html, Html]:
    """Two texts with what differs marked, `most` characters of each at most."""
    left: list[Content] = []
    right: list[Content] = []
    for stretch in differences(first, second):
        if most <= 0:
            left.append(tag("i", " ⋯", class_="gap"))
            right.append(tag("i", " ⋯", class_="gap"))
            break
        if stretch.left_out:
            gap = tag("i", "⋯ ", both_counts(stretch.left_out, "字符", "characters"), " ⋯", class_="gap")
            left.append(gap)
            right.append(gap)
        elif stretch.same:
            left.append(stretch.first[:most])
            right.append(stretch.second[:most])
        else:
            left.append(tag("del", stretch.first[:most]) if stretch.first else "")
            right.append(tag("ins", stretch.second[:most]) if stretch.second else "")
        most -= max(len(stretch.first), len(stretch.second))
    return joined(left), joined(right)
