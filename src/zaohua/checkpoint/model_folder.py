"""A model on disk: the folder that transformers, vLLM and this program all load."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from zaohua import folders
from zaohua.checkpoint.families import FAMILIES, family_of
from zaohua.checkpoint.family import Family
from zaohua.checkpoint.weights import read_weights, write_weights
from zaohua.model.config import TransformerConfig
from zaohua.model.device import device_of_choice
from zaohua.model.transformer import Transformer
from zaohua.settings import UserError
from zaohua.tokenizer.tokenizer import Tokenizer

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
ABOUT = "zaohua.json"


@dataclass(frozen=True)
class LoadedModel:
    """What a model folder holds; the model is in evaluation mode, `generation` is generation_config.json.

    `family` is the model_type of its config.json; `about` is what zaohua.json tells of its training: whether it learned
    to chat, its steps, tokens and results. Empty where the model comes from elsewhere.
    """

    model: Transformer
    tokenizer: Tokenizer | None
    generation: dict[str, Any]
    family: str = ""
    about: dict[str, Any] = field(default_factory=dict)


def save_model(
    folder: Path,
    model: Transformer,
    *,
    tokenizer: Tokenizer | None = None,
    dtype: Literal["float32", "bfloat16", "float16"] = "float32",
    generation: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write config.json, the weights, generation_config.json, the tokenizer's files and zaohua.json (where there is
    something to tell `about` the training) into an existing folder.

    The folder is meant to be a temporary one that the caller renames when it is complete (folders.py).
    """
    family = family_of(model.config)
    ends: dict[str, Any] = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    if tokenizer is not None:
        _check_vocabulary(folder, tokenizer, model.config)
        ends |= {"bos_token_id": tokenizer.end_of_text, "eos_token_id": tokenizer.end_of_text}
        ends |= {"pad_token_id": tokenizer.specials.get("<|pad|>")}
        tokenizer.save(folder)
    _write(folder / "config.json", {**family.write(model.config), **ends, "dtype": dtype})
    _write(folder / "generation_config.json", {**ends, **(generation or {})})
    if about:
        folders.write_json(folder / ABOUT, about)
    write_weights(folder, model, family, DTYPES[dtype])


def load_model(folder: Path, *, dtype: torch.dtype = torch.float32) -> LoadedModel:
    """Read a model folder of any known family, strictly, onto the device of choice; raises UserError that says what
    to do."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder}: give the path of a model folder",
            f"没有文件夹 {folder}：请给出模型文件夹的路径",
        )
    family, config = _described(folder)
    model = read_weights(folder, family, config, dtype)
    if folders.manifest_of(folder) and (wrong := folders.problems(folder, "model*.safetensors")):
        raise UserError(
            f"{wrong[0].english}: copy or make the model again, or delete manifest.json there if you changed it",
            f"{wrong[0].chinese}：请重新复制或生成这个模型；如果是你自己改动的，请删除那里的 manifest.json",
        )
    tokenizer = Tokenizer.load(folder) if (folder / "tokenizer.json").is_file() else None
    if tokenizer is not None:
        _check_vocabulary(folder, tokenizer, config)
    generation = folder / "generation_config.json"
    return LoadedModel(
        model=model.to(device_of_choice()).eval(),
        tokenizer=tokenizer,
        generation=_read(generation) if generation.is_file() else {},
        family=family.model_type,
        about=_about(folder / ABOUT),
    )


def tokenizer_of(loaded: LoadedModel) -> Tokenizer:
    """The model's tokenizer; raises UserError where the folder has none."""
    if loaded.tokenizer is None:
        raise UserError(
            "the model folder has no tokenizer, so it can read no text: take a folder that has one",
            "这个模型文件夹里没有分词器，读不了文本：请换一个带分词器的",
        )
    return loaded.tokenizer


def _described(folder: Path) -> tuple[Family, TransformerConfig]:
    """What the folder's config.json describes; raises UserError when it is missing, damaged or of no known family."""
    path = folder / "config.json"
    theirs = _read(path)
    family = FAMILIES.get(str(theirs.get("model_type")))
    if family is None:
        raise UserError(
            f"{path}: model_type is {theirs.get('model_type')!r}; known are {', '.join(FAMILIES)}",
            f"{path} 的 model_type 为 {theirs.get('model_type')!r}，已知的有 {'、'.join(FAMILIES)}",
        )
    try:
        return family, family.read(theirs)
    except UserError as error:
        raise UserError(f"{path}: {error.english}", f"{path}：{error.chinese}") from None


def _about(path: Path) -> dict[str, Any]:
    remedy = (
        "make the folder again, or delete this file for a plain model",
        "请重新生成这个文件夹，或删除这个文件，当作普通模型使用",
    )
    try:
        return folders.read_json(path, *remedy) if path.is_file() else {}
    except UserError:
        raise UserError(f"{path} is damaged: {remedy[0]}", f"{path} 已损坏：{remedy[1]}") from None


def _check_vocabulary(folder: Path, tokenizer: Tokenizer, config: TransformerConfig) -> None:
    if tokenizer.vocab_size > config.vocab_size:
        raise UserError(
            f"{folder}: the tokenizer has {tokenizer.vocab_size} tokens, the model only {config.vocab_size}: "
            "take the tokenizer that the model was trained with",
            f"{folder} 的分词器有 {tokenizer.vocab_size} 个词元，模型却只有 {config.vocab_size} 个："
            "请用训练这个模型时所用的分词器",
        )


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise UserError(
            f"{path.parent} is no model folder, it has no {path.name}: give the path of one",
            f"{path.parent} 不是模型文件夹，里面没有 {path.name}：请给出模型文件夹的路径",
        )
    return folders.read_json(path, "take the folder from its source again", "请从来源重新获取这个文件夹")


def _write(path: Path, mapping: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(mapping, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
