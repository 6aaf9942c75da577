"""What a run depends on besides its settings and its text, kept with each checkpoint and compared when it goes on."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import torch

from zaohua.events import Events
from zaohua.training.precision import Precision
from zaohua.training.settings import WATCHING, TrainingSettings

_FINE = frozenset({"zaohua", *WATCHING})
_NAMES = {
    "torch": "torch 的版本", "threads": "线程数", "processor": "处理器的指令集", "device": "设备",
    "precision": "计算精度", "micro_rows": "每次前向的行数",
}  # fmt: skip


def environment(settings: TrainingSettings, precision: Precision, device: torch.device) -> dict[str, Any]:
    """What decides the last bit of a sum (reference: PyTorch's notes on reproducibility), and what is only watched."""
    return {
        "zaohua": version("zaohua"),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "precision": precision,
        "micro_rows": settings.micro_rows or settings.rows,
        **settings.model_dump(mode="json", include=set(WATCHING)),
    }


def report(before: Mapping[str, Any], now: Mapping[str, Any], events: Events) -> None:
    """Say what has changed since a checkpoint was written, and whether the run goes on bit for bit."""
    changed = {name: (before[name], value) for name, value in now.items() if name in before and before[name] != value}
    for name, (old, new) in changed.items():
        if name in _FINE:
            events.say(f"  {name} was {old}, is {new}: fine", f"  {name} 原为 {old}，现为 {new}：没有影响")
        else:
            events.say(
                f"  warning: {name} was {old}, is {new}: from here the run is equal to rounding, not bit for bit",
                f"  注意：{_NAMES[name]}原为 {old}，现为 {new}：此后的结果只在舍入误差内相同，不再逐位相同",
            )
