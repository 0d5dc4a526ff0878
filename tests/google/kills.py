"""`python -m tests.google.kills`: swaps on Google Cloud end, or fail, at each of their calls; the next update mends it.

Each of Google's rows of the table of platforms, in this process, on a clock that is turned by hand: a promotion in two
steps and its rollback, over both adapters. After a kill the config is kept in the next update, and reverted; after a
call that fails they take turns. ``--docs FILE`` writes the table between its markers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import httpx

from bluegreen.rollout import calls as rollout_calls
from bluegreen.rollout.errors import BluegreenError
from dev.matrix.engine import ADAPTERS, Stack, State
from tests.google.rows import ROWS, inputs

BEGIN, END = "<!-- google-kills:begin -->", "<!-- google-kills:end -->"
PROMOTION, ROLLBACK = "promotion", "rollback"
OPERATIONS = {PROMOTION: ("blue", "green"), ROLLBACK: ("green", "blue")}
KILLED, REFUSED, REFUSED_ON, SILENT_ON, LOST = (
    "killed",
    "refused",
    "refused from there on",
    "5xx from there on",
    "reply lost",
)
WAYS = (KILLED, REFUSED, REFUSED_ON, SILENT_ON, LOST)
_LASTING = (KILLED, REFUSED_ON, SILENT_ON)
AFTERWARDS_SECONDS = 700
"""Until nobody may think that a process which was killed still runs."""


class Killed(BaseException):
    """The process ended."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that goes wrong.

    Attributes:
        row: of `ROWS`.
        operation: of `OPERATIONS`.
        number: of the call, from 1. Killed is before it, which is after the one before it.
        way: of `WAYS`.
        adapter: the swap's.
        reverted: whether the next update has the config reverted, else kept.
    """

    row: str
    operation: str
    number: int
    way: str
    adapter: str
    reverted: bool

    def __str__(self) -> str:
        config = "reverted" if self.reverted else "kept"
        return f"{self.row}, {self.operation}, call {self.number} {self.way}, config {config}, {self.adapter}"


@dataclass(frozen=True, slots=True)
class Tried:
    """A point, and what went wrong with it; nothing is how it should be."""

    point: Point
    unsafe: tuple[str, ...] = ()
    unconverged: tuple[str, ...] = ()


@contextmanager
def _going_wrong(row: Any, number: int, way: str, seen: list[str]) -> Iterator[list[str]]:
    """Calls from that one on go wrong; each is noted, and what production is on at that moment is noted."""
    calls: list[str] = []
    answer: Callable[..., httpx.Response] = row.world.google.answer

    def wrong(verb: str, path: str, *more: Any) -> httpx.Response:
        struck = len(calls) == number or (way in _LASTING and len(calls) > number > 0)
        if not struck:
            return answer(verb, path, *more)
        if way == LOST:
            answer(verb, path, *more)
        code, status = (403, "PERMISSION_DENIED") if way in (REFUSED, REFUSED_ON) else (503, "UNAVAILABLE")
        return httpx.Response(code, json={"error": {"code": code, "status": status, "message": "it goes wrong here"}})

    def told(verb: str, path: str) -> None:
        calls.append(f"{verb} {path}")
        seen.extend(_unserved(row))
        if way == KILLED and number and len(calls) >= number:
            raise Killed

    row.world.before.append(told)
    try:
        with (
            mock.patch.object(row.world.google, "answer", wrong),
            # What is tried again outside of a swap, as a preview's looks are, waits by the machine's clock.
            mock.patch.object(rollout_calls, "time", SimpleNamespace(sleep=row.clock.sleep)),
        ):
            yield calls
    finally:
        row.world.before.remove(told)


def _unserved(row: Any) -> Iterator[str]:
    shares = row.shares()
    if not shares or not shares.keys() <= {"blue", "green"}:
        yield f"production is on {shares}"
    for color in shares:
        if not row.serves(color):
            yield f"production is on {color}, of which nothing runs"


def _before(row: Any, operation: str, adapter: str) -> State:
    """The state before an operation, which was made by the same adapter."""
    stack = Stack(adapter, row.clock)
    for color in ("blue", "green") if operation == ROLLBACK else ("blue",):
        stack.up(inputs(row, color))
    assert stack.state is not None
    return stack.state


def calls_of(row: str, operation: str, adapter: str) -> int:
    """How many calls an operation makes in which nothing goes wrong."""
    with ROWS[row]() as made:
        stack = Stack(adapter, made.clock, _before(made, operation, adapter))
        with _going_wrong(made, 0, KILLED, []) as calls:
            stack.up(inputs(made, OPERATIONS[operation][1]))
        return len(calls)


def tried(point: Point, update: Callable[[Stack, Any], None] = Stack.up) -> Tried:
    """Let it go wrong, and look; update once more, and look again.

    Args:
        point: what goes wrong.
        update: the next update; another one than the product's own shows that what is wrong would be found.
    """
    former, wanted = OPERATIONS[point.operation]
    color = former if point.reverted else wanted
    unsafe: list[str] = []
    unconverged: list[str] = []
    with ROWS[point.row]() as row:
        stack = Stack(point.adapter, row.clock, _before(row, point.operation, point.adapter))
        with _going_wrong(row, point.number, point.way, unsafe):
            try:
                stack.up(inputs(row, wanted))
                if row.shares() != {wanted: 100}:
                    unsafe.append(f"a success that is none: production is on {row.shares()}")
            except (Killed, BluegreenError):
                pass
            except Exception as error:  # noqa: BLE001 - that it is another one is the finding
                unsafe.append(f"it raised {type(error).__name__}: {error}")
        row.world.google.settle()
        unsafe += _unserved(row)
        row.clock.sleep(AFTERWARDS_SECONDS)
        again = Stack(point.adapter, row.clock, stack.state)
        try:
            update(again, inputs(row, color))
            if again.preview(inputs(row, color)):
                unconverged.append("a change is left after the next update")
        except BluegreenError as error:
            unconverged.append(f"the next update failed: {error}")
        row.world.google.settle()
        unsafe += _unserved(row)
        if row.shares() != {color: 100}:
            unconverged.append(f"after the next update production is on {row.shares()}")
        if again.state is not None and again.state.outputs.get("live_color") != color:
            unsafe.append(f"the state says that {again.state.outputs.get('live_color')} is live instead of {color}")
    return Tried(point, tuple(dict.fromkeys(unsafe)), tuple(unconverged))


def points(row: str, operation: str) -> Iterator[Point]:
    """All points of a row's operation."""
    for adapter in ADAPTERS:
        for number in range(1, calls_of(row, operation, adapter) + 1):
            for turn, way in enumerate(WAYS, start=number):
                for reverted in (False, True) if way == KILLED else (turn % 2 == 0,):
                    yield Point(row, operation, number, way, adapter, reverted)


def table(found: list[Tried]) -> str:
    """Markdown."""
    unconverged, unsafe = (sum(bool(getattr(one, name)) for one in found) for name in ("unconverged", "unsafe"))
    lines = [
        f"{len(found):,} points: {unconverged} did not converge, {unsafe} were unsafe.",
        "",
        f"| each call of a swap of | calls: promotion | rollback | {' | '.join(WAYS)} | did not converge | unsafe |",
        f"| --- |{' ---: |' * (len(WAYS) + 4)}",
    ]
    for row in dict.fromkeys(one.point.row for one in found):
        mine = [one for one in found if one.point.row == row]
        calls = [
            max((one.point.number for one in mine if one.point.operation == name), default=0) for name in OPERATIONS
        ]
        ways = [sum(one.point.way == way for one in mine) for way in WAYS]
        wrong = [sum(bool(one.unconverged) for one in mine), sum(bool(one.unsafe) for one in mine)]
        lines.append(f"| {' | '.join(map(str, [row, *calls, *ways, *wrong]))} |")
    return "\n".join(lines)


def in_docs(text: str, found: list[Tried]) -> str:
    """A document with the table between its markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(found)}\n{END}{after}"


def main(arguments: list[str] | None = None) -> int:
    """The exit status is 1 if a point did not converge or was unsafe."""
    parser = argparse.ArgumentParser(prog="python -m tests.google.kills", description=__doc__)
    parser.add_argument("--docs", type=Path, metavar="FILE", help="write the table into FILE, between its markers")
    parser.add_argument("--row", choices=ROWS, help="this row alone")
    options = parser.parse_args(arguments)
    if options.docs and options.row:
        parser.error("--docs wants all rows: leave --row out")
    found: list[Tried] = []
    for row in [options.row] if options.row else ROWS:
        for operation in OPERATIONS:
            found += map(tried, points(row, operation))
    wrong = [f"{one.point}: {said}" for one in found for said in (*one.unsafe, *one.unconverged)]
    sys.stdout.write("\n".join([table(found), *wrong, ""]))
    if options.docs:
        options.docs.write_text(in_docs(options.docs.read_text(), found))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
