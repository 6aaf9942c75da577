"""The corpus stage: sources in; documents, held-out text and what was removed out, by tasks from files to files.

pieces -> clean -> (sketch -> clusters) (common lines) -> weigh -> divide -> finish -> survey -> the folder's parts
"""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from zaohua import folders
from zaohua.corpus import finishing
from zaohua.corpus.cleaning import Tally
from zaohua.corpus.engine.task import content_digests
from zaohua.corpus.gathering import gathered, is_readable
from zaohua.corpus.glance import glance
from zaohua.corpus.plan import Plan
from zaohua.corpus.report import write_report
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import READABLE
from zaohua.corpus.summary import found, say, sentence, summary
from zaohua.corpus.worlds import Embedded, world_digests
from zaohua.events import Events
from zaohua.settings import UserError

__all__ = ["SMALLEST", "glance", "run"]

CODE = 4
"""Raised by hand when the same settings and sources would give another corpus."""

SMALLEST = 2000
"""Characters below which nothing can be learned: a few hundred tokens, their held-out tenth a sentence or two."""


def run(settings: CorpusSettings, output: Path, events: Events, *, embedded: Embedded | None = None) -> Path:
    """Read `settings.sources`, clean them, remove repeats and hold out a part -> the corpus folder `output`.

    `documents/` and `heldout/` hold what is kept, `removed/` what is not, with the reason; report.json counts. Killed
    and begun again, it goes on where it was. Raises UserError when a source is missing, nothing in it is text, or there
    is too little to train on.
    """
    work = output.with_name(f".{output.name}.work")
    entries, worlds = gathered(settings, embedded, work)
    for entry in entries:
        if output.resolve() in entry.path.resolve().parents:  # it would be replaced by what is made of it
            raise UserError(
                f"{entry.path} lies in {output}, where the corpus is to be written: give another folder with -o"
            )
    work.mkdir(parents=True, exist_ok=True)
    with folders.locked(work):
        digests = content_digests(work, [str(entry.path.resolve()) for entry in entries if is_readable(entry)])
        named = [[entry.source, entry.name, digests.get(str(entry.path.resolve()), "")] for entry in entries]
        manifest: dict[str, Any] = {
            "stage": "corpus",
            "code": CODE,
            "settings": settings.model_dump(mode="json", exclude={"run"}),
            "inputs": {"sources": folders.digest_of([named, world_digests(worlds, embedded)])},
        }
        if folders.up_to_date(output, manifest):
            events.say(f"corpus: {output} is up to date", f"语料：{output} 已是最新")
            shutil.rmtree(work, ignore_errors=True)
            return output
        try:
            plan = Plan(settings, entries, worlds, embedded, work, manifest["inputs"]["sources"])
            records = plan.carry_out(events)
            total = finishing.added([records[task] for task in plan.cleaned + plan.finished])
            _check_size(total, settings)
            report = summary(total, records, plan)
            if not report["total"]["heldout_bytes"]:
                raise UserError(
                    f"nothing could be held out at {settings.heldout:g}: give a larger heldout, or more text"
                )
        except UserError:  # the same command would say the same: nothing is left to go on with
            shutil.rmtree(work, ignore_errors=True)
            raise
        with folders.writing(output, manifest) as folder:
            plan.lay_out(folder, records)
            folders.write_file(folder / "report.json", json.dumps(report, ensure_ascii=False, indent=1) + "\n")
            write_report(folder, report, [work / task.outputs[0] for task in plan.surveys])
            manifest["found"] = found([records[task] for task in plan.cleaned])
            manifest["split"] = sentence(report["split"])
    shutil.rmtree(work, ignore_errors=True)
    say(report, events)
    return output


def _check_size(total: Tally, settings: CorpusSettings) -> None:
    named = ", ".join(settings.sources)
    characters = sum(counts["characters"] + counts["heldout_characters"] for counts in total.sources.values())
    removed = sum(total.removed.values(), Counter())
    if not characters and removed.keys() - {"unreadable", "short"}:
        often = ", ".join(f"{count:,} by {rule}" for rule, count in removed.most_common(3))
        raise UserError(f"all texts in {named} were removed ({often}): give other text, or set rules.preset to none")
    if not characters:
        first = total.first_reason or "empty"
        raise UserError(f"no text was found in {named} (the first file or line: {first}); give files of {READABLE}")
    if characters < SMALLEST:
        raise UserError(
            f"{named} holds {characters:,} characters of text, too little to train on: "
            f"give at least {SMALLEST:,}, better a million"
        )
