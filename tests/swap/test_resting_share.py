"""The share of the idle color that a router's platform needs is checked before anything runs."""

from __future__ import annotations

import pytest

from bluegreen.fields import UNKNOWN
from bluegreen.platforms.routers import ROUTERS
from bluegreen.swap import checking, states

PLACE = {"namespace": "shop", "name": "web", "services": {"blue": "a", "green": "b"}, "owner": "p/s/web"}
CAPACITY = {"kind": "kubernetes", "namespace": "shop", "workloads": {"blue": "a", "green": "b"}}


def problems(kind="nginx_canary", **more):
    router = {"kind": kind, **PLACE}
    if kind != "nginx_canary":
        router = {"kind": kind, "name": "web"}
    inputs = {"active_color": "blue", "releases": {"blue": "1", "green": "2"}, "router": router, **more}
    return [str(problem) for problem in checking.check({}, inputs).problems]


@pytest.mark.parametrize("share", [{}, {"idle_capacity_percent": 0}, {"idle_capacity_percent": 0.5}])
def test_a_canary_ingress_without_pods_of_the_idle_color_is_refused_by_name(share):
    (said,) = problems(capacity=CAPACITY, **share)
    assert said.startswith("idle_capacity_percent: ")
    assert "1 to 100: with the nginx_canary router" in said


@pytest.mark.parametrize(
    "more",
    [
        {"capacity": CAPACITY, "idle_capacity_percent": 1},
        {"capacity": CAPACITY, "idle_capacity_percent": 100.0},
        {"capacity": CAPACITY, "idle_capacity_percent": UNKNOWN},
        {},
    ],
)
def test_enough_at_rest_or_nothing_that_scales_is_not(more):
    assert not problems(**more)


def test_other_routers_let_the_idle_color_rest_at_nothing():
    assert not problems("memory", capacity=CAPACITY)
    assert [kind for kind in ROUTERS.entries if hasattr(ROUTERS.load(kind), "least_idle_percent")] == ["nginx_canary"]


def test_a_state_of_before_can_be_read_still():
    outputs = {
        "active_color": "blue",
        "releases": {"blue": "1", "green": "2"},
        "router": {"kind": "nginx_canary", **PLACE},
        "capacity": CAPACITY,
        "idle_capacity_percent": 0,
    }
    assert states.spec_of(outputs).idle_capacity_percent == 0
