"""What a run of the stage counted: report.json, and the lines that are printed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zaohua.corpus.cleaning import Tally
from zaohua.corpus.decontaminate import common_grams, read_index
from zaohua.corpus.evaluations import unread
from zaohua.corpus.plan import Plan, Records
from zaohua.corpus.report.words import in_chinese
from zaohua.events import Events

COUNTS = ("files", "bytes_in", "texts", "documents", "characters", "bytes",
          "heldout_documents", "heldout_characters", "heldout_bytes")  # fmt: skip

SPLIT = ("whole", "cut")


def summary(total: Tally, records: Records, plan: Plan) -> dict[str, Any]:
    """Counts by source and in all, what was removed by which rule, and how the text was split."""
    sources = {source: {name: counts[name] for name in COUNTS} for source, counts in total.sources.items()}
    whole = {name: sum(counts[name] for counts in sources.values()) for name in COUNTS}
    removed = {source: dict(sorted(counts.items())) for source, counts in total.removed.items()}
    both = whole["bytes"] + whole["heldout_bytes"]
    split = {"way": plan.settings.split, "share": whole["heldout_bytes"] / both if both else 0.0}
    report: dict[str, Any] = {
        "total": whole,
        "sources": sources,
        "removed": {"total": _sum(removed.values()), "sources": removed},
        "changed": dict(sorted(total.changed.items())),
        "languages": dict(total.languages.most_common()),
        "clusters": records.of(plan.clusters),
        "split": split | {name: sum(records[task]["split"].get(name, 0) for task in plan.finished) for name in SPLIT},
        "first_reason": total.first_reason,
        "sample": plan.settings.sample,
    }
    if plan.settings.evaluations:
        index = read_index(plan.work / "evaluations", plan.settings.decontaminate)
        grams = common_grams([plan.work / task.outputs[3] for task in plan.finished], index)
        report["evaluations"] = {
            "unchecked": [list(index.items[item]) for item in index.unchecked],
            "common": [list(pair) for pair in grams],
            "unread": [list(pair) for pair in unread(plan.settings)],
        }
    return report


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    return dict(sorted(total.items()))


def found(counts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Encodings and text fields, with the first files that each was found in, for the manifest."""
    seen: dict[str, dict[str, list[str]]] = {"encodings": {}, "text_fields": {}}
    for each in counts:
        for kind, values in each.get("found", {}).items():
            for value, files in values.items():
                seen[kind].setdefault(value, []).extend(files)
    return {
        kind: {
            value: {"files": len(set(files)), "first": sorted(set(files))[:1000]}
            for value, files in sorted(values.items())
        }
        for kind, values in seen.items()
    }


def say(report: dict[str, Any], events: Events) -> None:
    """Print what came of it."""
    total, split, removed = report["total"], report["split"], report["removed"]["total"]
    documents, characters = (total[name] + total[f"heldout_{name}"] for name in ("documents", "characters"))
    aside = ", ".join(f"{count:,} {rule}" for rule, count in removed.items()) or "nothing"
    aside_chinese = "、".join(f"{in_chinese(rule)} {count:,} 篇" for rule, count in removed.items()) or "无"
    events.say(
        f"corpus: {documents:,} documents, {characters:,} characters · removed: {aside}",
        f"语料：{documents:,} 篇文档，{characters:,} 个字符 · 移除：{aside_chinese}",
    )
    events.say(
        "  held out {share:.1%} of the bytes: {whole:,} documents whole, the ends of {cut:,}".format(**split),
        "  留出 {share:.1%} 的字节：整篇 {whole:,} 篇，截取末尾 {cut:,} 篇".format(**split),
    )
    if report["changed"]:
        said = ", ".join(f"{what} {count:,}" for what, count in report["changed"].items())
        said_chinese = "、".join(f"{in_chinese(what)} {count:,} 处" for what, count in report["changed"].items())
        events.say(f"  changed: {said}", f"  改动：{said_chinese}")
    if report["sample"]:
        events.say("  a sample only", "  仅为样本")
    if removed.get("unreadable"):
        events.say(
            f"  first set aside: {report['first_reason']} (all in removed/)",
            f"  第一条不可读：{report['first_reason']}（全部在 removed/）",
        )
