"""Where each millisecond of a training step goes: a trace to look into, and a table by what is computed."""

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua import folders
from zaohua.events import Events

if TYPE_CHECKING:
    from torch import nn

AFTER = 3
"""Steps before the first that is taken apart: they warm up."""
MARK = "zaohua/"
"""What the names of our own spans begin with, here and in the loop."""
_BACKWARD, _NODE = 1, "autograd::engine::evaluate_function"  # torch's scope and name of a step of the backward pass
_NAMES = {
    "attention": "注意力", "activation": "激活函数", "norm": "归一化", "embedding": "词嵌入", "model": "模型其余部分",
    "loss": "损失与输出层", "optimiser": "优化器", "clip": "梯度裁剪", "loading": "读取数据", "logging": "写日志",
    "measuring": "验证与样本", "saving": "存检查点", "rest": "其余（Python、等待）",
}  # fmt: skip
_ENGLISH = {"model": "rest of the model", "loss": "loss and head", "rest": "rest (Python, waiting)"}
_PAGES: dict[str, dict[str, str]] = {
    "en": {
        "file": "table.md", "title": "Where the time of a step goes",
        "head": "{steps} steps from step {first} on, {each:,.1f} ms each on {device}; forward and backward together.",
        "columns": "| | ms a step | share |", "products": "matrix products", "all": "all",
        "look": "Every single operation: open trace.json in https://ui.perfetto.dev.",
        "device": "The times are the accelerator's; it waits in what is left.",
    },
    "zh": {
        "file": "table.zh.md", "title": "一步训练的时间用在哪里",
        "head": "从第 {first} 步起的 {steps} 步，在 {device} 上每步 {each:,.1f} 毫秒；前向与反向合计。",
        "columns": "| | 毫秒/步 | 占比 |", "products": "矩阵乘法", "all": "合计",
        "look": "逐个运算：在 https://ui.perfetto.dev 中打开 trace.json。",
        "device": "时间是加速器上的，其余为它等待的时间。",
    },
}  # fmt: skip


class Profile:
    """Takes `steps` steps apart, after the first three; leaves the numbers that are computed as they are."""

    def __init__(self, folder: Path, steps: int, objective: "nn.Module", events: Events) -> None:
        self.folder, self.steps, self.objective, self.events = folder, steps, objective, events
        self.seen = 0
        self.handles: list[Any] = []
        self.profiler: Any = None

    def step(self, fields: Mapping[str, Any]) -> None:
        self.seen += 1
        if self.seen == AFTER:
            self._begin()
            self.first = fields["step"] + 1
        elif self.profiler and self.seen == AFTER + self.steps:
            self._end()

    def happened(self, name: str, fields: Mapping[str, Any]) -> None:
        pass

    def close(self) -> None:
        if self.profiler:
            self._end()

    def _begin(self) -> None:
        from torch import profiler

        os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # without a GPU it would speak of an error
        kinds = [profiler.ProfilerActivity.CPU]
        if self._device() == "cuda":
            kinds.append(profiler.ProfilerActivity.CUDA)
        self.handles = mark_modules(self.objective)
        self.profiler = profiler.profile(activities=kinds)
        self.profiler.start()
        self.begun = time.perf_counter()

    def _end(self) -> None:
        taken, found = self.seen - AFTER, self.profiler
        if self._device() == "cuda":
            import torch

            torch.cuda.synchronize()
        milliseconds = (time.perf_counter() - self.begun) * 1000
        self.profiler = None
        for handle in self.handles:
            handle.remove()
        found.stop()
        if not taken:
            return
        self.folder.mkdir(exist_ok=True)
        found.export_chrome_trace(str(self.folder / "trace.json"))
        spent = milliseconds_by_place(found.events(), on_device=self._device() == "cuda")
        for language, words in _PAGES.items():
            page = table(spent, milliseconds, taken, self.first, self._device(), language)
            folders.write_file(self.folder / words["file"], page)
        self.events.say(
            f"  where the time of {taken} steps went: {self.folder / 'table.md'}",
            f"  {taken} 步的时间用在哪里：{self.folder / 'table.zh.md'}",
        )

    def _device(self) -> str:
        return next(self.objective.parameters()).device.type


def mark_modules(objective: "nn.Module") -> list[Any]:
    """Let every module that has a place in the table mark its forward pass -> handles that undo it."""
    from torch.profiler import record_function

    handles = []
    for path, module in objective.named_modules():
        place = place_of(path, type(module).__name__)
        if place is None:
            continue
        spans: list[Any] = []

        def enter(module: Any, inputs: Any, spans: list[Any] = spans, place: str = place) -> None:
            spans.append(record_function(MARK + place).__enter__())

        def leave(module: Any, inputs: Any, output: Any, spans: list[Any] = spans) -> None:
            spans.pop().__exit__(None, None, None)

        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    return handles


def place_of(path: str, kind: str) -> str | None:
    """Where in the table the work of a module stands, by its path in the objective and its class."""
    if not path:
        return "loss"
    if kind == "Linear":
        return "product " + ".".join([part for part in path.split(".") if not part.isdigit()][-2:])
    found = {"Transformer": "model", "InputEmbedding": "embedding", "Attention": "attention", "MLP": "activation"}
    return "norm" if kind.endswith("Norm") else found.get(kind)


def milliseconds_by_place(events: Iterable[Any], *, on_device: bool = False) -> dict[str, float]:
    """What torch's profiler saw -> milliseconds by place, each moment counted once.

    An event belongs to the nearest of our spans around it; in the backward pass to that of the operation whose
    gradient it computes, which has the same number in the same thread (torch's sequence_nr).
    """
    host = [event for event in events if event.device_type.name == "CPU" and not event.is_async]
    forward: dict[tuple[int, int], Any] = {}
    for event in sorted(host, key=lambda event: event.time_range.start):
        if event.sequence_nr >= 0 and not _is_backward(event):
            forward[event.thread, event.sequence_nr] = event  # the last to have a number made its node
    spent: dict[str, float] = defaultdict(float)
    for event in host:
        time = event.self_device_time_total if on_device else event.self_cpu_time_total
        spent[_place(event, forward)] += time / 1000
    return dict(spent)


def _place(event: Any, forward: Mapping[tuple[int, int], Any]) -> str:
    around = event
    while around is not None:
        if around.name.startswith(MARK):
            return around.name.removeprefix(MARK)
        if around.name.startswith("Optimizer."):
            return "optimiser"
        if _is_backward(around):
            origin = forward.get((around.fwd_thread, around.sequence_nr))
            if origin is not None:
                return _place(origin, {})
        around = around.cpu_parent
    return "rest"


def _is_backward(event: Any) -> bool:
    return event.scope == _BACKWARD or event.name.startswith(_NODE)


def table(spent: Mapping[str, float], total: float, steps: int, first: int, device: str, language: str) -> str:
    """The page: milliseconds a step and shares, the largest first; what no place has is the rest."""
    say, names = _PAGES[language], _NAMES if language == "zh" else _ENGLISH
    places = {place: each for place, each in spent.items() if place != "rest" and each > 0}
    places["rest"] = max(total - sum(places.values()), 0.0)
    products = sum(each for place, each in places.items() if place.startswith("product "))
    rows = sorted(places.items(), key=lambda row: (row[0] == "rest", -row[1]))
    lines = [f"# {say['title']}", "", say["head"].format(steps=steps, first=first, each=total / steps, device=device)]
    lines += [say["device"]] if device != "cpu" else []
    lines += ["", say["columns"], "|---|---:|---:|"]
    for place, each in [*rows, (f"**{say['products']}**", products), (f"**{say['all']}**", total)]:
        named = names[place] if place in names else re.sub("^product ", f"{say['products']} ", place)
        lines.append(f"| {named} | {each / steps:,.2f} | {each / total:.1%} |")
    return "\n".join([*lines, "", say["look"]]) + "\n"
