"""What `CloudRunService` declares, and what it refuses before it declares anything."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.google import CloudRunService
from bluegreen.google.component import connection_of
from bluegreen.platforms.templates import suffix
from tests.aws import mocked
from tests.kubernetes.declared import whole

SERVICE, SWAP = "gcp:cloudrunv2/service:Service", "pulumi-python:dynamic/bluegreen:TrafficSwap"
ID = "projects/shop/locations/europe-west1/services/web"
SHORTEST = {
    "active_color": "blue",
    "location": "europe-west1",
    "blue": {"image": "europe-docker.pkg.dev/shop/web/app:v1"},
    "green": {"image": "europe-docker.pkg.dev/shop/web/app:v2"},
}


def declared(config=None, **more):
    outputs = {SERVICE: {"id": ID, "uri": "https://web-ab12cd-ew.a.run.app"}}
    recorder, made = mocked.run(lambda: CloudRunService("web", **{**SHORTEST, **more}), config, outputs)
    return {resource.type: whole(resource.inputs) for resource in recorder.resources}, made


def test_the_shortest_program_is_a_service_and_a_swap():
    found, _ = declared()
    assert set(found) == {"bluegreen:google:CloudRunService", SERVICE, SWAP}
    swap, service = found[SWAP], found[SERVICE]
    assert swap["router"]["templates"]["blue"] == {
        "containers": [
            {
                "name": "app",
                "image": "europe-docker.pkg.dev/shop/web/app:v1",
                "ports": [{"containerPort": 8080}],
                "resources": {"limits": {"cpu": "1", "memory": "512Mi"}},
            }
        ]
    }
    assert {key: swap["router"][key] for key in ("kind", "owner", "made_with_it", "tags", "settings")} == {
        "kind": "cloud_run",
        "owner": "shop/test/web",
        "made_with_it": True,
        "tags": {"blue": "blue", "green": "green"},
        "settings": {
            "ingress": "INGRESS_TRAFFIC_ALL",
            "invokerIamDisabled": False,
            "location": "europe-west1",
            "name": "web",
        },
    }
    assert swap["releases"] == {color: SHORTEST[color]["image"] for color in ("blue", "green")}
    assert (service["name"], service["location"], service["deletionProtection"]) == ("web", "europe-west1", False)


@pytest.mark.parametrize("active", ["blue", "green"])
def test_the_first_template_is_the_active_colors_under_the_name_that_the_swap_adopts(active):
    found, _ = declared(active_color=active)
    service = found[SERVICE]
    name = f"web-{suffix(active, found[SWAP]['router']['templates'][active])}"
    assert service["template"]["revision"] == name
    (container,) = service["template"]["containers"]
    assert container["ports"] == {"containerPort": 8080}
    assert service["traffics"] == [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": name, "percent": 100, "tag": active}
    ]


def test_everything_that_a_release_says_stands_in_its_template_and_in_the_services_own_names():
    found, _ = declared(
        container_port=9000,
        green={
            "image": "app:v2",
            "command": ["app"],
            "args": ["--fast"],
            "env": {"LEVEL": "info"},
            "secret_env": {"DB": "db-key:3"},
            "cpu": "2",
            "memory": "1Gi",
            "min_instances": 2,
            "max_instances": 4,
            "concurrency": 10,
            "timeout_seconds": 60.0,
            "service_account": "web@shop.iam.gserviceaccount.com",
            "health_path": "/healthz",
            "template": {"vpcAccess": {"egress": "ALL_TRAFFIC"}, "containers": [{"name": "proxy", "image": "proxy:1"}]},
            "release": "v2 with invoices",
        },
        active_color="green",
    )
    template = found[SWAP]["router"]["templates"]["green"]
    (own, proxy) = template["containers"]
    secret = {"name": "DB", "valueSource": {"secretKeyRef": {"secret": "db-key", "version": "3"}}}
    assert own["env"] == [secret, {"name": "LEVEL", "value": "info"}]
    assert own["startupProbe"] == {"httpGet": {"path": "/healthz", "port": 9000}}
    assert (own["command"], own["args"]) == (["app"], ["--fast"])
    assert own["resources"] == {"limits": {"cpu": "2", "memory": "1Gi"}}
    assert proxy["name"] == "proxy"
    assert template["scaling"] == {"minInstanceCount": 2, "maxInstanceCount": 4}
    assert (template["maxInstanceRequestConcurrency"], template["timeout"]) == (10, "60s")
    assert template["vpcAccess"] == {"egress": "ALL_TRAFFIC"}
    assert found[SWAP]["releases"]["green"] == "v2 with invoices"
    (first, _) = found[SERVICE]["template"]["containers"]
    assert (first["envs"], first["commands"]) == (own["env"], ["app"])


def test_an_image_that_the_same_program_builds_is_waited_for():
    found, _ = declared(green={"image": pulumi.Output.from_input("app@sha256:1")})
    assert found[SWAP]["router"]["templates"]["green"]["containers"][0]["image"] == "app@sha256:1"
    assert found[SWAP]["plan"] == ["100 % blue; gates: target health"]


def test_gates_reach_each_color_by_its_tag_which_stays_whatever_its_release_is():
    urls = [
        {color: one["url"] for color, one in declared(**more)[0][SWAP]["previews"].items()}
        for more in ({}, {"green": {"image": "app:v9"}})
    ]
    assert urls[0] == urls[1]
    assert urls[0]["green"] == "https://green---web-ab12cd-ew.a.run.app"


def test_the_swap_is_told_what_the_service_is_declared_to_be():
    found, _ = declared(public=True, ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", labels={"team": "shop"})
    assert found[SWAP]["router"]["settings"] == {
        "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        "invokerIamDisabled": True,
        "labels": {"team": "shop"},
        "location": "europe-west1",
        "name": "web",
    }
    assert (found[SERVICE]["invokerIamDisabled"], found[SERVICE]["labels"]) == (True, {"team": "shop"})


def test_the_swap_calls_as_the_stacks_config_says_unless_it_is_told():
    given = {"impersonate": "swap@shop.iam.gserviceaccount.com"}
    assert declared(google_connection=given)[0][SWAP]["router"]["google"] == given
    pulumi.runtime.set_all_config({"gcp:impersonateServiceAccount": "deploy@shop.iam.gserviceaccount.com"})
    try:
        assert connection_of({}) == {"impersonate": "deploy@shop.iam.gserviceaccount.com"}
        assert connection_of({"google_connection": given}) == given
    finally:
        pulumi.runtime.set_all_config({})


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"service_name": "Web"}, "service_name: 'Web'"),
        ({"service_name": "a" * 42}, "1 to 41"),
        ({"container_port": 0}, "container_port"),
        ({"ingress": "all"}, "INGRESS_TRAFFIC_ALL"),
        ({"green": {}}, "green.image"),
        ({"green": {"image": "a:1", "min_instances": 3, "max_instances": 2}}, "at least min_instances, which is 3"),
        ({"green": {"image": "a:1", "concurrency": 0}}, "green.concurrency"),
        ({"green": {"image": "a:1", "timeout_seconds": 4000}}, "green.timeout_seconds"),
        ({"green": {"image": "a:1", "secret_env": {"DB": "s3cret"}}}, "green.secret_env.DB"),
        ({"green": {"image": "a:1", "env": {"DB": "1"}, "secret_env": {"DB": "db:1"}}}, "absent beside env.DB"),
        ({"green": {"image": "a:1", "instances": 2}}, "instances"),
        ({"green": {"image": "a:1", "env": {"DB": "amqp://u:pw@host"}}}, "an address without a user's name"),
        ({"green": {"image": "a:1", "template": {"containers": True}}}, "green.template.containers: True"),
        ({"green": {"image": "a:1", "template": {"containers": ["b:1"]}}}, "green.template.containers[0]: 'b:1'"),
        ({"green": {"image": "a:1", "template": {"scaling": 3}}}, "green.template.scaling: 3"),
        ({"green": {"image": "a:1", "template": {"timeout": 30}}}, "green.template.timeout: 30"),
        ({"green": {"image": "a:1", "template": {"labels": {"team": 1}}}}, "green.template.labels.team: 1"),
        ({"google_connection": {"region": "x"}}, "google"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name_before_anything_is_declared(more, problem):
    with pytest.raises(pulumi.RunError) as refused:
        declared(**more)
    assert problem in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert "pw@" not in str(refused.value)


def test_a_secret_of_pulumis_in_a_release_is_refused_before_anything_is_declared():
    def program():
        green = {"image": "app:v2", "env": {"DB": pulumi.Output.secret("s3cret")}}
        return CloudRunService("web", **{**SHORTEST, "green": green})

    with pytest.raises(pulumi.RunError) as refused:
        mocked.run(program)
    assert "name one of Secret Manager in secret_env" in str(refused.value)
    assert "s3cret" not in str(refused.value)
