"""What every router must do, run over each of them; a new platform adds one factory to ``WORKSHOPS``."""

from __future__ import annotations

import time

import pytest

from bluegreen.fields import Fields
from bluegreen.memory.router import WORLDS
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import COLORS, Convergence, Weights
from bluegreen.rollout.ports import Capability
from bluegreen.swap.service import SwapService
from tests.routers import (
    alb_workshop,
    api_gateway_workshop,
    argo_workshop,
    deployments_workshop,
    kubernetes_weighted_workshop,
    kubernetes_workshop,
    lambda_workshop,
    nlb_workshop,
    route53_workshop,
)


def memory_section(request):
    WORLDS.pop("contract", None)
    return {"kind": "memory", "name": "contract"}


def in_alb(section):
    return lambda request: section(request.getfixturevalue("alb"))


def lambda_section(request):
    return lambda_workshop.section(request.getfixturevalue("function"))


def rest_api_section(request):
    api = request.getfixturevalue("rest_api")
    api.restage()
    return api_gateway_workshop.rest_section(api)


def http_api_section(request):
    return api_gateway_workshop.http_section(request.getfixturevalue("http_api"))


def in_zone(section):
    return lambda request: section(request.getfixturevalue("zone"))


def nlb_section(request):
    return nlb_workshop.section(request.getfixturevalue("nlb"))


def played_section(fixture):
    return lambda request: deployments_workshop.section(request.getfixturevalue(fixture))


def service_section(**more):
    return lambda request: kubernetes_workshop.section(request.getfixturevalue("pods_of_both_colors"), **more)


def weighted_section(plan):
    return lambda request: kubernetes_weighted_workshop.section(request.getfixturevalue("weighted_objects"), plan)


def rollout_section(request):
    return request.getfixturevalue("rollout").section()


# By the router's kind; what follows it says which of its ways is meant.
WORKSHOPS = {
    "memory": memory_section,
    "argo_rollouts": rollout_section,
    "codedeploy": played_section("by_codedeploy"),
    "ecs_native": played_section("by_ecs"),
    "kubernetes_service": service_section(),
    "kubernetes_service, with a stage": service_section(stage=True),
    "lambda_alias": lambda_section,
    "rest_api_canary": rest_api_section,
    "http_api_stage": http_api_section,
    "alb": in_alb(alb_workshop.section),
    "alb, a rule handed in": in_alb(alb_workshop.section_of_a_rule),
    "alb, a listener handed in": in_alb(alb_workshop.section_of_a_listener),
    "alb_listeners": in_alb(alb_workshop.pair_section),
    "alb_listeners, handed in": in_alb(alb_workshop.pair_section_of_what_is_there),
    "nlb": nlb_section,
    "route53": in_zone(route53_workshop.section),
    "route53, aliases": in_zone(route53_workshop.section_of_aliases),
    **{plan: weighted_section(plan) for plan in kubernetes_weighted_workshop.PLANS if "," not in plan},
}


def test_every_router_is_tested():
    assert {name.partition(",")[0] for name in WORKSHOPS} == set(ROUTERS.entries)


@pytest.fixture(params=sorted(WORKSHOPS))
def build(request):
    """Builds the router as a fresh process would: nothing is remembered between two of them."""
    section = WORKSHOPS[request.param](request)

    def made(owner=None, **known):
        fields = Fields({**section, "owner": owner} if owner else section, "router")
        parsed = ROUTERS.parse(fields)
        assert parsed is not None, fields.problems
        kind, arguments = parsed
        arguments = {**arguments, **known}
        timed = "clock" in ROUTERS.load(kind).__dataclass_fields__
        router = ROUTERS.build((kind, {**arguments, "clock": FakeClock()} if timed else arguments))
        return argo_workshop.Settled(router) if kind == "argo_rollouts" else router

    made.owner, made.section = section.get("owner"), section
    yield made
    made().delete()


def splits(build):
    return Capability.WEIGHTS in build().capabilities


def split_or_all(build, color, percent):
    """A split where the router can split, else all on the color."""
    return Weights.split(color, percent) if splits(build) else Weights.all_on(color)


def converges(router, weights):
    """At once, or with time: a router that waits for it has a clock that is turned by hand; a cluster has its own."""
    for _ in range(200 if hasattr(router, "clock") or hasattr(router, "cluster") else 1):
        if router.verify(weights) is Convergence.CONVERGED:
            return True
        if hasattr(router, "clock"):
            router.clock.sleep(1)
        else:
            time.sleep(0.02)
    return False


def test_before_the_first_write_no_color_is_live(build):
    assert build().read().weights == Weights()


@pytest.mark.parametrize("percent", [1, 10, 50, 99, 100])
@pytest.mark.parametrize("color", COLORS)
def test_what_is_written_is_read(build, color, percent):
    weights = Weights.split(color, percent)
    router = build()
    router.read()
    if percent != 100 and not splits(build):
        with pytest.raises(PlatformError, match=str(weights)):
            router.write(weights)
        return
    router.write(weights)
    assert converges(router, weights)
    assert build().read().weights == weights


def test_writing_twice_changes_nothing(build):
    weights = split_or_all(build, "green", 10)
    for _ in range(2):
        router = build()
        router.read()
        router.write(weights)
    assert build().read().weights == weights


def test_a_first_write_whose_reply_was_lost_is_taken_up(build):
    build().write(Weights.all_on("blue"))
    build().write(Weights.all_on("green"))  # never read: it does not know that the object is there
    assert build().read().weights == Weights.all_on("green")


def test_other_weights_are_not_converged(build):
    router = build()
    router.read()
    router.write(split_or_all(build, "green", 10))
    assert router.verify(split_or_all(build, "blue", 50)) is Convergence.PENDING


def test_no_weights_at_all_is_no_live_color(build):
    router = build()
    router.read()
    router.write(Weights.all_on("blue"))
    router.write(Weights())
    assert build().read().weights == Weights()


def test_deleting_twice_is_fine(build):
    build().write(Weights.all_on("blue"))
    build().delete()
    build().delete()
    assert build().read().weights == Weights()


def test_health_is_counts_and_a_reason(build):
    for color in COLORS:
        health = build().health(color)
        assert health.ready == (health.expected > 0 and health.healthy == health.expected)
        assert health.ready or health.reason


def test_marks_are_kept_on_the_owned_object_and_change_no_weight(build):
    weights = split_or_all(build, "green", 10)
    build().write(weights)
    build().mark({"lease.1": "2026-11-21T11:00:00Z me@here pid 1 on 00000000 a +-=._:/@", "abort": "x"})
    build().mark({"lease.1": "renewed", "abort": None, "never-set": None})
    found = build().read()
    assert (found.weights, dict(found.marks)) == (weights, {"lease.1": "renewed"})
    assert dict(build().marks()) == {"lease.1": "renewed"}


def test_many_long_marks_fit(build):
    build().write(Weights.all_on("blue"))
    wanted = {f"outcome.{number}": "x" * 250 for number in range(10)}
    build().mark(wanted)
    assert dict(build().marks()) == wanted


def test_a_write_keeps_the_marks(build):
    build().write(Weights.all_on("blue"))
    build().mark({"lease.1": "x"})
    build().write(split_or_all(build, "green", 50))
    assert dict(build().marks()) == {"lease.1": "x"}


def test_without_an_object_there_are_no_marks(build):
    build().mark({"lease.1": "x"})
    assert (build().read().weights, dict(build().marks())) == (Weights(), {})


def knows(build, *names):
    """Whether a router has fields for a resource's former life; one that has no owner needs none."""
    fields = getattr(type(build()), "__dataclass_fields__", {})
    return set(names) <= set(fields)


def test_an_incarnation_is_read_with_the_weights_and_survives_a_write(build):
    build().write(Weights.all_on("blue"))
    build().mark({"incarnation": "aa"})
    build().write(split_or_all(build, "green", 50))
    assert build().read().marks["incarnation"] == "aa"
    build().mark({"incarnation": "bb"})
    assert build().read().marks["incarnation"] == "bb"


def test_a_renamed_owner_takes_over_what_it_owned_and_stamps_it_anew(build):
    if not knows(build, "former_owner"):
        pytest.skip("it has no owner")
    weights = Weights.all_on("blue")
    build().write(weights)
    with pytest.raises(NotOwned):
        build(owner="project/renamed/web").read()
    renamed = build(owner="project/renamed/web", former_owner=build.owner)
    assert renamed.read().weights == weights
    renamed.mark({"lease.1": "x"})
    renamed.write(weights)
    assert build(owner="project/renamed/web").read().weights == weights
    with pytest.raises(NotOwned):
        build().read()
    build(owner="project/renamed/web").delete()


def test_what_bears_the_incarnation_is_its_own_whoever_has_stamped_it(build):
    if not knows(build, "incarnation"):
        pytest.skip("it looks at the owner alone")
    build(owner="project/renamed/web").write(Weights.all_on("blue"))
    build(owner="project/renamed/web").mark({"incarnation": "aa"})
    with pytest.raises(NotOwned):
        build(incarnation="bb").read()
    assert build(incarnation="aa").read().weights == Weights.all_on("blue")
    build(owner="project/renamed/web").delete()


def test_a_delete_removes_the_own_incarnation_alone(build):
    """As the second half of a replacement at the same place: the new resource has stamped the object by then."""
    build().write(Weights.all_on("blue"))
    build().mark({"incarnation": "bb"})
    more = {"name": "web", "active_color": "blue", "releases": {"blue": "v1", "green": "v2"}}
    service = SwapService(clock=FakeClock())
    for other in ("aa", ""):
        service.delete({**more, "router": build.section, "incarnation": other})
        assert build().read().weights == Weights.all_on("blue")
    service.delete({**more, "router": build.section, "incarnation": "bb"})
    assert build().read().weights == Weights()


def test_what_is_called_on_kubernetes_is_declared(build):
    declared = {permission.action for permission in getattr(type(build()), "permissions", ())}
    if not any(" " in action for action in declared):
        pytest.skip("another platform: its calls are compared where they are made")
    calls = []
    with counted(calls.append):
        router = build()
        router.read()
        for weights in (Weights.all_on("blue"), Weights.all_on("green"), Weights()):
            router.write(weights)
            router.verify(weights)
        for color in COLORS:
            router.health(color)
        router.mark({"lease.1": "x"})
        router.marks()
        router.delete()
    assert calls
    assert set(calls) <= declared


def test_the_commands_by_hand_are_text(build):
    build().write(Weights.all_on("blue"))
    for weights in (Weights.all_on("green"), Weights.split("green", 10), Weights()):
        assert all(build().commands(weights))
