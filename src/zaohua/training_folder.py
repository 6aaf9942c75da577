"""A training folder: begun, trained in, and sealed with the model inside."""

import contextlib
import json
import os
from collections.abc import Collection, Mapping
from functools import partial
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
from zaohua.folders import BEGUN
from zaohua.generation.text import ends_of
from zaohua.model.device import device_of_choice
from zaohua.model.size import flops_per_token, parameter_count
from zaohua.objectives.causal import Causal
from zaohua.settings import UserError
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.training import drift
from zaohua.training.loop import Event, Training, train
from zaohua.training.precision import Precision, faster_precision
from zaohua.training.settings import HOW, TrainingSettings
from zaohua.watching import services
from zaohua.watching.console import Samples, View, view_of
from zaohua.watching.profile import Profile
from zaohua.watching.runs import ABOUT, LOG, entries
from zaohua.watching.speed import Speed, measured_ceiling, speed
from zaohua.watching.watchers import Watchers

_TOLD = 8  # changed settings that are named one by one
PRECISION = "precision.json"
"""What a probe chose, kept for the sake of those that go on."""
PROFILE = "profile"
"""Where --profile writes."""
BESIDE = ("checkpoints", PROFILE, services.FOLDER)
"""What nothing needs any more when a run is finished: it may be deleted, and no manifest names it."""


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


def begin(output: Path, manifest: dict[str, Any], events: Events, *, allow: Collection[str] | None = None) -> None:
    """Make ready to train in `output`, where this very run goes on. A finished one with other settings is moved aside,
    an unfinished one too unless it says what `allow` there is to change: then other changes raise UserError.

    To be called when nothing can be wrong any more. Raises UserError where `output` holds anything else.
    """
    begun = output / BEGUN
    wanted = json.loads(json.dumps(manifest, default=str))
    refuse_others(output)
    changes: list[tuple[str, Any, Any]] = []
    if begun.is_file() and not (output / folders.MANIFEST).exists():
        before = _begun(begun)
        changes = list(drift.changes(before, wanted))
        if allow is not None:
            drift.refuse(before, wanted, allow, str(output))
        for name, old, new in changes[:_TOLD]:
            events.say(f"  {name} was {old}, is {new}", f"  {name} 原为 {old}，现为 {new}")
        if not changes:
            return
        if allow is not None:
            _write_begun(begun, wanted)
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
    _write_begun(begun, wanted)


def _write_begun(path: Path, manifest: Mapping[str, Any]) -> None:
    folders.write_json(path, {**manifest, folders.OWN_DIGEST: folders.digest_of(manifest)})


def _begun(path: Path) -> dict[str, Any]:
    """What a folder was begun with; raises UserError where the file is damaged."""
    remedy = "delete its folder, and the same command begins anew", "请删除它所在的文件夹，再运行同一命令会从头开始"
    content = folders.read_json(path, *remedy)
    if content.pop(folders.OWN_DIGEST, None) not in (None, folders.digest_of(content)):
        raise UserError(f"{path} is damaged: {remedy[0]}", f"{path} 已损坏：{remedy[1]}")
    return content


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
    known = _about(objective, settings, output, device)
    told = known | {"title": stage, "steps": settings.steps, "seconds": settings.seconds, **manifest["settings"]}
    with Watchers(events) as watchers:
        pace, view = Speed(known), view_of(told, events)
        watchers.add("speed", lambda: pace)
        _let_watch(watchers, view, told, objective, settings, output, events)
        done = train(
            objective, rows, settings, output, Events(console=events.console, bars=view is None),
            happenings=[*happenings, Event(settings.validate_every, "speed", pace.fields)], precision=precision,
            device=device, title=stage, state=state, mixture=mixture, watcher=watchers,
        )  # fmt: skip
    chat = stage == "chat"
    ends = {"eos_token_id": sorted(ends_of(tokenizer))} if chat else None  # a reply ends otherwise than a text
    measured = {name: fields for name, fields in done.results.items() if name not in ("speed", "sample")}
    fast = speed(done.tokens, done.seconds, known) | {"ceiling": known.get("ceiling")}
    about = {"chat": chat, "steps": done.steps, "tokens": done.tokens, "results": measured, "speed": fast}
    inner = {"stage": "model", "settings": manifest["settings"], "inputs": manifest["inputs"]}
    with folders.writing(output / "model", inner) as temporary:
        save_model(temporary, objective.model.cpu(), tokenizer=tokenizer, generation=ends, about=about)
    carried_out = {
        "watching": settings.model_dump(mode="json", include={*settings.watching(), *HOW}),
        "precision": precision,
        "device": str(device),
        "seconds": round(done.seconds, 1),
    }
    folders.seal(output, manifest | carried_out, leave_out=BESIDE)
    _say_done(done, fast, events)
    return output


def _let_watch(
    watchers: Watchers,
    view: View | None,
    told: dict[str, Any],
    objective: Causal,
    settings: TrainingSettings,
    output: Path,
    events: Events,
) -> None:
    """Everybody who watches a run: the console, the services that the settings name, the profile that they ask for."""
    if view is None:
        watchers.add("console", lambda: Samples(events))
    else:
        watchers.add("console", lambda: view.recall(entries(output / LOG)))
    for name in settings.watch:
        watchers.add(name, partial(services.SERVICES[name], output, told))
    if settings.profile:
        watchers.add(PROFILE, lambda: Profile(output / PROFILE, settings.profile, objective, events))


def _about(objective: Causal, settings: TrainingSettings, output: Path, device: torch.device) -> dict[str, Any]:
    """What is trained on which machine, and how fast that could be: measured once, and kept for a resumed run.

    It is for those who watch, no part of what the run is, and where it cannot be read it is made again.
    """
    path = output / ABOUT
    with contextlib.suppress(UserError):
        kept = folders.read_json(path, "", "")
        if kept.get("device") == str(device):
            return kept
    config = objective.model.config
    about = {
        "parameters": parameter_count(config),
        "layers": config.layers,
        "dim": config.dim,
        "vocab_size": config.vocab_size,
        "flops_per_token": flops_per_token(config, settings.length),
        "device": str(device),
        "ceiling": measured_ceiling(device),
    }
    folders.write_json(path, about)
    return about


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


def _say_done(done: Training, fast: dict[str, Any], events: Events) -> None:
    bits, share = done.results.get("validate", {}).get("bits_per_byte"), fast.get("share_of_ceiling")
    rate = fast["tokens_per_second"]
    english, chinese = f" · {rate:,.0f} tokens/s", f" · {rate:,.0f} 词元/秒"
    if share:
        english, chinese = f"{english}, {share:.0%} of the machine's ceiling", f"{chinese}，机器上限的 {share:.0%}"
    if bits:
        english, chinese = f"{english} · held-out {bits:.3f} bits/byte", f"{chinese} · 留出文本 {bits:.3f} 比特/字节"
    events.say(
        f"  {done.steps:,} steps · {done.tokens:,} tokens · {duration(done.seconds)}{english}",
        f"  {done.steps:,} 步 · {done.tokens:,} 个词元 · {duration(done.seconds, chinese=True)}{chinese}",
    )
