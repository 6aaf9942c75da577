"""The training stages composed from their parts: checked settings and finished folders in, a model folder out."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from zaohua import folders
from zaohua.checkpoint.model_folder import load_model, save_model, tokenizer_of
from zaohua.checkpoint.resizing import OPTIMIZER
from zaohua.data.batches import IGNORED
from zaohua.data.examples import Conversation, pack_conversations
from zaohua.data.mix import Mixture, weights_of
from zaohua.data.packing import Rows
from zaohua.data.shards import TokenStore
from zaohua.evaluation.perplexity import bits_per_byte, summed_loss
from zaohua.events import Events, duration
from zaohua.generation.text import ends_of
from zaohua.model.config import TransformerConfig
from zaohua.model.device import device_of_choice
from zaohua.model.initialization import new_model
from zaohua.model.presets import PRESETS, shape
from zaohua.model.size import parameter_count
from zaohua.model.transformer import Transformer
from zaohua.objectives.causal import Causal
from zaohua.recipe import ChatSettings, ModelSettings
from zaohua.settings import UserError
from zaohua.tokenizer.chat import render
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.training import precision
from zaohua.training.loop import Event, Training, train
from zaohua.training.settings import TrainingSettings

CODE = 1
"""Raised by hand when the same settings and inputs would give another model."""

Sample = Callable[[Transformer, Tokenizer, Sequence[int]], str]
"""What a model writes after these ids."""
_ASKED = 60  # characters of a question shown before the answer


def config_of(settings: ModelSettings, *, vocab_size: int, max_length: int) -> TransformerConfig:
    """The architecture that the settings describe; raises UserError where they do not fit together."""
    try:
        if settings.preset is not None:
            config = replace(PRESETS[settings.preset], vocab_size=vocab_size, max_length=max_length)
        else:
            config = shape(
                settings.family, dim=settings.dim, layers=settings.layers, vocab_size=vocab_size, max_length=max_length
            )
        return config.with_dropout(settings.dropout) if settings.dropout is not None else config
    except ValueError as error:
        raise UserError(f"model: {error}") from None


def pretrain(
    model_settings: ModelSettings,
    settings: TrainingSettings,
    tokens: Path,
    tokenizer_folder: Path,
    output: Path,
    events: Events,
    *,
    start: Path | None = None,
    sample: Sample | None = None,
) -> Path:
    """Train a model on packed text -> `output`, with model/ and manifest.json inside.

    It begins from its first weights, or from the model in `start` and the state of its optimiser where that lies there.
    What it writes by now is shown every `sample_every` steps.
    """
    tokenizer = Tokenizer.load(tokenizer_folder)
    store = TokenStore.open(tokens, tokenizer)
    longest = model_settings.max_length or settings.length
    if settings.length > longest:
        raise UserError(f"length ({settings.length}) is above model.max_length ({longest}): give shorter rows")
    manifest: dict[str, Any] = {
        "stage": "pretrain",
        "code": CODE,
        "settings": {"model": model_settings.model_dump(mode="json"), "training": settings.model_dump(mode="json")},
        "inputs": {"tokens": folders.summary_digest(tokens), "tokenizer": tokenizer.digest},
    }
    part = store.part("train")
    rows, heldout = Rows(part, settings.length), Rows(store.part("heldout"), settings.length)
    mixture = None
    if settings.mix:
        mixture = Mixture(rows.spans(part.sources), weights_of(settings.mix, list(part.sources)))
    state: dict[str, torch.Tensor] | None = None
    if start is None:
        config = config_of(model_settings, vocab_size=tokenizer.vocab_size, max_length=longest)
        model = new_model(config, generator=torch.Generator().manual_seed(settings.seed))
    else:
        manifest["inputs"]["start"] = folders.digest(start / "model.safetensors")
        model = _model_for(start, tokenizer, settings, model_settings)
        config = model.config
        state = load_file(start / OPTIMIZER) if (start / OPTIMIZER).is_file() else None
    with folders.alone(output):
        if not _begin(output, manifest, events):
            return output
        objective = Causal(model)
        torch.manual_seed(settings.seed)
        events.say(
            f"  {parameter_count(config):,} parameters · {config.layers} layers × {config.dim} · "
            f"vocabulary {config.vocab_size:,} · {len(rows):,} rows of {settings.length} tokens",
            f"  {parameter_count(config):,} 个参数 · {config.layers} 层 × {config.dim} · 词表 {config.vocab_size:,} · "
            f"{len(rows):,} 行，每行 {settings.length} 个词元",
        )
        validate = partial(_validate, objective, heldout, store.part("heldout").bytes, settings.validate_rows)
        happenings = [Event(settings.validate_every, "validate", validate)]
        if sample and settings.sample_every:
            show = partial(_show, objective, tokenizer, sample, [tokenizer.end_of_text], "", events)
            happenings.append(Event(settings.sample_every, "sample", show))
        return _train(
            objective, rows, settings, output, manifest, happenings, tokenizer, events, title="pretrain", chat=False,
            state=state, mixture=mixture,
        )  # fmt: skip


def _model_for(start: Path, tokenizer: Tokenizer, settings: TrainingSettings, asked: ModelSettings) -> Transformer:
    """The model to go on with; raises UserError where it does not go with these tokens and settings."""
    loaded = load_model(start)
    if loaded.tokenizer is not None and loaded.tokenizer.digest != tokenizer.digest:
        raise UserError(f"{start} was made with another tokenizer: make the tokens with `zaohua tokens CORPUS {start}`")
    if settings.length > loaded.model.config.max_length:
        raise UserError(f"length ({settings.length}) is above the model's {loaded.model.config.max_length} tokens")
    if asked != ModelSettings():
        raise UserError(f"the shape of {start} is what it is: leave the settings of the model out")
    return loaded.model


def finetune_chat(
    chat: ChatSettings,
    conversations: Iterable[Conversation],
    heldout: Iterable[Conversation],
    model: Path,
    output: Path,
    events: Events,
    *,
    data_digest: str,
    sample: Sample | None = None,
) -> Path:
    """Fine-tune the model in `model` on conversations, learning the assistant's words -> `output`.

    Every `sample_every` steps it is asked the first of the held-out conversations.
    """
    settings = chat.training
    manifest = {
        "stage": "chat",
        "code": CODE,
        "settings": chat.model_dump(mode="json"),
        "inputs": {"model": folders.digest(model / "model.safetensors"), "conversations": data_digest},
    }
    if settings.mix:
        raise UserError("conversations are not mixed by weight: leave chat.training.mix out")
    with folders.alone(output):
        if not _begin(output, manifest, events):
            return output
        loaded = load_model(model)
        tokenizer = tokenizer_of(loaded)
        if settings.length > loaded.model.config.max_length:
            raise UserError(
                f"chat.training.length ({settings.length}) is above the model's {loaded.model.config.max_length} tokens"
            )
        objective = Causal(loaded.model)
        rows = pack_conversations(conversations, tokenizer, settings.length)
        kept = list(heldout)
        unseen = pack_conversations(kept, tokenizer, settings.length)
        if not len(rows) or not (rows.arrays["labels"] != IGNORED).any():
            raise UserError("no conversation has an answer of the assistant to learn: give some that have")
        if rows.cut:
            events.say(
                f"  {rows.cut:,} conversations are longer than {settings.length} tokens and lost their beginning",
                f"  {rows.cut:,} 段对话超过 {settings.length} 个词元，开头被截去",
            )
        torch.manual_seed(settings.seed)
        validate = partial(_validate_answers, objective, unseen, settings.validate_rows)
        happenings = [Event(settings.validate_every, "validate", validate)] if len(unseen) else []
        asked = _question(kept[0]) if kept and sample and settings.sample_every else []
        if asked:
            prompt = render(tokenizer, asked, add_reply=True).ids
            if len(prompt) < loaded.model.config.max_length:
                show = partial(_show, objective, tokenizer, sample, prompt, asked[-1]["content"], events)
                happenings.append(Event(settings.sample_every, "sample", show))
        return _train(
            objective, rows, settings, output, manifest, happenings, tokenizer, events, title="chat", chat=True
        )


def _begin(output: Path, manifest: dict[str, Any], events: Events) -> bool:
    """Make ready to train in `output`; False when it already holds this very run, finished."""
    if folders.up_to_date(output, manifest):
        events.say(f"  {output} is up to date", f"  {output} 已是最新")
        return False
    begun = output / "begun.json"
    wanted = json.loads(json.dumps(manifest, default=str))
    if (
        begun.exists()
        and json.loads(begun.read_text(encoding="utf-8")) == wanted
        and not (output / folders.MANIFEST).exists()
    ):
        return True
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        if not (begun.exists() or folders.manifest_of(output)):
            raise UserError(f"{output} holds something that zaohua did not write: give another folder with -o")
        number = next(n for n in range(1, 10**6) if not output.with_name(f"{output.name}-old-{n}").exists())
        aside = output.with_name(f"{output.name}-old-{number}")
        os.rename(output, aside)
        events.say(
            f"  {output} held a run with other settings; it is kept as {aside.name}",
            f"  {output} 里是另一套设置的运行，已改名保留为 {aside.name}",
        )
    output.mkdir(parents=True, exist_ok=True)
    folders.write_file(begun, json.dumps(wanted, ensure_ascii=False, indent=1) + "\n")
    return True


def _train(
    objective: Causal,
    rows: Any,
    settings: TrainingSettings,
    output: Path,
    manifest: dict[str, Any],
    happenings: list[Event],
    tokenizer: Tokenizer,
    events: Events,
    *,
    title: str,
    chat: bool,
    state: dict[str, torch.Tensor] | None = None,
    mixture: Mixture | None = None,
) -> Path:
    """Choose the precision, run the loop, write model/ and at last the manifest."""
    device = device_of_choice()
    chosen = _precision(objective, rows, settings, output, device)
    done = train(
        objective, rows, settings, output, events, happenings=happenings, precision=chosen, device=device, title=title,
        state=state, mixture=mixture,
    )  # fmt: skip
    with folders.writing(
        output / "model", {"stage": "model", "settings": manifest["settings"], "inputs": manifest["inputs"]}
    ) as temporary:
        ends = {"eos_token_id": sorted(ends_of(tokenizer))} if chat else None  # a reply ends otherwise than a text
        save_model(temporary, objective.model.cpu(), tokenizer=tokenizer, generation=ends)
        about = {"chat": chat, "steps": done.steps, "tokens": done.tokens, "results": done.results}
        (temporary / "zaohua.json").write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    about_run = {**manifest, "precision": chosen, "device": str(device), "seconds": round(done.seconds, 1)}
    folders.seal(output, about_run, leave_out="checkpoints")  # nothing needs them any more: they may be deleted
    _say_done(done, events)
    return output


def _precision(
    objective: Causal, rows: Any, settings: TrainingSettings, output: Path, device: torch.device
) -> precision.Precision:
    """The chosen precision; what a probe found is written down, so that a resumed run keeps it."""
    if settings.precision != "auto":
        return settings.precision
    found = output / "precision.json"
    if found.exists():
        return json.loads(found.read_text())
    import numpy as np

    from zaohua.data.batches import make_batch

    objective.to(device)
    batch = make_batch(rows, np.arange(min(settings.micro_rows or settings.rows, len(rows)))).to(device)
    chosen = precision.faster_precision(objective, batch, device)
    folders.write_file(found, json.dumps(chosen) + "\n")
    return chosen


def _validate(objective: Causal, heldout: Rows, text_bytes: int, limit: int) -> dict[str, Any] | None:
    """Held-out bits per byte on `limit` rows; the report measures all of the text."""
    if not len(heldout):
        return None
    nats, targets = summed_loss(objective, heldout, limit=limit)
    share = targets / heldout.targets
    return {"bits_per_byte": bits_per_byte(nats, text_bytes * share), "heldout_tokens": targets}


def _validate_answers(objective: Causal, heldout: Any, limit: int) -> dict[str, Any]:
    nats, targets = summed_loss(objective, heldout, limit=limit)
    return {"loss_on_answers": nats / max(targets, 1), "heldout_tokens": targets}


def _question(conversation: Conversation) -> Conversation:
    """What stands before the assistant's first answer; nothing where it begins or never answers."""
    roles = [message["role"] for message in conversation]
    return conversation[: roles.index("assistant")] if "assistant" in roles else []


def _show(
    objective: Causal, tokenizer: Tokenizer, sample: Sample, prompt: list[int], asked: str, events: Events
) -> None:
    """One line of what the model writes after `prompt`, behind the end of what it was asked."""
    text = " ".join(sample(objective.model, tokenizer, prompt).split())
    question = " ".join(asked.split())[-_ASKED:]
    events.say(f"  » {question} → {text[:160]}" if question else f"  » {text[:160]}")


def _say_done(done: Training, events: Events) -> None:
    bits = done.results.get("validate", {}).get("bits_per_byte")
    extra = f" · held-out {bits:.3f} bits/byte" if bits else ""
    events.say(
        f"  {done.steps:,} steps · {done.tokens:,} tokens · {duration(done.seconds)}{extra}",
        f"  {done.steps:,} 步 · {done.tokens:,} 个词元 · {duration(done.seconds)}"
        + (f" · 留出文本 {bits:.3f} 比特/字节" if bits else ""),
    )
