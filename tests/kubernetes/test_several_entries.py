"""A service on Kubernetes behind several routes: each has its own objects, and one swap moves them all."""

from __future__ import annotations

from bluegreen.kubernetes import KubernetesService, gateway_route, grpc_route, service
from bluegreen.swap import contract
from tests.aws import mocked
from tests.kubernetes.declared import Declared
from tests.kubernetes.test_rendered_components import declared, deployment, installed

RELEASES = {"active_color": "blue", "blue": {"image": "app:v1"}, "green": {"image": "app:v2"}}
FRONT = [{"name": "front"}]


def program():
    return KubernetesService(
        "web",
        entry=gateway_route(parent_refs=FRONT, hostnames=["web.example.com"]),
        entries=[
            gateway_route(parent_refs=FRONT, hostnames=["web.internal"]),
            grpc_route(parent_refs=FRONT, hostnames=["grpc.example.com"]),
        ],
        entry_names=["inside", "grpc"],
        **RELEASES,
    )


def test_each_route_has_its_own_objects_and_one_swap_moves_them():
    found = Declared(program)
    routers = found.swap["routers"]
    assert [(router["kind"], router["name"]) for router in routers] == [
        ("gateway_http_route", "web"),
        ("gateway_http_route", "web-inside"),
        ("gateway_grpc_route", "web-grpc"),
    ]
    assert not contract.problems_in(found.swap)
    assert {"web-blue", "web-inside-green", "web-grpc-blue"} <= {
        service["metadata"]["name"] for service in found.of("Service").values()
    }
    assert {"web", "web-inside"} <= {route["metadata"]["name"] for route in found.of("HTTPRoute").values()}


def test_each_has_its_own_addresses():
    seen = []
    mocked.run(lambda: program().entry_urls.apply(seen.append))
    assert [(one["name"], one["url"]) for one in seen[0]] == [
        ("web", "http://web.example.com"),
        ("inside", "http://web.internal"),
        ("grpc", "http://grpc.example.com"),
    ]


def test_rendered_manifests_and_charts_take_several_entries_as_well():
    more = {
        "entry": service(),
        "entries": [gateway_route(parent_refs=FRONT, hostnames=["web.example.com"])],
        "entry_names": ["route"],
    }
    for found in (declared([deployment("app:v1")], **more), installed(**more)):
        assert [(router["kind"], router["owner"].rpartition("/")[2]) for router in found.swap["routers"]] == [
            ("kubernetes_service", "web"),
            ("gateway_http_route", "route"),
        ]
        assert not contract.problems_in(found.swap)
