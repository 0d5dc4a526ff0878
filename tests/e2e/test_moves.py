"""From the plugin to the dynamic adapter and back: nothing is replaced, no traffic moves, and both know what was.

The stack was begun with the plugin, and ends with the dynamic adapter.
"""

from __future__ import annotations

import re

import pytest

from bluegreen.adapters.native import DYNAMIC_TYPE, TOKEN
from localcloud.fault_proxy import FaultProxy
from tests.e2e import stack as stacks
from tests.e2e.stack import Rule, Stack
from tests.e2e.test_native import DRIFT, writes
from tests.scenarios.variant import load

TYPES = {"native": TOKEN, "dynamic": DYNAMIC_TYPE}


@pytest.fixture(scope="module")
def proxy(cloud):
    with FaultProxy(cloud.endpoint) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def stack(cloud, aws_env, tmp_path_factory, proxy):
    settings = {"swapProvider": "native", "idleCapacityPercent": "100"}
    yield from stacks.make(cloud, tmp_path_factory, "ecs", proxy.url, **settings)


def move(stack: Stack, proxy: FaultProxy, adapter: str) -> None:
    """Move the swap, which must change nothing but who does it."""
    proxy.reset()
    before = stack.swap()
    with load(stack.url) as requests:
        said = stack.up(swapProvider=adapter)
    assert requests.failed == 0, requests.errors
    assert requests.made > 0
    assert not writes(proxy.calls)
    summary = said.rpartition("Resources:")[2]
    assert re.fullmatch(r"\s*~ 1 updated\s+\d+ unchanged\s+Duration: \w+\s*", summary), said
    after = stack.swap()
    assert after["type"] == TYPES[adapter]
    assert after["id"] == before["id"]
    for key in ("live_color", "weights", "previous", "history"):
        assert after["outputs"][key] == before["outputs"][key], key
    assert stack.pulumi("preview", "--diff", "--expect-no-changes")


def test_a_swap_moves_both_ways_with_all_that_it_knows(stack, proxy):
    assert stack.swap()["type"] == TYPES["native"]
    stack.up(activeColor="green")
    assert stack.outcome() == "promoted"

    move(stack, proxy, "dynamic")
    assert Rule(stack).weights() == {"green": 100}
    stack.up(activeColor="blue")
    assert stack.outcome() == "rolled_back", "blue is known to have been live before"

    move(stack, proxy, "native")
    Rule(stack).shift_by_hand(70, 30)
    assert re.search(DRIFT, stack.pulumi("preview", "--diff")), "from the first preview on"
    stack.up()
    assert stack.outcome() == "healed"

    move(stack, proxy, "dynamic")
    assert [entry["outcome"] for entry in stack.output("history")] == ["healed", "rolled_back", "promoted", "started"]
