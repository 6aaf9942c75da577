"""On a GPU: logits equal to the CPU's, tokens written per second, one whole run. Training speed is train_gpu.py's.

`bash benchmarks/gpu.sh` writes benchmarks/results/gpu.json and train_gpu.json; `--device cpu` tries them at toy size.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from result import RESULTS, Row, ratios, row, write

from zaohua.generation.decode import generate
from zaohua.generation.sampling import Sampling
from zaohua.model.initialization import new_model
from zaohua.model.presets import Family, shape
from zaohua.model.size import parameter_count
from zaohua.training.precision import finish

FAMILIES: tuple[Family, ...] = ("openai-gpt", "gpt2", "gpt_neo", "llama", "qwen3")
RUNS = 3


def main() -> None:
    """Measure everything and write the result."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--device", default="cuda")
    reader.add_argument("--minutes", type=float, default=3.0, help="of the whole run at the end; 0 leaves it out")
    reader.add_argument("--output", type=Path, default=RESULTS / "gpu.json")
    asked = reader.parse_args()
    device = torch.device(asked.device)
    rows = [*parity(device), *writing(device)]
    if asked.minutes:
        rows += whole_run(asked.minutes)
    for each in rows:
        print(f"{each.case:44} {each.precision:5} {each.value:>12} {each.unit}")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    write(asked.output, name="gpu", rows=rows, ratios=ratios(rows, "zaohua", ()), packages=("torch", "zaohua"),
          site=Path(), threads=torch.get_num_threads(), device=name)  # fmt: skip


def parity(device: torch.device) -> Iterator[Row]:
    """The largest difference of the logits from the CPU's, all parameters random, in fp32."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    for family in FAMILIES:
        config = replace(shape(family, dim=64, layers=3, vocab_size=211, max_length=128), initial_std=0.3)
        model = new_model(config, generator=torch.Generator().manual_seed(0)).eval()
        ids = torch.randint(config.vocab_size, (4, 128), generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            wanted = model.logits(model(ids))
            model.to(device)
            found = model.logits(model(ids.to(device))).cpu()
        error = float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1))
        yield row("zaohua", f"{family}: logits beside the CPU's", "fp32", "max |a - b| / max(1, max |b|)", [error])


def writing(device: torch.device) -> Iterator[Row]:
    """New tokens per second while a model writes, alone and 64 texts at once."""
    big = device.type == "cuda"
    config = shape("gpt2", dim=768 if big else 64, layers=12 if big else 2, vocab_size=50_304, max_length=512)
    model = new_model(config, generator=torch.Generator().manual_seed(0)).to(device).eval()
    new = 256 if big else 16
    for texts in (1, 64):
        prompts = [[1, 2, 3, 4, 5, 6, 7, 8]] * texts

        def write_all(prompts: list[list[int]] = prompts) -> None:
            list(generate(model, prompts, Sampling(max_new_tokens=new), end_ids=()))

        seconds(write_all, 1, device)
        speeds = [texts * new / seconds(write_all, 1, device) for _ in range(RUNS)]
        case = f"write with gpt2 {parameter_count(config) / 1e6:.0f}M, {texts} at once"
        yield row("zaohua", case, "fp32", "tokens/s", speeds)


def whole_run(minutes: float) -> Iterator[Row]:
    """`zaohua quickstart` from text to card."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "zaohua.cli", "quickstart", "--minutes", str(minutes), "--no-serve"]
        start = time.perf_counter()
        subprocess.run([*command, "-o", folder + "/run"], check=True)
        spent = time.perf_counter() - start
        card = json.loads(Path(folder, "run", "report", "card.json").read_text(encoding="utf-8"))
    case = f"quickstart of {minutes:g} minutes"
    yield row("zaohua", case, "auto", "seconds", [spent])
    yield row("zaohua", case, "auto", "tokens learned from", [card["model"]["tokens"]])
    yield row("zaohua", case, "auto", "held-out bits per byte", [card["heldout"]["bits_per_byte"]])
    for language, scores in card["stories"].items():
        yield row("zaohua", f"{case}, {language}", "auto", "consistent", [scores["consistent"]["share"]])


def seconds(work: Callable[[], object], times: int, device: torch.device) -> float:
    """How long the work takes, so many times, until the device has finished it."""
    finish(device)
    start = time.perf_counter()
    for _ in range(times):
        work()
    finish(device)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
