"""Behind a route of several rules a color is scaled down only where those of production are the other color's still."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone

import pytest

from bluegreen.fields import Fields
from bluegreen.kubernetes.workloads.cron_job import Retirement, Retirements, due_after
from bluegreen.kubernetes.workloads.retire import Condition, RetireSettings
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import COLORS, Weights, other
from tests.routers.kubernetes_memory import Server
from tests.routers.kubernetes_weighted_workshop import OWNER, PLANS, SERVICES, kind_of, name_of
from tests.routers.test_kubernetes_world import declare, router, where

MIXED = Weights(60, 40)
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
LISTS = [kind for kind in PLANS if hasattr(ROUTERS.load(kind_of(kind)), "rules")]


@pytest.fixture
def server():
    return Server()


def condition(kind):
    section = {"kind": kind_of(kind), "namespace": "shop", "name": name_of(kind), "services": SERVICES, "owner": OWNER}
    what = where(kind)
    group = what.api_version.rpartition("/")[0]
    return Condition(f"{what.plural}.{group}/{what.name}", router={**section, **PLANS[kind].section})


def witness(server, kind, color):
    return router(server, kind).witness(color)


def steps(kind, kept):
    settings = RetireSettings("retire", only_if={"blue": condition(kind)})
    names = {color: f"web-{color}" for color in COLORS}
    retirements = Retirements("shop", "Deployment", names, {}, {}, settings)
    return retirements.steps("blue", Retirement(0, None, due_after(60, NOW), kept))


def is_so(found, kept):
    """Whether ``kubectl patch --type=json`` passes tests: a missing value is as ``null``, a missing parent fails."""
    for pointer, value in kept.items():
        here = found
        *parents, last = [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
        for key in parents:
            here = dict(enumerate(here)).get(int(key)) if isinstance(here, list) else (here or {}).get(key)
        if here is None or here.get(last) != value:
            return False
    return True


@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("color", COLORS)
def test_it_says_yes_while_all_of_production_is_a_colors_and_no_as_soon_as_it_is_not(server, kind, color):
    what = declare(server, kind)
    made = router(server, kind)
    made.write(Weights.all_on(color))
    kept = witness(server, kind, color)
    assert is_so(server.get(what), kept)
    for weights in (Weights.all_on(other(color)), MIXED):
        made.write(weights)
        assert not is_so(server.get(what), kept), weights
        with pytest.raises(PlatformError, match="can be scaled down"):
            witness(server, kind, color)
    made.write(Weights.all_on(color))
    assert is_so(server.get(what), kept)


@pytest.mark.parametrize("kind", LISTS)
def test_rules_in_front_neither_hide_production_nor_stand_for_it(server, kind):
    what = declare(server, kind)
    router(server, kind).write(Weights.all_on("blue"))
    key, to_green = production_of(server, what, "web-green", "green")
    listed = server.get(what)["spec"][key]
    server.edit(what, {"spec": {key: [only_for(to_green, "/beta"), *listed]}})
    with pytest.raises(PlatformError):
        witness(server, kind, "green")
    kept = witness(server, kind, "blue")
    assert is_so(server.get(what), kept)
    server.edit(what, {"spec": {key: [*server.get(what)["spec"][key], only_for(to_green, "/late")]}})
    assert is_so(server.get(what), kept), "what comes after production changes nothing of it"


@pytest.mark.parametrize("kind", LISTS)
def test_what_moves_production_after_the_retirement_was_handed_over_stops_it(server, kind):
    what = declare(server, kind)
    made = router(server, kind)
    made.write(Weights.all_on("green"))
    kept = witness(server, kind, "green")
    key, to_blue = production_of(server, what, "web-blue", "blue")
    listed = copy.deepcopy(server.get(what)["spec"][key])
    for changed in ([to_blue, *listed], [to_blue, *listed[1:]], [to_blue], []):
        server.edit(what, {"spec": {key: changed}})
        assert not is_so(server.get(what), kept), changed


def test_a_route_that_was_taken_over_retires_too(server):
    kind = "gateway_http_route"
    what = where(kind)
    static = {"matches": [{"path": {"type": "PathPrefix", "value": "/static"}}], "backendRefs": [{"name": "assets"}]}
    by_hand = {
        "matches": [{"headers": [{"name": "x", "value": "y"}]}],
        "backendRefs": [{"name": "web-green", "port": 80}],
    }
    shop = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/shop"}}],
        "backendRefs": [{"name": "web-blue", "port": 80}],
    }
    server.declare(what, {"spec": {"rules": [static, by_hand, shop]}}, "helm")
    rules = [{**shop, "backendRefs": [{"name": name, "port": 80} for name in SERVICES.values()]}]
    made = router(server, kind, adopt=True, rules=rules)
    assert is_so(server.get(what), made.witness("blue"))
    with pytest.raises(PlatformError):
        made.witness("green")
    made.write(Weights.all_on("green"))
    assert is_so(server.get(what), made.witness("green"))
    assert made.witness("green")["/spec/rules/2/backendRefs"][0]["name"] == "web-green"


def test_a_route_of_somebody_else_or_none_at_all_says_nothing(server):
    kind = "gateway_http_route"
    with pytest.raises(PlatformError):
        witness(server, kind, "green")
    what = declare(server, kind)
    router(server, kind).write(Weights.all_on("green"))
    server.edit(what, {"metadata": {"annotations": {"bluegreen/owner": "another/stack/web"}}})
    with pytest.raises(NotOwned):
        witness(server, kind, "green")


def test_the_pod_compares_and_writes_nothing():
    kept = {"/spec/rules/1/matches": [{"path": {"value": "^/$(HOME)$"}}], "/spec/rules/0/matches": None}
    (name, arguments), *_ = steps("gateway_http_route", kept)
    assert (name, arguments[:2]) == ("check", ["patch", "httproutes.gateway.networking.k8s.io/gateway-http-route"])
    assert {"--dry-run=client", "--type=json", "--namespace=shop"} <= set(arguments)
    (patch,) = [one.removeprefix("--patch=") for one in arguments if one.startswith("--patch=")]
    assert "$" not in patch, "Kubernetes would fill in a variable of the pod's"
    assert json.loads(patch) == [{"op": "test", "path": path, "value": value} for path, value in kept.items()]


def test_a_condition_by_a_router_is_checked_with_the_inputs():
    def parsed(section):
        retire = {"service_account": "retire", "only_if": {"blue": section}}
        workloads = {color: f"web-{color}" for color in COLORS}
        capacity = {"kind": "kubernetes", "namespace": "shop", "workloads": workloads, "retire": retire}
        fields = Fields(capacity, "capacity")
        return CAPACITIES.parse(fields), [problem.field for problem in fields.problems]

    right = condition("gateway_http_route")
    (_, found), problems = parsed({"resource": right.resource, "router": right.router})
    assert not problems
    assert found["retirement"].only_if == {"blue": right}
    path = "capacity.retire.only_if.blue.router"
    assert parsed({"resource": right.resource, "router": {**right.router, "rules": []}})[1] == [f"{path}.rules"]
    assert parsed({"resource": "services/web", "router": {"kind": "kubernetes_service"}})[1] == [f"{path}.kind"]
    both = {"resource": right.resource, "router": right.router, "json_path": "{.a}"}
    assert parsed(both)[1] == ["capacity.retire.only_if.blue.json_path"]


def production_of(server, what, service, color):
    """The list and, as a rule of its own, the way of the whole of production to a color."""
    spec = server.get(what)["spec"]
    key = next(key for key in ("rules", "routes", "http") if key in spec)
    rule = copy.deepcopy(spec[key][-1])
    backends = next(name for name in ("backendRefs", "services", "route") if name in rule)
    backend = rule[backends][0]
    if "destination" not in backend:
        rule[backends] = [{**backend, "name": service}]
    elif "subset" in backend["destination"]:
        rule[backends] = [{**backend, "destination": {**backend["destination"], "subset": color}}]
    else:
        rule[backends] = [{**backend, "destination": {**backend["destination"], "host": service}}]
    return key, rule


def only_for(rule, prefix):
    """The same rule for one path alone, in each platform's words."""
    if "route" in rule:
        return {**rule, "match": [{"uri": {"prefix": prefix}}]}
    if "services" in rule:
        return {**rule, "conditions": [{"prefix": prefix}]}
    grpc = "method" in json.dumps(rule.get("matches") or "")
    match = {"method": {"service": prefix.strip("/")}} if grpc else {"path": {"type": "PathPrefix", "value": prefix}}
    return {**rule, "matches": [match]}
