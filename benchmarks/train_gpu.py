"""Training speed on one GPU beside the peers: tokens per second and the share of the chip's arithmetic, in bf16.

GPT-2 small and medium (124M and 355M parameters, rows of 1,024, vocabulary padded to 50,304), fp32 masters, fused
AdamW, clipping at 1, no dropout. Ours learns from packed documents and keeps them apart; the peers, a loop in the
manner of nanoGPT and transformers' GPT-2, learn from the same tokens end to end, eager and compiled. Who runs out of
memory halves its rows at once and accumulates. The share (MFU) counts the model's operations, every key as visible,
against the datasheet's dense peak and against the best product of square matrices in the same run.

`python benchmarks/train_gpu.py`, or with `--device cpu` at toy size. `--curve FOLDER` also lets `zaohua make` learn
the texts of a folder and prints its held-out bits per byte with the clock.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import processes
import result
from cases import CASES, Case, step_flops
from processes import HERE
from result import Row
from systems import Setting

OWN, SPEED, MEMORY, WARM_UP = "zaohua", "tokens/s", "MB at peak", "seconds to warm up"
BY_DATASHEET, BY_PRODUCT = "share of the datasheet's dense peak", "share of the measured product peak"
PEAKS = {
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989e12,
    "H200": 989e12,
    "B200": 2250e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "4090": 165e12,
    "A10": 125e12,
}
"""Dense bf16 operations per second by the makers' datasheets; the first name that the device's name holds counts."""
PEERS = ("nanogpt", "transformers")
WANTED_SHARE, WANTED_OVER_PEERS = {"gpt2-medium": 0.45}, 1.2
STEPS, RUNS = 10, 3


def datasheet_peak(name: str) -> float | None:
    """Dense bf16 operations per second of a device of this name, where its datasheet is known."""
    return next((peak for part, peak in PEAKS.items() if part in name), None)


def settings(system: str, device: str) -> list[Setting]:
    """What a system is tried with; a CPU's toy compiles nothing."""
    compiled = [Setting(compiled=True)] if system in PEERS and device == "cuda" else []
    return [Setting(), *compiled]


def measured(system: str, case: Case, setting: Setting, device: str) -> dict[str, Any]:
    """What a process of its own says, with half as many rows at once after every one that was out of memory."""
    found: dict[str, Any] = {}
    rows = case.rows
    while rows:
        own = replace(setting, at_once=0 if rows == case.rows else rows)
        job = {"case": asdict(case), "setting": asdict(own), "device": device, "first": None}
        job |= {"warm": 5, "steps": STEPS} if device == "cuda" else {"warm": 1, "steps": 1}
        found = processes.ask("measure.py", [system, json.dumps([job])], 1, threads=1)[0] | {"setting": own}
        if "out of memory" not in found.get("missing", "") and "OutOfMemory" not in found.get("missing", ""):
            break
        rows //= 2
    return found


def rows_of(system: str, case: Case, device: str, peaks: dict[str, float]) -> Iterator[Row]:
    """A system in its fastest setting, by one run of each, measured in `RUNS` of them."""
    tried = [measured(system, case, setting, device) for setting in settings(system, device)]
    able = [found for found in tried if "rate" in found]
    for found in tried:
        if "rate" not in found:
            yield result.missing(system, case.name, SPEED, f"{found['setting'].name}: {found['missing']}")
    if not able:
        return
    best = max(able, key=lambda found: found["rate"])
    again = [measured(system, case, best["setting"], device) for _ in range(RUNS - 1 if device == "cuda" else 0)]
    runs = [best, *(found for found in again if "rate" in found)]
    values = {SPEED: [run["rate"] for run in runs]}
    values |= {unit: [rate * step_flops(case) / peak for rate in values[SPEED]] for unit, peak in peaks.items()}
    values |= {MEMORY: [run["megabytes"] for run in runs], WARM_UP: [run["warm_up"] for run in runs]}
    for unit, of in values.items():
        yield result.row(system, case.name, best["setting"].name, unit, of)


def product_peak(device: str) -> float:
    """Operations per second of the best of several bf16 products of square matrices."""
    import torch

    from zaohua.training.precision import finish

    size, best, where = 8192 if device == "cuda" else 512, math.inf, torch.device(device)
    left, right = (torch.randn(size, size, device=where).bfloat16() for _ in range(2))
    for _ in range(20):
        finish(where)
        start = time.perf_counter()
        _ = left @ right
        finish(where)
        best = min(best, time.perf_counter() - start)
    return 2.0 * size**3 / best


def curve(texts: Path, minutes: float, folder: Path) -> Iterator[Row]:
    """`zaohua make` on real text: held-out bits per byte at each measurement, with the seconds of training by then."""
    command = [sys.executable, "-m", "zaohua.cli", "make", str(texts), "--minutes", f"{minutes:g}", "-o", str(folder)]
    subprocess.run(command, check=True)
    for seconds, bits in points((folder / "pretrain" / "metrics.jsonl").read_text(encoding="utf-8")):
        print(f"{seconds:8.1f} s  {bits:.4f} bits per byte")
        yield result.row(OWN, f"{texts.name} after {seconds:.0f} s", "auto", "held-out bits per byte", [bits])


def points(log: str) -> list[tuple[float, float]]:
    """The lines of a training log -> (seconds of work, held-out bits per byte) at each validation."""
    found, seconds = [], 0.0
    for entry in map(json.loads, log.splitlines()):
        seconds = entry.get("seconds", seconds)
        if entry["event"] == "validate":
            found.append((seconds, entry["bits_per_byte"]))
    return found


def standing(rows: list[Row]) -> list[dict[str, Any]]:
    """Each goal: what was wanted, what was got, and whether that is enough."""
    value = {(row.system, row.case, row.unit): row.value for row in rows if row.value}
    found = []
    for system, case, unit in value:
        got = value[system, case, unit]
        if system == OWN and unit == BY_DATASHEET and case in WANTED_SHARE:
            wanted = WANTED_SHARE[case]
            found.append({"case": case, "goal": unit, "wanted": wanted, "got": got, "met": got >= wanted})
        if system in PEERS and unit == SPEED and (ours := value.get((OWN, case, SPEED))):
            ratio, wanted = round(ours / got, 3), WANTED_OVER_PEERS
            goal = f"{unit} over {system}"
            found.append({"case": case, "goal": goal, "wanted": wanted, "got": ratio, "met": ratio >= wanted})
    return found


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--only", action="append", choices=[OWN, *PEERS], help="a system; repeatable")
    parser.add_argument("--curve", type=Path, metavar="FOLDER", help="texts that `zaohua make` learns at the end")
    parser.add_argument("--minutes", type=float, default=5.0, help="of that (5)")
    parser.add_argument("--output", type=Path, default=result.RESULTS / "train_gpu.json")
    return parser.parse_args()


def main() -> int:
    """Measure, write, print; 1 where our own system could not be measured."""
    chosen = arguments()
    device = chosen.device
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("there is no GPU here: --device cpu tries the same at toy size")
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    product, sheet = product_peak(device), datasheet_peak(name)
    torch.cuda.empty_cache()
    peaks = {BY_PRODUCT: product} | ({BY_DATASHEET: sheet} if sheet else {})
    rows = [result.row("torch", "square matrix product", "bf16", "TFLOP/s", [product / 1e12])]
    for case in [CASES["gpt2"], CASES["gpt2-medium"]] if device == "cuda" else [CASES["toy"]]:
        for system in chosen.only or (OWN, *PEERS):
            rows += list(rows_of(system, case, device, peaks))
    if chosen.curve:
        rows += list(curve(chosen.curve, chosen.minutes, HERE.parent / ".bench" / "curve"))
    for each in rows:
        print(f"{each.case:24} {each.system:14} {each.precision:40} {each.value or 0:>12,.4g} {each.unit}")
    goals = standing(rows)
    for goal in goals:
        print(f"{goal['case']}: {goal['goal']}: {goal['got']} (wanted {goal['wanted']}; met: {goal['met']})")
    packages = ("zaohua", "torch", "transformers")
    found = result.ratios(rows, OWN, (SPEED, MEMORY))
    result.write(
        chosen.output,
        name="train_gpu",
        rows=rows,
        ratios=found,
        packages=packages,
        site=Path(),
        threads=1,
        device=name,
        goals=goals,
    )
    return int(not any(row.system == OWN and row.value for row in rows))


if __name__ == "__main__":
    sys.exit(main())
