"""A swap by Cloud DNS ends at any of its calls, or is stopped, and the next update puts all right."""

from __future__ import annotations

from unittest import mock

import pytest

from bluegreen.google.dns.pending import Pending
from bluegreen.rollout.errors import SwapFailed
from bluegreen.swap.service import SwapService
from tests.amounts import stride
from tests.routers.cloud_dns_workshop import NOTE, TARGETS, running, section, simple

pytestmark = pytest.mark.sweep

STEPS = {"steps": [{"weight_percent": 10, "hold_seconds": 1}]}


class Killed(BaseException):
    """The process ended."""


def inputs(active="blue", **more):
    return {
        "name": "web",
        "active_color": active,
        "releases": {"blue": "v1", "green": "v2"},
        "router": section(adopt=True),
        "strategy": STEPS,
        "converge_timeout_seconds": 300,
        **more,
    }


def answered(world):
    """The name has an answer, and each of them is a color's."""
    shares = world.shares()
    assert shares.keys() <= TARGETS.keys(), shares
    assert sum(shares.values()) == 100, shares


def ended(number, when, *colors):
    """Updates to some colors, of which the last ends at a call and is taken up. The number of its calls.

    Args:
        number: of the call, from 0; ``None``: it goes to its end.
        when: ``before`` or ``after`` it.
        colors: of the updates, after a start with blue on records that are there already.
    """
    with running() as world:
        world.put(simple(TARGETS["blue"]))
        service = SwapService(clock=world.clock)
        _, outputs = service.create(inputs())
        for color in colors[:-1]:
            outputs = service.update(outputs, inputs(color))
        asked = []

        def kill(_verb, _path):
            answered(world)
            asked.append("")
            if number is not None and len(asked) - 1 == number + (when == "after"):
                raise Killed

        world.before.append(kill)
        try:
            outputs = service.update(outputs, inputs(colors[-1]))
        except Killed:
            world.before.clear()
            answered(world)
            world.clock.sleep(700)  # until nobody may think that the other one runs
            outputs = service.update(outputs, inputs(colors[-1]))
        world.before.clear()
        assert outputs["live_color"] == colors[-1]
        assert world.shares() == {colors[-1]: 100}
        assert not service.diff(outputs, inputs(colors[-1])).changes
        assert not [name for name in world.note() if name.startswith("lease")]
    return len(asked)


@pytest.fixture
def without_caches():
    """Resolvers keep nothing: `test_cloud_dns.py` is about them."""
    with mock.patch.object(Pending, "in_effect", return_value=True):
        yield


@pytest.mark.usefixtures("without_caches")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("colors", [("green",), ("green", "blue")], ids=["promotion", "rollback"])
def test_it_is_taken_up_wherever_it_ended(colors, when):
    calls = ended(None, when, *colors)
    assert calls >= 9
    for number in range(when == "after", calls, stride(3)):
        ended(number, when, *colors)


def test_a_gates_no_puts_the_answers_back():
    with running() as world:
        service = SwapService(clock=world.clock)
        _, outputs = service.create(inputs())
        no = {"kind": "command", "command": ["false"], "interval_seconds": 1}
        with pytest.raises(SwapFailed, match="blue"):
            service.update(outputs, inputs("green", gates=[no]))
        assert world.shares() == {"blue": 100}


def test_an_abort_puts_the_answers_back():
    with running() as world:
        service = SwapService(clock=world.clock)
        _, outputs = service.create(inputs())

        def aborts(_verb, _path):
            if world.shares().get("green") == 10 and "abort" not in world.note():
                note = {**world.record(NOTE, "TXT")}
                (lease,) = (name.removeprefix("lease.") for name in world.note() if name.startswith("lease."))
                world.put({**note, "rrdatas": [*note["rrdatas"], f'"abort={lease} somebody"']})

        world.before.append(aborts)
        with pytest.raises(SwapFailed, match="abort"):
            service.update(outputs, inputs("green"))
        assert world.shares() == {"blue": 100}
