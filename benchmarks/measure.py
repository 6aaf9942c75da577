"""One process of a benchmark: train one system, or time matrix products, and hand over each result.

Started by train_cpu.py and train_gpu.py as `measure.py SYSTEM JOBS`: JOBS is a JSON list of {case, setting, device,
first, warm, steps}, `first` a small case for one step in which libraries load what they load late, or null. As
`measure.py products JOBS` each job is what products.timed reads.
"""

import gc
import importlib
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from cases import Case
from processes import peak_megabytes, say
from systems import Setting


def training(train: Callable[..., float], job: dict[str, Any]) -> dict[str, Any]:
    """Tokens per second over the steps after the warm-up, what the warm-up took, and the peak of memory in MB."""
    import torch

    on_gpu = job["device"] == "cuda"
    setting, where = Setting(**job["setting"]), {"device": "cuda"} if on_gpu else {}
    if job["first"] is not None:
        train(Case(**job["first"]), replace(setting, at_once=0), 1, lambda: None, **where)
    case, warm, ends = Case(**job["case"]), job["warm"], []

    def step_ended() -> None:
        if on_gpu:
            torch.cuda.synchronize()
        ends.append(time.perf_counter())

    start = time.perf_counter()
    loss = train(case, setting, warm + job["steps"], step_ended, **where)
    if not math.isfinite(loss):
        raise ArithmeticError(f"the loss is {loss}")
    rate = case.tokens * job["steps"] / (ends[-1] - ends[warm - 1])
    gc.collect()
    megabytes = torch.cuda.max_memory_allocated() / 2**20 if on_gpu else peak_megabytes()
    return {"rate": rate, "warm_up": ends[warm - 1] - start, "megabytes": megabytes, "loss": loss}


def work_of(system: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What does a job of this system."""
    if system == "products":
        from products import timed

        return timed
    return partial(training, importlib.import_module(f"systems.{system.replace('-', '_')}").train)


def main() -> None:
    """Do the jobs in turn; one that fails says why and leaves the next ones their turn."""
    work, jobs = work_of(sys.argv[1]), json.loads(sys.argv[2])
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    for job in jobs:
        try:
            done = work(job)
        except Exception as error:  # whatever a peer raises is the reason in its row
            traceback.print_exc()
            done = {"missing": f"{type(error).__name__}: {error}".splitlines()[0]}
        say(done)


if __name__ == "__main__":
    main()
