"""Where we stand: the best peer of each kind of weights, and the goals."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import result
import standing

ROWS = [
    result.row("zaohua", "A", "bf16 autocast", "tokens/s", [120.0]),
    result.row("zaohua-plain", "A", "bf16 autocast", "tokens/s", [300.0]),
    result.row("products alone", "A", "bf16", "tokens/s, ideal", [500.0]),
    result.row("transformers", "A", "bf16 autocast, compiled", "tokens/s", [100.0]),
    result.row("transformers", "A", "bf16 weights", "tokens/s", [110.0]),
    result.row("litgpt", "A", "bf16 autocast", "tokens/s", [90.0]),
    result.row("litgpt", "A", "bf16 weights", "tokens/s", [150.0]),
    result.row("transformers-trainer-defaults", "A", "fp32", "tokens/s", [50.0]),
    result.row("nanogpt", "A", "bf16 autocast", "tokens/s, probe", [999.0]),
    result.row("zaohua", "A", "bf16 autocast", "MB at peak", [70.0]),
    result.row("transformers", "A", "bf16 weights", "MB at peak", [50.0]),
    result.row("transformers", "A", "bf16 autocast, compiled", "MB at peak", [100.0]),
    result.row("zaohua", "A", "bf16 autocast", "share of the step's own products", [0.8]),
]


def test_best_peers_are_the_fastest_of_each_kind_and_never_ours():
    best = standing.best_peers(ROWS, ["A", "B"])
    assert [(each["best peer with"], each["system"], each["value"]) for each in best] == [
        ("fp32 masters", "transformers", 100.0),
        ("bf16 weights", "litgpt", 150.0),
    ]


def test_goals_say_what_was_wanted_got_and_whether_it_is_enough():
    goals = {(goal["unit"], goal["over"]): goal for goal in standing.standing(ROWS, ["A"])}
    assert len(goals) == len(standing.GOALS)
    got = {key: (goal["got"], goal["met"]) for key, goal in goals.items()}
    assert got["tokens/s", "the best peer with fp32 masters"] == (1.2, True)
    assert got["tokens/s", "the best peer with bf16 weights"] == (0.8, False)
    assert got["tokens/s", "transformers-trainer-defaults"] == (2.4, False)
    assert got["share of the step's own products", ""] == (0.8, True)
    assert got["MB at peak", "transformers-trainer-defaults"] == (None, False), "not measured is not met"
    assert got["MB at peak", "transformers"] == (0.7, True), "beside its fp32 masters, and less is better"


@pytest.mark.parametrize(("got", "met"), [(0.69, True), (0.7, True), (0.71, False)])
def test_memory_is_to_be_at_most_what_was_wanted(got, met):
    goal = standing.Goal(unit="MB at peak", over="another", wanted={"A": 0.7})
    assert goal.met(got, "A") is met


def test_a_ratio_names_bf16_weights():
    over = {each["over"] for each in result.ratios(ROWS, "zaohua", ["tokens/s"], standing.named)}
    assert {"litgpt", "litgpt, bf16 weights"} <= over
