"""A load balancer's rule: what is kept, refused and reported, in Azure's stand-in within this process."""

from __future__ import annotations

import pytest

from bluegreen.azure.load_balancers.router import AzureLoadBalancerRouter
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from localcloud.azure.roles import Principal, Role
from tests.routers import scale_sets_workshop as workshop
from tests.routers.scale_sets_workshop import BALANCER, GROUP

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


def router(**more):
    return ROUTERS.build(ROUTERS.parse(Fields(workshop.balancer_section(**more), "router")))


def rules(gateway):
    return {one["name"]: one["properties"] for one in gateway.ask("GET", BALANCER)["properties"]["loadBalancingRules"]}


def test_a_write_changes_the_rules_pool_in_both_ways_that_azure_tells_it_and_keeps_the_rest(gateway):
    before = gateway.ask("GET", BALANCER)
    made = router()
    made.write(BLUE)
    made.write(GREEN)
    rule = rules(gateway)["production"]
    assert rule["backendAddressPool"]["id"].endswith("/green")
    assert [one["id"].rpartition("/")[2] for one in rule["backendAddressPools"]] == ["green"]
    made.write(BLUE)
    after = gateway.ask("GET", BALANCER)
    assert after["properties"] == before["properties"]
    assert after["tags"] == {**before["tags"], "bluegreen:production:owner": "project/stack/orders"}


def test_a_load_balancer_that_was_there_is_taken_over_without_moving_its_traffic(gateway):
    made = router(made_with_it=False)
    with pytest.raises(NotOwned, match="would move its traffic, which goes to blue now and not to green"):
        made.write(GREEN)
    made.write(BLUE)
    assert router().read().weights == BLUE


@pytest.mark.parametrize(
    ("more", "change", "problem"),
    [
        ({"rule": "other"}, {}, "the load balancer has no rule other"),
        ({"pools": {"blue": "blue", "green": "red"}}, {}, "the load balancer has no backend pool red"),
        (
            {},
            {"backendAddressPools": [workshop.piece("backendAddressPools", one) for one in ("blue", "white")]},
            "it has several backend pools",
        ),
    ],
)
def test_a_rule_that_cannot_be_led_is_refused_by_its_reason(gateway, more, change, problem):
    gateway.azure.world.get(BALANCER).body["properties"]["loadBalancingRules"][0]["properties"] |= change
    with pytest.raises(PlatformError, match=problem):
        router(**more).write(BLUE)


def test_health_is_what_the_probe_of_the_colors_own_rule_finds(gateway):
    found = router().health("green")
    assert (found.ready, found.healthy) == (True, 2)
    assert any(path.endswith("/loadBalancingRules/green/health") for _, path, _ in gateway.paths)
    gateway.azure.plane.well = False
    assert router().health("green").reason == "pool green: 2 of 2 instances are down"
    gateway.scale("green", 0)
    assert router().health("green").reason == "the pool green has no instance"
    body = gateway.ask("GET", BALANCER)
    body["properties"]["loadBalancingRules"].pop()
    gateway.ask("PUT", BALANCER, body)
    gateway.azure.settle()
    unseen = router().health("green")
    assert unseen.fatal
    assert "no rule of the load balancer leads to the pool green" in unseen.reason


def test_just_the_declared_actions_are_enough(gateway):
    declared = {permission.action for permission in AzureLoadBalancerRouter.permissions}
    gateway.azure.identity.principals["swap"] = Principal("swap", "swap", (Role(tuple(declared), GROUP),))
    gateway.client_id = "swap"
    made = router()
    made.read()
    for weights in (BLUE, GREEN):
        made.write(weights)
        made.verify(weights)
    made.health("green")
    made.mark({"lease.1": "x"})
    made.mark({"lease.1": None})
    made.delete()
    assert set(gateway.calls) <= declared


def test_the_commands_by_hand_name_the_pool():
    (command,) = router().commands(GREEN)
    assert command.startswith("az network lb rule update ")
    assert command.endswith("--lb-name shop --name production --backend-pool-name green")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"load_balancer_id": "shop"}, ["router.load_balancer_id"]),
        ({"rule": "a/b"}, ["router.rule"]),
        ({"pools": {"blue": "a", "green": "a"}}, ["router.pools.green"]),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(change, fields):
    found = Fields(workshop.balancer_section(**change), "router")
    ROUTERS.parse(found)
    assert [problem.field for problem in found.problems] == fields
