"""Kills through the real engine, while requests are made: the provider dies right before or after one call of a swap.

Every call of a swap is tried below the engine (`tests/matrix`); here is a sample of the same, in the engine. A
kill right after the first shift is one of the scenarios.
"""

from __future__ import annotations

from collections import Counter

import pytest

from localcloud.fault_proxy import FaultProxy
from localcloud.load import Load
from tests.e2e import stack as stacks
from tests.e2e.killing import Killing
from tests.e2e.stack import Background, Rule, Stack
from tests.scenarios.adapters import CHOSEN

CANARY = {"name": "canary", "steps": [{"weight_percent": 10, "hold_seconds": 1}]}
SHIFT = "elasticloadbalancing:ModifyRule"
RETIREMENT = "application-autoscaling:PutScheduledAction"


@pytest.fixture(scope="module")
def proxy(cloud):
    with FaultProxy(cloud.endpoint) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def made(cloud, aws_env, tmp_path_factory, proxy):
    yield from stacks.make(cloud, tmp_path_factory, "ecs", proxy.url, strategy=CANARY, scaleDownDelaySeconds="3600")


@pytest.fixture(scope="module")
def calls(made, proxy):
    """How often each call is made: by a promotion, and by a rollback."""
    found = {}
    for operation, color in (("promotion", "green"), ("rollback", "blue")):
        proxy.reset()
        made.up(activeColor=color)
        found[operation] = Counter(proxy.calls)
    proxy.reset()
    return found


# When, which call, counted from the operation's last one (-1); what is live then, and how the user continues.
POINTS = {
    "after the last shift": ("promotion", "after", SHIFT, -1, {"green": 100}, "reverted"),
    "before the retirement": ("promotion", "before", RETIREMENT, -1, {"green": 100}, "kept"),
    "before the rollback's shift": ("rollback", "before", SHIFT, -1, {"green": 100}, "kept"),
}


# In `make test` the one that no scenario and no other test of the engine comes near.
TRIED = list(POINTS) if CHOSEN == "full" else ["before the retirement"]


@pytest.mark.parametrize("point", TRIED)
def test_a_kill_loses_no_request_and_the_next_up_converges(made: Stack, proxy, calls, point):
    operation, when, call, which, left, config = POINTS[point]
    before, wanted = ("blue", "green") if operation == "promotion" else ("green", "blue")
    if weights(made) != {before: 100}:
        made.up(activeColor=before)
    proxy.reset()
    with Load(made.url, rate_per_second=50) as load:
        nth = range(1, calls[operation][call] + 1)[which]
        killing = Killing(call, nth)
        setattr(proxy, when, killing)
        made.set({"activeColor": wanted})
        up = Background(made)
        killing.ups.append(up)
        assert up.finish() != 0, up.output
        assert killing.killed, f"{call} was called {killing.seen} times:\n{up.output}"
        proxy.reset()
        assert weights(made) == left
        goal = wanted if config == "kept" else before
        made.up(activeColor=goal)
        assert weights(made) == {goal: 100}
        assert made.output("liveColor") == goal
        assert "drift" not in made.pulumi("preview")
    assert load.result.failed == 0, load.result.errors
    assert load.result.requests > 100, "enough to notice a gap"
    assert made.colors() == {goal}


def weights(stack: Stack) -> dict[str, int]:
    """The production rule's, by color."""
    return Rule(stack).weights()
