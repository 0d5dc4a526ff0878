"""Objects name ports that production has; a port that it does not have is refused by name."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.kubernetes import ManifestService, gateway_route, service
from bluegreen.kubernetes.component import Place
from bluegreen.kubernetes.entry import EntryContext
from bluegreen.kubernetes.helm_charts.helm_service import _check_ports
from bluegreen.kubernetes.manifests.ports import unnamed_port
from bluegreen.kubernetes.manifests.references import ports_in
from bluegreen.rollout.errors import BluegreenError
from tests.kubernetes.declared import Declared

WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "a", "ports": [{"name": "http", "containerPort": 8080}]}]},
        },
    },
}


def one(api_version, kind, **spec):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "refers", "namespace": "shop"}, "spec": spec}


def naming(port):
    """Objects that lead to production by a port, in each kind's own words."""
    by = {"name": port} if isinstance(port, str) else {"number": port}
    named = {"name": "web", "port": port}
    return {
        "Ingress": one("networking.k8s.io/v1", "Ingress", defaultBackend={"service": {"name": "web", "port": by}}),
        "HTTPRoute": one("gateway.networking.k8s.io/v1", "HTTPRoute", rules=[{"backendRefs": [named]}]),
        "HTTPProxy": one("projectcontour.io/v1", "HTTPProxy", routes=[{"services": [named]}]),
        "IngressRoute": one("traefik.io/v1alpha1", "IngressRoute", routes=[{"match": "all", "services": [named]}]),
        "VirtualService": one(
            "networking.istio.io/v1",
            "VirtualService",
            http=[{"route": [{"destination": {"host": "web.shop.svc.cluster.local", "port": by}}]}],
        ),
    }


KINDS = list(naming(80))


def problem_of(*objects, entry=None, **more):
    colors = {color: {"manifests": [WORKLOAD, *objects]} for color in ("blue", "green")}
    with pytest.raises((pulumi.RunError, BluegreenError)) as caught:
        Declared(lambda: ManifestService("web", active_color="blue", namespace="shop", entry=entry, **colors, **more))
    return str(caught.value)


def works(*objects, entry=None, **more):
    colors = {color: {"manifests": [WORKLOAD, *objects]} for color in ("blue", "green")}
    given = {"active_color": "blue", "namespace": "shop", "entry": entry, **colors, **more}
    found = Declared(lambda: ManifestService("web", **given))
    return bool(found.swap)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("port", [9090, "metrics"])
def test_a_port_that_production_does_not_have_is_refused_by_the_object_and_the_port(kind, port):
    told = problem_of(naming(port)[kind])
    assert f"{kind}/refers" in told
    assert f"Service/web port {port}" in told
    assert "a port that production has: 80 (http)" in told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("port", [80, "http"])
def test_one_that_it_has_is_not(kind, port):
    assert works(naming(port)[kind])


def test_what_production_has_is_what_its_entry_says():
    more = {"ports": [{"name": "http", "port": 80}, {"name": "metrics", "port": 9090}]}
    assert works(naming("metrics")["Ingress"], entry=service(overrides=more))
    assert works(naming(8080)["Ingress"], entry=service(port=8080))
    assert works(naming(8080)["Ingress"], entry=service(adopt=True)), "only the cluster knows its ports"
    assert works(naming(8080)["Ingress"], entry=gateway_route(parent_refs=[{"name": "edge"}], url="http://a"))


def test_behind_a_route_no_service_is_productions():
    own = {**one("v1", "Service", selector={"app": "web"}), "metadata": {"name": "web"}}
    told = problem_of(own, naming(80)["Ingress"], entry=gateway_route(parent_refs=[{"name": "edge"}], url="http://a"))
    assert "Ingress/refers" in told
    assert "Service/web" in told


def test_a_container_is_no_service():
    assert list(ports_in(WORKLOAD)) == []


def test_a_named_port_is_one_that_a_container_has():
    assert works(container_port="http")
    told = problem_of(container_port="grpc")
    assert "container_port: 'grpc'" in told
    assert "http" in told.partition("allowed")[2]
    assert unnamed_port(9999, "blue", WORKLOAD) == [], "a number works without a declaration"


def test_a_chart_is_checked_as_it_is_rendered():
    selectors = {color: {"app": color} for color in ("blue", "green")}
    context = EntryContext("web", "p/s/web", Place("shop", {}), "http", selectors, {}, None)
    _check_ports(service(), context, naming(80)["Ingress"], is_workload=False)
    _check_ports(service(), context, WORKLOAD, is_workload=True)
    for manifest, is_workload, said in [
        (naming(9090)["Ingress"], False, "Service/web port 9090"),
        ({**WORKLOAD, "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}, True, "container_port"),
    ]:
        with pytest.raises((pulumi.RunError, BluegreenError), match=said):
            _check_ports(service(), context, manifest, is_workload=is_workload)
