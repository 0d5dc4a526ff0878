"""Two Cloud Run services behind a URL map: a swap ends at any of its calls, and the next update takes it up."""

from __future__ import annotations

import pytest

from bluegreen.rollout.clock import FakeClock
from localcloud.google.bare import REGION
from tests.amounts import stride
from tests.routers.test_url_map import Killed, inputs, serverless, service
from tests.routers.url_map_workshop import build, running, section

FAR = 10_000
"""A call that none of them gets to."""


def ended(scope: str, number: int, *, after: bool) -> tuple[int, int]:
    """Both, of which one ends before a call, or with the call done; how many calls each of them made."""
    clock = FakeClock()
    with running(at_once=not after) as world:
        balancer = build(world.google, scope, size=1)
        serverless(balancer)
        place = section(balancer)
        _, outputs = service(clock).create(inputs(place))
        left, made = number, []
        for active in ("green", "blue"):
            asked = []

            def kill(_verb, _path, asked=asked, at=left):
                asked.append("")
                if len(asked) == at + 1 + after:
                    raise Killed

            world.before.append(kill)
            try:
                outputs = service(clock).update(outputs, inputs(place, active))
            except Killed:
                clock.sleep(700)
                world.before.clear()
                world.google.settle()  # by then Google has done what was requested last
                outputs = service(clock).update(outputs, inputs(place, active))
            world.before.clear()
            left -= len(asked)
            made.append(len(asked))
            assert outputs["live_color"] == active
            assert balancer.weights() == {active: 100}
            assert not service(clock).diff(outputs, inputs(place, active)).changes
        service(clock).delete({**inputs(place), "incarnation": outputs["incarnation"]})
        assert "bluegreen" not in balancer.map()["description"]
    return made[0], made[1]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("scope", ["global", f"regions/{REGION}"])
def test_a_pair_is_taken_up_wherever_a_swap_of_it_ended(scope, after):
    promotion, rollback = ended(scope, FAR, after=after)
    assert promotion > rollback > 2
    for number in range(0, promotion + rollback, stride(9)):
        ended(scope, number, after=after)
