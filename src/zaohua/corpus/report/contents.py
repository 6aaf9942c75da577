"""Sections of the report: languages, repeats beside what they repeat, changes, evaluation texts, and samples."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from zaohua.corpus.privacy import KINDS
from zaohua.corpus.report import plots
from zaohua.corpus.report.differences import alike, differences
from zaohua.corpus.report.markup import (
    Content,
    Html,
    both,
    count,
    details,
    excerpt,
    joined,
    name,
    share,
    size,
    table,
    tag,
)
from zaohua.corpus.report.markup import text as shown_text
from zaohua.corpus.report.survey import REPEATS, chosen_samples
from zaohua.corpus.report.words import CHANGES, KIND_NAMES, PARTS, RULE_NAMES, SCRIPTS, language, say

_LISTED = 20  # languages, common n-grams and unchecked texts that have their own row
_PREVIEW = 70
_PLACEHOLDER = re.compile("(<(?:" + "|".join(KINDS) + ")>)")
_CLUSTERS = (2, 3, 4, 5, 6, 11, 21, 51, 101, 1001)


def languages(report: Mapping[str, Any], found: Mapping[str, Any]) -> Html:
    """How much text of which language and script was kept."""
    kept = found["languages"]
    sizes = {key: _both_parts(counts, " bytes") for key, counts in kept.items()}
    order = sorted(kept, key=lambda key: (-sizes[key], key))
    before = report["languages"]
    whole = sum(sizes.values())
    rows: list[list[Content]] = []
    for key in order[:_LISTED]:
        counts = kept[key]
        line = plots.bar(
            [(part, counts.get(f"{part} bytes", 0)) for part in ("documents", "heldout")], max(sizes.values())
        )
        rows.append([language(key), line, size(sizes[key]), share(sizes[key], whole),
                     count(_both_parts(counts, "")), count(before.get(key, 0))])  # fmt: skip
    if rest := order[_LISTED:]:
        rest_size = sum(sizes[key] for key in rest)
        rows.append([both(f"另外 {len(rest):,} 种", f"{len(rest):,} others"), "", size(rest_size), share(rest_size, whole),
                     count(sum(_both_parts(kept[key], "") for key in rest)), count(sum(before.get(key, 0) for key in rest))])  # fmt: skip
    head = [both("语言与文字", "language and script"), "", both("字节", "bytes"), both("占比", "share"),
            both("保留的篇数", "documents kept"), both("去重之前", "before repeats went")]  # fmt: skip
    return joined(
        [tag("h3", both("语言与文字", "Language and script")), table(head, rows, names=2), _scripts(sizes, whole)]
    )


def _both_parts(counts: Mapping[str, int], suffix: str) -> int:
    return sum(counts.get(part + suffix, 0) for part in ("documents", "heldout"))


def _scripts(sizes: Mapping[str, int], whole: int) -> Html:
    """One line of all scripts."""
    total = Counter[str]()
    for key, number in sizes.items():
        total[key.partition(" ")[2]] += number
    most = total.most_common(6)
    rest = whole - sum(number for _, number in most)
    parts = [(f"tone{place}", float(number)) for place, (_, number) in enumerate(most)] + [("tone6", float(rest))]
    words = [(f"tone{place}", joined([say(SCRIPTS, script), f" {share(number, whole)}"]))
             for place, (script, number) in enumerate(most)]  # fmt: skip
    if rest:
        words.append(("tone6", joined([both("其他", "others"), f" {share(rest, whole)}"])))
    return joined([plots.bar(parts, whole), plots.legend(words)])


def repeats(report: Mapping[str, Any], found: Mapping[str, Any], kept: Mapping[str, Sequence[str]], most: int) -> Html:
    """How large clusters are, and texts beside those that they repeat."""
    clusters = report["clusters"]
    if not clusters["clusters"]:
        return tag("p", both("没有发现重复。", "No text repeats another."), class_="hint")
    sizes = {int(key): number for key, number in clusters["sizes"].items()}
    largest = max(sizes)
    bounds = [*_CLUSTERS, max(largest, _CLUSTERS[-1]) + 1]
    bins = [(low, high - 1) for low, high in zip(bounds, bounds[1:], strict=False) if low <= largest]
    numbers = [sum(number for key, number in sizes.items() if low <= key <= high) for low, high in bins]
    labels = [str(low) if low == high else (f"{low}–{high}" if high < 1001 else f"≥ {low:,}") for low, high in bins]
    titles = [f"{label}: {number:,}" for label, number in zip(labels, numbers, strict=True)]
    heights = [[("near_duplicates", float(number))] for number in numbers]
    told = both(
        f"{clusters['clusters']:,} 组重复，最大的一组有 {largest:,} 篇；移除完全重复 {clusters['exact']:,} 篇、近似重复 {clusters['near']:,} 篇。",
        f"{clusters['clusters']:,} clusters, the largest of {largest:,} texts; {clusters['exact']:,} exact and "
        f"{clusters['near']:,} near repeats were removed.",
    )  # fmt: skip
    head = [both("组的大小", "texts of a cluster"), both("组数", "clusters")]
    rows = [[label, count(number)] for label, number in zip(labels, numbers, strict=True)]
    blocks = []
    for rule in ("near_duplicates", "duplicates"):
        entries = found["examples"].get(rule, [])
        if entries:
            blocks += [
                tag("h3", say(RULE_NAMES, rule)),
                *(_pair(entry, kept.get(entry["kept"], []), most) for entry in entries),
            ]
    return joined([
        tag("p", told),
        tag("h3", both("组的大小", "Cluster sizes")),
        tag("div", plots.columns(heights, labels, titles), class_="few"),
        details(both("数值", "numbers"), table(head, rows), class_="numbers"),
        *blocks,
    ])  # fmt: skip


def _pair(entry: Mapping[str, Any], found: Sequence[str], most: int) -> Html:
    """A removed text beside the one that was kept. Of several with the same id the most alike is meant."""
    if not found:
        gone = both("保留的那一篇后来被别的规则移除。", "The one that was kept fell to another rule later.")
        return details(
            _title(entry, ""), tag("p", gone, class_="hint"), excerpt(entry["text"], entry["characters"], most)
        )
    degree, other = max((alike(entry["text"], text), text) for text in found)
    left: list[Content] = []
    right: list[Content] = []
    room = most
    for stretch in differences(entry["text"], other):
        if room <= 0:
            left.append(_gap(0))
            right.append(_gap(0))
            break
        if stretch.left_out:
            left.append(_gap(stretch.left_out))
            right.append(_gap(stretch.left_out))
        elif stretch.same:
            left.append(stretch.first[:room])
            right.append(stretch.second[:room])
        else:
            left.append(tag("del", stretch.first[:room]) if stretch.first else "")
            right.append(tag("ins", stretch.second[:room]) if stretch.second else "")
        room -= max(len(stretch.first), len(stretch.second))
    columns = tag("div",
        tag("div", tag("p", both("移除", "removed"), " ", name(entry["id"], 60), class_="soft"), shown_text(joined(left))),
        tag("div", tag("p", both("保留", "kept"), " ", name(entry["kept"], 60), class_="soft"), shown_text(joined(right))),
        class_="pair",
    )  # fmt: skip
    return details(_title(entry, both(f"{degree:.0%} 相同", f"{degree:.0%} alike")), columns, class_="block")


def _title(entry: Mapping[str, Any], words: Content) -> Html:
    return joined([name(entry["id"], 70), " ", tag("span", words, class_="chip") if words else "",
                   " ", tag("span", both(f"{entry['characters']:,} 字符", f"{entry['characters']:,} characters"), class_="soft")])  # fmt: skip


def _gap(characters: int) -> Html:
    words = both(f"{characters:,} 字符", f"{characters:,} characters") if characters else ""
    return tag("i", " ⋯ ", words, " ⋯ " if characters else "", class_="gap")


def changes(report: Mapping[str, Any], found: Mapping[str, Any]) -> Html:
    """What was changed in texts that were kept: how often, and placeholders where they stand."""
    changed = {
        key: number for key, number in report["changed"].items() if not key.startswith("evaluation: ") and number
    }
    if not changed:
        return tag("p", both("没有改动任何文本。", "No text was changed."), class_="hint")
    rows = [[say(CHANGES, key), count(number)] for key, number in changed.items() if not key.startswith("masked: ")]
    masked = {key.removeprefix("masked: "): number for key, number in changed.items() if key.startswith("masked: ")}
    parts: list[Html] = []
    if rows:
        parts += [
            tag("h3", both("修复与删行", "Repairs and lines")),
            table([both("改动", "change"), both("次数", "times")], rows),
        ]
    if masked:
        parts.append(tag("h3", both("以占位符代替的私人信息", "Private data that gave way to placeholders")))
    for kind, number in masked.items():
        line = tag("div", tag("b", say(KIND_NAMES, kind), " ", tag("code", f"<{kind}>")),
                   tag("span", count(number), class_="number"),
                   plots.bar([("masked", number)], max(masked.values())), class_="rule masks")  # fmt: skip
        parts.append(details(line, *(_masked(entry) for entry in found["masked"].get(kind, ())), class_="block"))
    return joined(parts)


def _masked(entry: Mapping[str, Any]) -> Html:
    pieces = _PLACEHOLDER.split(entry["text"])
    marked = [tag("mark", piece) if place % 2 else piece for place, piece in enumerate(pieces)]
    before = ["…"] if entry["before"] else []
    return tag("article", tag("p", name(entry["id"])), shown_text(joined([*before, *marked, "…"])))


def evaluations(report: Mapping[str, Any], found: Mapping[str, Any], most: int) -> Html:
    """Which evaluation texts stood in the sources."""
    sets = {key.removeprefix("evaluation: "): number for key, number in report["changed"].items()
            if key.startswith("evaluation: ")}  # fmt: skip
    known = report.get("evaluations")
    if known is None:
        return tag(
            "p",
            both("没有给出评测文本（设置 evaluations）。", "No evaluation texts were given (setting evaluations)."),
            class_="hint",
        )
    parts: list[Html] = []
    if sets:
        head = [both("评测集", "evaluation"), both("含有它的文档", "documents that hold some of it")]
        parts.append(table(head, [[name(key), count(number)] for key, number in sorted(sets.items())[:200]]))
    else:
        parts.append(tag("p", both("没有一篇文档含有评测文本。", "No document holds an evaluation text.")))
    for entry in found["examples"].get("contaminated", ()):
        parts.append(tag("article", tag("p", name(entry["id"])), tag("blockquote", entry["reason"][:400], dir="auto"),
                         details(both("全文开头", "how the text begins"), excerpt(entry["text"], entry["characters"], most))))  # fmt: skip
    if known["common"]:
        rows = [[tag("bdi", words[:200]), count(number)] for number, words in known["common"][:_LISTED]]
        words = both(
            "许多文档都有的片段（多为谚语、诗词或条文）",
            "Passages of many documents, mostly proverbs, poems or statutes",
        )
        parts += [tag("h3", words), table([both("片段", "passage"), both("文档数", "documents")], rows)]
    if known["unchecked"]:
        listed = [
            tag("li", name(evaluation, 40), " ", tag("bdi", words[:80]))
            for evaluation, words in known["unchecked"][:_LISTED]
        ]
        more = len(known["unchecked"])
        title = both(f"过短而无法查找的评测文本（{more:,} 条）", f"Evaluation texts too short to look for ({more:,})")
        parts += [tag("h3", title), tag("ul", *listed)]
    return joined(parts)


def samples(found: Mapping[str, Any], most: int) -> Html:
    """Documents from all sources, to be searched."""
    chosen = chosen_samples(found["samples"])
    sources = list(dict.fromkeys(source for source, _ in chosen))
    spoken = Counter(entry.get("language", "und") for _, entry in chosen)
    pick = [
        tag("select", tag("option", "", value=""), *(tag("option", source[-60:], value=place) for place, source in enumerate(sources)),
            id="by-source", aria_label="来源 source"),
        tag("select", tag("option", "", value=""), *(tag("option", code, value=code) for code, _ in sorted(spoken.items(), key=lambda each: (-each[1], each[0]))),
            id="by-language", aria_label="语言 language"),
    ]  # fmt: skip
    tools = tag(
        "div",
        tag("input", type="search", id="search", aria_label="查找 search"),
        *pick,
        tag("output", "", id="matches"),
        class_="tools",
        hidden="",
    )
    listed = []
    for source, entry in chosen:
        code, script = entry.get("language", "und"), entry.get("script", "")
        chips = [
            tag("span", language(f"{code} {script}"), class_="chip"),
            tag("span", say(PARTS, entry["part"]), class_=f"chip {entry['part']}"),
        ]
        if entry.get("cluster_size", 1) > 1:
            chips.append(
                tag(
                    "span",
                    both(f"代表 {entry['cluster_size']:,} 篇", f"stands for {entry['cluster_size']:,}"),
                    class_="chip",
                )
            )
        preview = " ".join(entry["text"][: 2 * _PREVIEW].split())[:_PREVIEW]
        title = tag("div", tag("bdi", preview, class_="preview"), tag("span", *joined_with_space(chips), class_="chips"),
                    tag("span", count(entry["characters"]), class_="number soft"), class_="line")  # fmt: skip
        place = tag("p", name(entry["id"]), " ", tag("span", entry.get("url", ""), class_="soft"))
        listed.append(tag("details", tag("summary", title), place, excerpt(entry["text"], entry["characters"], most),
                          class_="sample", data_source=sources.index(source), data_language=code))  # fmt: skip
    return joined([tools, tag("div", *listed, class_="samples")])


def joined_with_space(items: Sequence[Html]) -> list[Content]:
    """The items with a space after each."""
    return [part for item in items for part in (item, " ")]


def to_look_up(found: Mapping[str, Any]) -> set[str]:
    """The ids of the documents that are shown beside what repeats them."""
    return {entry["kept"] for rule in REPEATS for entry in found["examples"].get(rule, ()) if entry["kept"]}
