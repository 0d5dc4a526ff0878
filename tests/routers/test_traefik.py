"""HTTPRoute, GRPCRoute and TraefikService with a real Traefik in front of real pods: shares, ways by header, no loss.

The sample app serves "/" alone, so the routes take a prefix of their own off: that is a filter that has to survive.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

import grpc
import pytest

from bluegreen.fields import Fields
from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.routes import rules
from bluegreen.platforms.routers import ROUTERS
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud import loopback
from localcloud.load import Load
from tests.routers.kubernetes_weighted_workshop import OWNER, SERVICES, soon
from tests.routers.kubernetes_workshop import SELECTORS, namespace

HEADER = "X-Bluegreen-Color"
# What Traefik answers while production leads to nobody: a rule without backends, a TraefikService without services.
NOBODY = {404, 503}
STEPS = (Weights(100, 0), Weights(90, 10), Weights(50, 50), Weights(0, 100), Weights(100, 0), Weights(0, 100))


class Plane:
    """Pods of both colors in a namespace, and Traefik in front of them."""

    def __init__(self, workshop, traefik):
        self.workshop = workshop
        self.traefik = traefik
        self.client = loopback.client(timeout=60)
        self.namespace = workshop.namespace
        for color, name in SERVICES.items():
            env = [{"name": "COLOR", "value": color}]
            workshop.deployment(name, SELECTORS[color], replicas=2, container={"env": env})
            workshop.service(name, selector=SELECTORS[color])
        listener = {"name": "web", "port": traefik.port, "protocol": "HTTP"}
        spec = {"gatewayClassName": traefik.gateway_class, "listeners": [listener]}
        self.declare("gateway.networking.k8s.io/v1", "Gateway", "gateways", "edge", spec)
        workshop.wait_until_ready(*SERVICES.values())

    def declare(self, version, kind, plural, name, spec):
        what = Resource(version, kind, plural, self.namespace, name)
        self.workshop.cluster.apply(what, {"spec": spec}, "pulumi")

    def section(self, kind, **own):
        return {
            "kind": kind,
            "namespace": self.namespace,
            "name": "web",
            "services": SERVICES,
            "owner": OWNER,
            "cluster": {"kubeconfig": self.workshop.cluster.kubeconfig},
            **own,
        }

    def router(self, kind, **own):
        fields = Fields(self.section(kind, **own), "router")
        parsed = ROUTERS.parse(fields)
        assert parsed is not None, [str(problem) for problem in fields.problems]
        return ROUTERS.build(parsed)

    def wanted(self, word):
        return rules.Wanted(services=SERVICES, port=80, paths=(self.path(word),), cookie="color")

    def path(self, word):
        return f"/{self.namespace}-{word}"

    def url(self, word):
        return f"{self.traefik.url}{self.path(word)}"

    def get(self, word, **headers):
        return self.client.get(self.url(word), headers=headers)

    def colors(self, word, count=200):
        return Counter(self.get(word).headers.get("x-color") for _ in range(count))


@pytest.fixture(scope="module")
def plane(node):
    with namespace(node, "traefik") as workshop:
        made = Plane(workshop, node.traefik())
        yield made
        made.client.close()


def takes_effect(router, weights):
    """Written, and said to be in effect."""
    router.write(weights)
    assert soon(lambda: router.verify(weights) is Convergence.CONVERGED), router.progress()


def without_prefix(listed):
    """The same rules, with the prefix taken off."""
    rewrite = {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/"}}}
    return [{**rule, "filters": [rewrite]} for rule in listed]


def http_route(plane):
    """A route for the swap, and the stack's one for the ways to each color."""
    wanted, spec = plane.wanted("route"), {"parentRefs": [{"name": "edge"}]}
    kind = ("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
    plane.declare(*kind, "web", spec)
    plane.declare(*kind, "web-preview", {**spec, "rules": without_prefix(rules.http_route_preview(wanted))})
    return plane.router("gateway_http_route", rules=without_prefix(rules.http_route_production(wanted)))


def traefik_service(plane):
    """A TraefikService for the swap, and the stack's IngressRoute in front of it."""
    kind = ("traefik.io/v1alpha1", "TraefikService", "traefikservices")
    plane.declare(*kind, "web", {})
    strip = ("traefik.io/v1alpha1", "Middleware", "middlewares")
    plane.declare(*strip, "strip", {"stripPrefix": {"prefixes": [plane.path("own")]}})
    routes = [
        {**route, "middlewares": [{"name": "strip"}]} for route in rules.traefik_routes(plane.wanted("own"), "web")
    ]
    spec = {"entryPoints": [plane.traefik.entry_point], "routes": routes}
    plane.declare("traefik.io/v1alpha1", "IngressRoute", "ingressroutes", "web", spec)
    return plane.router("traefik_service", weighted=rules.traefik_weighted(plane.wanted("own")))


@pytest.mark.parametrize(("declare", "word"), [(http_route, "route"), (traefik_service, "own")])
def test_requests_follow_the_weights_and_none_is_lost(plane, declare, word):
    router = declare(plane)
    assert router.read().weights == Weights()
    # Before the first swap production has no owner, and each color can be reached by its name already.
    for color in COLORS:
        assert soon(lambda color=color: plane.get(word, **{HEADER: color}).headers.get("x-color") == color)
        assert plane.get(word, Cookie=f"a=b; color={color}").headers.get("x-color") == color
    assert plane.get(word).status_code in NOBODY

    takes_effect(router, Weights.all_on("blue"))
    assert soon(lambda: plane.colors(word, 20) == {"blue": 20})
    takes_effect(router, Weights(90, 10))
    assert soon(lambda: plane.colors(word, 20)["green"])
    shares = plane.colors(word)
    assert 10 <= shares["green"] <= 30, shares
    assert shares["blue"] == 200 - shares["green"]

    with Load(plane.url(word), rate_per_second=400) as load:
        for weights in STEPS:
            time.sleep(0.3)
            takes_effect(router, weights)
            for color in COLORS:
                assert plane.get(word, **{HEADER: color}).headers["x-color"] == color
        # Traefik says that it has read a route; its proxy follows a moment later.
        assert soon(lambda: plane.colors(word, 20) == {"green": 20})
        settled = time.time()
        time.sleep(0.5)
    assert load.result.failed == 0, load.result.errors
    assert load.result.requests > 100
    assert set(load.result.between(settled, settled + 60)) == {"green"}

    router.write(Weights())
    assert soon(lambda: plane.get(word).status_code in NOBODY)
    assert plane.get(word, **{HEADER: "blue"}).headers["x-color"] == "blue"
    takes_effect(router, Weights.all_on("green"))
    router.delete()  # the route has no owner then, and requests continue
    assert soon(lambda: plane.colors(word, 20) == {"green": 20})


def test_a_swap_is_over_when_requests_have_followed(plane):
    """Traefik has just taken over the route as declared: it gathers changes for a while before it does so again."""
    kind = ("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
    plane.declare(*kind, "over", {"parentRefs": [{"name": "edge"}]})
    assert soon(lambda: plane.get("over").status_code in NOBODY)
    listed = without_prefix(rules.http_route_production(plane.wanted("over")))
    swap = {
        "active_color": "blue",
        "releases": {"blue": "v1", "green": "v2"},
        "router": plane.section("gateway_http_route", name="over", rules=listed),
        "propagation_seconds": 10,  # more than the default: other tests keep this machine busy
    }
    started = SwapService().create(swap)[1]
    assert plane.colors("over", 50) == {"blue": 50}
    promoted = SwapService().update(started, {**swap, "active_color": "green"})
    assert plane.colors("over", 50) == {"green": 50}
    SwapService().delete(promoted)


def test_what_traefik_refuses_is_told_in_its_words(plane):
    services = {"blue": "web-blue", "green": "web-grene"}
    wanted = rules.Wanted(services=services, port=80, paths=(plane.path("wrong"),))
    kind = ("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
    plane.declare(*kind, "wrong", {"parentRefs": [{"name": "edge"}]})
    listed = rules.http_route_production(wanted)
    router = plane.router("gateway_http_route", name="wrong", services=services, rules=listed)
    takes_effect(router, Weights.all_on("blue"))
    router.write(Weights(50, 50))

    def refused():
        try:
            router.verify(Weights(50, 50))
        except PlatformError as error:
            return str(error)
        return ""

    said = soon(refused)
    assert "Gateway edge (traefik.io/gateway-controller) says that ResolvedRefs is false" in said
    assert "web-grene" in said
    assert "there is no Service" in router.health("green").reason
    assert router.health("blue").ready


def test_a_route_without_a_gateway_says_what_it_waits_for(plane):
    kind = ("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
    plane.declare(*kind, "alone", {"parentRefs": [{"name": "nobodys"}]})
    listed = rules.http_route_production(plane.wanted("alone"))
    router = plane.router("gateway_http_route", name="alone", rules=listed)
    router.write(Weights.all_on("blue"))
    assert router.verify(Weights.all_on("blue")) is Convergence.PENDING
    assert "no controller has said a word" in router.progress()


# -- gRPC


class Health:
    """Calls grpc.health.v1.Health/Check, again and again in a thread, and counts who answers."""

    def __init__(self, plane):
        target, self.host = f"127.0.0.1:{plane.traefik.port}", f"{plane.namespace}.example.com"
        options = [("grpc.default_authority", self.host), ("grpc.enable_http_proxy", 0)]
        self.channel = grpc.insecure_channel(target, options=options)
        method = "/grpc.health.v1.Health/Check"
        self._check = self.channel.unary_unary(method, request_serializer=bytes, response_deserializer=bytes)

    def color(self, **metadata):
        """Who answers."""
        answer, call = self._check.with_call(b"", timeout=30, metadata=[*metadata.items()])
        assert answer == b"\x08\x01"  # SERVING
        return dict(call.initial_metadata())["x-color"]

    def reached(self, **metadata):
        """Who answers, if anybody does."""
        try:
            return self.color(**metadata)
        except grpc.RpcError:
            return ""

    def count(self, found, over):
        """Count who answers, until it is over."""
        while not over.is_set():
            found[self.reached()] += 1


def test_grpc_calls_follow_the_weights_and_none_is_lost(plane):
    health = Health(plane)
    kind = ("gateway.networking.k8s.io/v1", "GRPCRoute", "grpcroutes")
    spec = {"parentRefs": [{"name": "edge"}], "hostnames": [health.host]}
    services = ("grpc.health.v1.Health",)
    plane.declare(*kind, "web", spec)
    preview = rules.grpc_route_preview(plane.wanted("grpc"), services)
    plane.declare(*kind, "web-preview", {**spec, "rules": preview})
    router = plane.router("gateway_grpc_route", rules=rules.grpc_route_production(plane.wanted("grpc"), services))
    for color in COLORS:
        assert soon(lambda color=color: health.reached(**{HEADER.lower(): color}) == color)
    assert health.reached() == ""
    takes_effect(router, Weights(80, 20))
    assert soon(lambda: health.reached() == "blue")
    shares = Counter(health.color() for _ in range(100))
    assert 10 <= shares["green"] <= 30, shares

    over, seen = threading.Event(), Counter()
    caller = threading.Thread(target=health.count, args=(seen, over))
    caller.start()
    try:
        for weights in STEPS:
            before = seen.copy()
            takes_effect(router, weights)
            wanted = [color for color in COLORS if weights.of(color)]
            assert soon(lambda wanted=wanted, before=before: all(seen[one] > before[one] for one in wanted)), seen
    finally:
        over.set()
        caller.join(timeout=60)
    assert seen[""] == 0, seen
    assert soon(lambda: {health.color() for _ in range(20)} == {"green"})
    health.channel.close()
