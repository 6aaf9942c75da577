"""One process of a benchmark: train one system, or time matrix products, and print each result as a JSON line.

Started by train_cpu.py as `measure.py SYSTEM JOBS`, JOBS a JSON list of {first, case, precision, warm, steps}
with `first` a small case for one step in which libraries load what they load late, or as `measure.py matmul JOBS` with
one job {cases, seconds}.
"""

import gc
import importlib
import json
import math
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from cases import Case

MARK = "RESULT "


def training(train: Callable[..., float], job: dict[str, Any]) -> dict[str, Any]:
    """Tokens per second over the steps after the warm-up, and the process's peak memory in MB."""
    train(Case(**job["first"]), job["precision"], 1, lambda: None)
    case, warm, ends = Case(**job["case"]), job["warm"], []
    loss = train(case, job["precision"], warm + job["steps"], lambda: ends.append(time.perf_counter()))
    if not math.isfinite(loss):
        raise ArithmeticError(f"the loss is {loss}")
    rate = case.tokens * job["steps"] / (ends[-1] - ends[warm - 1])
    gc.collect()
    return {"rate": rate, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "loss": loss}


def products(job: dict[str, Any]) -> dict[str, Any]:
    """{shape: {precision: best GFLOP/s}} of torch's matmul: a square, and the products of the cases' forward passes."""
    import torch

    shapes = {(2048, 2048, 2048)}
    for case in (Case(**fields) for fields in job["cases"]):
        widths = ((case.dim, case.dim), (case.dim, 4 * case.dim), (4 * case.dim, case.dim), (case.dim, case.vocab))
        shapes |= {(case.tokens, *pair) for pair in widths}
    found: dict[str, dict[str, float]] = {}
    for rows, inner, columns in sorted(shapes):
        for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
            left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
            out, best = left @ right, math.inf
            until = time.perf_counter() + job["seconds"]
            while time.perf_counter() < until:
                start = time.perf_counter()
                torch.matmul(left, right, out=out)
                best = min(best, time.perf_counter() - start)
            shape = f"{rows} x {inner} x {columns}"
            found.setdefault(shape, {})[precision] = 2.0 * rows * inner * columns / best / 1e9
    return found


def main() -> None:
    """Do the jobs in turn; one that fails says why and leaves the next ones their turn."""
    system, jobs = sys.argv[1], json.loads(sys.argv[2])
    work = products
    if system != "matmul":
        train = importlib.import_module(f"systems.{system.replace('-', '_')}").train

        def work(job: dict[str, Any]) -> dict[str, Any]:
            return training(train, job)

    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    for job in jobs:
        try:
            done = work(job)
        except Exception as error:  # whatever a peer raises is the reason in its row
            traceback.print_exc()
            done = {"missing": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(MARK + json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
