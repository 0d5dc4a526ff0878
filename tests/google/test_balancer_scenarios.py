"""The duties of every platform on Google's load balancers, without an engine: those that Azure's have.

Kills are in `tests/routers/test_url_map.py` and `tests/routers/test_instance_groups_killed.py`, what somebody else does
between two calls in the matrix, requests in `tests/routers/test_url_map_under_load.py`.
"""

from __future__ import annotations

import pytest

from bluegreen.rollout.clock import FakeClock
from localcloud.google.bare import REGION
from tests.azure.test_scenarios import (
    Platform,
    test_a_gate_that_fails_in_a_step_gives_everything_back,
    test_an_abort_gives_everything_back,
    test_it_is_promoted_in_steps_and_rolled_back,
    test_traffic_moved_by_hand_is_drift_and_put_back,
    test_what_is_live_already_is_adopted_and_nothing_else_is,
)
from tests.routers import url_map_workshop as workshop
from tests.routers.test_url_map import serverless
from tests.routers.url_map_workshop import Balancer, Hands

__all__ = [
    "test_a_gate_that_fails_in_a_step_gives_everything_back",
    "test_an_abort_gives_everything_back",
    "test_it_is_promoted_in_steps_and_rolled_back",
    "test_traffic_moved_by_hand_is_drift_and_put_back",
    "test_what_is_live_already_is_adopted_and_nothing_else_is",
]


class UrlMap(Platform):
    """A URL map's default service."""

    def __init__(self, balancer: Balancer) -> None:
        self.clock, self.balancer = FakeClock(), balancer
        self.router = workshop.section(balancer)

    def live(self) -> dict[str, int]:
        return self.balancer.weights()

    def move(self, blue: int) -> None:
        shares = {"blue": blue, "green": 100 - blue}
        self.balancer.send(**{color: share for color, share in shares.items() if share})


class Matcher(UrlMap):
    """A path matcher's default service, in a regional map."""

    def __init__(self, balancer: Balancer) -> None:
        super().__init__(balancer)
        self.router = workshop.section(balancer, path_matcher="api")
        self._lead({"defaultService": balancer.service("white")})

    def _lead(self, to: dict) -> None:
        rules = [{"hosts": ["api.test"], "pathMatcher": "api"}]
        self.balancer.change(hostRules=rules, pathMatchers=[{"name": "api", **to}])

    def live(self) -> dict[str, int]:
        (found,) = self.balancer.map()["pathMatchers"]
        return self.balancer.weights(found)

    def move(self, blue: int) -> None:
        entries = self.balancer.entries(blue=blue, green=100 - blue)
        self._lead({"defaultRouteAction": {"weightedBackendServices": entries}})


class Groups(UrlMap):
    """Managed instance groups with autoscalers behind it."""

    def __init__(self, balancer: Balancer) -> None:
        super().__init__(balancer)
        for color in ("blue", "green"):
            Hands(balancer).autoscale(color, 1, 4)
        self.capacity = workshop.capacity_section(balancer, templates=workshop.templates())


class Pair(UrlMap):
    """Two Cloud Run services behind it: no health to ask for."""

    def __init__(self, balancer: Balancer) -> None:
        serverless(balancer)
        super().__init__(balancer)


MADE = {
    "url map": (UrlMap, "global"),
    "path matcher": (Matcher, f"regions/{REGION}"),
    "groups": (Groups, "global"),
    "pair": (Pair, "global"),
}


@pytest.fixture(params=MADE)
def platform(request):
    kind, scope = MADE[request.param]
    with workshop.running() as world:
        yield kind(workshop.build(world.google, scope, size=1))
