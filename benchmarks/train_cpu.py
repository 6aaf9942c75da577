"""Training speed on a CPU beside the peers: tokens per second, share of the matrix-multiply peak, peak memory.

Every measurement is a process of its own with the same tokens, threads, fused AdamW, clipping at 1 and no dropout;
nobody compiles. Each system is probed first and then measured at its fastest precision, in rounds that take the
systems in turn. `make bench` runs it in about twelve minutes on two cores; leave the machine alone meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import peers
import result
from cases import CASES, Case, step_flops
from measure import MARK
from systems import OPTIONAL, PRECISIONS

HERE = Path(__file__).parent
OWN = "zaohua"
NEED_PEERS = ("transformers-trainer", "litgpt")
PACKAGES = ("zaohua", "torch", "numpy", "transformers", "accelerate", "litgpt", "lightning")
TIMEOUT = 600  # seconds that one process may take
NEAR = 1.5  # a precision this many times slower in one case is not probed in the next
SPEED, SHARE, MEMORY, PROBE = "tokens/s", "share of matmul peak", "MB at peak", "tokens/s, short probe"


@dataclass(frozen=True)
class Effort:
    """How often and how long one case is measured."""

    rounds: int
    steps: int
    probe_share: int  # a probe has this fraction of the rows


EFFORTS = {"A": Effort(3, 3, 4), "B": Effort(2, 2, 2), "toy": Effort(2, 4, 1)}
WARM = 1  # steps that are not counted, after a toy step in which the libraries load what they load late


class Bench:
    """One run: what was asked for, and the rows so far."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.threads, self.quick = chosen.threads, chosen.quick
        self.systems = {name: {**PRECISIONS, **OPTIONAL}[name] for name in chosen.only or PRECISIONS}
        self.cases = [CASES[name] for name in chosen.case or (["toy"] if chosen.quick else ["A", "B"])]
        self.efforts = {name: Effort(1, 1, each.probe_share) if self.quick else each for name, each in EFFORTS.items()}
        self.started = time.monotonic()
        self.rows: list[result.Row] = []
        self.peaks: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.best: dict[tuple[str, str], str] = {}  # (system, case) -> precision
        self.reasons: dict[tuple[str, str], str] = {}  # (system, case) -> why it is missing
        self.runs: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.started:4.0f} s] {text}", flush=True)

    def run(self) -> None:
        """Peak, probes, rounds, and the peak once more; then the rows."""
        self.measure_peak()
        for system in self.systems:
            self.probe(system)
        for case in self.cases:
            effort = self.efforts[case.name]
            for turn in range(effort.rounds):
                order = list(self.systems) if turn % 2 == 0 else list(reversed(self.systems))
                for system in order:
                    if (system, case.name) in self.best:
                        self.measure(system, case, effort, f"round {turn + 1} of {effort.rounds}")
        if not self.quick:
            self.measure_peak()
        self.conclude()

    def measure_peak(self) -> None:
        """The matrix products by themselves."""
        self.say("matrix products alone")
        job = {"cases": [asdict(case) for case in self.cases], "seconds": 0.02 if self.quick else 0.3}
        done = self.process("matmul", [job])[0]
        if "missing" in done:
            raise SystemExit(f"torch's matrix products could not be measured: {done['missing']}")
        for shape, rates in done.items():
            for precision, rate in rates.items():
                self.peaks[shape, precision].append(rate)
        self.say(f"  best {max(map(max, self.peaks.values())):,.0f} GFLOP/s")

    def probe(self, system: str) -> None:
        """Find the fastest precision in each case, with one step of fewer rows for each candidate."""
        candidates = list(self.systems[system])
        for case in self.cases:
            small = replace(case, rows=max(1, case.rows // self.efforts[case.name].probe_share))
            if len(candidates) > 1:
                self.say(f"{case.name}: probing {system} in {len(candidates)} precisions")
                found = self.process(system, [self.job(small, precision, 1) for precision in candidates])
                rates = {precision: done["rate"] for precision, done in zip(candidates, found) if "rate" in done}
                self.rows += [
                    result.row(system, case.name, precision, PROBE, [done["rate"]])
                    if "rate" in done
                    else result.missing(system, case.name, PROBE, f"{precision}: {done['missing']}")
                    for precision, done in zip(candidates, found)
                ]
                if not rates:
                    self.reasons.update({(system, each.name): found[0]["missing"] for each in self.cases})
                    self.say(f"  missing: {found[0]['missing']}")
                    return
                candidates = sorted(
                    (p for p in rates if NEAR * rates[p] > max(rates.values())), key=lambda p: -rates[p]
                )
                self.say("  " + " · ".join(f"{precision} {rate:,.0f}" for precision, rate in rates.items()))
            self.best[system, case.name] = candidates[0]

    def measure(self, system: str, case: Case, effort: Effort, turn: str) -> None:
        """One measurement of one system, in a process of its own."""
        precision = self.best[system, case.name]
        self.say(f"{case.name}: {turn}: {system}, {precision}")
        done = self.process(system, [self.job(case, precision, effort.steps)])[0]
        if "rate" in done:
            self.runs[system, case.name].append(done)
            self.say(f"  {done['rate']:,.0f} tokens/s, {done['megabytes']:,.0f} MB, loss {done['loss']:.3f}")
        else:
            self.reasons[system, case.name] = done["missing"]
            self.say(f"  missing: {done['missing']}")

    def job(self, case: Case, precision: str, steps: int) -> dict[str, Any]:
        toy = CASES["toy"]
        return {"case": asdict(case), "first": asdict(toy), "precision": precision, "warm": WARM, "steps": steps}

    def process(self, system: str, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What a fresh process says of each job; {missing: reason} where it says nothing."""
        path = [str(peers.SITE)] if system in NEED_PEERS else []
        path += [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(self.threads),
            "MKL_NUM_THREADS": str(self.threads),
            "PYTHONPATH": os.pathsep.join(path),
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
        command = [sys.executable, str(HERE / "measure.py"), system, json.dumps(jobs)]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return [{"missing": f"took more than {TIMEOUT} s"}] * len(jobs)
        found = [json.loads(line[len(MARK) :]) for line in done.stdout.splitlines() if line.startswith(MARK)]
        said = done.stderr.strip().splitlines() or ["nothing was said"]
        reason = said[-1] if done.returncode > 0 else f"ended by signal {-done.returncode}"
        return found + [{"missing": reason}] * (len(jobs) - len(found))

    def conclude(self) -> None:
        """Turn what was measured into rows."""
        for (shape, precision), rates in self.peaks.items():
            self.rows.append(result.row("torch.matmul", shape, precision, "GFLOP/s", rates))
        peak = max(map(max, self.peaks.values())) * 1e9
        for case in self.cases:
            for system in self.systems:
                runs, reason = self.runs[system, case.name], self.reasons.get((system, case.name))
                if reason or not runs:
                    self.rows.append(result.missing(system, case.name, SPEED, reason or "not measured"))
                    continue
                rates = [run["rate"] for run in runs]
                shares = [rate * step_flops(case) / peak for rate in rates]
                values = {SPEED: rates, SHARE: shares, MEMORY: [run["megabytes"] for run in runs]}
                precision = self.best[system, case.name]
                self.rows += [result.row(system, case.name, precision, unit, of) for unit, of in values.items()]

    def print_table(self) -> None:
        """What was found, one system a line."""
        for each in self.rows:
            if each.unit in (SPEED, SHARE, MEMORY):
                value = f"{each.value:>10,.4g}" if each.unit == SHARE else f"{each.value or 0:>10,.0f}"
                print(f"{each.case:4} {each.system:22} {each.precision:34} {value} {each.unit}")


def arguments(given: Iterable[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of one step, on the toy case unless given")
    parser.add_argument("--only", action="append", choices=[*PRECISIONS, *OPTIONAL], help="a system; repeatable")
    parser.add_argument("--case", action="append", choices=list(CASES), help="a case; repeatable (A and B)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every system (2)")
    parser.add_argument("--output", type=Path, help="where to write; in part runs .bench/train_cpu.json")
    chosen = parser.parse_args(None if given is None else list(given))
    whole = not (chosen.quick or chosen.only or chosen.case)
    chosen.output = chosen.output or (result.RESULTS if whole else peers.SITE.parent) / "train_cpu.json"
    return chosen


def main() -> int:
    """Run, write, print; 1 where our own system could not be measured."""
    chosen = arguments()
    bench = Bench(chosen)
    if any(system in NEED_PEERS for system in bench.systems) and (reason := peers.install()):
        bench.say(reason)
        for name in (name for name in NEED_PEERS if bench.systems.pop(name, None)):
            bench.rows += [result.missing(name, case.name, SPEED, reason) for case in bench.cases]
    bench.run()
    result.write(
        chosen.output,
        name="train_cpu",
        rows=bench.rows,
        ratios=result.ratios(bench.rows, OWN, (SPEED, MEMORY)),
        packages=PACKAGES,
        site=peers.SITE,
        threads=chosen.threads,
    )
    bench.print_table()
    bench.say(f"written: {chosen.output}")
    return int(any(system == OWN for system, _ in bench.reasons))


if __name__ == "__main__":
    sys.exit(main())
