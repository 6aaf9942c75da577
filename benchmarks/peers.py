"""The peers' packages: pinned in peers.txt, installed beside the locked environment and kept out of it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINS = Path(__file__).parent / "peers.txt"
SITE = ROOT / ".bench" / "site"


def install() -> str | None:
    """Bring .bench/site to what peers.txt says; the reason in one line where that cannot be done."""
    stamp = SITE / PINS.name
    if stamp.exists() and stamp.read_text(encoding="utf-8") == PINS.read_text(encoding="utf-8"):
        return None
    print("installing the peers into .bench/site", flush=True)
    command = [".uv/bin/uv", "pip", "install", "--quiet", "--python", ".venv/bin/python", "--link-mode", "copy",
               "--target", str(SITE.relative_to(ROOT)), "--no-deps", "-r", str(PINS.relative_to(ROOT))]  # fmt: skip
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the peers could not be installed: {error}"
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        return f"the peers could not be installed: {lines[-1]}"
    stamp.write_text(PINS.read_text(encoding="utf-8"), encoding="utf-8")
    return None
