"""`CloudRunPair` with its load balancer: its resources, its refusals, and who may get another image."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pulumi
import pytest

import bluegreen
from bluegreen.component import guarding
from bluegreen.google import CloudRunPair, url_map
from bluegreen.google.run_pairs.release import another
from bluegreen.memory.router import WORLDS, world
from bluegreen.rollout.model import Weights
from tests.aws import mocked
from tests.kubernetes.declared import whole

SERVICE = "gcp:cloudrunv2/service:Service"
GROUP = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
BACKEND, MAP = "gcp:compute/backendService:BackendService", "gcp:compute/uRLMap:URLMap"
PROXY, RULE = "gcp:compute/targetHttpProxy:TargetHttpProxy", "gcp:compute/globalForwardingRule:GlobalForwardingRule"
ADDRESS = "gcp:compute/globalAddress:GlobalAddress"
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
SHORTEST = {
    "active_color": "blue",
    "location": "europe-west1",
    "blue": {"image": "europe-docker.pkg.dev/shop/web/app:v1"},
    "green": {"image": "europe-docker.pkg.dev/shop/web/app:v2", "env": {"COLOR": "green"}},
}
OWN = {
    "url_map_id": "projects/shop/global/urlMaps/web",
    "backend_services": {
        "blue": "projects/shop/global/backendServices/old",
        "green": "projects/shop/global/backendServices/new",
    },
    "url": "https://shop.example.com",
    "preview_hosts": {"blue": "b.test", "green": "g.test"},
}
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "google.md").read_text()
WHAT = ("Image", "MachineImage")
THERE = {color: {"existing": f"shop-{color}", "release": "v7"} for color in ("blue", "green")}


def declared(entry=None, **more):
    arguments = {**SHORTEST, "entry": url_map() if entry is None else entry, **more}
    outputs = {ADDRESS: {"address": "34.0.0.1"}, "gcp:compute/address:Address": {"address": "34.0.0.2"}}
    recorder, made = mocked.run(lambda: CloudRunPair("orders", **arguments), None, outputs)
    found = {}
    for resource in recorder.resources:
        found.setdefault(resource.type, []).append((resource.name, whole(resource.inputs)))
    return {kind: [inputs for _, inputs in sorted(one, key=lambda pair: pair[0])] for kind, one in found.items()}, made


def test_the_shortest_program_is_two_services_a_load_balancer_and_a_swap():
    found, _ = declared()
    made = {SERVICE, GROUP, BACKEND, MAP, PROXY, RULE, ADDRESS}
    assert set(found) == {"bluegreen:google:CloudRunPair", SWAP, *made}
    blue, green = found[SERVICE]
    assert (blue["name"], green["name"]) == ("orders-blue", "orders-green")
    assert blue["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    assert blue["invokerIamDisabled"] is blue["deletionProtection"] is False
    assert blue["traffics"] == [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]
    (container,) = green["template"]["containers"]
    assert container["image"] == SHORTEST["green"]["image"]
    assert container["envs"] == [{"name": "COLOR", "value": "green"}]
    assert [one["cloudRun"] for one in found[GROUP]] == [{"service": "orders-blue"}, {"service": "orders-green"}]
    assert {one["networkEndpointType"] for one in found[GROUP]} == {"SERVERLESS"}
    for one, color in zip(found[BACKEND], ("blue", "green"), strict=True):
        # Google refuses a health check, a balancing mode and a port's name before a serverless group.
        assert one == {
            "protocol": "HTTP",
            "loadBalancingScheme": "EXTERNAL_MANAGED",
            "backends": [{"group": f"orders-{color}-id"}],
        }
    (swap,) = found[SWAP]
    assert swap["router"] == {
        "kind": "url_map",
        "url_map": "orders-id",
        "backend_services": {"blue": "orders-blue-id", "green": "orders-green-id"},
        "owner": "shop/test/orders",
        "made_with_it": True,
        "google": {},
    }
    assert "capacity" not in swap
    assert swap["plan"] == ["100 % blue; gates: target health, http /"]
    assert swap["gates"] == [{"kind": "http", "path": "/", "phases": ["increase", "promote", "hold", "bake"]}]
    assert swap["releases"] == {color: SHORTEST[color]["image"] for color in ("blue", "green")}
    assert swap["previews"]["green"] == {"url": "http://34.0.0.1", "headers": {"Host": "green.preview.internal"}}


def test_a_regional_load_balancer_over_https_before_services_of_its_region():
    entry = url_map(
        region="europe-west1",
        network="shop",
        ssl_certificates=["shop"],
        preview_hosts={"blue": "blue.shop.test", "green": "green.shop.test"},
        redirect_http=True,
    )
    found, _ = declared(entry)
    assert "gcp:compute/regionBackendService:RegionBackendService" in found
    assert len(found["gcp:compute/forwardingRule:ForwardingRule"]) == 2
    assert found[SWAP][0]["previews"]["blue"] == {"url": "https://34.0.0.2", "headers": {"Host": "blue.shop.test"}}


def test_services_that_are_there_get_a_load_balancer():
    found, _ = declared(**THERE)
    assert SERVICE not in found
    assert [one["cloudRun"]["service"] for one in found[GROUP]] == ["shop-blue", "shop-green"]
    assert found[SWAP][0]["releases"] == {"blue": "v7", "green": "v7"}


def test_what_is_there_is_only_led():
    found, _ = declared(url_map(**OWN), **THERE)
    assert set(found) == {"bluegreen:google:CloudRunPair", SWAP}
    (swap,) = found[SWAP]
    assert swap["router"]["backend_services"] == OWN["backend_services"]
    assert "made_with_it" not in swap["router"]


@pytest.mark.parametrize("kind", ["CloudRunPair", "InstanceGroups"])
def test_the_programs_of_the_page_declare_a_swap_of_a_url_map(kind):
    (program,) = [found for found in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if f"import {kind}" in found]
    images = {f"{color}{what}": f"projects/shop/global/images/app-{color}" for color in THERE for what in WHAT}
    recorder, _ = mocked.run(lambda: exec(program, {"__name__": "__main__"}), {"activeColor": "blue", **images}, {})
    (swap,) = [one.inputs for one in recorder.resources if one.type == SWAP]
    assert swap["router"]["kind"] == "url_map"


def digests(**more):
    return declared(**more)[0][SWAP][0]["digests"]


def test_another_release_is_told_by_all_of_it_but_how_many_instances_there_are():
    first, green = digests(), SHORTEST["green"]
    assert digests(green={**green, "max_instances": 7, "release": "next"}) == first
    changed = digests(green={**green, "env": {"COLOR": "teal"}})
    assert (changed["blue"], changed["green"] != first["green"]) == (first["blue"], True)
    assert digests(**THERE) != digests(**{**THERE, "green": {**THERE["green"], "release": "v8"}})


def test_gates_of_ones_own_take_the_place_of_the_one_there_is():
    (swap,) = declared(gates=[])[0][SWAP]
    assert not swap.get("gates")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": "Orders"}, "name"),
        ({"location": ""}, "location"),
        ({"entry": url_map(region="europe-west4", network="shop")}, "location"),
        ({"entry": url_map(**OWN)}, "blue.existing"),
        ({"entry": url_map(**{**OWN, "preview_hosts": None}), **THERE}, "entry.preview_urls"),
        ({"entry": url_map(ssl_certificates=["shop"])}, "entry.preview_hosts"),
        ({"green": {}}, "green.image"),
        ({"green": {"existing": "shop-green"}}, "green.release"),
        ({"green": {**THERE["green"], "image": "app:v2"}}, "green.image"),
        ({"green": {**THERE["green"], "env": {"A": "1"}}}, "green.env"),
        ({"green": {"image": "app:v2", "concurrency": 0}}, "green.concurrency"),
        ({"container_port": 0}, "container_port"),
        ({"ingress": "ALL"}, "ingress"),
        ({"health_path": "healthz"}, "health_path"),
        ({"gates": [bluegreen.gates.http("healthz")]}, "gates"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(more, said):
    name = more.get("name", "orders")
    arguments = {**SHORTEST, "entry": url_map(), **{key: value for key, value in more.items() if key != "name"}}
    with pytest.raises(pulumi.RunError, match=said):
        mocked.run(lambda: CloudRunPair(name, **arguments), None, {})


# -- another release in the live color


def inputs(image="app:v1", **more):
    template = {"containers": [{"image": image, "ports": {"containerPort": 8080}, "envs": [], **more}]}
    return {"name": "orders-blue", "template": template}


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (inputs(), ""),
        (inputs(ports={"containerPort": 9090}), ""),
        ({**inputs(), "labels": {"team": "shop"}}, ""),
        ({"template": {**inputs()["template"], "scaling": {"minInstanceCount": 2}}}, ""),
        (inputs("app:v2"), "image app:v1 -> app:v2"),
        (inputs(envs=[{"name": "A", "value": "hunter2"}]), "its template"),
        ({}, ""),
    ],
)
def test_what_makes_a_service_another_release(wanted, what):
    assert another(inputs(), wanted) == what


def test_a_service_with_traffic_keeps_its_release_and_one_without_gets_any(monkeypatch):
    made = []
    monkeypatch.setattr(guarding, "is_called", lambda: True)
    monkeypatch.setattr(guarding, "binding", lambda _what, before_update: made.append(before_update))
    guarding.over_inputs("orders-blue", "orders-blue", "blue", {"kind": "memory", "name": "pair"}, another)
    here = world("pair")
    try:
        args = pulumi.ResourceHookArgs(
            urn="urn", id="id", name="orders-blue", type=SERVICE, old_inputs=inputs(), new_inputs=inputs("app:v2")
        )
        here.weights = Weights.split("blue", 10)
        with pytest.raises(RuntimeError, match=r"orders-blue was not updated: blue has 10 %.*image app:v1 -> app:v2"):
            asyncio.run(made[0](args))
        here.weights = Weights.all_on("green")
        asyncio.run(made[0](args))
    finally:
        WORLDS.pop("pair")
