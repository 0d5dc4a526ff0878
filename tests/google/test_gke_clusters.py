"""`GkeClusters` with its load balancer: its resources, and its refusals before it declares anything."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pulumi
import pytest

import bluegreen
from bluegreen.google import GkeClusters, url_map
from tests.aws import mocked
from tests.google.test_cloud_run_pair import OWN
from tests.kubernetes.declared import whole

STACKS = Path(__file__).resolve().parents[2] / "stacks"
BACKEND, MAP = "gcp:compute/backendService:BackendService", "gcp:compute/uRLMap:URLMap"
CHECK = "gcp:compute/healthCheck:HealthCheck"
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
ZONES = ("europe-west1-b", "europe-west1-c")
SHORTEST = {
    "active_color": "blue",
    **{
        color: {
            "endpoint_groups": [f"projects/shop/zones/{zone}/networkEndpointGroups/web-{color}" for zone in ZONES],
            "release": release,
        }
        for color, release in {"blue": "1.33", "green": "1.34"}.items()
    },
}
BEHIND = {color: {"release": "1.33"} for color in ("blue", "green")}


def declared(entry=None, **more):
    arguments = {**SHORTEST, "entry": url_map() if entry is None else entry, **more}
    outputs = {"gcp:compute/globalAddress:GlobalAddress": {"address": "34.0.0.1"}}
    recorder, _ = mocked.run(lambda: GkeClusters("web", **arguments), None, outputs)
    found = {}
    for resource in recorder.resources:
        found.setdefault(resource.type, []).append(whole(resource.inputs))
    return found


def test_each_color_is_a_backend_service_before_the_clusters_endpoint_groups():
    found = declared(max_rate_per_endpoint=20)
    for one, color in zip(found[BACKEND], ("blue", "green"), strict=True):
        assert one["backends"] == [
            {"group": group, "balancingMode": "RATE", "maxRatePerEndpoint": 20}
            for group in SHORTEST[color]["endpoint_groups"]
        ]
        assert one["healthChecks"] == "web-id"
        assert "portName" not in one
    (check,) = found[CHECK]
    assert check["httpHealthCheck"] == {"portSpecification": "USE_SERVING_PORT", "requestPath": "/healthz"}
    (swap,) = found[SWAP]
    assert swap["router"]["backend_services"] == {"blue": "web-blue-id", "green": "web-green-id"}
    assert swap["releases"] == {"blue": "1.33", "green": "1.34"}
    assert "capacity" not in swap
    assert swap["previews"]["green"] == {"url": "http://34.0.0.1", "headers": {"Host": "green.preview.internal"}}


def test_a_load_balancer_that_is_there_is_only_led():
    found = declared(url_map(**OWN), **BEHIND)
    assert set(found) == {"bluegreen:google:GkeClusters", SWAP}
    assert found[SWAP][0]["router"]["backend_services"] == OWN["backend_services"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": "Web"}, "name"),
        ({"green": {"release": "1.34"}}, "green.endpoint_groups"),
        ({"green": {**SHORTEST["green"], "endpoint_groups": []}}, "green.endpoint_groups"),
        ({"green": {**SHORTEST["green"], "endpoint_groups": "web"}}, "green.endpoint_groups"),
        ({"green": {"endpoint_groups": ["web"]}}, "green.release"),
        ({"entry": url_map(**OWN)}, "blue.endpoint_groups"),
        ({"entry": url_map(ssl_certificates=["s"]), "gates": [bluegreen.gates.http("/")]}, "entry.preview_hosts"),
        ({"health_path": "healthz"}, "health_path"),
        ({"max_rate_per_endpoint": 0}, "max_rate_per_endpoint"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(more, said):
    name = more.get("name", "web")
    arguments = {**SHORTEST, "entry": url_map(), **{key: value for key, value in more.items() if key != "name"}}
    with pytest.raises(pulumi.RunError, match=rf"(?m)^\W*{said}\b"):
        mocked.run(lambda: GkeClusters(name, **arguments), None, {})


def test_the_stack_program_declares_both_clusters_groups(monkeypatch):
    monkeypatch.syspath_prepend(STACKS)
    mine = ("keys", "settings", "google_gke_clusters")  # which read the config of the project that is run now
    for name in mine:
        monkeypatch.delitem(sys.modules, name, raising=False)
    config = {"platform": "google_gke_clusters", "activeColor": "green", "blueRelease": "1.33", "greenRelease": "1.34"}
    config |= {f"{color}Groups": json.dumps(SHORTEST[color]["endpoint_groups"]) for color in ("blue", "green")}
    recorder, _ = mocked.run(lambda: runpy.run_path(str(STACKS / "__main__.py")), config, {})
    for name in mine:
        sys.modules.pop(name, None)
    backends = {one.name: whole(one.inputs)["backends"] for one in recorder.resources if one.type == BACKEND}
    assert [one["group"] for one in backends["web-green"]] == SHORTEST["green"]["endpoint_groups"]
    (swap,) = [one.inputs for one in recorder.resources if one.type == SWAP]
    assert swap["releases"] == {"blue": "1.33", "green": "1.34"}
