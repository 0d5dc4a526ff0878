"""The points of a stage, and a sample of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from dev.matrix.engine import DYNAMIC, NATIVE
from dev.matrix.somebody_else.acts import ACTS
from dev.matrix.somebody_else.stage import Stage
from dev.matrix.somebody_else.swaps import Operation
from dev.matrix.somebody_else.trial import Point

SEED = "29"


def all_points(stage: Stage, calls: Mapping[Operation, Sequence[str]]) -> list[Point]:
    """Every act after every call of every operation; adapters and configs take turns.

    Args:
        stage: where.
        calls: of each operation, as a run in which nobody acts has listed them.
    """
    found = []
    for operation, names in calls.items():
        for turn, act in enumerate(ACTS):
            if act.possible(stage):
                for number in range(1, len(names) + 1):
                    adapter = (DYNAMIC, NATIVE)[(number + turn) % 2]
                    found.append(Point(stage.name, operation, number, act, adapter, (number // 2 + turn) % 2 == 0))
    return found


def sample(every: Sequence[Point], most: int, seed: str = SEED) -> list[Point]:
    """A choice that is always the same: each act, each act in each operation, each call of each operation, and more.

    Args:
        every: all points.
        most: how many are wanted.
        seed: another one is another choice.
    """
    if len(every) <= most:
        return list(every)
    scattered = sorted(every, key=lambda point: hashlib.sha256(f"{seed} {point}".encode()).digest())
    seen: set[tuple[object, ...]] = set()
    acts: list[Point] = []
    first: list[Point] = []
    rest: list[Point] = []
    for point in scattered:
        operation, act = point.operation.name, point.act.name
        kinds = {(act,), (operation, act), (operation, point.number)}
        (acts if (act,) not in seen else rest if kinds <= seen else first).append(point)
        seen |= kinds
    return [*acts, *first, *rest][:most]
