"""The report of a corpus as one self-contained page, with nothing in it that loads or runs text."""

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from zaohua.corpus.report import contents, flow
from zaohua.corpus.report.markup import both, joined, tag
from zaohua.corpus.report.repeats import repeats
from zaohua.corpus.report.shape import shape
from zaohua.corpus.report.survey import COMPARED, REPEATS, Survey
from zaohua.folders import write_file
from zaohua.pages import self_contained

LARGEST = 3_000_000
"""Bytes that the page may have; texts are shown shorter until it has no more."""

_SHOWN = (600, 400, 250, 120, 60, 0)  # characters of a text that is shown
_compute: Any = pyarrow.compute  # its functions are made when it is loaded
_SAME_ID = 8  # documents of one id that are compared
_PARTS = ("documents", "heldout", "removed")


def write_report(folder: Path, report: Mapping[str, Any], surveys: Iterable[Path] | None = None) -> None:
    """Write report.html into a corpus folder whose documents/, heldout/ and removed/ stand, from its report.json.

    `surveys` are files of the task `survey` that cover all files of the folder; without them the files are read here.
    """
    whole = Survey()
    if surveys is None:
        for part in _PARTS:
            for path in sorted((folder / part).rglob("*.parquet")):
                whole.take(path, part)
    else:
        for path in surveys:
            whole.add(json.loads(path.read_text(encoding="utf-8")))
    found = whole.content()
    kept = texts_of(folder, _to_look_up(found))
    pages = (render(report, found, kept, most).encode() for most in _SHOWN)
    write_file(folder / "report.html", next(page for page in pages if len(page) <= LARGEST))


def render(report: Mapping[str, Any], found: Mapping[str, Any], kept: Mapping[str, list[str]], most: int) -> str:
    """The page, with `most` characters of each text."""
    sections = [
        ("flow", both("流向", "Flow"), flow.flow(report, found["outcomes"])),
        ("rules", both("规则", "Rules"), flow.rules(found, most)),
        ("shape", both("语言与长度", "Languages and lengths"),
         shape(report, found)),
        ("repeats", both("重复", "Repeats"), repeats(report, found, kept, most)),
        ("changes", both("改动", "Changes"), contents.changes(report, found)),
        ("evaluations", both("评测文本", "Evaluation texts"), contents.evaluations(report, found, most)),
        ("samples", both("样例", "Samples"), contents.samples(found, most)),
    ]  # fmt: skip
    return self_contained(files("zaohua.corpus.report") / "template", "report", {
        "headline": flow.headline(report, found["outcomes"]),
        "links": joined([tag("a", title, href=f"#{key}") for key, title, _ in sections]),
        "sections": joined([tag("section", tag("h2", title), content, id=key) for key, title, content in sections]),
    })  # fmt: skip


def _to_look_up(found: Mapping[str, Any]) -> set[str]:
    """The ids of the documents that are shown beside what repeats them."""
    return {entry["kept"] for rule in REPEATS for entry in found["examples"].get(rule, ()) if entry["kept"]}


def texts_of(folder: Path, ids: set[str]) -> dict[str, list[str]]:
    """The texts of documents by id, read where the range of a row group's ids says that they may be.

    First those that were kept; one that repeats were measured against and that was removed later is in removed/.
    """
    result: dict[str, list[str]] = {}
    for part in _PARTS:
        wanted = sorted(ids - result.keys()) if part == "removed" else sorted(ids)
        for path in sorted((folder / part).rglob("*.parquet")) if wanted else ():
            with pyarrow.parquet.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    if _may_hold(file.metadata.row_group(group), wanted):
                        _look(file, group, wanted, result)
    return result


def _look(file: pyarrow.parquet.ParquetFile, group: int, wanted: list[str], result: dict[str, list[str]]) -> None:
    names = file.read_row_group(group, columns=["id"])["id"]
    here = _compute.is_in(names, value_set=pyarrow.array(wanted, type=names.type))
    if not _compute.any(here).as_py():
        return
    columns = ["id", "text", "rule"] if "rule" in file.schema_arrow.names else ["id", "text"]
    for row in file.read_row_group(group, columns=columns).filter(here).to_pylist():
        texts = result.setdefault(row["id"], [])
        if len(texts) < _SAME_ID and row.get("rule") not in REPEATS:
            texts.append(row["text"][:COMPARED])


def _may_hold(group: pyarrow.parquet.RowGroupMetaData, wanted: list[str]) -> bool:
    for column in range(group.num_columns):
        about = group.column(column)
        if about.path_in_schema == "id":
            known = about.statistics
            if known is None or not known.has_min_max:
                return True
            low, high = (each.decode() if isinstance(each, bytes) else each for each in (known.min, known.max))
            return any(low <= name <= high for name in wanted)
    return True
