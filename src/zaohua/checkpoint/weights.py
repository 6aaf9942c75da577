"""The weights of a model folder: safetensors files, matched name by name and shape by shape."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from zaohua import folders
from zaohua.checkpoint.family import Family, Weight
from zaohua.checkpoint.tensors import write_tensors
from zaohua.model.config import TransformerConfig
from zaohua.model.transformer import Transformer
from zaohua.settings import UserError

FILE, INDEX, HEAD = "model.safetensors", "model.safetensors.index.json", "lm_head.weight"
OPTIMIZER = "optimizer.safetensors"
"""The state of the optimiser that trained a model, where it is kept beside it."""
LISTED = 5  # problems named in one message


def write_weights(folder: Path, model: Transformer, family: Family, dtype: torch.dtype) -> None:
    """Write model.safetensors; raises UserError if a weight is too large for `dtype`."""
    state = model.state_dict()
    tensors: dict[str, Tensor] = {}
    for weight in family.weights(model.config, state.keys()):
        tensor = torch.cat([state[name].detach() for name in weight.ours]).to(device="cpu", dtype=dtype)
        if dtype == torch.float16 and not bool(torch.isfinite(tensor).all()):
            raise UserError(
                f"{weight.theirs} does not fit the range of float16: save as bfloat16 or float32",
                f"{weight.theirs} 超出了 float16 的范围：请存为 bfloat16 或 float32",
            )
        tensors[weight.theirs] = (tensor.T if weight.transposed and tensor.dim() == 2 else tensor).contiguous()
    written = sum(tensor.numel() for tensor in tensors.values())
    assert written == sum(tensor.numel() for tensor in state.values()), "a family's table does not name every weight"
    write_tensors(folder / FILE, tensors, {"format": "pt"})


def read_weights(folder: Path, family: Family, config: TransformerConfig, dtype: torch.dtype) -> Transformer:
    """The model with the folder's weights; raises UserError naming what is missing, unknown, misshapen or not finite.

    Nothing is allocated before every name and shape is known to fit.
    """
    with torch.device("meta"):
        model = Transformer(config)
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    try:
        files = {path: safe_open(path, framework="pt") for path in _files(folder)}
        places = {name: file for file in files.values() for name in file.keys()}  # noqa: SIM118 (it is no mapping)
        stored = {name: tuple(file.get_slice(name).get_shape()) for name, file in places.items()}
        found, problems = _match(family, config, shapes, stored)
        _refuse(folder, problems)
        state: dict[str, Tensor] = {}
        for weight, name in found.items():
            tensor = places[name].get_tensor(name)
            if not bool(torch.isfinite(tensor).all()):
                problems.append(UserError(f"not finite {name}", f"{name} 中有不是有限数的值"))
            tensor = (tensor.T if weight.transposed and tensor.dim() == 2 else tensor).to(dtype)
            state |= dict(zip(weight.ours, (part.contiguous() for part in tensor.chunk(len(weight.ours))), strict=True))
        if config.tied_head and HEAD in places and HEAD not in found.values():
            same = torch.equal(places[HEAD].get_tensor(HEAD).to(dtype), state["embedding.token.weight"])
            if not same:
                problems.append(
                    UserError(
                        f"{HEAD} is not the embedding, though tie_word_embeddings is true",
                        f"tie_word_embeddings 为 true，{HEAD} 却不是词嵌入",
                    )
                )
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{folder}: the weights are damaged ({error}): take the folder from its source again",
            f"{folder} 的权重已损坏（{error}）：请从来源重新获取这个文件夹",
        ) from None
    _refuse(folder, problems)
    model.load_state_dict(state, assign=True)
    return model


def _match(
    family: Family,
    config: TransformerConfig,
    shapes: Mapping[str, torch.Size],
    stored: Mapping[str, tuple[int, ...]],
) -> tuple[dict[Weight, str], list[UserError]]:
    """Where each weight is in the files, and what is wrong with them."""
    left = {name.removeprefix(family.prefix): name for name in stored}
    found: dict[Weight, str] = {}
    problems = [
        UserError(f"twice {name}", f"重复了 {name}")
        for name in stored
        if left[name.removeprefix(family.prefix)] != name
    ]
    for weight in family.weights(config, shapes.keys()):
        short = weight.theirs.removeprefix(family.prefix)
        if short not in left and config.tied_head and weight.ours == ("embedding.token.weight",) and HEAD in left:
            short = HEAD  # either end of a tied pair will do
        if short not in left:
            problems.append(UserError(f"missing {weight.theirs}", f"缺少 {weight.theirs}"))
            continue
        name = left.pop(short)
        rows = sum(shapes[part][0] for part in weight.ours)
        expected = (rows, *shapes[weight.ours[0]][1:])
        expected = expected[::-1] if weight.transposed else expected
        if stored[name] != expected:
            problems.append(
                UserError(
                    f"misshapen {name} {list(stored[name])} where {list(expected)} belongs",
                    f"{name} 的形状是 {list(stored[name])}，应是 {list(expected)}",
                )
            )
        found[weight] = name
    if config.tied_head:
        left.pop(HEAD, None)
    meaningless = {name for name, row in family.names.items() if row is None}
    problems += [
        UserError(f"unknown {name}", f"没有 {name} 这个权重")
        for short, name in left.items()
        if re.sub(r"\.\d+\.", ".{}.", short) not in meaningless
    ]
    return found, problems


def _files(folder: Path) -> list[Path]:
    """The safetensors files of a folder: one, or those that the index of a sharded model names."""
    if (folder / FILE).is_file():
        return [folder / FILE]
    if not (folder / INDEX).is_file():
        other = next(folder.glob("*.bin"), None)
        english, chinese = (
            (
                f"only {other.name}, a kind of file that can run code and is never read",
                f"只有 {other.name}，这种文件能执行代码，从不读取",
            )
            if other
            else ("no weights", "没有权重")
        )
        raise UserError(
            f"{folder} has {english}: save the model as {FILE} with the program that made it",
            f"{folder} 里{chinese}：请用制作它的程序把模型存为 {FILE}",
        )
    try:
        index = folders.read_json(folder / INDEX, "take the folder from its source again", "请从来源重新获取这个文件夹")
        names = set(index["weight_map"].values())
        paths = sorted(folder / name for name in names if Path(name).name == name)
    except (KeyError, TypeError, AttributeError):
        raise UserError(
            f"{folder / INDEX} is no index of weights: take the folder from its source again",
            f"{folder / INDEX} 不是权重索引：请从来源重新获取这个文件夹",
        ) from None
    missing = [path.name for path in paths if not path.is_file()]
    if missing or len(paths) < len(names) or not paths:
        raise UserError(
            f"{folder} lacks weight files that its index names ({', '.join(missing[:LISTED])}): copy it whole",
            f"{folder} 缺少其索引列出的权重文件（{'、'.join(missing[:LISTED])}）：请完整复制",
        )
    return paths


def _refuse(folder: Path, problems: list[UserError]) -> None:
    if problems:
        left = len(problems) - LISTED
        english, chinese = (f" and {left} more", f"，另有 {left} 处") if left > 0 else ("", "")
        raise UserError(
            f"the weights in {folder} do not fit its config.json: "
            f"{'; '.join(each.english for each in problems[:LISTED])}{english}. "
            "Take the folder from its source again, or correct the config",
            f"{folder} 里的权重与它的 config.json 不符："
            f"{'；'.join(each.chinese for each in problems[:LISTED])}{chinese}。"
            "请从来源重新获取这个文件夹，或改正 config.json",
        )
