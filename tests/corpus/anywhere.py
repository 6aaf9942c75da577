"""A program for tests: the corpus stage on local processes or on a cluster, as its words say.

anywhere.py TEXTS OUTPUT RUNNER: TEXTS holds folders, each a source of its own, so that there are several pieces, and
files large enough to be cut; RUNNER is a number of workers, `ray`, or `ray-killed`, a cluster of two nodes of which one
is killed midway.
"""

import sys
import threading
import time
from pathlib import Path

from zaohua.corpus import pieces, stage
from zaohua.corpus.engine import merging, workplace
from zaohua.corpus.settings import CorpusSettings
from zaohua.events import Events
from zaohua.settings import check

SETTINGS = {"boilerplate": {"documents": 5}, "languages": ["zh", "en"]}


def make(texts: Path, output: Path, runner: dict) -> None:
    sources = [str(path) for path in sorted(texts.iterdir()) if path.name != "evaluations.jsonl"]
    given = SETTINGS | {"sources": sources, "evaluations": [str(texts / "evaluations.jsonl")], "run": runner}
    stage.run(check(CorpusSettings, given), output, Events(console=False))


def make_while_a_node_dies(texts: Path, output: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent / "engine"))
    from whole_stage import two_nodes

    with two_nodes() as (address, kill):
        done = output.with_name(f".{output.name}.work") / "done"
        nodes_done: list[int] = []

        def kill_midway() -> None:
            while len(list(done.glob("*.json"))) < KILLED_AFTER:
                time.sleep(0.05)
            nodes_done.append(len(list(done.glob("*.json"))))
            kill()

        killer = threading.Thread(target=kill_midway, daemon=True)
        killer.start()
        make(texts, output, {"runner": "ray", "address": address})
        killer.join(timeout=1)
        assert nodes_done, "the stage ended before the node was killed"
        print(f"a node was killed after {nodes_done[0]} tasks")


KILLED_AFTER = 8
LARGE = 2**16


if __name__ == "__main__":
    workplace.LITTLE = 0  # workers are used however little there is
    pieces.SIZE, merging.MERGED = LARGE, 5
    texts, output, runner = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    if runner == "ray-killed":
        make_while_a_node_dies(texts, output)
    else:
        make(texts, output, {"runner": "ray", "workers": 2} if runner == "ray" else {"workers": int(runner)})
