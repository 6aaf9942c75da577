"""On a GPU, in ten minutes at most: equal to the CPU, tokens learned and written per second, one whole run.

`bash benchmarks/gpu.sh` writes benchmarks/results/gpu.json; `--device cpu` tries the same at toy size.
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

from zaohua.data.batches import Batch
from zaohua.generation.decode import generate
from zaohua.generation.sampling import Sampling
from zaohua.model.config import TransformerConfig
from zaohua.model.initialization import new_model
from zaohua.model.presets import Family, shape
from zaohua.model.size import flops_per_token, parameter_count
from zaohua.objectives.causal import Causal
from zaohua.training.optimizer import Optimizer
from zaohua.training.precision import Precision, computing_in, finish
from zaohua.training.settings import TrainingSettings
from zaohua.training.step import accumulate_gradients, gradient_norm

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
    rows = [*parity(device), *learning(device), *writing(device)]
    if asked.minutes:
        rows += whole_run(asked.minutes)
    for each in rows:
        print(f"{each.case:44} {each.precision:5} {each.value:>12} {each.unit}")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    write(asked.output, name=f"gpu: {name}", rows=rows, ratios=ratios(rows, "zaohua", ()), packages=("torch", "zaohua"),
          site=Path(), threads=torch.get_num_threads())  # fmt: skip


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


def learning(device: torch.device) -> Iterator[Row]:
    """Tokens per second of whole optimiser steps, and the share of the measured peak of matrix products."""
    big = device.type == "cuda"
    peak = products(device, 8192 if big else 1024)
    yield row("torch", "square matrix product", "bf16", "TFLOP/s", [peak])
    sizes = [(12, 768, 32), (24, 1024, 16)] if big else [(2, 128, 2)]
    for layers, dim, rows in sizes:
        config = shape("gpt2", dim=dim, layers=layers, vocab_size=50_304, max_length=1024 if big else 128)
        case = f"train gpt2 {parameter_count(config) / 1e6:.0f}M, {rows} rows of {config.max_length}"
        speeds = tokens_per_second(config, rows, device, "bf16")
        yield row("zaohua", case, "bf16", "tokens/s", speeds)
        shares = [speed * flops_per_token(config, config.max_length) / peak / 1e12 for speed in speeds]
        yield row("zaohua", case, "bf16", "share of the peak", shares)
        if big:
            yield row("zaohua", case, "bf16", "GB at most", [torch.cuda.max_memory_allocated(device) / 1e9])
            torch.cuda.reset_peak_memory_stats(device)


def tokens_per_second(config: TransformerConfig, rows: int, device: torch.device, precision: Precision) -> list[float]:
    """Three times ten steps after five to warm up."""
    objective = Causal(new_model(config, generator=torch.Generator().manual_seed(0))).to(device).train()
    settings = TrainingSettings(steps=1, learning_rate=3e-4)
    optimizer, compute = Optimizer(objective, settings, precision), computing_in(precision, device)
    ids = torch.randint(config.vocab_size, (rows, config.max_length + 1), device=device)
    batch = Batch(ids=ids[:, :-1], labels=ids[:, 1:], counts={"loss": rows * config.max_length})

    def step() -> None:
        accumulate_gradients(objective, [batch], compute)
        gradient_norm(objective, 1.0)
        optimizer.step(1.0)

    seconds(step, 5, device)
    return [10 * rows * config.max_length / seconds(step, 10, device) for _ in range(RUNS)]


def products(device: torch.device, size: int) -> float:
    """TFLOP/s of the best of several bf16 products of square matrices."""
    left, right = (torch.randn(size, size, device=device).bfloat16() for _ in range(2))
    seconds(lambda: left @ right, 3, device)
    return max(2e-12 * size**3 / seconds(lambda: left @ right, 1, device) for _ in range(20))


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
