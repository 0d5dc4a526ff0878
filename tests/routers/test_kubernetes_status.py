"""Controllers' conditions on objects shared with others: only one that a write made false is an answer to it."""

from __future__ import annotations

import copy

import pytest

from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Convergence, Weights
from tests.routers.kubernetes_memory import Server
from tests.routers.kubernetes_weighted_workshop import accepted, valid
from tests.routers.test_kubernetes_world import BLUE, GREEN, declare, router, where

ROUTES = ["gateway_http_route", "gateway_grpc_route", "linkerd_http_route"]
CONVERGED, PENDING = Convergence.CONVERGED, Convergence.PENDING
ASSETS = "Service shop/assets not found"


@pytest.fixture
def server():
    return Server()


def say(server, kind, *, second="True", resolved="", first="True"):
    """Set the conditions of two parents on the route as it is now; ``resolved`` is a missing reference."""
    found = server.get(where(kind))
    (one,) = accepted(found, first)["parents"]
    other = copy.deepcopy(accepted(found, second)["parents"][0])
    other["parentRef"] = {"name": "another"}
    for parent in (one, other):
        parent["conditions"][1] |= {"status": "False" if resolved else "True", "reason": "R", "message": resolved}
    server.say(where(kind), {"parents": [one, other]})


@pytest.mark.parametrize("kind", ROUTES)
def test_a_parent_that_said_no_before_stops_neither_a_first_start_nor_a_promotion_nor_a_rollback(server, kind):
    declare(server, kind)
    say(server, kind, second="False")
    made = router(server, kind)
    for weights in (BLUE, Weights(90, 10), GREEN, BLUE):
        made.write(weights)
        assert made.verify(weights) is PENDING
        say(server, kind, second="False")
        assert made.verify(weights) is CONVERGED


@pytest.mark.parametrize("kind", ROUTES)
def test_a_backend_of_others_that_is_missing_stops_nothing(server, kind):
    declare(server, kind)
    first = router(server, kind)
    first.write(GREEN)
    say(server, kind)
    assert first.verify(GREEN) is CONVERGED
    say(server, kind, resolved=ASSETS)
    back = router(server, kind)
    back.read()
    back.write(BLUE)
    say(server, kind, resolved=ASSETS)
    assert back.verify(BLUE) is CONVERGED


@pytest.mark.parametrize("kind", ROUTES)
def test_a_backend_of_others_that_goes_missing_between_two_steps_stops_nothing(server, kind):
    declare(server, kind)
    made = router(server, kind)
    for number, weights in enumerate((BLUE, Weights(90, 10), GREEN)):
        made.write(weights)
        say(server, kind, resolved=ASSETS if number else "")
        if number == 1:  # it came to be after what was written had taken effect
            say(server, kind)
            assert made.verify(weights) is CONVERGED
            say(server, kind, resolved=ASSETS)
            made.read()
            continue
        assert made.verify(weights) is CONVERGED


@pytest.mark.parametrize("kind", ROUTES)
def test_what_a_write_made_false_is_its_end_also_beside_what_was_false(server, kind):
    declare(server, kind)
    made = router(server, kind)
    made.write(BLUE)
    say(server, kind)
    assert made.verify(BLUE) is CONVERGED
    say(server, kind, resolved=ASSETS)
    made.read()
    made.write(Weights(90, 10))
    say(server, kind, resolved=f"{ASSETS}; Service shop/web-green not found")
    with pytest.raises(PlatformError, match="web-green not found"):
        made.verify(Weights(90, 10))
    made.write(BLUE)
    say(server, kind, resolved=ASSETS)
    assert made.verify(BLUE) is CONVERGED, "and the restore is not stopped"


@pytest.mark.parametrize("kind", ROUTES)
def test_a_route_that_no_parent_takes_fails_a_first_start_and_no_rollback(server, kind):
    declare(server, kind)
    say(server, kind, first="False", second="False")
    made = router(server, kind)
    made.write(BLUE)
    say(server, kind, first="False", second="False")
    with pytest.raises(PlatformError, match="Accepted is false"):
        made.verify(BLUE)
    made.write(Weights())
    say(server, kind, first="False", second="False")
    assert made.verify(Weights()) is CONVERGED, "its restore is done"
    made.write(BLUE)
    back = router(server, kind)
    back.read()
    back.write(GREEN)
    say(server, kind, first="False", second="False")
    assert back.verify(GREEN) is CONVERGED


def test_what_contour_found_wrong_before_stops_no_rollback(server):
    kind = "contour_http_proxy"
    what = declare(server, kind)
    made = router(server, kind)
    made.write(GREEN)
    server.say(what, valid(server.get(what), "invalid", "Spec.VirtualHost secret missing"))
    with pytest.raises(PlatformError, match="secret missing"):
        made.verify(GREEN)
    back = router(server, kind)
    back.read()
    back.write(BLUE)
    server.say(what, valid(server.get(what), "invalid", "Spec.VirtualHost secret missing"))
    assert back.verify(BLUE) is CONVERGED
    back.write(GREEN)
    server.say(what, valid(server.get(what), "invalid", "Spec.VirtualHost secret missing", "web-green not found"))
    with pytest.raises(PlatformError, match="web-green not found"):
        back.verify(GREEN)
