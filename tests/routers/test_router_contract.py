"""The contract that the package ships, over each of its own routers; a new platform adds a line to ``WORKSHOPS``."""

from __future__ import annotations

import pytest

from bluegreen.fields import Fields
from bluegreen.memory.router import WORLDS
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import COLORS, Weights
from bluegreen.swap.service import SwapService
from bluegreen.testing.routers import RULES, RouterCase
from tests.routers import (
    alb_workshop,
    api_gateway_workshop,
    argo_workshop,
    azure_workshop,
    beanstalk_workshop,
    cloud_dns_workshop,
    cloudfoundry_workshop,
    deployments_workshop,
    envoy_workshop,
    function_workshop,
    google_workshop,
    kubernetes_weighted_workshop,
    kubernetes_workshop,
    lambda_workshop,
    nlb_workshop,
    profile_workshop,
    route53_workshop,
    scale_sets_workshop,
    slots_workshop,
    url_map_workshop,
)


def memory_section(request):
    WORLDS.pop("contract", None)
    return {"kind": "memory", "name": "contract"}


def installing_memory_section(request):
    return {**memory_section(request), "install": {"blue": "v1", "green": "v2"}}


def in_alb(section):
    return lambda request: section(request.getfixturevalue("alb"))


def lambda_section(request):
    return lambda_workshop.section(request.getfixturevalue("function"))


def container_app_section(request):
    return azure_workshop.section(request.getfixturevalue("container_app"))


def installing_app_section(request):
    return azure_workshop.installing_section(request.getfixturevalue("installing_app"))


def slots_section(request):
    request.getfixturevalue("slots")
    return slots_workshop.section()


def cloud_dns_section(request):
    request.getfixturevalue("cloud_dns")
    return cloud_dns_workshop.section()


def run_section(request):
    request.getfixturevalue("run")
    return google_workshop.section()


def installing_run_section(request):
    request.getfixturevalue("run")
    section = google_workshop.installing_section()
    router = ROUTERS.build(ROUTERS.parse(Fields(section, "router")))
    for color in COLORS:
        router.install(color)
    return section


def function_section(request):
    request.getfixturevalue("built_function")
    return function_workshop.section()


def url_map_section(request):
    return url_map_workshop.section(request.getfixturevalue("balancer"))


def beanstalk_section(request):
    request.getfixturevalue("beanstalk")
    return beanstalk_workshop.section(made_with_it=True)


def profile_section(request):
    request.getfixturevalue("profile")
    return profile_workshop.section()


def cloudfoundry_section(request):
    request.getfixturevalue("cloudfoundry")
    return cloudfoundry_workshop.section()


def installing_cloudfoundry_section(request):
    request.getfixturevalue("cloudfoundry")
    return cloudfoundry_workshop.installing_section()


def gateway_section(request):
    request.getfixturevalue("gateway")
    return scale_sets_workshop.section()


def balancer_section(request):
    request.getfixturevalue("gateway")
    return scale_sets_workshop.balancer_section()


def envoy_section(request):
    return request.getfixturevalue("host").section()


def haproxy_section(request):
    return request.getfixturevalue("haproxy").section()


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
    "memory, which installs": installing_memory_section,
    "argo_rollouts": rollout_section,
    "azure_container_app": container_app_section,
    "azure_container_app, which installs": installing_app_section,
    "application_gateway": gateway_section,
    "azure_load_balancer": balancer_section,
    "azure_slots": slots_section,
    "azure_traffic_manager": profile_section,
    "beanstalk": beanstalk_section,
    "cloudfoundry": cloudfoundry_section,
    "cloudfoundry, which installs": installing_cloudfoundry_section,
    "cloud_dns": cloud_dns_section,
    "cloud_function": function_section,
    "cloud_run": run_section,
    "cloud_run, which installs": installing_run_section,
    "url_map": url_map_section,
    "envoy": envoy_section,
    "haproxy": haproxy_section,
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


IN_PROCESS = (
    "memory",
    "memory, which installs",
    "azure_container_app",
    "azure_container_app, which installs",
    "azure_slots",
    "azure_traffic_manager",
    "beanstalk",
    "cloudfoundry",
    "cloudfoundry, which installs",
    "cloud_dns",
    "cloud_function",
    "cloud_run",
    "cloud_run, which installs",
    "url_map",
)
"""Whose platform is played here; the others' workshops are in the local cloud or on the node."""


def workshops():
    for name in sorted(WORKSHOPS):
        yield pytest.param(name, marks=() if name in IN_PROCESS else pytest.mark.tools)


SETTLED = {"argo_rollouts": argo_workshop.Settled, "envoy": envoy_workshop.Settled}
"""Whose platform takes its time to follow."""


@pytest.fixture(params=workshops())
def case(request):
    section = WORKSHOPS[request.param](request)
    made = RouterCase(section, SETTLED.get(str(section["kind"]), lambda router: router))
    yield made
    made.build().delete()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_router_keeps_the_contract(case, rule):
    rule(case)


def test_a_delete_removes_the_own_incarnation_alone(case):
    """As the second half of a replacement at the same place: the new resource has stamped the object by then."""
    case.build().write(Weights.all_on("blue"))
    case.build().mark({"incarnation": "bb"})
    more = {"name": "web", "active_color": "blue", "releases": {"blue": "v1", "green": "v2"}}
    service = SwapService(clock=FakeClock())
    for other in ("aa", ""):
        service.delete({**more, "router": case.section, "incarnation": other})
        assert case.build().read().weights == Weights.all_on("blue")
    service.delete({**more, "router": case.section, "incarnation": "bb"})
    assert case.build().read().weights == Weights()


def test_what_is_called_on_kubernetes_is_declared(case):
    declared = {permission.action for permission in getattr(ROUTERS.load(case.section["kind"]), "permissions", ())}
    if not any(" " in action for action in declared):
        pytest.skip("another platform: its calls are compared where they are made")
    calls = []
    with counted(calls.append):
        router = case.build()
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
