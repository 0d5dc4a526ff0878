"""Objects as charts, modules and meshes' own examples have them: taken over, moved in nothing but traffic, let go.

On an API server in memory, and on a real one, which also says that they are what its kinds allow.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bluegreen.kubernetes.client import KubernetesConnection
from bluegreen.kubernetes.manifests.reading import objects_in
from bluegreen.kubernetes.routes import rules
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from localcloud.kubernetes.crds import SOURCES
from tests.routers import test_kubernetes_generated as generated
from tests.routers import test_kubernetes_generated_objects as one_field
from tests.routers.kubernetes_memory import Server
from tests.routers.test_kubernetes_adoption import HELM, KINDS, ONE, theirs
from tests.routers.test_kubernetes_world import BLUE, GREEN, router, where

OTHERS = "argo_rollouts"  # which has no list of rules and no weights: see `test_kubernetes_generated_objects`
FILES = {file.stem: file for file in sorted((Path(__file__).parent / "others").glob("*.yaml")) if file.stem != OTHERS}
PRODUCTION = rules.http_route_production(ONE)[0]["backendRefs"]
ORDERS = [{"matches": [{"method": {"service": "shop.v1.Orders"}}], "backendRefs": PRODUCTION}]
SECTIONS = {**{kind: section for kind, (_, _, section) in KINDS.items()}, "gateway_grpc_route": {"rules": ORDERS}}
SELECTOR = {"app": "web", "color": "blue"}
WITHOUT_STEPS = ("kubernetes_service",)
WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"


class Real:
    """A real API server, with the hands that one in memory has."""

    def __init__(self, node, namespace):
        node.kubectl("create", "namespace", namespace)
        node.install_crds(*SOURCES)
        self.cluster = KubernetesConnection(str(node.env()["KUBECONFIG"]))
        self.namespace = namespace

    def declare(self, what, fields, manager):
        self.cluster.apply(what, fields, manager)

    def get(self, what):
        return self.cluster.get(what)


@pytest.fixture
def memory():
    made = Server()
    made.namespace = "shop"
    return made


@pytest.fixture(scope="module")
def real(node):
    return Real(node, f"others-files-{secrets.token_hex(3)}")


def read(kind):
    (found,) = objects_in(FILES[kind].read_text())
    metadata = {key: value for key, value in found["metadata"].items() if key != "name"}
    return {"metadata": metadata, "spec": found["spec"]}


def plain(found, kind):
    """All that is not the swap's, and not the server's own."""
    seen = theirs(found)
    seen.pop("status", None)
    seen["annotations"].pop(WEIGHT, None)
    if kind == "kubernetes_service":
        seen["spec"].pop("selector")
    return json.loads(json.dumps(seen, sort_keys=True))


def played(server, kind, section):
    what = dataclasses.replace(where(kind), namespace=server.namespace)
    more = {"namespace": server.namespace, **section}
    made = router(server, kind, adopt=True, **more)
    before = plain(server.get(what), kind)
    assert made.read().weights == BLUE
    steps = [] if kind in WITHOUT_STEPS else [Weights(90, 10), Weights(50, 50)]
    for weights in (BLUE, *steps, BLUE, *steps, GREEN, BLUE):  # restored, promoted, rolled back
        made.write(weights)
        assert plain(server.get(what), kind) == before
        assert router(server, kind, **more).read().weights == weights
    made.delete()
    left = server.get(what)
    assert plain(left, kind) == before
    assert "bluegreen/owner" not in (left["metadata"].get("annotations") or {})


def test_there_is_one_for_each_router():
    assert FILES.keys() == {*KINDS, "nginx_canary", "kubernetes_service"}


@pytest.mark.parametrize("kind", FILES)
def test_it_stays_what_it_is_but_for_traffic(memory, kind):
    memory.declare(where(kind), read(kind), HELM)
    played(memory, kind, SECTIONS.get(kind, {}))


@pytest.mark.parametrize("kind", FILES)
def test_it_does_so_on_a_real_server(real, kind):
    what = dataclasses.replace(where(kind), namespace=real.namespace)
    real.declare(what, read(kind), HELM)
    played(real, kind, SECTIONS.get(kind, {}))
    real.cluster.delete(what)


# -- generated ones, of those that a real server takes


def taken_by_a_server(ingress):
    """The rules for an Ingress that a schema does not say: the form of hosts, paths and classes."""
    spec = ingress["spec"]
    rule = spec["rules"][0]
    path = rule["http"]["paths"][0]
    rule = {"host": "web.example.com", "http": {"paths": [{**path, "path": "/", "pathType": "Prefix"}]}}
    known = {"rules": [rule], **({"ingressClassName": "alpha"} if "ingressClassName" in spec else {})}
    secrets = [{"hosts": ["web.example.com"], "secretName": "alpha"}] if "tls" in spec else []
    return {**ingress, "spec": {**known, **({"tls": secrets} if secrets else {})}}


PORTS = st.lists(st.sampled_from(["http", "https", "metrics", "dns"]), min_size=1, unique=True).map(
    lambda names: [{"name": name, "port": 80 + number, "targetPort": name} for number, name in enumerate(names)]
)
AFFINITY = st.sampled_from(
    [
        {},
        {"sessionAffinity": "None"},
        {"sessionAffinity": "ClientIP"},
        {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 9}}},
    ]
)
KIND_OF_SERVICE = st.sampled_from(
    [
        {"clusterIP": "None"},
        {"type": "ClusterIP", "externalIPs": ["192.0.2.1"]},
        {"type": "NodePort", "externalTrafficPolicy": "Local"},
        {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"], "loadBalancerClass": "example.com/fast"},
        {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "allocateLoadBalancerNodePorts": False},
    ]
)
OF_SERVICES = st.fixed_dictionaries(
    {},
    optional={
        "publishNotReadyAddresses": st.booleans(),
        "internalTrafficPolicy": st.sampled_from(["Cluster", "Local"]),
        "trafficDistribution": st.just("PreferClose"),
        "ipFamilyPolicy": st.just("SingleStack"),
    },
)
SERVICES_TAKEN = st.builds(
    lambda ports, affinity, kind, more: {"spec": {"ports": ports, **affinity, **kind, **more, "selector": SELECTOR}},
    *(PORTS, AFFINITY, KIND_OF_SERVICE, OF_SERVICES),
)
GENERATED = {
    **{kind: generated.specs(kind).map(lambda spec: {"spec": spec}) for kind in generated.KINDS},
    "traefik_service": one_field.traefik_services(),
    "nginx_canary": one_field.canaries().map(taken_by_a_server),
    "aws_load_balancer_ingress": one_field.actions().map(taken_by_a_server),
    "kubernetes_service": SERVICES_TAKEN,
}
LOOKED_AT, ENOUGH = 400, 10


@pytest.mark.parametrize("kind", GENERATED)
def test_ten_generated_ones_do_so_too(real, kind, record_property):
    what = dataclasses.replace(where(kind), namespace=real.namespace)
    section = generated.KINDS[kind].section if kind in generated.KINDS else one_field.KINDS[kind][1]
    counted: Counter[str] = Counter()

    @settings(
        max_examples=LOOKED_AT,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(found=GENERATED[kind])
    def check(found):
        if counted["adopted"] == ENOUGH:
            return
        try:
            real.declare(what, found, HELM)
        except PlatformError:
            counted["not an object"] += 1
            return
        try:
            played(real, kind, section)
        except NotOwned:
            counted["refused"] += 1
        else:
            counted["adopted"] += 1
        finally:
            real.cluster.delete(what)

    check()
    record_property("adopted", f"{counted['adopted']} of {counted['adopted'] + counted['refused']} on a real server")
    assert counted["adopted"] == ENOUGH, counted
