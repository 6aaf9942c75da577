"""A program for tests: the duplicates of some documents, found by local processes or on a cluster, as its words say.

whole_stage.py ROOT RUNNER FILES SECONDS: RUNNER is a number of workers, `ray`, or `ray-killed`, a cluster of two nodes
of which one is killed midway; SECONDS is how long each task lasts at least.
"""

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from test_clustering import corpus, write_keys
from toy_tasks import FUNCTIONS, slow

from zaohua.corpus.clustering import cluster_tasks, sketch_tasks
from zaohua.corpus.engine.cluster import connected
from zaohua.corpus.engine.local import InProcess, Processes
from zaohua.corpus.engine.schedule import run
from zaohua.corpus.engine.task import Task
from zaohua.corpus.signatures import NearDuplicates

PARTITIONS = 5
HEALTH = {
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 3,
    "health_check_timeout_ms": 1000,
    "health_check_initial_delay_ms": 0,
}


def stage(root: Path, files: int, seconds: float) -> list[Task]:
    """The documents' keys in files, and the tasks over them."""
    ids, keys, characters = corpus(400)
    names = [f"keys-{number}" for number in range(files)]
    for name, part in zip(names, np.array_split(np.argsort(ids), files)):
        if not (root / name).exists():
            write_keys(root / f".{name}", ids[part], [keys[i] for i in part], characters[part])
            (root / f".{name}").rename(root / name)
    settings = NearDuplicates(characters=5, words=3, verify=0.8, keep="longest")
    tasks = sketch_tasks(names, settings, PARTITIONS, "near", near=[True] * len(names))
    tasks += cluster_tasks([task.outputs[0] for task in tasks], names, settings, PARTITIONS, "near")
    return [slow(task, seconds, root / "trace") for task in tasks]


@contextlib.contextmanager
def two_nodes() -> Iterator[tuple]:
    """A cluster of two nodes on this machine, and what kills the second."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 150 * 2**20}
    cluster = Cluster(
        initialize_head=True, head_node_args={**node, "include_dashboard": False, "_system_config": HEALTH}
    )
    try:
        second = cluster.add_node(**node)
        cluster.wait_for_nodes()
        yield cluster.address, lambda: cluster.remove_node(second, allow_graceful=False)
    finally:
        cluster.shutdown()


def main() -> None:
    root, runner, files, seconds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    root.mkdir(exist_ok=True)
    tasks = stage(root, files, seconds)
    if runner == "ray":
        with connected(workers=2) as nodes:
            run(tasks, FUNCTIONS, root, nodes)
    elif runner == "ray-killed":
        with two_nodes() as (address, kill):
            killer = threading.Thread(target=kill)

            def progress(done: float, total: float) -> None:
                if done > total / 3 and killer.ident is None:
                    killer.start()

            with connected(address) as nodes:
                run(tasks, FUNCTIONS, root, nodes, progress=progress)
                killer.join()
                import ray

                alive = [node["Alive"] for node in ray.nodes()]
                assert sorted(alive) == [False, True], alive
    elif runner == "0":
        run(tasks, FUNCTIONS, root, InProcess())
    else:
        with Processes(int(runner)) as processes:
            run(tasks, FUNCTIONS, root, processes)


if __name__ == "__main__":
    main()
