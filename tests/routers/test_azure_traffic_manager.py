"""A Traffic Manager profile's endpoints: weights, the order of writes, the TTL, what others have in it."""

import pytest

from bluegreen.azure.traffic_profiles.router import TrafficManagerRouter
from bluegreen.permissions.azure_role import definition
from bluegreen.rollout.clock import SystemClock
from bluegreen.rollout.errors import NotOwned, PlatformError, SwapFailed
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap import contract
from bluegreen.swap.service import SwapService
from localcloud.azure.roles import Principal, Role
from tests.routers import profile_workshop
from tests.routers.profile_workshop import GROUP, PROFILE, TARGETS

BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


@pytest.fixture
def profile():
    with profile_workshop.running() as made:
        made.put()
        yield made


def router(profile, **more):
    given = {key: value for key, value in profile_workshop.section(**more).items() if key != "kind"}
    return TrafficManagerRouter(clock=profile.clock, **given)


def inputs(color, **more):
    return {
        "name": "shop",
        "active_color": color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": profile_workshop.section(),
        "strategy": {"steps": [{"weight_percent": 10, "hold_seconds": 1}]},
        **more,
    }


def test_a_swap_makes_its_endpoints_and_never_disables_both(profile):
    profile.put(ttl=0)
    service = SwapService(clock=profile.clock)
    _, outputs = service.create(inputs("blue"))
    assert profile.weights() == {"blue": 1000}
    assert profile.told("green")["endpointStatus"] == "Disabled"
    outputs = service.update({**inputs("blue"), **outputs}, inputs("green"))
    assert profile.weights() == {"green": 1000}
    outputs = service.update({**inputs("green"), **outputs}, inputs("blue"))
    assert outputs["history"][0]["outcome"] == "rolled_back"
    assert profile.weights() == {"blue": 1000}
    begun = next(number for number, weights in enumerate(profile.seen) if weights)
    assert all(profile.seen[begun:])
    assert {"blue": 900, "green": 100} in profile.seen
    service.delete({**inputs("blue"), **outputs})
    assert (profile.weights(), profile.tags()) == ({}, {})


def test_a_swap_that_says_no_time_out_waits_for_a_usual_ttl_and_its_probes():
    assert contract.parse(inputs("blue")).limits.converge_timeout_seconds == 60 + 240 + 60
    assert contract.parse(inputs("blue", converge_timeout_seconds=20)).limits.converge_timeout_seconds == 20


@pytest.mark.parametrize("routers", [1, 2])
def test_and_for_the_profile_s_own_ttl_where_that_is_longer(profile, monkeypatch, routers):
    """No time-out is said: what the profile says counts, also where it is one of several routers."""
    profile.put(ttl=3600)
    beside = {"routers": [profile_workshop.section(), {"kind": "memory", "name": "beside"}], "router": None}
    more = {"strategy": {"steps": []}, **(beside if routers == 2 else {})}
    monkeypatch.setattr(SystemClock, "monotonic_seconds", lambda _: profile.clock.monotonic_seconds())
    service = SwapService(clock=profile.clock)
    _, outputs = service.create(inputs("blue", **more))
    began = profile.clock.monotonic_seconds()
    outputs = service.update({**inputs("blue", **more), **outputs}, inputs("green", **more))
    assert profile.weights() == {"green": 1000}
    assert profile.clock.monotonic_seconds() - began >= 3600
    said = inputs("blue", **more, converge_timeout_seconds=20)
    with pytest.raises(SwapFailed, match="had not taken effect after 20 s"):
        service.update(outputs, said)


def test_a_share_moves_one_way_only(profile):
    profile.endpoint("blue", 1)
    profile.endpoint("green", 7, enabled=False)
    assert profile.weights() == {"blue": 1}
    made = router(profile, targets={}, made_with_it=False)
    made.read()
    made.write(BLUE)
    assert profile.weights() == {"blue": 1000}  # it is alone, and its weight is there to be shared
    shares = []
    for percent in (10, 50, 90, 100, 40):
        profile.seen.clear()
        made.read()
        made.write(Weights.split("green", percent))
        shares.append([one.get("green", 0) / sum(one.values()) for one in profile.seen])
    for going, up in zip(shares, (True, True, True, True, False), strict=True):
        assert going == sorted(going, reverse=not up)


def test_it_takes_effect_once_no_resolver_keeps_an_answer_from_before(profile):
    made = router(profile)
    made.write(BLUE)
    assert made.verify(BLUE) is Convergence.CONVERGED  # nobody had an answer
    profile.azure.settle()
    made.write(Weights.split("green", 10))
    profile.azure.settle()
    calls = len(profile.calls)
    assert made.verify(Weights.split("green", 10)) is Convergence.PENDING
    assert "60 s" in made.progress()
    profile.clock.sleep(59)
    assert made.verify(Weights.split("green", 10)) is Convergence.PENDING
    assert len(profile.calls) == calls
    profile.clock.sleep(1)
    assert made.verify(Weights.split("green", 10)) is Convergence.CONVERGED
    assert made.progress() == ""


def test_what_traffic_manager_finds_bad_does_not_get_its_share(profile):
    made = router(profile)
    made.write(BLUE)
    profile.azure.settle()
    profile.azure.plane.well = False
    made.write(Weights.split("green", 10))
    profile.clock.sleep(60)
    assert made.verify(Weights.split("green", 10)) is Convergence.PENDING
    profile.azure.settle()
    assert made.verify(Weights.split("green", 10)) is Convergence.PENDING
    assert "endpoint green of green is Degraded" in made.progress()
    assert made.health("green").reason == "endpoint green of green is Degraded"
    profile.azure.plane.well = True
    assert made.verify(Weights.split("green", 10)) is Convergence.CONVERGED


def test_a_color_is_probed_before_it_is_alone(profile):
    made = router(profile)
    made.write(BLUE)
    profile.azure.settle()
    profile.azure.plane.well = False
    profile.seen.clear()
    with pytest.raises(PlatformError, match="green is Degraded: it was disabled again"):
        made.write(GREEN)
    assert profile.weights() == {"blue": 1000}
    assert all(one.get("green", 0) <= 1 and "blue" in one for one in profile.seen)
    made.write(Weights.split("green", 10))
    profile.seen.clear()
    made.put_back(BLUE)  # a restore waits for nothing
    assert profile.weights() == {"blue": 1000}
    profile.azure.plane.well = True
    made.write(GREEN)
    assert profile.weights() == {"green": 1000}
    assert {"blue": 1000, "green": 1} in profile.seen


def test_endpoints_of_others_keep_their_part(profile):
    profile.endpoint("blue", 300)
    profile.endpoint("green", 1, enabled=False)
    profile.endpoint("us", 700)
    before = profile.told("us")
    made = router(profile, targets={}, made_with_it=False)
    assert made.read().weights == Weights()  # without an owner yet
    with pytest.raises(NotOwned, match="would move it"):
        made.write(GREEN)
    made.write(BLUE)
    assert made.read().weights == BLUE
    made.write(Weights.split("green", 10))
    assert profile.weights() == {"blue": 270, "green": 30, "us": 700}
    made.write(GREEN)
    assert profile.weights() == {"green": 300, "us": 700}
    assert profile.told("us") == before
    made.delete()
    assert profile.weights() == {"green": 300, "us": 700}
    assert profile.tags() == {}


def test_a_share_too_fine_beside_others_is_refused_with_what_would_do(profile):
    profile.endpoint("blue", 1)
    profile.endpoint("green", 1, enabled=False)
    profile.endpoint("us", 1)
    made = router(profile, targets={}, made_with_it=False)
    made.read()
    made.write(BLUE)
    with pytest.raises(PlatformError, match="Multiply the weights of all endpoints"):
        made.write(Weights.split("green", 10))
    assert profile.weights() == {"blue": 1, "us": 1}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"trafficRoutingMethod": "Priority"}, "set trafficRoutingMethod to Weighted"),
        ({"profileStatus": "Disabled"}, "set profileStatus to Enabled"),
    ],
)
def test_a_profile_that_does_not_weigh_is_refused_by_its_reason(profile, more, said):
    profile.put(**more)
    with pytest.raises(PlatformError, match=said):
        router(profile).write(BLUE)
    assert profile.weights() == {}


def test_what_is_not_there_is_named(profile):
    with pytest.raises(PlatformError, match="no endpoint blue and no endpoint green"):
        router(profile, targets={}).write(BLUE)
    assert router(profile, targets={}).health("blue").reason == "there is no endpoint blue"
    profile.ask("DELETE", PROFILE)
    with pytest.raises(PlatformError, match="there is no Traffic Manager profile"):
        router(profile).write(BLUE)


def test_a_profile_of_anothers_is_left_alone(profile):
    router(profile).write(BLUE)
    stranger = router(profile, owner="other/stack/shop")
    with pytest.raises(NotOwned, match="owned by project/stack/shop"):
        stranger.read()
    with pytest.raises(NotOwned):
        stranger.write(GREEN)


def test_a_color_that_leads_elsewhere_by_now_is_led_where_it_is_declared(profile):
    made = router(profile)
    made.write(BLUE)
    profile.azure.settle()
    moved = router(profile, targets={**TARGETS, "blue": "blue2.example.com"})
    moved.read()
    assert moved.verify(BLUE) is Convergence.PENDING
    moved.write(BLUE)
    assert profile.told("blue")["target"] == "blue2.example.com"
    assert moved.verify(BLUE) is Convergence.PENDING  # who has resolved it before is still sent to the former target
    profile.clock.sleep(60)
    assert moved.verify(BLUE) is Convergence.CONVERGED


def test_the_role_has_just_what_is_asked_for(profile):
    actions = tuple(definition(["azure_traffic_manager"])["Actions"])
    profile.azure.identity.principals["narrow"] = Principal("narrow", "narrow", (Role(actions, GROUP),))
    profile.client_id = "narrow"
    made = router(profile)
    made.write(BLUE)
    profile.azure.settle()
    made.mark({"lease.1": "x"})
    made.write(Weights.split("green", 10))
    made.mark({"lease.1": None})
    made.delete()
    assert profile.weights() == {}


def test_calls_of_a_swap_are_bounded(profile):
    made = router(profile)
    made.write(BLUE)
    profile.azure.settle()
    for weights, calls in ((Weights.split("green", 10), 2), (Weights.split("green", 50), 2), (GREEN, 2), (GREEN, 0)):
        made.read()
        profile.calls.clear()
        made.write(weights)
        assert len(profile.calls) == calls, profile.calls
        profile.azure.settle()


def test_the_commands_by_hand_name_who_gets_more_first(profile):
    made = router(profile)
    made.write(BLUE)
    first, second = made.commands(Weights.split("green", 90))
    assert "az network traffic-manager endpoint update" in first
    assert "--name green --type externalEndpoints --endpoint-status Enabled --weight 900" in first
    assert "--name blue --type externalEndpoints --endpoint-status Enabled --weight 100" in second
    assert "--endpoint-status Disabled" in made.commands(GREEN)[1]
