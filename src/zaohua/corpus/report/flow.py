"""Sections of the report: what came in and what became of it, and rule by rule what was removed."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from zaohua.corpus.report import plots
from zaohua.corpus.report.markup import (
    Content,
    Html,
    both,
    both_counts,
    both_words,
    count,
    counted,
    details,
    excerpt,
    joined,
    name,
    share,
    size,
    table,
    tag,
)  # fmt: skip
from zaohua.corpus.report.survey import REPEATS
from zaohua.corpus.report.words import GROUPS, PARTS, RULE_NAMES, group_of, say, steps
from zaohua.corpus.rules import EMPTY

_DRAWN = 8  # sources that have their own band
_LISTED = 200  # sources that have their own row
_OTHERS = "\0others"  # no source is called that


def headline(report: Mapping[str, Any], outcomes: Mapping[str, Mapping[str, int]]) -> Html:
    """The numbers that tell most."""
    total, removed = report["total"], report["removed"]["total"]
    lost = sum(number for counts in outcomes.values() for key, number in _grouped(counts, " bytes").items()
               if key not in PARTS)  # fmt: skip
    gone, repeats = sum(removed.values()), sum(removed.get(rule, 0) for rule in REPEATS)
    clean = total["bytes"] + total["heldout_bytes"]
    lost_share, held_share = share(lost, lost + clean), share(total["heldout_bytes"], clean)
    files, kept, held = total["files"], total["documents"], total["heldout_documents"]
    repeated = share(repeats, total["texts"])
    texts, characters = total["texts"], total["characters"]
    came_in = both(f"{texts:,} 篇", counted(texts, "texts"))
    if files:  # an embedded world has none
        came_in = both(f"{files:,} 个文件，{texts:,} 篇", f"{counted(files, 'files')}, {counted(texts, 'texts')}")
    trained = both(
        f"{kept:,} 篇，{characters:,} 字符", f"{counted(kept, 'documents')}, {counted(characters, 'characters')}"
    )
    cards = [
        (both("读入", "came in"), size(total["bytes_in"]), came_in, "source"),
        (say(GROUPS, "documents"), size(total["bytes"]), trained, "documents"),
        (say(GROUPS, "heldout"), size(total["heldout_bytes"]),
         both(f"{held:,} 篇，占文本的 {held_share}", f"{counted(held, 'documents')}, {held_share} of all"), "heldout"),
        (say(PARTS, "removed"), size(lost),
         both(f"{gone:,} 篇，占文本的 {lost_share}", f"{counted(gone, 'texts')}, {lost_share} of all"), "removed"),
        (both("其中重复的篇数", "repeats among these"), count(repeats),
         both(f"占全部篇数的 {repeated}", f"{repeated} of all texts"), "near_duplicates"),
    ]  # fmt: skip
    sample = report.get("sample")
    note = both(f"只看了约 {sample:,} 篇样本", f"a sample of some {counted(sample, 'texts')}") if sample else ""
    return joined([tag("p", note, class_="soft"), tag("div", *(
        tag("div", tag("p", title, class_="soft"), tag("p", number, class_="big"), tag("p", words, class_="soft"),
            class_=f"card {colour}")
        for title, number, words, colour in cards
    ), class_="cards")])  # fmt: skip


def flow(report: Mapping[str, Any], outcomes: Mapping[str, Mapping[str, int]]) -> Html:
    """From each source to what became of its texts, as bands and as a table."""
    texts = {source: _grouped(counts, "") for source, counts in outcomes.items()}
    sizes = {source: _grouped(counts, " bytes") for source, counts in outcomes.items()}
    order = sorted(report["sources"], key=lambda source: (-sum(sizes.get(source, {}).values()), source))
    views = [tag("div", _bands(each, order, form), class_=f"view {key}")
             for key, each, form in (("bytes", sizes, size), ("texts", texts, lambda n: count(round(n))))]  # fmt: skip
    switch = _switch("flow-by", (("flow-bytes", "按字节", "by bytes"), ("flow-texts", "按篇数", "by texts")))
    used = [group for group in GROUPS if any(each.get(group) for each in texts.values())]
    columns = [both("来源", "source"), both("文件", "files"), both("读入", "came in"), both("篇数", "texts")]
    rows: list[list[Content]] = []
    for source in order[:_LISTED]:
        known = report["sources"][source]
        rows.append([name(source), count(known["files"]), size(known["bytes_in"]), count(known["texts"]),
                     *(_cell(texts, sizes, [source], group) for group in used)])  # fmt: skip
    if order[_LISTED:]:
        rest = order[_LISTED:]
        known = {key: sum(report["sources"][source][key] for source in rest) for key in ("files", "bytes_in", "texts")}
        rows.append([both(f"另外 {len(rest):,} 个", f"{len(rest):,} others"), count(known["files"]),
                     size(known["bytes_in"]), count(known["texts"]),
                     *(_cell(texts, sizes, rest, group) for group in used)])  # fmt: skip
    if len(order) > 1:
        total = report["total"]
        rows.append([both("合计", "in all"), count(total["files"]), size(total["bytes_in"]), count(total["texts"]),
                     *(_cell(texts, sizes, order, group) for group in used)])  # fmt: skip
    head = [*columns, *(say(GROUPS, group) for group in used)]
    note = both(
        "“读入”是文件的大小（含压缩与标记），其余是文本的 UTF-8 字节。截取末尾留出的文档在两处各算一篇。",
        "“Came in” is the size of files, with compression and markup; all else is UTF-8 bytes of text. "
        "A document whose end is held out counts once on either side.",
    )
    return joined([switch, *views, table(head, rows), tag("p", note, class_="hint"), _split(report)])


def _split(report: Mapping[str, Any]) -> Html:
    split = report["split"]
    whole, cut = split["whole"], split["cut"]
    by_key = split["way"] == "auto"  # else by where they stand in their files
    told = both(
        f"留出 {split['share']:.1%} 的字节：整篇 {whole:,} 篇，截取末尾 {cut:,} 篇"
        + ("；内容相同的文本总在同一侧。" if by_key else "。"),
        f"Held out: {split['share']:.1%} of the bytes, {whole:,} documents whole and the ends of {cut:,}"
        + ("; equal texts fall on the same side." if by_key else "."),
    )
    return tag("p", told, class_="hint")


def _grouped(counts: Mapping[str, int], suffix: str) -> Counter[str]:
    """One source's counts, of texts or of bytes, by group."""
    result: Counter[str] = Counter()
    for key, number in counts.items():
        if key.endswith(" bytes") == bool(suffix):
            result[group_of(key.removesuffix(" bytes"))] += number
    return result


def _cell(texts: Mapping[str, Counter[str]], sizes: Mapping[str, Counter[str]], sources: list[str], group: str) -> Html:
    number = sum(texts.get(source, {}).get(group, 0) for source in sources)
    if not number:
        return tag("span", "–", class_="soft")
    weight = sum(sizes.get(source, {}).get(group, 0) for source in sources)
    return joined([count(number), tag("small", size(weight))])


def _bands(values: Mapping[str, Mapping[str, int]], order: list[str], form: Any) -> Html:
    drawn, pairs = order[:_DRAWN], Counter[tuple[str, str]]()
    for source, counts in values.items():
        for group, value in counts.items():
            pairs[source if source in drawn else _OTHERS, group] += value
    left: list[tuple[str, Content]] = [(source, plots.fitted(source)) for source in drawn]
    if order[_DRAWN:]:
        left.append((_OTHERS, both_words(f"另外 {len(order) - _DRAWN:,} 个", f"{len(order) - _DRAWN:,} others")))
    right = [(group, both_words(*words)) for group, words in GROUPS.items() if any(pairs[s, group] for s, _ in left)]
    return plots.flow(left, right, pairs, form)


def _switch(group: str, choices: tuple[tuple[str, str, str], ...]) -> Html:
    """Radio buttons that show one of several views, without a script."""
    parts = []
    for place, (key, zh, en) in enumerate(choices):
        chosen = "" if not place else None
        parts += [tag("input", type="radio", name=group, id=key, checked=chosen), tag("label", both(zh, en), for_=key)]
    return tag("div", *parts, class_="choice")


def rules(found: Mapping[str, Any], most: int) -> Html:
    """Rule by rule how much was removed, what was measured, and ten of the texts."""
    texts, sizes = Counter[str](), Counter[str]()
    for counts in found["outcomes"].values():
        for key, number in counts.items():
            outcome = key.removesuffix(" bytes")
            if outcome not in PARTS:
                (sizes if key.endswith(" bytes") else texts)[outcome] += number
    if not texts:
        return tag("p", both("没有移除任何文本。", "Nothing was removed."), class_="hint")
    blocks = []
    for rule in steps(texts):
        limits = found["limits"].get(rule, [])
        line = tag("div",
            tag("b", say(RULE_NAMES, rule), " ", tag("code", rule)),
            tag("span", both_counts(texts[rule], "篇", "texts"), class_="number"),
            tag("span", size(sizes[rule]), class_="number"),
            plots.bar([(group_of(rule), sizes[rule])], max(sizes.values())), class_="rule",
        )  # fmt: skip
        content = (
            [_values(found["values"].get(rule, {}), limits)]
            if rule != EMPTY and found["values"].get(rule) and any(limits)
            else []
        )
        if rule in REPEATS:
            words = both(
                "与所重复文本的对照见下方“重复”一节。", "Beside the texts that they repeat: see “Repeats” below."
            )
            content.append(tag("p", tag("a", words, href="#repeats")))
        else:
            content += [_example(rule, entry, most) for entry in found["examples"].get(rule, ())]
        blocks.append(details(line, *content, class_="block"))
    note = both(
        "移除的每一篇都在 removed/ 里，带有规则、数值与界限；此处每条规则举十例，按哈希选取。",
        "Every removed text is in removed/ with its rule, value and limit; here are ten of each, chosen by hash.",
    )
    return joined([tag("p", note, class_="hint"), *blocks])


def _values(values: Mapping[str, int], limits: list[float]) -> Html:
    """What the removed texts measured, and where the limit lies."""
    bins, low, high, lines = plots.spread(values, limits)
    heights = [[("rules", float(number))] for number in bins]
    width = (high - low) / len(bins)
    titles = [f"{low + i * width:.3g} – {low + (i + 1) * width:.3g}: {number:,}" for i, number in enumerate(bins)]
    labels = [f"{low:.3g}", *[""] * (len(bins) - 2), f"{high:.3g}"]
    told = ", ".join(f"{limit:g}" for limit in limits)
    words = both(
        f"移除的文本量得的值；虚线是界限 {told}",
        f"What the removed texts measured; the dashed line is the limit, {told}",
    )
    caption = tag("p", words, class_="hint")
    return tag("figure", caption, plots.columns(heights, labels, titles, lines))


def _example(rule: str, entry: Mapping[str, Any], most: int) -> Html:
    """One removed text: where it came from, why it went, and how it begins."""
    value, limit = entry["value"], entry["limit"]
    reason = "" if (value or limit) and entry["reason"].startswith(f"{rule} is ") else entry["reason"][:300]
    measured = (
        tag("span", f"{value:.4g} {'<' if value < limit else '>'} {limit:g}", class_="chip") if value or limit else ""
    )
    head = tag("p", name(entry["id"]), " ", measured, " ", tag("span", reason, class_="soft"))
    shown = excerpt(entry["text"], entry["characters"], most) if entry["text"] else ""
    return tag("article", head, shown)
