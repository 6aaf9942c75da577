"""Training speed on a CPU beside the peers: tokens per second, share of the step's own matrix products, peak memory.

Every measurement is a process of its own with the same tokens, threads, AdamW, clipping at 1 and no dropout. Each
system is probed in full steps for its fastest setting with fp32 masters, and with bf16 weights where it has such: in
fewer rows at once, and compiled, where that gains 5 % over its own eager self (else case B does not compile it). Then
all are measured in rounds that take them in turn; what warming up takes, compilation included, is a row of its own.
transformers' Trainer at its defaults is measured as it comes. `make bench` runs it in some fifty minutes on two cores;
leave the machine alone.
"""

import argparse
import json
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import peers
import processes
import result
from cases import CASES, Case
from probing import best_settings
from standing import MEMORY, OWN, SHARE, SPEED, best_peers, named, standing
from systems import OPTIONAL, SYSTEMS, Setting, System

NEED_PEERS = ("transformers-trainer", "transformers-trainer-defaults", "litgpt")
PACKAGES = ("zaohua", "torch", "numpy", "transformers", "accelerate", "litgpt", "lightning")
PROBE, IDEAL = "tokens/s, probe", "tokens/s, ideal"
WARM_UP, COMPILING = "seconds to warm up", "seconds to warm up, compiling"
ALONE = "products alone"


@dataclass(frozen=True)
class Effort:
    """How often and how long one case is measured."""

    rounds: int
    steps: int
    probed: int  # steps of a probe


EFFORTS = {"A": Effort(3, 3, 2), "B": Effort(2, 2, 1), "toy": Effort(2, 4, 1)}


class Bench:
    """One run: what was asked for, and the rows so far."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.threads, self.quick = chosen.threads, chosen.quick
        self.systems = {name: {**SYSTEMS, **OPTIONAL}[name] for name in chosen.only or SYSTEMS}
        self.cases = [CASES[name] for name in chosen.case or (["toy"] if chosen.quick else ["A", "B"])]
        self.efforts = {name: Effort(1, 1, 1) if self.quick else each for name, each in EFFORTS.items()}
        self.started = time.monotonic()
        self.rows: list[result.Row] = []
        self.ideals: dict[tuple[str, str], list[float]] = defaultdict(list)  # (case, precision) -> tokens/s
        self.alone: dict[tuple[str, str], list[float]] = defaultdict(list)  # (what, precision) -> GFLOP/s
        self.best: dict[tuple[str, str], list[Setting]] = {}  # (system, case) -> settings that are measured
        self.reasons: dict[tuple[str, str], str] = {}  # (system, case) -> why it is missing
        self.runs: dict[tuple[str, str, Setting], list[dict[str, float]]] = defaultdict(list)

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.started:4.0f} s] {text}", flush=True)

    def run(self) -> None:
        """Products, probes, rounds, and the products once more; then the rows."""
        for case in self.cases:
            self.measure_products(case, 0)
        for name, system in self.systems.items():
            for case in self.cases:
                system = self.probe(name, system, case)
        for case in self.cases:
            effort = self.efforts[case.name]
            for turn in range(effort.rounds):
                order = list(self.systems) if turn % 2 == 0 else list(reversed(self.systems))
                for system in order:
                    for setting in self.best.get((system, case.name), []):
                        self.measure(system, case, setting, f"round {turn + 1} of {effort.rounds}")
            own = self.best.get((OWN, case.name), [])
            if not self.quick or any(setting.at_once for setting in own):
                self.measure_products(case, own[0].at_once if own else 0)
        self.conclude()

    def measure_products(self, case: Case, at_once: int) -> None:
        """The step's matrix products by themselves, with so many rows in a forward pass (0: all)."""
        self.say(f"{case.name}: matrix products alone")
        job = {"case": asdict(case), "at_once": at_once, "seconds": 0.01 if self.quick else 0.3}
        done = self.ask("products", [job])[0]
        if "missing" in done:
            raise SystemExit(f"torch's matrix products could not be measured: {done['missing']}")
        for precision, found in done.items():
            self.ideals[case.name, precision].append(found["tokens per second"])
            self.alone["square of 2048", precision].append(found["square"])
            for part, rate in found["parts"].items():
                self.alone[f"{case.name}: {part}", precision].append(rate)
            self.say(f"  {precision}: {found['tokens per second']:,.0f} tokens/s were the step its products alone")

    def probe(self, name: str, system: System, case: Case) -> System:
        """Choose the settings to measure -> what is left to be tried in the next case."""
        if self.quick:
            system = replace(system, compiles=frozenset(), accumulates=False)
        if len(system.settings) == 1 and not (system.compiles or system.accumulates):
            self.best[name, case.name] = list(system.settings)
            return system
        self.say(f"{case.name}: probing {name}")
        steps = self.efforts[case.name].probed

        def rates(settings: Sequence[Setting]) -> dict[Setting, float]:
            found = self.ask(name, [self.job(case, setting, steps) for setting in settings])
            for setting, done in zip(settings, found):
                if "rate" in done:
                    self.say(f"  {setting.name}: {done['rate']:,.0f} tokens/s after {done['warm_up']:.0f} s")
                    self.rows.append(result.row(name, case.name, setting.name, PROBE, [done["rate"]]))
                    if setting.compiled:
                        self.rows.append(result.row(name, case.name, setting.name, COMPILING, [done["warm_up"]]))
                else:
                    self.say(f"  {setting.name}: missing: {done['missing']}")
                    reason = f"{setting.name}: {done['missing']}"
                    self.rows.append(result.missing(name, case.name, PROBE, reason))
                    self.reasons.setdefault((name, case.name), reason)
            return {setting: done["rate"] for setting, done in zip(settings, found) if "rate" in done}

        self.best[name, case.name], left = best_settings(system, case.rows, rates)
        return left

    def measure(self, system: str, case: Case, setting: Setting, turn: str) -> None:
        """One measurement of one system, in a process of its own."""
        self.say(f"{case.name}: {turn}: {system}, {setting.name}")
        done = self.ask(system, [self.job(case, setting, self.efforts[case.name].steps)])[0]
        if "rate" in done:
            self.runs[system, case.name, setting].append(done)
            self.say(f"  {done['rate']:,.0f} tokens/s, {done['megabytes']:,.0f} MB, loss {done['loss']:.3f}")
        else:
            self.reasons[system, case.name] = done["missing"]
            self.say(f"  missing: {done['missing']}")

    def job(self, case: Case, setting: Setting, steps: int) -> dict[str, Any]:
        """A toy step first warms the libraries up; what is compiled sees one shape alone, and two of its steps."""
        first = None if setting.compiled else asdict(CASES["toy"])
        warm = 2 if setting.compiled else 1
        work = {"case": asdict(case), "setting": asdict(setting), "device": "cpu"}
        return {**work, "first": first, "warm": warm, "steps": steps}

    def ask(self, system: str, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What a fresh process says of each job."""
        words, peer = [system, json.dumps(jobs)], system in NEED_PEERS
        return processes.ask("measure.py", words, len(jobs), threads=self.threads, with_peers=peer)

    def conclude(self) -> None:
        """Turn what was measured into rows."""
        for (what, precision), rates in self.alone.items():
            self.rows.append(result.row(ALONE, what, precision, "GFLOP/s", rates))
        for (case, precision), rates in self.ideals.items():
            self.rows.append(result.row(ALONE, case, precision, IDEAL, [max(rates)]))
        for case in self.cases:
            for system in self.systems:
                found = [s for s in self.best.get((system, case.name), []) if self.runs[system, case.name, s]]
                if not found:
                    reason = self.reasons.get((system, case.name), "not measured")
                    self.rows.append(result.missing(system, case.name, SPEED, reason))
                for setting in found:
                    self.rows += self.measured(system, case, setting)

    def measured(self, system: str, case: Case, setting: Setting) -> Iterable[result.Row]:
        """The rows of one system in one setting; its share is of products in the precision that it computes in."""
        runs, ideal = self.runs[system, case.name, setting], max(self.ideals[case.name, setting.compute])
        rates = [run["rate"] for run in runs]
        values = {
            SPEED: rates,
            SHARE: [rate / ideal for rate in rates],
            MEMORY: [run["megabytes"] for run in runs],
            WARM_UP: [run["warm_up"] for run in runs],
        }
        return [result.row(system, case.name, setting.name, unit, of) for unit, of in values.items()]

    def print_table(self) -> None:
        """What was found, one system a line."""
        for each in self.rows:
            if each.unit in (SPEED, SHARE, MEMORY):
                value = f"{each.value:>10,.4g}" if each.unit == SHARE else f"{each.value or 0:>10,.0f}"
                print(f"{each.case:4} {each.system:30} {each.precision:44} {value} {each.unit}")


def arguments(given: Iterable[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="one round of one step, nothing tuned, on the toy case unless given"
    )
    parser.add_argument("--only", action="append", choices=[*SYSTEMS, *OPTIONAL], help="a system; repeatable")
    parser.add_argument("--case", action="append", choices=list(EFFORTS), help="a case; repeatable (A and B)")
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
    shutil.rmtree(processes.COMPILED, ignore_errors=True)  # the first to compile pays for it
    if any(system in NEED_PEERS for system in bench.systems) and (reason := peers.install()):
        bench.say(reason)
        for name in (name for name in NEED_PEERS if bench.systems.pop(name, None)):
            bench.rows += [result.missing(name, case.name, SPEED, reason) for case in bench.cases]
    bench.run()
    cases = [case.name for case in bench.cases]
    found = standing(bench.rows, cases)
    result.write(
        chosen.output,
        name="train_cpu",
        rows=bench.rows,
        ratios=result.ratios(bench.rows, OWN, (SPEED, MEMORY), named),
        packages=PACKAGES,
        site=peers.SITE,
        threads=chosen.threads,
        best_peers=best_peers(bench.rows, cases),
        goals=found,
    )
    bench.print_table()
    for goal in found:
        over = f" over {goal['over']}" if goal["over"] else ""
        bench.say(f"{goal['case']}: {goal['unit']}{over}: {goal['got']} (wanted {goal['wanted']}; met: {goal['met']})")
    bench.say(f"written: {chosen.output}")
    speeds = {row.case: row.value for row in bench.rows if (row.system, row.unit) == (OWN, SPEED)}
    return int(OWN in bench.systems and not all(speeds.get(case) for case in cases))


if __name__ == "__main__":
    sys.exit(main())
