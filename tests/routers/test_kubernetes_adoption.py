"""Objects that others made, richer than the usual ones: only who gets production's requests is ever the swap's."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluegreen.kubernetes.routes import rules
from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import Weights
from tests.amounts import examples
from tests.routers.kubernetes_memory import Server
from tests.routers.kubernetes_weighted_workshop import PLANS, WANTED
from tests.routers.test_kubernetes_world import BLUE, GREEN, router, where

HELM = "helm"
RICH = {
    "timeouts": {"request": "5s"},
    "retry": {"attempts": 2},
    "sessionPersistence": {"sessionName": "s"},
    "filters": [
        {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "shadow", "port": 80}}},
        {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": "a", "value": "b"}]}},
    ],
}


def path(prefix, **more):
    return {"matches": [{"path": {"type": "PathPrefix", "value": prefix}}], **more}


def to(*names, **more):
    return [{"name": name, "port": 80, **more} for name in names]


# -- for each kind: what others have there, of it the place of production, and how a backend is named


def gateway(*production, **more):
    static = path("/static", backendRefs=to("assets"), timeouts={"request": "1s"})
    old = path("/old", filters=[{"type": "RequestRedirect", "requestRedirect": {"hostname": "new.example.com"}}])
    main = path("/", backendRefs=list(production), **{**RICH, **more})
    return {"spec": {"parentRefs": [{"name": "edge"}], "hostnames": ["a", "b"], "rules": [static, old, main]}}


def istio(*production, **more):
    static = {"match": [{"uri": {"prefix": "/static"}}], "route": [{"destination": {"host": "assets"}}]}
    main = {
        "match": [{"uri": {"prefix": "/"}}],
        "route": list(production),
        "timeout": "5s",
        "retries": {"attempts": 3, "perTryTimeout": "2s"},
        "mirror": {"host": "shadow"},
        "fault": {"delay": {"fixedDelay": "1s"}},
        "corsPolicy": {"allowOrigins": [{"exact": "*"}]},
        **more,
    }
    admin = {"match": [{"port": 8443}], "route": [{"destination": {"host": "admin"}}], "name": "admin"}
    return {"spec": {"hosts": ["web"], "gateways": ["edge"], "exportTo": ["."], "http": [static, main, admin]}}


def contour(*production, **more):
    static = {"conditions": [{"prefix": "/static"}], "services": to("assets"), "enableWebsockets": True}
    main = {
        "conditions": [{"prefix": "/"}],
        "services": [*production, {"name": "shadow", "port": 80, "mirror": True}],
        "timeoutPolicy": {"response": "5s"},
        "retryPolicy": {"count": 3},
        "authPolicy": {"context": {"a": "b"}},
        "rateLimitPolicy": {"local": {"requests": 3}},
        **more,
    }
    virtual = {"fqdn": "web.example.com", "tls": {"secretName": "t"}}
    return {"spec": {"virtualhost": virtual, "ingressClassName": "x", "routes": [static, main]}}


def traefik(*production, **more):
    return {"spec": {"weighted": {"services": list(production), "sticky": {"cookie": {"name": "theirs"}}, **more}}}


def alb(*production, **more):
    forward = {"targetGroups": list(production), "targetGroupStickinessConfig": {"enabled": True}, **more}
    action = {"type": "forward", "forwardConfig": forward, "theirs": 1}
    names = {
        "alb.ingress.kubernetes.io/actions.web": json.dumps(action),
        "alb.ingress.kubernetes.io/actions.redirect": '{"type":"redirect"}',
        "alb.ingress.kubernetes.io/auth-type": "oidc",
    }
    return {**PLANS["aws_load_balancer_ingress"].declared, "metadata": {"annotations": names}}


def destination(name, **more):
    return {"destination": {"host": name, "port": {"number": 80}}, "headers": {"request": {"set": {"x": "y"}}}, **more}


def group(name, **more):
    return {"serviceName": name, "servicePort": 80, "theirs": True, **more}


def service(name, **more):
    return {"name": name, "port": 80, "theirs": {"a": 1}, **more}


ONE = rules.Wanted(services=WANTED.services, port=80)
KINDS = {
    "gateway_http_route": (gateway, service, {"rules": rules.http_route_production(ONE)}),
    "gateway_grpc_route": (gateway, service, {"rules": [path("/", backendRefs=to("web-blue", "web-green"))]}),
    "linkerd_http_route": (gateway, service, {"rules": rules.http_route_production(ONE)}),
    "istio_virtual_service": (istio, destination, {"http": rules.istio_production(ONE)}),
    "contour_http_proxy": (contour, service, {"routes": rules.contour_production(ONE)}),
    "traefik_service": (traefik, service, {"weighted": rules.traefik_weighted(ONE)}),
    "aws_load_balancer_ingress": (alb, group, {"forward": rules.alb_forward(ONE)}),
}


@pytest.fixture
def server():
    return Server()


def adopted(server, kind, *production, **more):
    make, backend, section = KINDS[kind]
    server.declare(where(kind), make(*(backend(name, **weight) for name, weight in production), **more), HELM)
    return router(server, kind, adopt=True, **section)


def theirs(found):
    """All of an object but what a swap says that it owns."""
    found = copy.deepcopy(found)
    annotations = found["metadata"].pop("annotations", {})
    found["metadata"] = {}
    kept = {name: value for name, value in annotations.items() if not name.startswith("bluegreen/")}
    action = "alb.ingress.kubernetes.io/actions.web"
    if action in kept:
        kept[action] = without_backends(json.loads(kept[action]))
    return without_backends({**found, "annotations": kept})


def without_backends(value):
    """Production's backends, of which the swap decides who is there, without their color and their weight."""
    if isinstance(value, list):
        return [without_backends(one) for one in value]
    if not isinstance(value, dict):
        return value.replace("web-blue", "web-*").replace("web-green", "web-*") if isinstance(value, str) else value
    named = {key: without_backends(one) for key, one in value.items()}
    for key in ("backendRefs", "route", "services", "targetGroups"):
        if "web-*" in json.dumps(named.get(key)):
            mine = [{k: v for k, v in one.items() if k != "weight"} for one in named[key]]
            named[key] = [one for number, one in enumerate(mine) if one not in mine[:number]]
    return named


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_not_traffic_stays_from_the_take_over_to_the_end(server, kind):
    made = adopted(server, kind, ("web-blue", {}))
    before = theirs(server.get(where(kind)))
    assert made.read().weights == BLUE
    for weights in (BLUE, Weights(90, 10), Weights(50, 50), GREEN, Weights(40, 60), BLUE, GREEN):
        made.write(weights)
        assert theirs(server.get(where(kind))) == before
        assert router(server, kind, **KINDS[kind][2]).read().weights == weights
    made.delete()
    found = server.get(where(kind))
    assert theirs(found) == before
    assert not [name for name in found["metadata"].get("annotations", {}) if name.startswith("bluegreen/")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_take_over_of_what_is_there_changes_no_more_than_a_weight(server, kind):
    made = adopted(server, kind, ("web-blue", {"weight": 70}), ("web-green", {"weight": 30}))
    before = server.get(where(kind))
    assert made.read().weights == Weights(70, 30)
    made.write(Weights(70, 30))
    after = server.get(where(kind))
    assert before["spec"] == after["spec"]
    for name, value in before["metadata"].get("annotations", {}).items():
        now = after["metadata"]["annotations"][name]
        assert now == value or json.loads(now) == json.loads(value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_leads_to_a_stranger_is_not_taken_over(server, kind):
    for production in ([("legacy", {})], [("web-blue", {"weight": 90}), ("legacy", {"weight": 10})]):
        server.remove(where(kind))
        made = adopted(server, kind, *production)
        before = server.get(where(kind))
        for act in (made.read, lambda made=made: made.write(BLUE), lambda made=made: made.mark({"lease.1": "x"})):
            with pytest.raises(NotOwned, match=r"legacy.*: taking it over would move traffic"):
                act()
        assert server.get(where(kind)) == before


LISTS = {"gateway_http_route": "rules", "istio_virtual_service": "http", "contour_http_proxy": "routes"}


@pytest.mark.parametrize("kind", LISTS)
def test_rules_that_somebody_adds_moves_or_takes_away_meanwhile_are_theirs(server, kind):
    made = adopted(server, kind, ("web-blue", {}))
    made.write(BLUE)
    key, what = LISTS[kind], where(kind)
    matches = {"rules": "matches", "http": "match", "routes": "conditions"}[key]
    entry = {"rules": {"path": {"type": "Exact", "value": "/new"}}, "http": {"uri": {"exact": "/new"}}}
    new = {matches: [entry.get(key, {"prefix": "/new"})], "theirs": 1}
    listed = server.get(what)["spec"][key]
    for changed in ([new, *listed], list(reversed(listed)), [*listed[1:], new]):
        server.edit(what, {"spec": {key: listed}})
        assert made.read().weights == BLUE  # what is changed meanwhile is no traffic

        def act(method, _path, changed=changed):
            if method == "PATCH":
                server.between = lambda *_: None
                server.edit(what, {"spec": {key: changed}})

        server.between = act
        made.write(Weights(60, 40))
        found = server.get(what)["spec"][key]
        assert [without_backends(rule) for rule in found] == [
            without_backends(rule) for rule in server.get(what)["spec"][key]
        ]
        assert len(found) == len(changed)
        assert [rule.get("theirs") for rule in found] == [rule.get("theirs") for rule in changed]
        assert made.read().weights == Weights(60, 40)


def test_a_rule_of_somebody_else_that_takes_all_requests_is_drift_and_put_behind(server):
    made = adopted(server, "gateway_http_route", ("web-blue", {}))
    made.write(BLUE)
    what = where("gateway_http_route")
    leak = {"backendRefs": to("web-legacy")}
    server.edit(what, {"spec": {"rules": [leak, *server.get(what)["spec"]["rules"]]}})
    assert made.read().weights == Weights()
    made.write(BLUE)
    listed = server.get(what)["spec"]["rules"]
    names = [rule.get("backendRefs", [{}])[0].get("name") for rule in listed]
    assert names == ["web-blue", "web-legacy", "assets", None]
    assert made.read().weights == BLUE
    production = listed[0]
    production["backendRefs"].append({"name": "web-legacy", "port": 80, "weight": 25})
    server.edit(what, {"spec": {"rules": listed}})
    assert made.read().weights == Weights(80, 0)
    made.write(BLUE)
    assert [one["name"] for one in server.get(what)["spec"]["rules"][0]["backendRefs"]] == ["web-blue"]


def test_a_catch_all_before_production_is_drift_where_the_first_rule_wins(server):
    made = adopted(server, "istio_virtual_service", ("web-blue", {}))
    made.write(BLUE)
    what = where("istio_virtual_service")
    server.edit(what, {"spec": {"http": [{"route": [destination("legacy")]}, *server.get(what)["spec"]["http"]]}})
    assert made.read().weights == Weights()
    made.write(BLUE)
    assert made.read().weights == BLUE


def test_a_change_of_the_declaration_is_one_and_nothing_else_is(server):
    kind = "gateway_http_route"
    declared = path("/", backendRefs=to("web-blue", "web-green"), timeouts={"request": "9s"})
    make, backend, _ = KINDS[kind]
    server.declare(where(kind), make(backend("web-blue")), HELM)

    def write(*rules_):
        router(server, kind, adopt=True, rules=[*rules_]).write(GREEN)
        return server.get(where(kind))["spec"]["rules"]

    before = write(declared)
    assert before[-1]["timeouts"] == {"request": "5s"}, "taken over as it was"
    now = write({**declared, "timeouts": {"request": "10s"}})
    assert now[-1] == {**before[-1], "timeouts": {"request": "10s"}}
    way = path("/way", backendRefs=to("web-blue"))
    now = write({**declared, "timeouts": {"request": "10s"}}, way)
    assert [rule["matches"][0]["path"]["value"] for rule in now] == ["/static", "/old", "/", "/way"]
    moved = {**declared, "matches": [{"path": {"type": "PathPrefix", "value": "/shop"}}]}
    now = write(moved)
    assert [rule["matches"][0]["path"]["value"] for rule in now] == ["/static", "/old", "/shop"]
    assert now[-1]["filters"] == RICH["filters"]
    assert "timeouts" in now[-1], "it had been the same as declared before it was declared no more than as found"
    other_port = {**moved, "backendRefs": [{"name": "web-blue", "port": 80}, {"name": "web-green", "port": 8080}]}
    assert write(other_port)[-1]["backendRefs"][0]["port"] == 8080


def test_rules_that_lead_to_a_color_move_whether_they_are_declared_or_not(server):
    kind = "gateway_http_route"
    api, main = path("/api", backendRefs=to("web-blue"), timeouts={"request": "60s"}), path("/")
    main["backendRefs"] = to("web-blue")
    server.declare(where(kind), {"spec": {"rules": [api, main]}}, HELM)
    made = router(server, kind, adopt=True, rules=rules.http_route_production(ONE))
    assert made.read().weights == BLUE
    made.write(GREEN)
    listed = server.get(where(kind))["spec"]["rules"]
    assert [[one["name"] for one in rule["backendRefs"]] for rule in listed] == [["web-green"], ["web-green"]]
    assert listed[0]["timeouts"] == {"request": "60s"}
    assert made.read().weights == GREEN


def test_a_way_to_the_idle_color_by_a_header_stays_one(server):
    kind = "gateway_http_route"
    match = {"path": {"type": "PathPrefix", "value": "/"}, "headers": [{"name": "X-Canary", "value": "yes"}]}
    way = {"matches": [match], "backendRefs": to("web-green")}
    server.declare(where(kind), {"spec": {"rules": [way, path("/", backendRefs=to("web-blue"))]}}, HELM)
    made = router(server, kind, adopt=True, rules=rules.http_route_production(ONE))
    assert made.read().weights == BLUE
    before = server.get(where(kind))["spec"]["rules"][0]
    made.write(Weights(50, 50))
    made.write(BLUE)
    assert server.get(where(kind))["spec"]["rules"][0] == before


@pytest.mark.parametrize("kind", LISTS)
def test_an_object_that_a_former_version_wrote_is_read_and_written_on(server, kind):
    section = PLANS[kind].section
    server.declare(where(kind), PLANS[kind].declared)
    made = router(server, kind)
    fields = made._fields(Weights(75, 25))
    del fields["metadata"]["annotations"]["bluegreen/rules"]
    fields["metadata"]["annotations"]["bluegreen/owner"] = made.owner
    server.cluster.apply(where(kind), fields)
    assert made.read().weights == Weights(75, 25)
    before = theirs(server.get(where(kind)))
    made.write(GREEN)
    assert theirs(server.get(where(kind))) == before
    assert len(server.get(where(kind))["spec"][LISTS[kind]]) == len(section[LISTS[kind]])
    assert router(server, kind).read().weights == GREEN


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(
    "note",
    [
        "no json",
        "[]",
        '{"rules":7,"http":"x","routes":[7]}',
        '{"rules":[{"declared":{"matches":7},"found_by":[],"split":1}],"http":[{"found_by":{"match":7},"split":true}],'
        '"routes":[{"declared":{"services":["x"],"conditions":"y"},"found_by":{},"split":true}]}',
    ],
)
def test_a_forged_note_of_what_is_the_swaps_ends_nothing(server, kind, note):
    server.declare(where(kind), PLANS[kind].declared)
    made = router(server, kind)
    made.write(BLUE)
    server.edit(where(kind), {"metadata": {"annotations": {"bluegreen/rules": note}}})
    fresh = router(server, kind)
    fresh.read()
    fresh.write(GREEN)
    assert router(server, kind).read().weights == GREEN
    assert len(server.get(where(kind))["spec"][LISTS[kind]]) == len(PLANS[kind].section[LISTS[kind]])


@pytest.mark.parametrize(
    "said",
    [
        '{"type":"forward","forwardConfig":{"targetGroups":"x"}}',
        '{"type":"forward","forwardConfig":{"targetGroups":[7]}}',
        '{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"web-blue","weight":"x"}]}}',
        '{"type":"forward","forwardConfig":7}',
    ],
)
def test_an_action_that_nobody_can_read_reaches_no_color(server, said):
    kind = "aws_load_balancer_ingress"
    server.declare(where(kind), PLANS[kind].declared)
    made = router(server, kind)
    made.write(BLUE)
    server.edit(where(kind), {"metadata": {"annotations": {made.owned_path[-1]: said, "bluegreen/forward": said}}})
    assert made.read().weights == Weights()
    made.write(GREEN)
    assert router(server, kind).read().weights == GREEN


@pytest.mark.parametrize("kind", PLANS)
def test_closed_and_opened_again_it_is_what_was_declared(server, kind):
    server.declare(where(kind), PLANS[kind].declared)
    made = router(server, kind)
    made.write(GREEN)
    before = server.get(where(kind))["spec"]
    made.write(Weights())
    assert made.read().weights == Weights() or kind == "nginx_canary"
    made.write(GREEN)
    assert server.get(where(kind))["spec"] == before
    assert router(server, kind).read().weights == GREEN


# -- generated

words = st.sampled_from(["alpha", "beta", "gamma", "delta"])
values = st.recursive(
    st.one_of(words, st.integers(0, 9), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(words, inner, max_size=2)),
    max_leaves=5,
)
fields = st.dictionaries(st.sampled_from(["filters", "timeout", "retries", "newInTheNextRelease", "x"]), values)


@st.composite
def lists(draw, kind):
    """Rules of others with any fields, and production's among them, with any fields, too."""
    make, backend, _ = KINDS[kind]
    key = LISTS[kind]
    production = make(backend("web-blue", **draw(fields)))["spec"][key][{"rules": 2}.get(key, 1)]
    production = {**production, **draw(fields)}
    match = {"rules": "matches", "http": "match", "routes": "conditions"}[key]
    backends = {"rules": "backendRefs", "http": "route", "routes": "services"}[key]
    others = [
        {match: [{"prefix": f"/{number}", "path": {"type": "Exact", "value": f"/{number}"}}], **draw(fields)}
        | draw(st.sampled_from([{}, {backends: [backend("assets")]}, {backends: [backend("a"), backend("b")]}]))
        for number in range(draw(st.integers(0, 3)))
    ]
    at = draw(st.integers(0, len(others)))
    return [*others[:at], production, *others[at:]]


@pytest.mark.parametrize("kind", LISTS)
@settings(max_examples=examples(25), deadline=None)
@given(data=st.data())
def test_whatever_others_have_in_their_rules_stays(kind, data):
    server, key = Server(), LISTS[kind]
    server.declare(where(kind), {"spec": {"theirs": data.draw(values), key: data.draw(lists(kind))}}, HELM)
    made = router(server, kind, adopt=True, **KINDS[kind][2])
    before = theirs(server.get(where(kind)))
    assert made.read().weights == BLUE
    for weights in (BLUE, Weights(10, 90), GREEN, BLUE):
        made.write(weights)
        assert theirs(server.get(where(kind))) == before
        assert made.read().weights == weights
