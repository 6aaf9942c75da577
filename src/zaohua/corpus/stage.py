"""The corpus stage: sources in; documents, held-out text and what was removed out, by tasks from files to files.

pieces -> clean -> (sketch -> clusters) -> (common lines) weigh -> divide -> finish -> survey -> the folder's parts
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zaohua import folders
from zaohua.corpus import finishing
from zaohua.corpus.cleaning import Tally
from zaohua.corpus.documents import storable
from zaohua.corpus.engine.cluster import UnreachableError
from zaohua.corpus.engine.task import content_digests, quick_digests, was_begun
from zaohua.corpus.gathering import gathered
from zaohua.corpus.plan import carry_out
from zaohua.corpus.report import write_report
from zaohua.corpus.settings import SMALLEST, CorpusSettings
from zaohua.corpus.sources import READABLE, READABLE_CHINESE, Entry, inventory
from zaohua.corpus.summary import found, say, summary
from zaohua.corpus.worlds import Embedded, world_digests
from zaohua.events import Events
from zaohua.settings import UserError

CODE = 6
"""Raised by hand when the same settings and sources would give another corpus."""


def run(settings: CorpusSettings, output: Path, events: Events, *, embedded: Embedded | None = None) -> Path:
    """Read `settings.sources`, clean them, remove repeats and hold out a part -> the corpus folder `output`.

    `documents/` and `heldout/` hold what is kept, `removed/` what is not, with the reason; report.json counts. Killed
    and begun again, it goes on where it was. Raises UserError when a source is missing, nothing in it is text, there is
    too little to train on, or `output` is no folder of ours.
    """
    folders.refuse_others(output)  # now, and not when all the work is done
    output = folders.named(output)
    work = output.absolute().with_name(f".{output.name}.work")
    entries, worlds = gathered(settings, embedded, work)
    evaluations = inventory(settings.evaluations)
    listed = [Path(settings.addresses.domains)] if settings.addresses.domains else []
    for path in [*(entry.path for entry in (*entries, *evaluations)), *listed]:
        if output.resolve() in Path(os.path.realpath(path)).parents:  # it would be replaced by what is made with it
            raise UserError(
                f"{path} lies in {output}, where the corpus is to be written: give another folder with -o",
                f"{path} 在 {output} 里面，而语料要写到那里：请用 -o 另给一个文件夹",
            )
    work.mkdir(parents=True, exist_ok=True)
    with folders.locked(work):
        digests = _digests(work, settings, [*entries, *evaluations])
        manifest: dict[str, Any] = {
            "stage": "corpus",
            "code": CODE,
            "settings": settings.model_dump(mode="json", exclude={"run"}),
            "inputs": {
                "sources": folders.digest_of([_named(entries, digests), world_digests(worlds, embedded)]),
                "evaluations": folders.digest_of(_named(evaluations, digests)),
                "domains": _listed(settings),
            },
        }
        if folders.up_to_date(output, manifest):
            events.say(f"corpus: {output} is up to date", f"语料：{output} 已是最新")
            shutil.rmtree(work, ignore_errors=True)
            return output
        try:
            named = manifest["inputs"]["sources"]
            plan, records = carry_out(settings, entries, worlds, embedded, work, named, digests, events)
            total = finishing.added([records[task] for task in plan.cleaned + plan.finished])
            _check_size(total, settings)
            report = summary(total, records, plan)
            if not report["total"]["heldout_bytes"]:
                raise UserError(
                    f"nothing could be held out at {settings.heldout:g}: give a larger heldout, or more text",
                    f"heldout 为 {settings.heldout:g} 时留不出文本：请把 heldout 调大，或给出更多文本",
                )
        except UserError as error:
            begun = was_begun(work) or (work / "fetched").exists() or isinstance(error, UnreachableError)
            if isinstance(error, _TextError) or not begun:  # there is nothing to go on with
                shutil.rmtree(work, ignore_errors=True)
            raise
        with folders.writing(output, manifest) as folder:
            plan.lay_out(folder, records)
            folders.write_file(folder / "report.json", json.dumps(report, ensure_ascii=False, indent=1) + "\n")
            write_report(folder, report, [work / task.outputs[0] for task in plan.surveys])
            manifest["found"] = found([records[task] for task in plan.cleaned])
            manifest["split"] = report["split"]
    shutil.rmtree(work, ignore_errors=True)
    say(report, events)
    return output


class _TextError(UserError):
    """The text itself is at fault: nothing that was done with it is of use."""


def _digests(work: Path, settings: CorpusSettings, entries: Sequence[Entry]) -> dict[str, str]:
    """What names the content of each file, by its whole path; a sample reads little, so it looks at sizes and times."""
    names = [_place(entry) for entry in entries]
    return quick_digests(names) if settings.sample else content_digests(work, names)


def _listed(settings: CorpusSettings) -> str:
    """What names the content of the list of domains; "" where there is none, or none to be read."""
    file = settings.addresses.domains
    return folders.digest(Path(file)) if file and Path(file).is_file() else ""


def _named(entries: Sequence[Entry], digests: Mapping[str, str]) -> list[list[str]]:
    return [[entry.source, storable(entry.name), digests[_place(entry)]] for entry in entries]


def _place(entry: Entry) -> str:
    """A file's own path, links followed as far as they lead."""
    return os.path.realpath(entry.path)


def _check_size(total: Tally, settings: CorpusSettings) -> None:
    named, listed = ", ".join(settings.sources), "、".join(settings.sources)
    characters = sum(counts["characters"] + counts["heldout_characters"] for counts in total.sources.values())
    removed = sum(total.removed.values(), Counter())
    if not characters and removed.keys() - {"unreadable", "short"}:
        often = removed.most_common(3)
        raise _TextError(
            f"all texts in {named} were removed ({', '.join(f'{count:,} by {rule}' for rule, count in often)}): "
            "give other text, or set rules.preset to none",
            f"{listed} 里的文本全部被移除（{'、'.join(f'{rule} {count:,} 篇' for rule, count in often)}）："
            "请换别的文本，或把 rules.preset 设为 none",
        )
    if not characters:
        raise _TextError(
            f"no text was found in {named} (the first file or line: {total.first_reason or 'empty'}); "
            f"give files of {READABLE}",
            f"在 {listed} 里没有找到文本（第一个文件或第一行：{total.first_reason or '空'}）；"
            f"能读的文件有 {READABLE_CHINESE}",
        )
    if characters < SMALLEST:
        raise _TextError(
            f"{named} holds {characters:,} characters of text, too little to train on: "
            f"give at least {SMALLEST:,}, better a million",
            f"{listed} 只有 {characters:,} 个字符的文本，太少，无法训练：请至少给出 {SMALLEST:,} 个，最好有一百万个",
        )
