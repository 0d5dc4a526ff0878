"""A swap of environments whose process ends at any call, before Beanstalk has heard of it or after: the next continues.

An exchange that is requested twice is undone, so that the number of exchanges tells whether anybody did.
"""

from __future__ import annotations

import contextlib

import pytest

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.swap.lease import leases_in
from bluegreen.swap.service import SwapService
from tests.amounts import every_call
from tests.routers import beanstalk_workshop as workshop
from tests.routers.beanstalk_workshop import PREFIX, VERSIONS

TTL_SECONDS = 60


class Killed(BaseException):
    """As if the process ended."""


class Ends:
    """Ends the process at the call number ``at``: before it is sent, or once it was done."""

    def __init__(self, shop, at, *, done):
        self.at, self.done, self.calls, self.answer = at, done, 0, shop.answer

    def __call__(self, call, given):
        self.calls += 1
        if self.calls == self.at and not self.done:
            raise Killed
        answer = self.answer(call, given)
        if self.calls == self.at:
            raise Killed
        return answer


def inputs(color):
    releases = {"blue": "v1", "green": "v2"}
    return {"name": "shop", "active_color": color, "releases": releases, "router": workshop.section(versions=VERSIONS)}


@pytest.mark.parametrize(
    ("first", "takes", "done", "goal"),
    [(0, 0, False, "green"), (1, 0, True, "blue"), (2, 2, True, "green"), (3, 2, False, "blue")],
    ids=["before, kept", "after, reverted", "takes its time, after, kept", "takes its time, before, reverted"],
)
def test_whatever_call_it_was(first, takes, done, goal):
    for at in every_call(first, 9):
        clock = FakeClock()
        with workshop.running() as shop:
            _, outputs = SwapService(clock=clock).create(inputs("blue"))
            olds = {**inputs("blue"), **outputs}
            shop.takes = takes
            answer = shop.answer
            ends = Ends(shop, at, done=done)
            shop.answer = ends
            with contextlib.suppress(Killed):
                SwapService(clock=clock).update(olds, inputs("green"))
            shop.answer = answer
            where = f"call {at} of {ends.calls}"
            for _ in range(3):  # what still runs is named, and nothing is sent into it
                try:
                    outputs = SwapService(clock=clock).update(olds, inputs(goal))
                    break
                except BluegreenError:
                    clock.sleep(700)
            assert (shop.live, outputs["live_color"]) == (goal, goal), where
            assert shop.exchanges in ((1,) if goal == "green" else (0, 2)), where
            assert not leases_in({name.removeprefix(f"bluegreen:{PREFIX}:mark:"): "" for name in shop.tags}), where
            if ends.calls < at:
                assert at > 8
                return


def test_a_promotion_is_over_once_no_resolver_leads_to_the_former_environment(monkeypatch):
    """Whoever reads "done" may end the former environment: 60 s after the exchange nobody has its address any more."""
    clock, exchanged = FakeClock(), []
    with workshop.running() as shop:
        _, outputs = SwapService(clock=clock).create(inputs("blue"))
        exchange = shop.exchange
        monkeypatch.setattr(shop, "exchange", lambda: (exchanged.append(clock.monotonic_seconds()), exchange()))
        outputs = SwapService(clock=clock).update(outputs, inputs("green"))
        (at,) = exchanged
        assert clock.monotonic_seconds() - at >= TTL_SECONDS
        SwapService(clock=clock).update(outputs, inputs("blue"))
        assert clock.monotonic_seconds() - exchanged[-1] >= TTL_SECONDS
