"""What differs between what a training folder was begun with and what is asked for now."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from zaohua.settings import UserError

_INPUTS = {"tokens": "文本（tokens）", "tokenizer": "分词器", "start": "起始模型", "model": "起始模型",
           "conversations": "对话"}  # fmt: skip
_ALLOWED = frozenset(
    {"steps", "seconds", "rows", "learning_rate", "schedule", "warmup", "landing", "final_rate", "muon_rate"}
    | {"weight_decay", "betas", "epsilon", "clip", "precision", "trouble", "spike"}
)  # the dials that can be turned in the middle of a run; with others the state or the rows would mean something else


def changes(before: Any, now: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(dotted name, value before, value now) of each leaf that differs."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in [*now, *(key for key in before if key not in now)]:
            yield from changes(before.get(key), now.get(key), f"{name}.{key}" if name else key)
    elif before != now:
        yield name, before, now


def refuse(before: Mapping[str, Any], now: Mapping[str, Any], allowed: Collection[str], place: str) -> None:
    """Raise UserError where a manifest differs from that of an unfinished run in more than is `allowed`.

    Settings are named as they are typed, the last part of their dotted name.
    """
    wrong = []
    for name, old, new in changes(before, now):
        last, may = name.rpartition(".")[2], ".training." in f".{name}" and name.rpartition(".")[2] in _ALLOWED
        if not may or last not in allowed:
            wrong.append((last, may, old, new))
    if not wrong:
        return
    english = "; ".join(
        f"the {name} of it is another" if name in _INPUTS else f"{name} was {old}, is {new}"
        for name, _, old, new in wrong
    )
    chinese = "；".join(
        f"{_INPUTS[name]}已不是原来的" if name in _INPUTS else f"{name} 原为 {old}，现为 {new}"
        for name, _, old, new in wrong
    )
    flags = " ".join(f"--allow {name.replace('_', '-')}" for name, *_ in wrong)
    turned = all(may for _, may, _, _ in wrong)
    raise UserError(
        f"{place} holds an unfinished run, and {english}: give another folder with -o"
        + (f", or go on there with {flags}" if turned else ""),
        f"{place} 里是尚未完成的运行，而{chinese}：请用 -o 另给一个文件夹"
        + (f"，或加上 {flags} 在原处继续" if turned else ""),
    )
