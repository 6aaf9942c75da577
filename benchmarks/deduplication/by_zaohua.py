"""Near-duplicates by zaohua: python by_zaohua.py FOLDER LANGUAGE SETTINGS, Parquet in FOLDER/input to FOLDER/kept.

The tasks of the corpus stage on two processes. SETTINGS are those of near-duplicates, in JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from zaohua.corpus.clustering import cluster_tasks, functions, standing
from zaohua.corpus.engine.local import Processes
from zaohua.corpus.engine.schedule import run
from zaohua.corpus.engine.task import Function, Task
from zaohua.corpus.keys import dedup_key
from zaohua.corpus.signatures import NearDuplicates
from zaohua.corpus.sketches import KeyWriter, write_sketch

PARTITIONS = 4


def ids_of(number: int, rows: int) -> np.ndarray:
    """The ids of a file's documents: its number, and theirs in it."""
    return np.arange(rows, dtype=np.uint64) + (np.uint64(number) << np.uint64(40))


def read(inputs, settings, outputs):
    """A file of documents -> their sketch, and their keys where pairs will be verified."""
    texts = pyarrow.parquet.read_table(inputs[0], columns=["text"])["text"].to_pylist()
    near = NearDuplicates(**settings["near"])
    ids, keys = ids_of(settings["number"], len(texts)), [dedup_key(text) for text in texts]
    characters = np.full(len(texts), settings["language"] == "zh")
    write_sketch(outputs[0], [(ids, keys, characters)], near, PARTITIONS)
    if len(outputs) > 1:
        with KeyWriter(outputs[1]) as file:
            for number, key in zip(ids.tolist(), keys, strict=True):
                file.add(number, key, characters=settings["language"] == "zh")


def keep(inputs, settings, outputs):
    """A file of documents and the clusters of all -> those that are kept."""
    table = pyarrow.parquet.read_table(inputs[0])
    ids = ids_of(settings["number"], len(table))
    kept, _, _ = standing(inputs[1], ids)
    pyarrow.parquet.write_table(table.filter(pyarrow.array(kept == ids)), outputs[0])


def main() -> None:
    root, language, near = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    settings = NearDuplicates(**near)
    names = sorted(path.name for path in (root / "input").iterdir())
    sketches = [f"sketches/{name}" for name in names]
    keys = [f"keys/{name}" for name in names] if settings.verify else []
    tasks = [
        Task("read", (f"input/{name}",), {"near": near, "number": number, "language": language},
             (sketches[number], *keys[number : number + 1]))
        for number, name in enumerate(names)
    ]  # fmt: skip
    tasks += cluster_tasks(sketches, keys, settings, PARTITIONS, "near")
    tasks += [
        Task("keep", (f"input/{name}", "near/clusters"), {"number": number}, (f"kept/{name}",))
        for number, name in enumerate(names)
    ]
    known = {**functions(), "read": Function(read, 1), "keep": Function(keep, 1)}
    with Processes(2) as processes:
        run(tasks, known, root, processes)


if __name__ == "__main__":
    main()
