"""Every interleaving of two swaps with up to three changes of turns, each once.

A turn can change before a call only while the other one waits, and who runs to his end makes as many calls as he makes:
so the changes that come after a run's first ones are found in that run, and none is tried that would not happen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.swap.two_at_once.turns import Turns

SWITCHES = 3
_OF_A_RUN = re.compile(r"\b[0-9a-f]{8,16}\b|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d+(\.\d+)?s\b")

Judge = Callable[[Any, Turns, tuple[int, ...]], None]
"""Takes a situation, how it went, and before which calls the turn changed; raises where a promise was not kept."""


def explore(make: Callable[[], Any], judge: Judge, part: int = 0, parts: int = 1) -> int:
    """Try every interleaving, or those whose first change of turns is one of a part's; how many there were.

    Args:
        make: a situation, made anew.
        judge: looks at each.
        part: which, from 0.
        parts: how many there are.
    """
    tried, waiting = 0, list(_first_ones(make, part, parts))
    while waiting:
        switches = waiting.pop()
        situation = make()
        turns = Turns(situation.swap.here, situation.actors, switches).run()
        judge(situation, turns, switches)
        tried += 1
        if 0 < len(switches) < SWITCHES:
            waiting += [(*switches, call) for call in turns.chances if call > switches[-1]]
    return tried


def _first_ones(make: Callable[[], Any], part: int, parts: int) -> Iterator[tuple[int, ...]]:
    if part == 0:
        yield ()
    situation = make()
    chances = Turns(situation.swap.here, situation.actors).run().chances
    for index, call in enumerate(chances):
        if index % parts == part:
            yield (call,)


def end_of(situation: Any) -> str:
    """How a situation ended, without the names and times of a run: what comes after long enough depends on no more."""
    here = situation.swap.here
    marks = sorted((_OF_A_RUN.sub("-", name), _OF_A_RUN.sub("-", value)) for name, value in here.marks.items())
    return repr((here.weights, here.desired, sorted(here.broken), here.retiring, here.held, marks))
