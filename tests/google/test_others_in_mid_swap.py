"""Somebody else writes the same object in the middle of a swap, right before any of its writes: theirs stays.

The write that is on its way then has a stale ``etag``, ``fingerprint`` or record set, and is no write. The process
may end there, too, and somebody else write once more before the next update takes it up.
"""

from __future__ import annotations

import itertools

import pytest

from bluegreen.swap.service import SwapService
from tests.amounts import every_call
from tests.google.rows import ROWS, inputs

pytestmark = pytest.mark.sweep


class Killed(BaseException):
    """The process ended."""


def struck(made, number, ends):
    """A promotion in which somebody writes right before the write of that number; how many writes there were.

    Args:
        made: makes a row.
        number: of the write, from 1.
        ends: after how many calls from there the process ends; 0 is never.
    """
    with made() as row:
        service = SwapService(clock=row.clock)
        _, outputs = service.create(inputs(row, "blue"))
        writes, since = 0, None

        def acts(verb, _path):
            nonlocal writes, since
            assert row.shares().keys() <= {"blue", "green"}
            writes += verb != "GET"
            if since is not None:
                since += 1
                if since == ends:
                    raise Killed
            elif verb != "GET" and writes == number:
                since = 0
                row.theirs(1)

        row.world.before.append(acts)
        wrote = {"theirs-1"}
        try:
            outputs = service.update(outputs, inputs(row, "green"))
        except Killed:
            row.world.before.clear()
            assert row.shares().keys() <= {"blue", "green"}
            row.theirs(2)
            wrote.add("theirs-2")
            row.clock.sleep(700)  # until nobody may think that the other one runs
            outputs = SwapService(clock=row.clock).update(outputs, inputs(row, "green"))
        row.world.before.clear()
        assert row.shares() == {"green": 100}, (number, ends)
        if since is not None:
            assert row.kept() == wrote, (number, ends)
        assert not SwapService(clock=row.clock).diff(outputs, inputs(row, "green")).changes, (number, ends)
    return writes


@pytest.mark.parametrize("ends", [0, 1, 3], ids=["goes on", "ends at once", "ends a little later"])
@pytest.mark.parametrize("made", ROWS.values(), ids=ROWS)
def test_it_stays_whatever_the_swap_was_about_to_write(made, ends):
    there = struck(made, 0, 0)
    assert there >= 3
    for number in itertools.takewhile(lambda number: number <= there, every_call([*ROWS.values()].index(made) + ends)):
        struck(made, number, ends)
