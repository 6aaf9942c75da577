"""A training folder: begun, trained in, and sealed with the model inside."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zaohua import folders
from zaohua.checkpoint.model_folder import save_model
from zaohua.data.batches import make_batch
from zaohua.data.mix import Mixture
from zaohua.data.rows import RowSource
from zaohua.events import Events, duration
from zaohua.generation.text import ends_of
from zaohua.model.device import device_of_choice
from zaohua.objectives.causal import Causal
from zaohua.settings import UserError
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.training.loop import Event, Training, train
from zaohua.training.precision import Precision, faster_precision
from zaohua.training.settings import TrainingSettings

BEGUN = "begun.json"
"""What is trained in a training folder, written first."""
PRECISION = "precision.json"
"""What a probe chose, kept for the sake of those that go on."""


def finished(output: Path, manifest: dict[str, Any], events: Events) -> bool:
    """Whether `output` holds this very run, finished; then that is said."""
    found = folders.up_to_date(output, manifest)
    if found:
        events.say(f"  {output} is up to date", f"  {output} 已是最新")
    return found


def refuse_others(output: Path) -> None:
    """Raise UserError where something stands at `output` that is no training folder."""
    if not (output / BEGUN).is_file():
        folders.refuse_others(output)


def begin(output: Path, manifest: dict[str, Any], events: Events) -> None:
    """Make ready to train in `output`, where this very run goes on and one with other settings is moved aside.

    To be called when nothing can be wrong any more. Raises UserError where `output` holds anything else.
    """
    begun = output / BEGUN
    wanted = json.loads(json.dumps(manifest, default=str))
    refuse_others(output)
    if begun.is_file() and not (output / folders.MANIFEST).exists():
        remedy = "delete its folder, and the same command begins anew", "请删除它所在的文件夹，再运行同一命令会从头开始"
        if folders.read_json(begun, *remedy) == wanted:
            return
    if output.is_dir() and any(output.iterdir()):
        number = next(n for n in range(1, 10**6) if not output.with_name(f"{output.name}-old-{n}").exists())
        aside = output.with_name(f"{output.name}-old-{number}")
        os.rename(output, aside)
        events.say(
            f"  {output} held a run with other settings; it is kept as {aside.name}",
            f"  {output} 里是另一套设置的运行，已改名保留为 {aside.name}",
        )
    output.mkdir(parents=True, exist_ok=True)
    folders.write_json(begun, wanted)


def carry_out(
    objective: Causal,
    rows: RowSource,
    settings: TrainingSettings,
    output: Path,
    manifest: dict[str, Any],
    happenings: list[Event],
    tokenizer: Tokenizer,
    events: Events,
    *,
    state: dict[str, torch.Tensor] | None = None,
    mixture: Mixture | None = None,
) -> Path:
    """Choose the precision, run the loop in a folder that was begun, write model/ and at last the manifest."""
    device, stage = device_of_choice(), manifest["stage"]
    precision = _precision(objective, rows, settings, output, device)
    torch.manual_seed(settings.seed)
    done = train(
        objective, rows, settings, output, events, happenings=happenings, precision=precision, device=device,
        title=stage, state=state, mixture=mixture,
    )  # fmt: skip
    chat = stage == "chat"
    ends = {"eos_token_id": sorted(ends_of(tokenizer))} if chat else None  # a reply ends otherwise than a text
    about = {"chat": chat, "steps": done.steps, "tokens": done.tokens, "results": done.results}
    inner = {"stage": "model", "settings": manifest["settings"], "inputs": manifest["inputs"]}
    with folders.writing(output / "model", inner) as temporary:
        save_model(temporary, objective.model.cpu(), tokenizer=tokenizer, generation=ends, about=about)
    told = {
        "watching": settings.model_dump(mode="json", include=set(settings.watching())),
        "precision": precision,
        "device": str(device),
        "seconds": round(done.seconds, 1),
    }
    folders.seal(output, manifest | told, leave_out="checkpoints")  # nothing needs them any more: they may be deleted
    _say_done(done, events)
    return output


def _precision(
    objective: Causal, rows: RowSource, settings: TrainingSettings, output: Path, device: torch.device
) -> Precision:
    """The chosen precision; what a probe found is written down, so that a resumed run keeps it."""
    if settings.precision != "auto":
        return settings.precision
    path = output / PRECISION
    if path.is_file():
        remedy = "delete it, and it is measured again", "请删除它，会重新测定"
        kept = folders.read_json(path, *remedy).get("precision")
        if kept not in ("fp32", "bf16"):
            raise UserError(f"{path} names no precision: {remedy[0]}", f"{path} 没有写明精度：{remedy[1]}")
        return kept
    objective.to(device)
    batch = make_batch(rows, np.arange(min(settings.micro_rows or settings.rows, len(rows)))).to(device)
    chosen = faster_precision(objective, batch, device)
    folders.write_json(path, {"precision": chosen})
    return chosen


def _say_done(done: Training, events: Events) -> None:
    bits = done.results.get("validate", {}).get("bits_per_byte")
    extra = f" · held-out {bits:.3f} bits/byte" if bits else ""
    events.say(
        f"  {done.steps:,} steps · {done.tokens:,} tokens · {duration(done.seconds)}{extra}",
        f"  {done.steps:,} 步 · {done.tokens:,} 个词元 · {duration(done.seconds, chinese=True)}"
        + (f" · 留出文本 {bits:.3f} 比特/字节" if bits else ""),
    )
