"""Whole swaps over Kubernetes' routers, on an API server in memory whose controllers are played."""

from __future__ import annotations

import copy

import pytest

from bluegreen.kubernetes.routes import rules
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError, SwapFailed
from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from tests.routers.kubernetes_memory import Server
from tests.routers.kubernetes_weighted_workshop import OWNER, PLANS, SERVICES, accepted, kind_of, name_of, valid
from tests.routers.test_kubernetes_adoption import KINDS, ONE, path, theirs, to
from tests.routers.test_kubernetes_world import BLUE, GREEN, SELECTORS, declare, where

STEPS = [{"weight_percent": 10, "hold_seconds": 30}, {"weight_percent": 50, "hold_seconds": 30}]
CONTROLLED = {"HTTPRoute": accepted, "GRPCRoute": accepted, "HTTPProxy": valid}
CANARY = "nginx.ingress.kubernetes.io/canary-weight"
SLICE = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/{}-1"
POD = "/api/v1/namespaces/shop/pods/{}-1"
ALL = [*PLANS, "kubernetes_service"]


class Shop:
    """One swap's life in one cluster: what a stack keeps between two updates."""

    def __init__(self, kind, **section):
        self.kind, self.server, self.clock, self.events = kind, Server(), FakeClock(), []
        self.outputs, self.section = {}, section
        for color, service in SERVICES.items():
            self._ready(service, SELECTORS[color])
        self.server.between = self._play

    def _ready(self, service, labels):
        meta = {"name": f"{service}-1", "namespace": "shop", "uid": f"pod-{service}", "resourceVersion": "1"}
        conditions = [{"type": "Ready", "status": "True"}]
        self.server.objects[POD.format(service)] = {
            "metadata": {**meta, "labels": dict(labels)},
            "spec": {"containers": [{"name": "app", "ports": [{"name": "http", "containerPort": 80}]}]},
            "status": {"phase": "Running", "conditions": conditions},
        }
        self._slice(service, service)

    def _slice(self, service, pods_of):
        self.server.objects[SLICE.format(service)] = {
            "metadata": {"labels": {"kubernetes.io/service-name": service}},
            "ports": [{"port": 80}],
            "endpoints": [
                {"targetRef": {"uid": f"pod-{pods_of}"}, "addresses": ["10.0.0.1"], "conditions": {"ready": True}}
            ],
        }

    def _play(self, method, at):
        for found in [*self.server.objects.values()]:
            say = CONTROLLED.get(found.get("kind", ""))
            if say is not None and found.get("status") != say(found):
                found["status"] = say(found)
                found["metadata"]["resourceVersion"] += "0"
            if found.get("kind") == "Service":
                chosen = found["spec"].get("selector")
                live = next((name for color, name in SERVICES.items() if SELECTORS[color] == chosen), None)
                if live is not None:
                    self._slice(found["metadata"]["name"], live)

    def inputs(self, color, **more):
        router = {"kind": kind_of(self.kind), "namespace": "shop", "owner": OWNER}
        router["cluster"] = {"context": self.server.cluster.context}
        if self.kind == "kubernetes_service":
            router |= {"service": "web", "selectors": SELECTORS}
        else:
            router |= {"name": name_of(self.kind), "services": SERVICES, **PLANS[self.kind].section}
        strategy = {} if self.kind == "kubernetes_service" else {"strategy": {"name": "steps", "steps": STEPS}}
        return {
            "name": "web",
            "active_color": color,
            "releases": {"blue": "v1", "green": "v2"},
            "router": {**router, **self.section, **more},
            "bake_seconds": 60,
            "steady_state_timeout_seconds": 60,
            **strategy,
        }

    def service(self):
        return SwapService(self.events.append, self.clock)

    def up(self, color, **more):
        if self.outputs:
            self.outputs = self.service().update(self.outputs, self.inputs(color, **more))
        else:
            _, self.outputs = self.service().create(self.inputs(color, **more))
        return self.outputs

    def get(self):
        return self.server.get(where(self.kind))

    def marks(self):
        annotations = self.get()["metadata"].get("annotations", {})
        return {name for name in annotations if name.startswith("bluegreen/mark.")}

    def told(self):
        return " ".join(event.text for event in self.events)


@pytest.fixture(params=ALL)
def shop(request):
    made = Shop(request.param)
    declare(made.server, request.param)
    return made


def test_a_swap_from_its_first_start_to_its_end(shop):
    assert shop.up("blue")["weights"] == BLUE.as_dict()
    assert shop.up("green")["weights"] == GREEN.as_dict()
    assert shop.up("blue")["history"][0]["outcome"] == "rolled_back"
    assert shop.marks() == {"bluegreen/mark.incarnation"}
    assert not shop.service().diff(shop.outputs, shop.inputs("blue")).changes
    before = shop.get()["spec"]
    shop.service().delete(shop.outputs)
    found = shop.get()
    assert found["spec"] == before
    assert not [name for name in found["metadata"].get("annotations", {}) if name.startswith("bluegreen/")]


def test_a_replacement_at_the_same_place_keeps_the_object(shop):
    shop.up("blue")
    old, shop.outputs = shop.outputs, {}
    new = shop.up("blue")
    assert new["incarnation"] != old["incarnation"]
    shop.service().delete(old)
    assert "nothing was removed" in shop.told()
    assert shop.get()["metadata"]["annotations"]["bluegreen/owner"] == OWNER
    assert shop.up("green")["weights"] == GREEN.as_dict()


def test_a_renamed_owner_takes_over_and_the_former_one_removes_nothing(shop):
    shop.up("blue")
    old = shop.outputs
    assert shop.up("blue", owner="project/other/web")["weights"] == BLUE.as_dict()
    assert shop.get()["metadata"]["annotations"]["bluegreen/owner"] == "project/other/web"
    before = shop.get()
    shop.service().delete(old)
    assert shop.get() == before
    assert "nothing was removed" in shop.told()


def test_a_destroy_leaves_nothing_on_an_object_that_somebody_has_made_again(shop):
    shop.up("blue")
    shop.server.remove(where(shop.kind))
    declare(shop.server, shop.kind)
    before = _without_status(shop.get())
    shop.service().delete(shop.outputs)
    after = _without_status(shop.get())
    assert after["spec"] == before["spec"]
    assert not [name for name in after["metadata"].get("annotations", {}) if name.startswith("bluegreen/")]


def test_two_first_starts_of_two_owners_end_with_one(shop):
    second = Shop(shop.kind)
    second.server = shop.server
    shop.up("blue")
    before = shop.get()
    with pytest.raises(BluegreenError, match=f"belongs to '{OWNER}'"):
        second.up("green", owner="project/stack/other")
    assert shop.get() == before


def test_an_object_that_somebody_makes_again_in_the_middle_of_a_swap_is_left_to_them(shop):
    shop.up("blue")
    what, seen = where(shop.kind), []
    turn = 2 if shop.kind == "kubernetes_service" else 4  # it has no steps

    def strike(method, at):
        if method == "PATCH" and at == what.path:
            seen.append(at)
            if len(seen) == turn:
                shop.server.remove(what)
                declare(shop.server, shop.kind)
                seen.append("made again")
        shop._play(method, at)

    shop.server.between = strike
    with pytest.raises(BluegreenError):
        shop.up("green")
    assert "made again" in seen
    shop.server.between = shop._play
    assert not [name for name in shop.get()["metadata"].get("annotations", {}) if name.startswith("bluegreen/")]
    assert shop.up("blue")["weights"] == BLUE.as_dict(), "the next update looks at it afresh"


@pytest.mark.parametrize("kind", KINDS)
def test_an_adopted_object_is_moved_in_nothing_but_traffic(kind):
    make, backend, section = KINDS[kind]
    shop = Shop(kind, adopt=True, **section)
    shop.server.declare(where(kind), make(backend("web-blue")), "helm")
    before = theirs(_without_status(shop.get()))
    for color in ("blue", "green", "blue", "green"):
        assert shop.up(color)["weights"] == Weights.all_on(color).as_dict()
        assert theirs(_without_status(shop.get())) == before
    shop.service().delete(shop.outputs)
    assert theirs(_without_status(shop.get())) == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_leads_to_a_stranger_is_left_alone_by_create(kind):
    make, backend, section = KINDS[kind]
    shop = Shop(kind, adopt=True, **section)
    shop.server.declare(where(kind), make(backend("legacy")), "helm")
    before = theirs(_without_status(shop.get()))
    with pytest.raises(BluegreenError, match="taking it over would move traffic"):
        shop.up("blue")
    assert theirs(_without_status(shop.get())) == before
    assert not [name for name in shop.get()["metadata"].get("annotations", {}) if name.startswith("bluegreen/")]


def test_a_rule_that_somebody_adds_in_the_middle_of_a_promotion_is_there_after_its_restore():
    kind = "gateway_http_route"
    shop = Shop(kind, rules=rules.http_route_production(ONE))
    declare(shop.server, kind)
    shop.up("blue")
    added = path("/static", backendRefs=to("assets"))
    writes = []

    def strike(method, at):
        shop._play(method, at)
        if method == "PATCH" and at == where(kind).path:
            writes.append(at)
            if len(writes) == 4:
                listed = copy.deepcopy(shop.get()["spec"]["rules"])
                shop.server.edit(where(kind), {"spec": {"rules": [*listed, added]}})
        if any(one.get("weight") == 50 for one in shop.get()["spec"]["rules"][0].get("backendRefs", ())):
            shop.server.objects[SLICE.format("web-green")]["endpoints"] = []

    shop.server.between = strike
    with pytest.raises(SwapFailed):
        shop.up("green")
    listed = shop.get()["spec"]["rules"]
    assert [[one["name"] for one in rule["backendRefs"]] for rule in listed] == [["web-blue"], ["assets"]]


def test_nginx_is_not_moved_to_green_while_the_main_color_has_no_endpoint():
    shop = Shop("nginx_canary")
    declare(shop.server, "nginx_canary")
    shop.server.objects[SLICE.format("web-blue")]["endpoints"] = []
    shop.server.objects["/api/v1/namespaces/shop/services/web-blue"] = {
        "metadata": {"name": "web-blue", "namespace": "shop"},
        "spec": {"selector": {"no": "pod"}, "ports": [{"port": 80}]},
    }
    with pytest.raises(SwapFailed, match="503 while web-blue, the main Ingress' Service, has no ready endpoint"):
        shop.up("green")
    assert CANARY not in shop.get()["metadata"]["annotations"]


def test_affinity_that_keeps_clients_is_refused_before_traffic_moves():
    shop = Shop("nginx_canary")
    what = declare(shop.server, "nginx_canary")
    affinity = "nginx.ingress.kubernetes.io/affinity"
    shop.server.edit(what, {"metadata": {"annotations": {affinity: "cookie"}}})
    with pytest.raises(BluegreenError, match=r"affinity, which keeps clients with their color: add .*: legacy"):
        shop.up("blue")
    shop.server.edit(what, {"metadata": {"annotations": {f"{affinity}-canary-behavior": "legacy"}}})
    assert shop.up("blue")["weights"] == BLUE.as_dict()


def _without_status(found):
    found.pop("status", None)
    return found
