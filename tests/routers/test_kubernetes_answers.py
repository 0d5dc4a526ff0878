"""The answer to a write of an object is a read of it: what has no status to wait for is not requested again."""

from __future__ import annotations

import pytest

from bluegreen.clients import glances
from bluegreen.kubernetes import live_object as kubernetes_object
from bluegreen.rollout.calls import counted
from bluegreen.rollout.model import Convergence, Readiness
from tests.routers.kubernetes_memory import Server
from tests.routers.kubernetes_weighted_workshop import SERVICES, accepted
from tests.routers.test_kubernetes_swaps import Shop
from tests.routers.test_kubernetes_world import BLUE, GREEN, declare, router, where

WITHOUT_STATUS = ["traefik_service", "istio_virtual_service", "nginx_canary", "aws_load_balancer_ingress"]
CONVERGED, PENDING = Convergence.CONVERGED, Convergence.PENDING


@pytest.fixture
def server():
    return Server()


@pytest.fixture(autouse=True)
def long_moments(monkeypatch):
    """A busy machine may take longer for a call than its answer counts."""
    monkeypatch.setattr(kubernetes_object, "ANSWER_LASTS_SECONDS", 600)


def verified(made, weights):
    calls, found = [], []
    with counted(calls.append):
        found.append(made.verify(weights))
    return found[0], len(calls)


@pytest.mark.parametrize("kind", WITHOUT_STATUS)
def test_what_a_write_was_answered_shows_that_it_has_taken_effect_and_once(server, kind):
    declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    assert verified(made, BLUE) == (CONVERGED, 0)
    router(server, kind).write(GREEN)  # by hand, a moment later
    assert verified(made, BLUE) == (PENDING, 1)


def test_a_controllers_word_is_waited_for(server):
    kind = "gateway_http_route"
    what = declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    assert verified(made, BLUE)[0] is PENDING
    server.say(what, accepted(server.get(where(kind))))
    assert verified(made, BLUE) == (CONVERGED, 1)


@pytest.mark.parametrize("kind", WITHOUT_STATUS)
def test_an_answer_of_a_while_ago_is_asked_for_again(server, kind, monkeypatch):
    declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    monkeypatch.setattr(kubernetes_object, "ANSWER_LASTS_SECONDS", 0)
    assert verified(made, BLUE) == (CONVERGED, 1)


@pytest.mark.parametrize("color", ["blue", "green"])
def test_the_endpoints_of_a_canary_and_of_the_color_that_it_needs_are_asked_for_together(server, color):
    declare(server, "nginx_canary")
    for service in SERVICES.values():
        server.objects[f"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/{service}-1"] = {
            "metadata": {"labels": {"kubernetes.io/service-name": service}},
            "ports": [{"port": 80}],
            "endpoints": [{"targetRef": {"uid": service}, "addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
        }
    calls, made = [], router(server, "nginx_canary")
    with counted(calls.append):
        assert made.health(color) == Readiness(True, 1, 1)
    assert calls == ["list endpointslices.discovery.k8s.io"]


@pytest.mark.parametrize("kind", ["kubernetes_service", "traefik_service"])
def test_a_check_and_the_diff_after_it_look_at_the_object_once(kind, monkeypatch):
    monkeypatch.setattr(glances, "LASTS_SECONDS", 600)
    shop, calls = Shop(kind), []
    declare(shop.server, kind)
    shop.up("blue")
    for _ in range(2):
        with counted(calls.append):
            shop.service().check(shop.inputs("blue"), shop.inputs("blue"))
            found = shop.service().diff(shop.outputs, shop.inputs("blue"))
        assert len([call for call in calls if call.startswith("get ")]) == 1
        assert not found.changes
        calls.clear()
    router(shop.server, kind).write(GREEN)  # by hand, a moment later
    assert shop.service().diff(shop.outputs, shop.inputs("blue")).drifted == GREEN
