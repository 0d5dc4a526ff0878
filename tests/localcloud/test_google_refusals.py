"""Refusals of Google's stand-in beyond its descriptions, without a server: it is no kinder than Google."""

from __future__ import annotations

import pytest

from localcloud.google.bare import COMPUTE, DNS, PROJECT, RUN, BareGoogle
from tests.routers import url_map_workshop
from tests.routers.google_workshop import PARENT, REVISION, SERVICE, World, build

CONTAINER = {"image": "app:v1"}


@pytest.fixture
def world():
    return build(World(BareGoogle(at_once=True)))


def to(revision, percent, **more):
    return {"type": REVISION, "revision": f"web-{revision}", "percent": percent, **more}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("traffic", [to("blue", 101), to("green", -1)], "101 is not from 0 to 100"),
        ("traffic", [to("blue", 99)], "add up to 100"),
        ("traffic", [to("blue", 100, tag="Next")], "only lowercase"),
        ("traffic", [to("blue", 100, tag="n" * 44)], "cannot exceed 46 characters"),
        ("traffic", [to("blue", 100, tag="a"), to("green", 0, tag="a")], "unique"),
        ("trafic", [to("blue", 100)], "Unknown name"),
        ("labels", {"Team": "orders"}, "labels"),
        ("annotations", {"run.googleapis.com/launch-stage": "BETA"}, "reserved namespace"),
        ("template", {"containers": []}, "a container is required"),
        ("template", {"containers": [{"name": "app"}]}, "an image is required"),
        ("template", {"containers": [{**CONTAINER, "env": [{"value": "1"}]}]}, "a name is required"),
        ("template", {"containers": [CONTAINER, CONTAINER]}, "exactly one container with an exposed port"),
        ("template", {"containers": [CONTAINER], "timeout": "3601s"}, "at most 3600s"),
        ("template", {"containers": [CONTAINER], "timeout": "soon"}, "no duration"),
        ("template", {"containers": [CONTAINER], "revision": "web-New"}, "only lowercase"),
        (
            "template",
            {"containers": [CONTAINER], "scaling": {"minInstanceCount": 3, "maxInstanceCount": 2}},
            "minInstanceCount 3 is more",
        ),
    ],
)
def test_a_change_of_a_service_that_google_would_refuse_is_refused(world, field, value, said):
    before = dict(world.service())
    status, found = world.google.ask("PATCH", f"/v2/{SERVICE}", {"updateMask": field}, {field: value})
    assert status == 400
    assert said in found["error"]["message"]
    assert world.service() == before


def test_a_mask_of_what_a_service_does_not_have_is_refused(world):
    status, found = world.google.ask("PATCH", f"/v2/{SERVICE}", {"updateMask": "trafic"}, {"traffic": []})
    assert (status, found["error"]["message"]) == (400, "update_mask: trafic is no field of a service.")


@pytest.mark.parametrize("name", ["", "Web", "web-", "w" * 50])
def test_a_services_name_is_one_that_google_takes(world, name):
    body = {"template": {"containers": [CONTAINER]}}
    status, found = world.google.ask("POST", f"/v2/{PARENT}/services", {"serviceId": name}, body)
    assert status == 400
    assert "less than 50 characters" in found["error"]["message"]


# -- Compute Engine


@pytest.fixture
def balancer():
    return url_map_workshop.build(BareGoogle(at_once=True))


ZONE = f"projects/{PROJECT}/zones/{url_map_workshop.ZONE}"
BLUE = f"projects/{PROJECT}/global/backendServices/web-blue"
MATCHER = {"name": "api", "defaultService": BLUE}
GROUP = f"{ZONE}/instanceGroupManagers/web-blue"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"pathMatchers": [MATCHER, MATCHER]}, "Duplicate"),
        (
            {"pathMatchers": [MATCHER], "hostRules": [{"hosts": ["a.test", "a.test"], "pathMatcher": "api"}]},
            "Duplicate",
        ),
        ({"pathMatchers": [{**MATCHER, "pathRules": [{"paths": ["api"], "service": BLUE}]}]}, "starts with /"),
        ({"pathMatchers": [{**MATCHER, "pathRules": [{"paths": ["/a*"], "service": BLUE}]}]}, "starts with /"),
        ({"pathMatchers": [{**MATCHER, "pathRules": [{"paths": ["/a", "/a"], "service": BLUE}]}]}, "Duplicate"),
    ],
)
def test_a_map_that_google_would_refuse_is_refused(balancer, fields, said):
    before = balancer.map()
    body = {"fingerprint": before["fingerprint"], **fields}
    status, found = balancer.google.ask("PATCH", f"/compute/v1/{balancer.url_map}", None, body, COMPUTE)
    assert status == 400
    assert said in found["error"]["message"]
    assert balancer.map() == before


@pytest.mark.parametrize(
    ("collection", "body", "said"),
    [
        ("instanceGroupManagers", {"name": "a", "versions": []}, "Required field 'targetSize' not specified"),
        ("instanceGroupManagers", {"name": "a", "targetSize": 0, "baseInstanceName": "a" * 59}, "1-58 characters"),
        ("autoscalers", {"target": GROUP}, "Required field 'name' not specified"),
        ("autoscalers", {"name": "a", "target": GROUP, "autoscalingPolicy": {"maxNumReplicas": 0}}, "At least 1"),
        (
            "autoscalers",
            {
                "name": "a",
                "target": GROUP,
                "autoscalingPolicy": {"maxNumReplicas": 2, "cpuUtilization": {"utilizationTarget": 60}},
            },
            "In range (0, 1]",
        ),
    ],
)
def test_a_group_or_an_autoscaler_that_google_would_refuse_is_refused(balancer, collection, body, said):
    if collection == "instanceGroupManagers" and "versions" not in body:
        body = {**body, "versions": [{"instanceTemplate": url_map_workshop.template("blue")}]}
    status, found = balancer.google.ask("POST", f"/compute/v1/{ZONE}/{collection}", None, body, COMPUTE)
    assert status == 400
    assert said in found["error"]["message"]


def test_a_group_has_one_autoscaler(balancer):
    body = {"target": GROUP, "autoscalingPolicy": {"maxNumReplicas": 2}}
    balancer.make("autoscalers", "one", scope=f"zones/{url_map_workshop.ZONE}", **body)
    path = f"/compute/v1/{ZONE}/autoscalers"
    status, found = balancer.google.ask("POST", path, None, {"name": "two", **body}, COMPUTE)
    assert status == 400
    assert "has an autoscaler already" in found["error"]["message"]


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (COMPUTE, "/compute/v1/projects/example.com:shop/global/urlMaps/web"),
        (DNS, "/dns/v1/projects/example.com:shop/managedZones/web"),
        (RUN, "/v2/projects/example.com:shop/locations/europe-west1/services/web"),
    ],
)
def test_a_project_may_be_a_domains_own(host, path):
    status, found = BareGoogle().ask("GET", path, {}, None, host)
    assert status == 404
    assert "Method not found" not in found["error"]["message"]
