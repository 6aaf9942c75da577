"""The training stages composed from their parts: checked settings and finished folders in, a model folder out."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from zaohua import folders, training_folder
from zaohua.checkpoint.model_folder import load_model, tokenizer_of
from zaohua.checkpoint.weights import OPTIMIZER
from zaohua.data.examples import Conversation, pack_conversations
from zaohua.data.mix import Mixture, weights_of
from zaohua.data.packing import Rows
from zaohua.data.rows import IGNORED, RowSource
from zaohua.data.shards import TokenStore
from zaohua.evaluation.perplexity import bits_per_byte, summed_loss
from zaohua.events import Events
from zaohua.generation.settings import Sampling
from zaohua.generation.text import written
from zaohua.landing import Trunk, begin_landing
from zaohua.model.config import TransformerConfig
from zaohua.model.initialization import new_model
from zaohua.model.presets import PRESETS, shape
from zaohua.model.size import parameter_count
from zaohua.model.transformer import Transformer
from zaohua.objectives.causal import Causal
from zaohua.recipe import ChatSettings, ModelSettings
from zaohua.settings import SettingError, UserError
from zaohua.sources import conversations, conversations_digest
from zaohua.tokenizer.chat import render
from zaohua.tokenizer.tokenizer import Tokenizer
from zaohua.training.ending import require_judge
from zaohua.training.loop import Event, require_rows
from zaohua.training.settings import TrainingSettings
from zaohua.watching.services import require_packages

CODE = 2
"""Raised by hand when the same settings and inputs would give another model."""

_SHOWN = Sampling(temperature=0.8, max_new_tokens=48)
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
    except SettingError as error:
        raise UserError(f"model: {error.english}", f"model：{error.chinese}") from None


def pretrain(
    model_settings: ModelSettings,
    settings: TrainingSettings,
    tokens: Path,
    tokenizer_folder: Path,
    output: Path,
    events: Events,
    *,
    start: Path | None = None,
    trunk: Trunk | None = None,
    allow: Collection[str] | None = None,
) -> Path:
    """Train a model on packed text -> `output`, with model/ and manifest.json inside.

    It begins from its first weights, or from the model in `start` and the state of its optimiser where that lies there,
    or lands a `trunk`, whose settings are its own but for the few that the landing has for itself.
    What it writes by now is shown every `sample_every` steps. `allow` is as in `training_folder.begin`.
    """
    require_packages(settings.watch)
    tokenizer = Tokenizer.load(tokenizer_folder)
    store = TokenStore.open(tokens, tokenizer)
    asked = {"model": model_settings.model_dump(mode="json"), "training": settings.deciding()}
    inputs = {"tokens": folders.summary_digest(tokens), "tokenizer": tokenizer.digest}
    if start is not None:
        inputs["start"] = folders.digest(start / "model.safetensors")
    if trunk is not None:
        _require_same(inputs, trunk)
        asked["land"], inputs["checkpoint"] = trunk.told(), trunk.checkpoint
    manifest: dict[str, Any] = {"stage": "pretrain", "code": CODE, "settings": asked, "inputs": inputs}
    with folders.alone(output) as output:
        if training_folder.finished(output, manifest, events):
            return output
        part = store.part("train")
        rows, heldout = Rows(part, settings.length), Rows(store.part("heldout"), settings.length)
        require_rows(rows)
        require_judge(settings, "bits_per_byte" if len(heldout) else None)
        mixture = None
        if settings.mix:
            mixture = Mixture(rows.spans(part.sources), weights_of(settings.mix, list(part.sources)))
        if start is None:
            model, state = _new_model(model_settings, settings, tokenizer.vocab_size), None
        else:
            model = _model_for(start, tokenizer, settings, model_settings)
            state = load_file(start / OPTIMIZER) if (start / OPTIMIZER).is_file() else None
        training_folder.begin(output, manifest, events, allow=allow)
        if trunk is not None:
            begin_landing(trunk, settings, output, events)
        config = model.config
        events.say(
            f"  {parameter_count(config):,} parameters · {config.layers} layers × {config.dim} · "
            f"vocabulary {config.vocab_size:,} · {len(rows):,} rows of {settings.length} tokens",
            f"  {parameter_count(config):,} 个参数 · {config.layers} 层 × {config.dim} · 词表 {config.vocab_size:,} · "
            f"{len(rows):,} 行，每行 {settings.length} 个词元",
        )
        objective = Causal(model, z_loss=settings.z_loss)
        validate = partial(_validate, objective, heldout, store.part("heldout").bytes, settings.validate_rows)
        happenings = [Event(settings.validate_every, "validate", validate, judged_by="bits_per_byte")]
        if settings.sample_every:
            show = partial(_show, objective, tokenizer, [tokenizer.end_of_text], "")
            happenings.append(Event(settings.sample_every, "sample", show))
        return training_folder.carry_out(
            objective, rows, settings, output, manifest, happenings, tokenizer, events, state=state, mixture=mixture
        )


def _require_same(inputs: dict[str, str], trunk: Trunk) -> None:
    """Raises UserError where a landing would go on with other tokens or another model than its trunk."""
    names = {
        "tokens": ("these tokens", "这些词元"),
        "tokenizer": ("this tokenizer", "这个分词器"),
        "start": ("this --start", "这个 --start"),
    }
    for name, (english, chinese) in names.items():
        if inputs.get(name) != trunk.inputs.get(name):
            raise UserError(
                f"{trunk.run} was not trained with {english}: give what it was trained with",
                f"{trunk.run} 训练时用的不是{chinese}：请给出它训练时用的",
            )


def _new_model(asked: ModelSettings, settings: TrainingSettings, vocab_size: int) -> Transformer:
    longest = asked.max_length or settings.length
    _require_room(settings, longest)
    config = config_of(asked, vocab_size=vocab_size, max_length=longest)
    return new_model(config, generator=torch.Generator().manual_seed(settings.seed))


def _model_for(start: Path, tokenizer: Tokenizer, settings: TrainingSettings, asked: ModelSettings) -> Transformer:
    """The model to go on with; raises UserError where it does not go with these tokens and settings."""
    if asked != ModelSettings():
        raise UserError(
            f"the shape of {start} is what it is: leave the settings of the model out",
            f"{start} 的结构已经定了：请去掉模型的设置",
        )
    loaded = load_model(start)
    if loaded.tokenizer is not None and loaded.tokenizer.digest != tokenizer.digest:
        raise UserError(
            f"{start} was made with another tokenizer: make the tokens with `zaohua tokens CORPUS {start}`",
            f"{start} 用的是另一个分词器：请用 `zaohua tokens CORPUS {start}` 生成词元",
        )
    _require_room(settings, loaded.model.config.max_length)
    return loaded.model


def _require_room(settings: TrainingSettings, longest: int) -> None:
    if settings.length > longest:
        raise UserError(
            f"length ({settings.length}) is above the model's {longest} tokens: give shorter rows",
            f"length（{settings.length}）超过了模型的 {longest} 个词元：请给更短的行",
        )


def finetune_chat(
    chat: ChatSettings, model: Path, output: Path, events: Events, *, allow: Collection[str] | None = None
) -> Path:
    """Fine-tune the model in `model` on conversations, learning the assistant's words -> `output`.

    `allow` is as in `training_folder.begin`.
    Every `sample_every` steps it is asked the first of the conversations that are kept unseen.
    """
    settings = chat.training
    require_packages(settings.watch)
    if settings.mix:
        raise UserError(
            "conversations are not mixed by weight: leave chat.training.mix out",
            "对话不按权重混合：请去掉 chat.training.mix",
        )
    manifest: dict[str, Any] = {
        "stage": "chat",
        "code": CODE,
        "settings": {
            **chat.model_dump(mode="json", exclude={"share", "training"}),
            "training": settings.deciding(),
        },
        "inputs": {
            "model": folders.digest(model / "model.safetensors"),
            "conversations": conversations_digest(chat),
        },
    }
    with folders.alone(output) as output:
        if training_folder.finished(output, manifest, events):
            return output
        loaded = load_model(model)
        tokenizer = tokenizer_of(loaded)
        _require_room(settings, loaded.model.config.max_length)
        rows = pack_conversations(conversations(chat, "train"), tokenizer, settings.length)
        kept = list(conversations(chat, "test"))
        unseen = pack_conversations(kept, tokenizer, settings.length)
        if not len(rows) or not (rows.arrays["labels"] != IGNORED).any():
            raise UserError(
                "no conversation has an answer of the assistant to learn: give some that have",
                "没有一段对话里有可学的助手回答：请给出有回答的对话",
            )
        require_judge(settings, "loss_on_answers" if len(unseen) else None)
        training_folder.begin(output, manifest, events, allow=allow)
        if rows.cut:
            events.say(
                f"  {rows.cut:,} conversations are longer than {settings.length} tokens and lost their beginning",
                f"  {rows.cut:,} 段对话超过 {settings.length} 个词元，开头被截去",
            )
        objective = Causal(loaded.model, z_loss=settings.z_loss)
        validate = partial(_validate_answers, objective, unseen, settings.validate_rows)
        judged = Event(settings.validate_every, "validate", validate, judged_by="loss_on_answers")
        happenings = [judged] if len(unseen) else []
        asked = _question(kept[0]) if kept and settings.sample_every else []
        if asked:
            prompt = render(tokenizer, asked, add_reply=True).ids
            if len(prompt) < loaded.model.config.max_length:
                show = partial(_show, objective, tokenizer, prompt, asked[-1]["content"])
                happenings.append(Event(settings.sample_every, "sample", show))
        return training_folder.carry_out(objective, rows, settings, output, manifest, happenings, tokenizer, events)


TASKS = {"chat": finetune_chat}
"""What a model can be fine-tuned for."""


def _validate(objective: Causal, heldout: Rows, text_bytes: int, limit: int) -> dict[str, Any] | None:
    """Held-out bits per byte on `limit` rows; the report measures up to 20 MB of the text."""
    if not len(heldout):
        return None
    nats, targets = summed_loss(objective, heldout, limit=limit)
    share = targets / heldout.targets
    bits = bits_per_byte(nats, text_bytes * share)
    return {"bits_per_byte": bits, "loss": nats / targets, "heldout_tokens": targets}


def _validate_answers(objective: Causal, heldout: RowSource, limit: int) -> dict[str, Any]:
    nats, targets = summed_loss(objective, heldout, limit=limit)
    return {"loss_on_answers": nats / max(targets, 1), "heldout_tokens": targets}


def _question(conversation: Conversation) -> Conversation:
    """What stands before the assistant's first answer; nothing where it begins or never answers."""
    roles = [message["role"] for message in conversation]
    return conversation[: roles.index("assistant")] if "assistant" in roles else []


def _show(objective: Causal, tokenizer: Tokenizer, prompt: list[int], asked: str) -> dict[str, Any]:
    """What the model writes by now after `prompt`, and the end of what it was asked."""
    text = " ".join(written(objective.model, tokenizer, [prompt], _SHOWN)[0].split())
    return {"question": " ".join(asked.split())[-_ASKED:], "text": text}
