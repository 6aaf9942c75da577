"""The form of every benchmark's result: rows of what was measured, where, with what, and how it compares."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured quantity. `value` is the median of `runs` unless the unit says otherwise; None: see `precision`."""

    system: str
    case: str
    precision: str
    value: float | None
    unit: str
    runs: list[float] = field(default_factory=list)


def row(system: str, case: str, precision: str, unit: str, runs: Iterable[float]) -> Row:
    """The row of these runs' median."""
    rounded = [significant(run) for run in runs]
    return Row(
        system=system,
        case=case,
        precision=precision,
        value=significant(statistics.median(rounded)),
        unit=unit,
        runs=rounded,
    )


def missing(system: str, case: str, unit: str, reason: str) -> Row:
    """The row of a system that could not be measured; addresses and this checkout's path stay out of the reason."""
    reason = re.sub(r"\w+://\S+", "(address)", reason).replace(str(ROOT), ".")
    return Row(system=system, case=case, precision=f"missing: {reason}", value=None, unit=unit)


def ratios(
    rows: Sequence[Row], ours: str, units: Iterable[str], named: Callable[[Row], str] = lambda row: row.system
) -> list[dict[str, str | float]]:
    """Our value over each other system's, in the same case and unit; `named` says what each is over."""
    return [
        {"case": mine.case, "unit": unit, "of": ours, "over": named(other), "value": round(mine.value / other.value, 3)}
        for unit in units
        for mine in rows
        if mine.system == ours and mine.unit == unit and mine.value
        for other in rows
        if other.system != ours and (other.unit, other.case) == (unit, mine.case) and other.value
    ]


def write(
    path: Path,
    *,
    name: str,
    rows: Sequence[Row],
    ratios: Sequence[dict[str, str | float]],
    packages: Iterable[str],
    site: Path,
    threads: int,
    **fields: Any,
) -> None:
    """Write the result; `packages` are named with their versions, looked up in `site` too. `fields` come last."""
    document = {
        "name": name,
        "date": date.today().isoformat(),
        "commit": commit(),
        "machine": machine(threads),
        "versions": versions(packages, site),
        "rows": [asdict(each) for each in rows],
        "ratios": list(ratios),
        **fields,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def significant(value: float, digits: int = 4) -> float:
    """The value with as many digits as a measurement carries; larger integers whole."""
    return float(round(value)) if abs(value) >= 10**digits else float(f"{value:.{digits}g}")


def commit() -> str:
    """The short hash of the checkout, with -dirty where a tracked file differs from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def machine(threads: int) -> dict[str, str | int]:
    """What the numbers depend on besides the code."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 0,
        "threads": threads,
        "memory_gb": round(memory / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions(packages: Iterable[str], site: Path) -> dict[str, str]:
    """{package: version}, of those that are installed, and Python's."""
    found = {"python": platform.python_version()}
    for package in packages:
        installed = next(iter(metadata.distributions(name=package, path=[*sys.path, str(site)])), None)
        if installed is not None:
            found[package] = installed.version
    return found
