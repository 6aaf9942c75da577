"""Measurements in processes of their own: what one is started with, and what it says."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import peers

HERE = Path(__file__).parent
COMPILED = peers.SITE.parent / "inductor"
"""Where torch.compile keeps what it has compiled, so that the first process of a setting pays and no other does."""
_MARK = "RESULT "


def say(result: dict[str, Any]) -> None:
    """Hand a result to the process that waits for it."""
    print(_MARK + json.dumps(result), flush=True)


def ask(
    script: str, words: Sequence[str], results: int, *, threads: int, with_peers: bool = False, timeout: float = 600
) -> list[dict[str, Any]]:
    """What a fresh process of benchmarks/`script` says, so many results; {missing: reason} for those it does not say.

    Nothing is downloaded in it, and only `with_peers` does it see the peers' packages.
    """
    path = [str(peers.SITE)] if with_peers else []
    path += [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "PYTHONPATH": os.pathsep.join(path),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TORCHINDUCTOR_CACHE_DIR": str(COMPILED),
    }
    command = [sys.executable, str(HERE / script), *words]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return [{"missing": f"took more than {timeout:g} s"}] * results
    lines = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    found = [json.loads(line[len(_MARK) :]) for line in lines]
    said = done.stderr.strip().splitlines() or ["nothing was said"]
    reason = said[-1] if done.returncode > 0 else f"ended by signal {-done.returncode}"
    return found + [{"missing": reason}] * (results - len(found))


def peak_megabytes() -> float:
    """The most memory that this process has had resident; what it was forked from does not count where Linux tells."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    kilobytes = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)
    if kilobytes is not None:
        return kilobytes / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
