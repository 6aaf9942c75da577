"""How we stand beside the peers in a training benchmark: the best of each kind, and what was to be reached."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from result import Row
from systems import HALF, MASTERS

OWN, DEFAULTS, PLAIN_LOOP = "zaohua", "transformers-trainer-defaults", "transformers"
SPEED, MEMORY, SHARE = "tokens/s", "MB at peak", "share of the step's own products"
OURS = (OWN, "zaohua-plain")
NO_PEERS = (*OURS, "products alone")


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Our value of a unit, or its ratio `over` another's: at least `wanted`, or at most where less is better."""

    unit: str
    over: str
    wanted: dict[str, float]  # by case

    def met(self, got: float, case: str) -> bool:
        return got <= self.wanted[case] if self.unit == MEMORY else got >= self.wanted[case]


GOALS = (
    Goal(unit=SPEED, over=f"the best peer with {MASTERS}", wanted={"A": 1.15, "B": 1.3}),
    Goal(unit=SPEED, over=f"the best peer with {HALF}", wanted={"A": 1.0, "B": 1.0}),
    Goal(unit=SPEED, over=DEFAULTS, wanted={"A": 2.5, "B": 2.5}),
    Goal(unit=SHARE, over="", wanted={"A": 0.75, "B": 0.75}),
    Goal(unit=MEMORY, over=DEFAULTS, wanted={"A": 0.7, "B": 0.7}),
    Goal(unit=MEMORY, over=PLAIN_LOOP, wanted={"A": 1.0, "B": 1.0}),
)


def kind(row: Row) -> str:
    """What a row's optimiser updates: fp32 masters or bf16 weights."""
    return HALF if HALF in row.precision else MASTERS


def named(row: Row) -> str:
    """A system by its name, and where its weights are bf16 it says so."""
    return f"{row.system}, {HALF}" if kind(row) == HALF else row.system


def best_peers(rows: Sequence[Row], cases: Iterable[str]) -> list[dict[str, Any]]:
    """The fastest peer with fp32 masters and the fastest with bf16 weights in each case, where there is one."""
    found = []
    for case in cases:
        for weights in (MASTERS, HALF):
            peers = [row for row in _measured(rows, case, SPEED) if row.system not in NO_PEERS and kind(row) == weights]
            if peers:
                best = max(peers, key=lambda row: row.value or 0)
                said = {"system": best.system, "precision": best.precision, "value": best.value}
                found.append({"case": case, "best peer with": weights, **said})
    return found


def standing(rows: Sequence[Row], cases: Iterable[str]) -> list[dict[str, Any]]:
    """Each goal in each case: what was wanted, what was got, and whether that is enough; got None: not measured."""
    found = []
    for case in cases:
        best = {f"the best peer with {each['best peer with']}": each["value"] for each in best_peers(rows, [case])}
        for goal in (each for each in GOALS if case in each.wanted):
            ours = _value(rows, case, goal.unit, OWN)
            other = 1.0 if not goal.over else best.get(goal.over) or _value(rows, case, goal.unit, goal.over)
            got = round(ours / other, 3) if ours and other else None
            said = {key: value for key, value in asdict(goal).items() if key != "wanted"}
            met = got is not None and goal.met(got, case)
            found.append({"case": case, **said, "wanted": goal.wanted[case], "got": got, "met": met})
    return found


def _value(rows: Sequence[Row], case: str, unit: str, system: str) -> float | None:
    """A system's value with fp32 masters."""
    found = (row.value for row in _measured(rows, case, unit) if row.system == system and kind(row) == MASTERS)
    return next(found, None)


def _measured(rows: Sequence[Row], case: str, unit: str) -> list[Row]:
    return [row for row in rows if (row.case, row.unit) == (case, unit) and row.value is not None]
