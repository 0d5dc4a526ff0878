"""An application gateway's rule: what is kept, refused and waited for, in Azure's stand-in within this process."""

from __future__ import annotations

import copy

import pytest

from bluegreen.azure.application_gateways.router import ApplicationGatewayRouter
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import guarded
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import Convergence, Weights
from localcloud.azure.roles import Principal, Role
from tests.routers import scale_sets_workshop as workshop
from tests.routers.scale_sets_workshop import ADDRESS, GATEWAY, GROUP, SUBNET, refused

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")
PUT = ("PUT", "applicationGateways/shop")


def router(**more):
    return ROUTERS.build(ROUTERS.parse(Fields(workshop.section(**more), "router")))


def writes(gateway):
    return [body for verb, path, body in gateway.paths if verb == "PUT" and path == GATEWAY]


def test_a_write_changes_the_rules_pool_and_sends_all_else_back_as_it_was(gateway):
    made = router()
    made.read()
    made.write(BLUE)
    before = gateway.gateway()
    made.write(GREEN)
    after, sent = gateway.gateway(), writes(gateway)[-1]
    for body in (before, after, sent):
        rules = body["properties"].pop("requestRoutingRules")
        others = [rule for rule in rules if rule["name"] != "production"]
        assert [rule["properties"]["backendAddressPool"]["id"].rpartition("/")[2] for rule in others] == [
            "blue",
            "green",
        ]
        body.pop("etag", None)
        body["properties"].pop("provisioningState")
    assert before == after == sent
    assert gateway.pool() == "green"


def test_what_this_client_does_not_know_of_a_gateway_goes_back_as_it_was_read(gateway):
    known = gateway.gateway()
    rules = known["properties"]["requestRoutingRules"]
    known["properties"]["newFeature"] = {"of": "Azure's"}
    rules[0]["properties"]["newField"] = 1
    before = copy.deepcopy(known)
    sent = router().led_to(known, "green")
    assert sent["properties"]["newFeature"] == {"of": "Azure's"}
    assert sent["properties"]["requestRoutingRules"][0]["properties"]["newField"] == 1
    assert known == before


def test_the_same_again_changes_nothing_and_finds_out_whether_it_may(gateway):
    made = router()
    made.write(BLUE)
    version = gateway.gateway()["etag"]
    made.write(BLUE)
    assert gateway.gateway()["etag"] == version
    assert gateway.calls[-1] == "Microsoft.Network/applicationGateways/write"


def test_a_write_over_a_version_that_is_gone_looks_again_first(gateway):
    made = router()
    made.write(BLUE)
    tagged = []

    def end(_number, action):
        if action == "Microsoft.Network/applicationGateways/write" and not tagged:
            tagged.append(action)
            tags = {"operation": "Merge", "properties": {"tags": {"team": "carts"}}}
            gateway.ask("PATCH", f"{GATEWAY}/providers/Microsoft.Resources/tags/default", tags)
        return ""

    gateway.end = end
    made.write(GREEN)
    assert (gateway.pool(), gateway.tags()["team"]) == ("green", "carts")


def test_traffic_that_somebody_moved_between_look_and_write_is_not_written_over(gateway):
    made = router()
    made.write(BLUE)
    moved = []

    def end(_number, action):
        if action == "Microsoft.Network/applicationGateways/write" and not moved:
            moved.append(action)
            gateway.lead("white")
            gateway.azure.settle()
        return ""

    gateway.end = end
    with pytest.raises(TrafficMoved, match="somebody else moved the traffic"):
        made.write(GREEN)
    assert gateway.pool() == "white"


def test_somebody_elses_update_is_waited_for_and_not_superseded(gateway):
    made = router()
    made.write(BLUE)
    gateway.azure.operations.stopped = True
    body = gateway.gateway()
    body["properties"]["enableHttp2"] = True
    gateway.ask("PUT", GATEWAY, body)
    asked = []

    def sleep(seconds):
        asked.append(seconds)
        gateway.clock.sleep(seconds)
        if len(asked) == 3:
            gateway.azure.operations.stopped = False

    with guarded(lambda: None, sleep=sleep):
        made.write(GREEN)
    assert len(asked) >= 3
    assert gateway.gateway()["properties"]["enableHttp2"] is True
    assert gateway.pool() == "green"


def test_a_write_whose_reply_was_lost_is_not_done_twice(gateway):
    made = router()
    made.write(BLUE)
    before = len(writes(gateway))
    gateway.answers[PUT] = None
    made.write(GREEN)
    assert gateway.pool() == "green"
    assert len(writes(gateway)) == before + 2  # the second was refused by its entity tag
    assert made.verify(GREEN) is Convergence.CONVERGED


def test_an_update_that_azure_could_not_do_is_told(gateway):
    made = router()
    made.write(BLUE)
    kept = gateway.azure.world.get(GATEWAY)
    gateway.azure.operations.stopped = True

    def sleep(_seconds):
        kept.body["properties"]["provisioningState"] = "Failed"

    with guarded(lambda: None, sleep=sleep), pytest.raises(PlatformError, match="provisioningState is Failed"):
        made.write(GREEN)
    gateway.azure.operations.stopped = False
    made.write(BLUE)  # a real one: the last has failed
    assert gateway.gateway()["properties"]["provisioningState"] == "Succeeded"


def test_a_gateway_that_was_there_is_taken_over_without_moving_its_traffic(gateway):
    made = router(made_with_it=False)
    with pytest.raises(NotOwned, match="would move its traffic, which goes to blue now and not to green"):
        made.write(GREEN)
    assert "bluegreen:production:owner" not in gateway.tags()
    made.write(BLUE)
    assert gateway.tags()["bluegreen:production:owner"] == "project/stack/orders"
    gateway.lead("white")
    gateway.azure.settle()
    assert router().read().weights == Weights()


def test_two_swaps_share_a_gateway_by_their_rules(gateway):
    one, two = router(), router(rule="blue", owner="project/stack/carts")
    one.write(BLUE)
    two.write(GREEN)
    one.mark({"lease.1": "x"})
    two.mark({"lease.1": "y"})
    assert (router().marks(), router(rule="blue", owner="project/stack/carts").marks()) == (
        {"lease.1": "x"},
        {"lease.1": "y"},
    )
    one.delete()
    assert [name for name in gateway.tags() if name.startswith("bluegreen:production")] == []
    assert gateway.tags()["bluegreen:blue:owner"] == "project/stack/carts"
    with pytest.raises(NotOwned, match=r"blue of .* is owned by project/stack/carts"):
        router(rule="blue").read()


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"rule": None, "path_map": "paths"}, lambda told: told["defaultBackendAddressPool"]),
        (
            {"rule": None, "path_map": "paths", "path_rule": "orders"},
            lambda told: told["pathRules"][0]["properties"]["backendAddressPool"],
        ),
    ],
)
def test_a_place_in_a_path_map_is_led_alone(gateway, more, pointer):
    made = router(**more)
    made.write(GREEN)
    told = gateway.gateway()["properties"]["urlPathMaps"][0]["properties"]
    assert pointer(told)["id"].endswith("/green")
    ids = [told["defaultBackendAddressPool"]["id"], told["pathRules"][0]["properties"]["backendAddressPool"]["id"]]
    assert sorted(one.rpartition("/")[2] for one in ids) == ["green", "white"]
    assert made.read().weights == GREEN
    assert gateway.pool() == "blue"


@pytest.mark.parametrize(
    ("more", "change", "problem"),
    [
        ({"rule": "other"}, {}, "the gateway has no other"),
        ({"pools": {"blue": "blue", "green": "red"}}, {}, "the gateway has no backend pool red"),
        ({}, {"redirectConfiguration": {"id": "x"}}, "it redirects"),
        ({}, {"loadDistributionPolicy": {"id": "x"}}, "a policy splits it"),
        ({}, {"urlPathMap": {"id": "/x/urlPathMaps/paths"}}, "say that as path_map"),
    ],
)
def test_a_rule_that_cannot_be_led_is_refused_by_its_reason(gateway, more, change, problem):
    rule = gateway.azure.world.get(GATEWAY).body["properties"]["requestRoutingRules"][0]
    rule["properties"] |= change
    with pytest.raises(PlatformError, match=problem):
        router(**more).write(BLUE)
    assert not writes(gateway)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"gateway_id": "shop"}, ["router.gateway_id"]),
        ({"rule": None}, ["router.rule"]),
        ({"path_map": "paths"}, ["router.rule"]),
        ({"path_rule": "orders"}, ["router.path_rule"]),
        ({"rule": "a/b"}, ["router.rule"]),
        ({"pools": {"blue": "a", "green": "a"}}, ["router.pools.green"]),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(change, fields):
    found = Fields(workshop.section(**change), "router")
    ROUTERS.parse(found)
    assert [problem.field for problem in found.problems] == fields


def test_health_is_what_the_probes_of_the_colors_own_rule_find(gateway):
    assert (router().health("green").ready, router().health("green").healthy) == (True, 2)
    gateway.azure.plane.well = False
    unwell = router().health("green")
    assert (unwell.ready, unwell.reason) == (False, "pool green: 2 of 2 servers: Unhealthy")
    gateway.scale("green", 0)
    assert router().health("green").reason == "the pool green has no server"
    body = gateway.gateway()
    body["properties"]["requestRoutingRules"].pop()
    gateway.ask("PUT", GATEWAY, body)
    gateway.azure.settle()
    unseen = router().health("green")
    assert unseen.fatal
    assert "no rule of the gateway leads to the pool green, and so nothing probes it" in unseen.reason


def test_health_that_is_never_told_is_an_error(gateway):
    gateway.azure.operations.stopped = True
    with pytest.raises(PlatformError, match="no result within"):
        router().health("green")


def test_just_the_declared_actions_are_enough_and_all_of_them_are_needed(gateway):
    declared = {permission.action for permission in ApplicationGatewayRouter.permissions}
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
    linked = {SUBNET: "virtualNetworks/subnets/join", ADDRESS: "publicIPAddresses/join"}
    for lacks in linked.values():
        few = tuple(action for action in declared if lacks not in action)
        gateway.azure.identity.principals["few"] = Principal("few", "few", (Role(few, GROUP),))
        gateway.client_id = "few"
        with pytest.raises(PlatformError, match=f"{lacks}/action"):
            router().write(BLUE)


def test_a_role_that_may_not_write_is_told_before_anything_moves(gateway):
    router().write(BLUE)
    readers = (Role(("*/read", "Microsoft.Resources/tags/write"), GROUP),)
    gateway.azure.identity.principals["reader"] = Principal("reader", "reader", readers)
    gateway.client_id = "reader"
    with pytest.raises(PlatformError, match=r"Microsoft\.Network/applicationGateways/write: AuthorizationFailed"):
        router().write(BLUE)


def test_the_commands_by_hand_name_the_pool():
    (command,) = router().commands(GREEN)
    assert "az network application-gateway rule update" in command
    assert command.endswith("--gateway-name shop --name production --address-pool green")
    (command,) = router(rule=None, path_map="paths").commands(GREEN)
    assert command.endswith("--name paths --default-address-pool green")
    (command,) = router(rule=None, path_map="paths", path_rule="orders").commands(GREEN)
    assert "urlPathMaps[name=paths].pathRules[name=orders].backendAddressPool.id=" in command
    (command,) = router().commands(Weights())
    assert command.endswith("--tags bluegreen:production:owner")


def test_an_answer_of_azure_that_is_no_conflict_is_told_in_its_words(gateway):
    router().write(BLUE)
    gateway.answers[PUT] = refused(400, "ApplicationGatewayTrustedRootCertificateInvalid", "the certificate")
    with pytest.raises(PlatformError, match="ApplicationGatewayTrustedRootCertificateInvalid: the certificate"):
        router().write(GREEN)


def test_what_a_gateway_that_is_gone_says(gateway):
    gateway.ask("DELETE", GATEWAY)
    gateway.azure.settle()
    assert router().read().weights == Weights()
    with pytest.raises(PlatformError, match="there is no /subscriptions/"):
        router().write(BLUE)
