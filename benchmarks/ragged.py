"""Fine-tuning on texts of uneven length beside transformers' Trainer: examples a second.

1,024 texts of 50 to 512 random tokens, all their tokens learned, in steps of 16 texts (ours: of as many rows as hold 16
on average). Texts in random order are alike all along: there 16 steps are enough. Grouped by length or packed they are
not, and a whole epoch is measured. A model of 6 layers x 384 with rows of 512; each arm is a process of its own:
`python benchmarks/ragged.py`, about twelve minutes on two cores.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import peers
import processes
import result
from cases import CASES, Case
from systems import Setting

OWN, UNIT, MEMORY = "zaohua, packed", "examples/s", "MB at peak"
SHORTEST, AT_ONCE, EXAMPLES, STEPS = 50, 16, 1024, 16
BF16, FP32 = Setting(), Setting(compute="fp32")
GROUPED = {"train_sampling_strategy": "group_by_length"}
ARMS: dict[str, tuple[Setting, dict[str, Any]]] = {
    OWN: (BF16, {}),
    f"{OWN}, fp32": (FP32, {}),
    "Trainer at its defaults": (FP32, {}),
    "Trainer, group_by_length": (FP32, GROUPED),
    "Trainer, bf16": (BF16, {"bf16": True}),
    "Trainer, bf16, group_by_length": (BF16, {"bf16": True, **GROUPED}),
}
"""Each with what it computes in and what it chooses of the Trainer's arguments."""


def texts(case: Case, examples: int) -> list[list[int]]:
    """So many texts of random tokens, the same in every process; none is longer than a row."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(min(SHORTEST, case.context), case.context, examples, endpoint=True)
    return [generator.integers(1, case.vocab, length).tolist() for length in lengths]


def ours(case: Case, examples: int, step_ended: Callable[[int], None], setting: Setting, _: dict[str, Any]) -> None:
    """Packed rows as chat tuning packs them; a text sees itself alone. Calls step_ended(examples learned) each step."""
    import torch
    from systems import zaohua

    from zaohua.data.batches import make_batch
    from zaohua.data.examples import PackedExamples

    given = [(ids, [True] * len(ids)) for ids in texts(case, examples)]
    rows = PackedExamples(given, case.context, filler=0)
    held = [int(documents.max()) + 1 for documents in rows.arrays["documents"]]
    size = max(1, round(AT_ONCE * len(rows) / examples))
    parts = [np.arange(start, min(start + size, len(rows))) for start in range(0, len(rows), size)]
    counts = iter([sum(held[row] for row in part) for part in parts])
    batches = ([make_batch(rows, part)] for part in parts)
    zaohua.train_on(batches, case, setting, lambda: step_ended(next(counts)), torch.device("cpu"))


def trainer(
    case: Case, examples: int, step_ended: Callable[[int], None], setting: Setting, chosen: dict[str, Any]
) -> None:
    """transformers' Trainer: each batch is padded to its longest text. Who chooses bf16 chooses the faster GELU too."""
    from systems.transformers import FASTER_GELU, model
    from systems.transformers_trainer import Clock
    from transformers import Trainer, TrainingArguments

    given = [{"input_ids": ids} for ids in texts(case, examples)]
    grouped = "train_sampling_strategy" in chosen
    length = {"num_train_epochs": 1} if grouped else {"max_steps": min(STEPS, len(given) // AT_ONCE)}
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, per_device_train_batch_size=AT_ONCE, use_cpu=True, save_strategy="no", **length, **chosen
        )
        Trainer(
            model(case, activation=FASTER_GELU if setting.compute == "bf16" else "gelu_new"),
            arguments,
            data_collator=padded,
            train_dataset=given,  # pyright: ignore[reportArgumentType] - a list is a dataset
            callbacks=[Clock(lambda: step_ended(AT_ONCE))],
        ).train()


def padded(given: list[dict[str, list[int]]]) -> dict[str, Any]:
    """Texts -> ids, attention mask and labels, each (texts, longest) int64; padding is neither seen nor learned."""
    import torch

    ids = [torch.tensor(each["input_ids"]) for each in given]
    pad = torch.nn.utils.rnn.pad_sequence
    shown = pad([torch.ones_like(each) for each in ids], batch_first=True)
    labels = pad(ids, batch_first=True, padding_value=-100)
    return {"input_ids": pad(ids, batch_first=True), "attention_mask": shown, "labels": labels}


def measure(arm: str, case: Case, examples: int) -> dict[str, float]:
    """Examples per second and peak memory of one arm in this process, after a small run that warms the libraries up."""
    setting, chosen = ARMS[arm]
    train = ours if arm.startswith(OWN) else trainer
    train(replace(CASES["toy"], rows=AT_ONCE), 2 * AT_ONCE, lambda _: None, setting, chosen)
    learned, ends = [], []

    def step_ended(count: int) -> None:
        learned.append(count)
        ends.append(time.perf_counter())

    train(case, examples, step_ended, setting, chosen)
    return {"rate": sum(learned[1:]) / (ends[-1] - ends[0]), "megabytes": processes.peak_megabytes()}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a toy model and 64 texts, one round")
    parser.add_argument("--only", action="append", choices=list(ARMS), help="an arm; repeatable")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, help="where to write; in part runs .bench/ragged.json")
    parser.add_argument("--measure", nargs=2, metavar=("ARM", "JOB"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure every arm in turn and write the result."""
    chosen = arguments()
    if chosen.measure:
        import torch

        arm, job = chosen.measure[0], json.loads(chosen.measure[1])
        torch.set_num_threads(job["threads"])
        processes.say(measure(arm, Case(**job["case"]), job["examples"]))
        return
    case = replace(CASES["toy"], context=64) if chosen.quick else replace(CASES["A"], context=512)
    job = {"case": asdict(case), "examples": 64 if chosen.quick else EXAMPLES, "threads": chosen.threads}
    arms, reason = chosen.only or list(ARMS), None
    if any(not arm.startswith(OWN) for arm in arms):
        reason = peers.install()
    runs: dict[str, list[dict[str, float]]] = {arm: [] for arm in arms}
    reasons: dict[str, str] = {}
    for turn in range(chosen.rounds):
        for arm in arms if turn % 2 == 0 else reversed(arms):
            if reason and not arm.startswith(OWN):
                done: dict[str, Any] = {"missing": reason}
            else:
                words = ["--measure", arm, json.dumps(job)]
                done = processes.ask("ragged.py", words, 1, threads=chosen.threads, with_peers=True, timeout=1800)[0]
            print(f"{arm:32} {done}", flush=True)
            if "rate" in done:
                runs[arm].append(done)
            else:
                reasons[arm] = done["missing"]
    rows = [
        result.row(arm, "ragged", ARMS[arm][0].name, unit, [run[key] for run in found])
        for arm, found in runs.items()
        for unit, key in ((UNIT, "rate"), (MEMORY, "megabytes"))
        if found
    ] + [result.missing(arm, "ragged", UNIT, reasons[arm]) for arm, found in runs.items() if not found]
    whole = not (chosen.quick or chosen.only)
    result.write(
        chosen.output or (result.RESULTS if whole else peers.SITE.parent) / "ragged.json",
        name="ragged",
        rows=rows,
        ratios=result.ratios(rows, OWN, (UNIT, MEMORY)),
        packages=("zaohua", "torch", "transformers", "accelerate"),
        site=peers.SITE,
        threads=chosen.threads,
    )
    sys.exit(int(OWN in runs and not runs[OWN]))


if __name__ == "__main__":
    main()
