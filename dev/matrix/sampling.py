"""A sample of points, as small as one of each kind allows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from dev.matrix.points import KILLS, Point

MOST_MORE = 0.1
"""Points for the other adapter's sake, of those that a sample with one adapter has."""

Kind = tuple[object, ...]


def sample(every: Sequence[Point]) -> list[Point]:
    """A choice that is always the same, in the order of ``every``.

    Of the crashes: each moment between two calls, with the config kept and reverted in turn, as far as that is in all
    points. (Killed after a call or before the next one: nothing is left that could tell the two apart.) Of the faults:
    each
    call of an operation fails; calls of each name fail in each way; each way is tried in each series of an operation.

    The adapters take turns in these. Where that leaves something with one of the two, a few more points have the other.
    """
    kinds = {point: frozenset(shared_kinds(point)) for point in sorted(every, key=_scattered)}
    left = set().union(*kinds.values())
    one_of: dict[Kind, list[Point]] = {}
    for point in kinds:
        one_of.setdefault(_but_for_the_adapter(point), []).append(point)
    needed = _smallest(points[0] for points in one_of.values())
    chosen: set[Point] = set()

    def news(point: Point) -> tuple[bool, int]:
        return _its_call(point) in left, len(kinds[point] & left)

    def take(points: Iterable[Point]) -> None:
        point = max(points, key=news)
        chosen.add(point)
        left.difference_update(kinds[point])

    for point in needed:
        take(one_of[_but_for_the_adapter(point)])
    for _ in range(int(MOST_MORE * len(needed))):
        if left:
            take(kinds)
    return [point for point in every if point in chosen]


def shared_kinds(point: Point) -> list[Kind]:
    """The kinds of a point to be tried with each adapter, as far as a sample's size allows."""
    adapter, operation, way = point.adapter, point.operation.name, point.way
    found: list[Kind] = [_its_call(point), (adapter, operation, way)]
    if not point.crash:
        series = (point.attempts, point.lasting, point.reverted)
        found += [(adapter, way, point.call), (adapter, operation, way, series)]
    return found


def _its_call(point: Point) -> Kind:
    """The kind that comes first: each call of each operation goes wrong."""
    return (point.adapter, point.operation.name, point.number)


def _smallest(points: Iterable[Point]) -> list[Point]:
    """With any adapter."""
    seen: set[Kind] = set()
    found = []
    for point in sorted(points, key=lambda one: one.crash and one.reverted == bool(_moment(one) % 2)):
        operation, way = point.operation.name, point.way
        if point.crash:
            has: set[Kind] = {(operation, KILLS, _moment(point))}
        else:
            series = (point.attempts, point.lasting, point.reverted)
            has = {(operation, point.number), (way, point.call), (operation, way, series)}
        if not has <= seen:
            seen |= has
            found.append(point)
    return found


def _moment(crash: Point) -> int:
    """How many calls had been made."""
    return crash.number - (crash.way == KILLS[0])


def _but_for_the_adapter(point: Point) -> Kind:
    return (point.operation.name, point.number, point.way, point.attempts, point.lasting, point.reverted)


def _scattered(point: Point) -> bytes:
    """An order that is always the same and has nothing to do with where a point stands."""
    return hashlib.sha256(str(point).encode()).digest()
