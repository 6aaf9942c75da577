"""A corpus folder as the stage leaves it, and its report.json, made from rows."""

import json
from collections import Counter

import pytest

from zaohua.corpus.cleaning import removed_row
from zaohua.corpus.documents import DOCUMENT, REMOVED, Table


def document(name, text, source="web", **meta):
    return {"id": name, "text": text, "source": source, "meta": json.dumps({"file": name, **meta}, ensure_ascii=False)}


def dropped(name, text, rule, source="web", reason="", value=0.0, limit=0.0, kept=""):
    return removed_row(name, text, source, "{}", rule, reason, value, limit, kept)


def report_of(parts, **more):
    rows = [row for part in parts.values() for row in part]
    sources, removed = {}, Counter(row["rule"] for row in parts.get("removed", []))
    names = ("documents", "characters", "bytes", "heldout_documents", "heldout_characters", "heldout_bytes")
    for source in sorted({row["source"] for row in rows}):
        mine = [row for row in rows if row["source"] == source]
        sources[source] = {"files": 1, "bytes_in": 10, "texts": len(mine), **dict.fromkeys(names, 0)}
        for part, prefix in (("documents", ""), ("heldout", "heldout_")):
            texts = [row["text"] for row in parts.get(part, []) if row["source"] == source]
            for name, number in zip(names, (len(texts), sum(map(len, texts)), sum(len(t.encode()) for t in texts))):
                sources[source][prefix + name] = number
    total = {name: sum(each[name] for each in sources.values()) for name in ("files", "bytes_in", "texts", *names)}
    return {
        "total": total,
        "sources": sources,
        "removed": {"total": dict(removed), "sources": {}},
        "changed": {},
        "languages": {},
        "clusters": {"clusters": 0, "exact": 0, "near": 0, "sizes": {}},
        "split": {"way": "auto", "share": 0.1, "whole": 1, "cut": 0},
        "first_reason": "",
    } | more


@pytest.fixture
def corpus(tmp_path):
    """A function from parts, each a list of rows, to the folder; `files` spreads the rows over so many files."""

    def make(parts, files=1, name="corpus"):
        folder = tmp_path / name
        for part, rows in parts.items():
            (folder / part).mkdir(parents=True)
            for number in range(files):
                with Table(
                    folder / part / f"part-{number}.parquet", REMOVED if part == "removed" else DOCUMENT
                ) as table:
                    for row in rows[number::files]:
                        table.add(row)
        return folder

    return make
