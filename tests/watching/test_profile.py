"""Where a step's time goes: every moment has one place, and training is the same as without looking."""

import json
import re
from types import SimpleNamespace

import pytest
import torch

from tests.training.toy import ToyRows, toy_objective
from zaohua.events import Events
from zaohua.training.loop import Event, train
from zaohua.training.settings import TrainingSettings
from zaohua.watching.profile import Profile, milliseconds_by_place, place_of, table
from zaohua.watching.watchers import Watchers


class Seen:
    """An event as torch's profiler gives it: a span of time inside another, here in microseconds."""

    def __init__(self, name, start, end, inside=None, *, number=-1, scope=0, thread=1):
        self.name, self.scope, self.sequence_nr = name, scope, number
        self.thread = self.fwd_thread = thread
        self.time_range = SimpleNamespace(start=start, end=end)
        self.cpu_parent, self.is_async = inside, False
        self.device_type = SimpleNamespace(name="CPU")
        self.self_cpu_time_total = end - start
        if inside is not None:
            inside.self_cpu_time_total -= end - start


def test_each_moment_counts_where_it_was_spent():
    loss = Seen("zaohua/loss", 0, 1000)
    product = Seen("zaohua/product mlp.up", 100, 600, loss)
    multiply = Seen("aten::addmm", 200, 500, product, number=7)
    entropy = Seen("aten::nll_loss", 700, 900, loss, number=8)
    node = Seen("autograd::engine::evaluate_function: AddmmBackward0", 1000, 2000, number=7)
    inner = Seen("AddmmBackward0", 1100, 1900, node, number=7, scope=1)
    products = [Seen("aten::mm", 1200, 1500, inner), Seen("aten::mm", 1500, 1800, inner)]
    gathered = Seen("autograd::engine::evaluate_function: torch::autograd::AccumulateGrad", 2000, 2100)
    update = Seen("Optimizer.step#Muon.step", 2100, 3000)
    matrix = Seen("aten::mm", 2200, 2900, update)
    events = [loss, product, multiply, entropy, node, inner, *products, gathered, update, matrix]
    found = milliseconds_by_place(events)
    assert found == pytest.approx({"loss": 0.5, "product mlp.up": 1.5, "optimiser": 0.9, "rest": 0.1})
    assert sum(found.values()) == pytest.approx(3.0)


def test_a_number_belongs_to_the_last_operation_that_has_it():
    """One that makes no node leaves its number to the next."""
    first = Seen("zaohua/embedding", 0, 100)
    looked = Seen("aten::detach", 10, 20, first, number=5)
    second = Seen("zaohua/norm", 100, 200)
    made = Seen("aten::mul", 110, 120, second, number=5)
    node = Seen("autograd::engine::evaluate_function: MulBackward0", 200, 300, number=5)
    found = milliseconds_by_place([made, node, first, second, looked])
    assert found == pytest.approx({"embedding": 0.1, "norm": 0.2})


def test_modules_have_their_places():
    places = {path: place_of(path, type(module).__name__) for path, module in toy_objective().named_modules()}
    assert places[""] == "loss"
    assert places["model.stack.blocks.0.attention.query"] == "product attention.query"
    assert places["model.stack.blocks.1.mlp.down"] == "product mlp.down"
    assert places["model.stack.blocks.1.attention"] == "attention"
    assert places["model.stack.norm"] == places["model.stack.blocks.0.attention.query_norm"] == "norm"
    assert places["model.stack.blocks.0.dropout"] is None


def shares(page: str) -> dict[str, float]:
    return {
        name: float(share) for name, share in re.findall(r"^\| (.+?) \| [\d.,]+ \| ([\d.]+)% \|$", page, re.MULTILINE)
    }


def test_the_table_adds_up_in_both_languages():
    spent = {"product mlp.up": 30.0, "product mlp.down": 10.0, "loss": 20.0, "rest": 3.0}
    english = table(spent, 100.0, 2, 4, "cpu", "en")
    found = shares(english)
    assert found.pop("**all**") == 100.0
    assert found.pop("**matrix products**") == 40.0
    assert sum(found.values()) == pytest.approx(100.0)
    assert list(found) == [
        "matrix products mlp.up",
        "loss and head",
        "matrix products mlp.down",
        "rest (Python, waiting)",
    ]
    assert found["rest (Python, waiting)"] == 40.0, "what no span covers is rest as well"
    assert "2 steps from step 4 on, 50.0 ms each on cpu" in english
    chinese = table(spent, 100.0, 2, 4, "cpu", "zh")
    assert list(shares(chinese).values()) == list(shares(english).values())
    assert "从第 4 步起的 2 步" in chinese
    assert "矩阵乘法 mlp.up" in chinese


def trained(folder, steps=0, total=12):
    torch.manual_seed(3)
    objective = toy_objective(dropout=0.1)
    folder.mkdir()
    settings = TrainingSettings(steps=total, length=16, rows=8, micro_rows=4, warmup=2, optimizer="muon")
    with Watchers(Events()) as watchers:
        if steps:
            watchers.add("profile", lambda: Profile(folder / "profile", steps, objective, Events()))
        train(
            objective, ToyRows(), settings, folder, Events(console=False), title="pretrain", precision="fp32",
            device=torch.device("cpu"), happenings=[Event(5, "validate", lambda: {"loss": 1.0})], watcher=watchers,
        )  # fmt: skip
    return objective


@pytest.mark.slow
def test_a_profile_changes_no_bit_and_accounts_for_the_steps(tmp_path, capsys):
    plain, looked = trained(tmp_path / "plain"), trained(tmp_path / "looked", steps=4)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), looked.parameters(), strict=True))
    assert not looked._forward_hooks
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in looked.modules())
    said = capsys.readouterr().out
    assert said == f"  where the time of 4 steps went: {tmp_path / 'looked' / 'profile' / 'table.md'}\n"
    folder = tmp_path / "looked" / "profile"
    assert {path.name for path in folder.iterdir()} == {"table.md", "table.zh.md", "trace.json"}
    found = shares((folder / "table.md").read_text(encoding="utf-8"))
    assert found.pop("**all**") == 100.0
    products = found.pop("**matrix products**")
    assert sum(found.values()) == pytest.approx(100.0, abs=1.5)
    assert 0 < products < 100
    named = {"matrix products attention.query", "matrix products mlp.down", "attention", "norm", "loss and head",
             "embedding", "optimiser", "clip", "loading", "logging", "measuring"}  # fmt: skip
    assert named <= set(found)
    names = {event.get("name") for event in json.loads((folder / "trace.json").read_text())["traceEvents"]}
    assert {"zaohua/loading", "aten::mm"} <= names


@pytest.mark.slow
@pytest.mark.parametrize(("total", "written"), [(5, True), (3, False), (2, False)])
def test_a_run_that_ends_early_is_taken_apart_as_far_as_it_went(tmp_path, capsys, total, written):
    trained(tmp_path / "short", steps=10, total=total)
    assert (tmp_path / "short" / "profile" / "table.md").exists() == written
    assert ("2 steps" in capsys.readouterr().out) == written
