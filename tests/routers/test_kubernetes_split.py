"""Weights within a platform's rules: filled in and read again, for every split, whatever else stands in the rules."""

from __future__ import annotations

import copy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.component.base import PREVIEW_HEADER
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.kubernetes.routes import contour_http_proxy, gateway_status
from bluegreen.kubernetes.routes import rules as kubernetes_rules
from bluegreen.kubernetes.routes.gateway_http_route import backend_refs
from bluegreen.kubernetes.routes.split import certain, covers, guess, is_split, weights_in, with_weights
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Weights
from tests.routers.kubernetes_weighted_workshop import OWNER, PLANS, SERVICES, WANTED, accepted, kind_of, valid

SHAPE = backend_refs(SERVICES, "shop")
splits = st.one_of(
    st.builds(Weights.split, st.sampled_from(COLORS), st.integers(0, 100)),
    st.just(Weights()),
)
matches = st.lists(
    st.fixed_dictionaries({"path": st.fixed_dictionaries({"value": st.from_regex(r"/[a-z]{0,5}", fullmatch=True)})}),
    max_size=3,
)
filters = st.lists(st.fixed_dictionaries({"type": st.sampled_from(["RequestMirror", "URLRewrite"])}), max_size=2)


def backend(service, **more):
    return {"name": service, "port": 80, **more}


@st.composite
def rule_lists(draw):
    """Rules to both colors among rules to one color, to strangers and to nobody."""

    def rule(backends):
        return {"matches": draw(matches), "filters": draw(filters), **({"backendRefs": backends} if backends else {})}

    stranger = backend("web-static", weight=draw(st.integers(0, 9)))
    others = [[backend("web-blue")], [backend("web-green", weight=7)], [stranger], []]
    both = [backend("web-blue"), backend("web-green")]
    kinds = draw(st.lists(st.sampled_from([both, *others]), max_size=5))
    return [rule(both), *map(rule, kinds)]


@given(rule_lists(), splits)
def test_what_is_filled_in_is_read_and_nothing_else_is_touched(rules, weights):
    before = copy.deepcopy(rules)
    filled = with_weights(rules, weights, SHAPE)
    assert rules == before
    assert len(filled) == len(rules)
    split = [pair for pair in zip(rules, filled, strict=True) if is_split(pair[0], SHAPE)]
    assert certain([weights_in(found, SHAPE) for _, found in split]) == weights
    for declared, found in zip(rules, filled, strict=True):
        if (declared, found) in split:
            assert {**found, "backendRefs": declared["backendRefs"]} == declared
            assert all(ref["weight"] for ref in found.get("backendRefs", ()))  # none beside the other at 0
        else:
            assert found == declared


@given(splits.filter(lambda weights: weights != Weights()), st.integers(1, 1000))
def test_the_scale_does_not_matter(weights, scale):
    refs = [backend(SERVICES[color], weight=weights.of(color) * scale) for color in COLORS]
    assert weights_in({"backendRefs": refs}, SHAPE) == weights


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_share_is_never_hidden_by_rounding(blue, green, stranger):
    rule = {
        "backendRefs": [
            backend("web-blue", weight=blue),
            backend("web-green", weight=green),
            backend("web-legacy", weight=stranger),
        ]
    }
    found = weights_in(rule, SHAPE)
    if blue + green + stranger == 0:
        assert found == Weights()
        return
    assert (found.elsewhere > 0) == (stranger > 0)
    assert (found.blue == 100) == (green == 0 == stranger)
    if stranger == 0:
        assert (found.blue > 0) == (blue > 0)
        assert (found.green > 0) == (green > 0)


def test_backends_without_weights_are_alike_and_the_only_one_has_everything():
    both = {"backendRefs": [backend("web-blue"), backend("web-green")]}
    assert weights_in(both, SHAPE) == Weights(50, 50)
    assert weights_in({"backendRefs": [backend("web-green")]}, SHAPE) == Weights(0, 100)
    assert weights_in({"backendRefs": [backend("web-green", namespace="elsewhere")]}, SHAPE) == Weights()


def test_rules_that_differ_say_what_is_certain():
    assert certain([Weights(90, 10), Weights(100, 0)]) == Weights(90, 0)
    assert certain([]) == Weights()


def test_traffic_that_goes_nowhere_cannot_be_written():
    with pytest.raises(PlatformError, match="blue 40 %, green 10 %, elsewhere 50 %"):
        with_weights(kubernetes_rules.http_route_production(WANTED), Weights(40, 10), SHAPE)


def test_in_a_strangers_object_a_way_to_one_color_is_not_taken_for_production():
    previews = kubernetes_rules.http_route_preview(WANTED)
    production = kubernetes_rules.http_route_production(WANTED)
    declared = [*previews, *production]
    for weights, place in ((Weights(30, 70), 2), (Weights(0, 100), 2)):
        found = with_weights(declared, weights, SHAPE)
        assert guess(found, declared, SHAPE) == [place]
    assert guess([*previews, {"backendRefs": [backend("legacy")]}], declared, SHAPE) == []


def test_defaults_of_a_schema_do_not_make_a_rule_another_one():
    assert covers({"a": [{"b": 1, "added": 2}]}, {"a": [{"b": 1}]})
    assert not covers({"a": [{"b": 1}, {"b": 1}]}, {"a": [{"b": 1}]})
    assert not covers({"a": [{"b": 2}]}, {"a": [{"b": 1}]})


# -- declarations


def section(plan, **more):
    return {
        "kind": kind_of(plan),
        "namespace": "shop",
        "name": "web",
        "services": SERVICES,
        "owner": OWNER,
        **PLANS[plan].section,
        **more,
    }


def problems_in(values):
    fields = Fields(values, "router")
    ROUTERS.parse(fields)
    return [str(problem) for problem in fields.problems]


@pytest.mark.parametrize("plan", PLANS)
def test_what_is_declared_well_has_no_problems(plan):
    assert problems_in(section(plan)) == []


@pytest.mark.parametrize("plan", PLANS)
def test_what_is_not_known_yet_passes(plan):
    own = dict.fromkeys(set(PLANS[plan].section) - {"api_group"}, UNKNOWN)
    assert problems_in(section(plan, **own)) == []
    assert problems_in(section(plan, services={"blue": UNKNOWN, "green": "web-green"}, name=UNKNOWN, **own)) == []


def test_numbers_of_the_engine_are_whole_again():
    rules = [{"backendRefs": [{"name": name, "port": 80.0, "filters": None} for name in SERVICES.values()]}]
    _, arguments = ROUTERS.parse(Fields(section("gateway_http_route", rules=rules)))
    assert arguments["rules"]["rules"] == [{"backendRefs": [backend(name) for name in SERVICES.values()]}]
    assert isinstance(arguments["rules"]["rules"][0]["backendRefs"][0]["port"], int)


BOTH = [backend(name) for name in SERVICES.values()]
ROUTES = [{"destination": {"host": name}} for name in SERVICES.values()]
GROUPS = [{"serviceName": name, "servicePort": 80} for name in SERVICES.values()]


@pytest.mark.parametrize(
    ("plan", "wrong", "said"),
    [
        ("gateway_http_route", {"rules": None}, "router.rules: None .* it is required"),
        ("gateway_http_route", {"rules": "all"}, "router.rules: 'all' .* a list of the platform's own rules"),
        ("gateway_http_route", {"rules": [7]}, r"router.rules\[0\]: 7 .* an object"),
        ("gateway_http_route", {"rules": [{"backendRefs": "x"}]}, r"router.rules\[0\].backendRefs: 'x'"),
        (
            "gateway_http_route",
            {"rules": [{"backendRefs": BOTH[:1]}]},
            "at least one has backendRefs to both web-blue and web-green",
        ),
        (
            "gateway_http_route",
            {"rules": [{"backendRefs": [BOTH[0], backend("web-grene")]}]},
            r"router.rules\[0\].backendRefs\[1\]: 'web-grene' .* web-blue and web-green",
        ),
        (
            "gateway_grpc_route",
            {"rules": [{"backendRefs": [BOTH[0], {**BOTH[1], "weight": 10}]}]},
            r"router.rules\[0\].backendRefs\[1\].weight: 10 .* the swap fills",
        ),
        ("gateway_grpc_route", {"rules": [{"backendRefs": [*BOTH, BOTH[1]]}]}, "'web-green' .* each color's once"),
        ("linkerd_http_route", {"api_group": "linkerd.io"}, "router.api_group: 'linkerd.io' .* policy.linkerd.io"),
        ("contour_http_proxy", {"routes": []}, r"router.routes: \[\]"),
        (
            "contour_http_proxy",
            {"services": {"blue": "web", "green": "web"}},
            "router.services.green: 'web' .* another",
        ),
        (
            "traefik_service",
            {"weighted": {"services": BOTH[:1]}},
            r"router.weighted.services: .* web-blue and web-green",
        ),
        (
            "traefik_service",
            {"weighted": {"services": [BOTH[0], {**BOTH[1], "weight": 1}]}},
            r"services\[1\].weight: 1",
        ),
        ("traefik_service", {"weighted": [1]}, r"router.weighted: \[1\] .* an object with services"),
        ("istio_virtual_service", {"http": [{"route": ROUTES[:1]}]}, "router.http: .* both web-blue and web-green"),
        ("istio_virtual_service", {"http": None, "tcp": None}, "router.http: .* both web-blue and web-green"),
        (
            "istio_virtual_service",
            {"http": [{"route": [ROUTES[0], {"destination": {"host": "web-blue", "subset": "green"}}]}]},
            r"router.http\[0\].route\[1\]: 'web-blue subset green'",
        ),
        (
            "istio_virtual_service",
            {"destinations": {"blue": {"host": "web"}, "green": {"host": "web"}}},
            "router.destinations.green: .* another subset",
        ),
        ("nginx_canary", {"weight": 10}, "router.weight: 10 .* no such field"),
        ("aws_load_balancer_ingress", {"action": None}, "router.action: None"),
        ("aws_load_balancer_ingress", {"forward": {"targetGroups": GROUPS[:1]}}, "router.forward.targetGroups"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(plan, wrong, said):
    problems = problems_in(section(plan, **wrong))
    assert any(re.search(said, problem) for problem in problems), problems


def test_an_istio_host_may_be_written_in_full():
    full = [{"route": [{"destination": {"host": f"{name}.shop.svc.cluster.local"}} for name in SERVICES.values()]}]
    assert problems_in(section("istio_virtual_service", http=full)) == []
    away = [{"route": [ROUTES[0], {"destination": {"host": "web-green.prod.svc.cluster.local"}}]}]
    assert "web-green.prod" in problems_in(section("istio_virtual_service", http=away))[0]


def test_the_preview_header_is_everybodys():
    assert WANTED.header == PREVIEW_HEADER


# -- what controllers say


ROUTE = {"metadata": {"generation": 3}, "spec": {"parentRefs": [{"name": "edge"}]}}


def after(found, **generation):
    return {**found, "metadata": {**found["metadata"], **generation}}


def test_a_route_is_used_when_a_parent_has_accepted_it_as_it_is():
    assert "no controller" in gateway_status.waited_for(ROUTE, "get")
    told = {**ROUTE, "status": accepted(ROUTE)}
    assert gateway_status.waited_for(told, "get") == ""
    assert "Gateway edge (played.example.com/one) has not looked" in gateway_status.waited_for(
        after(told, generation=4), "get"
    )
    refused = {**ROUTE, "status": accepted(ROUTE, "False", "Service shop/web-green not found")}
    with pytest.raises(PlatformError, match="Accepted is false: BackendNotFound: Service shop/web-green not found"):
        gateway_status.waited_for(refused, "get")
    assert gateway_status.waited_for(after(refused, generation=4), "get")  # that was about another version of it


def test_a_proxy_is_used_when_contour_finds_it_valid_as_it_is():
    proxy = {"metadata": {"generation": 3}, "status": {"currentStatus": "NotReconciled"}}
    assert "is it running" in contour_http_proxy.waited_for(proxy, "get")
    told = {**proxy, "status": valid(proxy)}
    assert contour_http_proxy.waited_for(told, "get") == ""
    assert "as it is now" in contour_http_proxy.waited_for(after(told, generation=4), "get")
    assert "orphaned" in contour_http_proxy.waited_for({**proxy, "status": valid(proxy, "orphaned")}, "get")
    with pytest.raises(PlatformError, match=r"invalid: Spec\.Routes unresolved"):
        contour_http_proxy.waited_for(
            {**proxy, "status": valid(proxy, "invalid", "Spec.Routes unresolved service reference")}, "get"
        )
