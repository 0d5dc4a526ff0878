"""What `CloudFunction` declares, and what it refuses before it declares anything."""

from __future__ import annotations

import pulumi
import pytest

from bluegreen.google import CloudFunction
from bluegreen.google.functions.releases import MARK, service_of
from bluegreen.platforms.templates import suffix
from tests.aws import mocked
from tests.kubernetes.declared import whole

FUNCTION, SWAP = "gcp:cloudfunctionsv2/function:Function", "pulumi-python:dynamic/bluegreen:TrafficSwap"


def release(version, **more):
    source = {"bucket": "sources", "object": f"{version}.zip"}
    return {**source, "runtime": "python312", "entry_point": "shop", **more}


SHORTEST = {"active_color": "blue", "location": "europe-west1", "blue": release("v1"), "green": release("v2")}


def declared(config=None, **more):
    told = {"uri": "https://shop-ab12cd-ew.a.run.app"}
    outputs = {FUNCTION: {"url": "https://europe-west1-shop.cloudfunctions.net/shop", "serviceConfig": told}}
    recorder, made = mocked.run(lambda: CloudFunction("shop", **{**SHORTEST, **more}), config, outputs)
    return {resource.type: whole(resource.inputs) for resource in recorder.resources}, made


def test_the_shortest_program_is_a_function_and_a_swap():
    found, _ = declared()
    assert set(found) == {"bluegreen:google:CloudFunction", FUNCTION, SWAP}
    swap = found[SWAP]
    assert swap["router"]["templates"]["blue"] == {
        "buildConfig": {
            "runtime": "python312",
            "entryPoint": "shop",
            "source": {"storageSource": {"bucket": "sources", "object": "v1.zip"}},
        },
        "serviceConfig": {},
    }
    assert {key: value for key, value in swap["router"].items() if key not in ("templates", "google")} == {
        "kind": "cloud_function",
        "function": "shop-id",
        "service": "shop-id",
        "owner": "shop/test/shop",
        "made_with_it": True,
        "tags": {"blue": "blue", "green": "green"},
        "settings": {"invokerIamDisabled": False, "location": "europe-west1", "name": "shop"},
    }
    assert swap["releases"] == {"blue": "v1.zip", "green": "v2.zip"}


def test_a_functions_service_is_called_as_it_is():
    assert service_of("projects/p/locations/l/functions/shop") == "projects/p/locations/l/services/shop"


@pytest.mark.parametrize("active", ["blue", "green"])
def test_the_first_release_is_the_active_colors_with_the_mark_by_which_the_swap_finds_it(active):
    found, _ = declared(active_color=active, blue=release("v1", generation="7"), green=release("v2", generation="8"))
    function, template = found[FUNCTION], found[SWAP]["router"]["templates"][active]
    assert (function["name"], function["location"]) == ("shop", "europe-west1")
    assert function["serviceConfig"]["environmentVariables"] == {MARK: suffix(active, template)}
    source = {"bucket": "sources", "object": "v1.zip" if active == "blue" else "v2.zip"}
    number = 7 if active == "blue" else 8
    assert function["buildConfig"]["source"] == {"storageSource": {**source, "generation": number}}
    assert template["buildConfig"]["source"] == {"storageSource": {**source, "generation": str(number)}}
    assert found[SWAP]["releases"][active] == f"{source['object']}#{number}"


def test_everything_that_a_release_says_stands_in_its_part_of_a_function():
    found, _ = declared(
        green=release(
            "v2",
            env={"LEVEL": "info"},
            secret_env={"DB": "db-key:3", "API": "projects/other/secrets/api:latest"},
            cpu="1",
            memory="1Gi",
            min_instances=2.0,
            max_instances=4,
            concurrency=10,
            timeout_seconds=90.0,
            service_account="shop@shop.iam.gserviceaccount.com",
            template={"serviceConfig": {"directVpcNetworkInterface": [{"network": "n"}]}},
            release="v2 with invoices",
        ),
        active_color="green",
    )
    service = found[SWAP]["router"]["templates"]["green"]["serviceConfig"]
    assert service == {
        "directVpcNetworkInterface": [{"network": "n"}],
        "availableCpu": "1",
        "availableMemory": "1Gi",
        "minInstanceCount": 2,
        "maxInstanceCount": 4,
        "maxInstanceRequestConcurrency": 10,
        "timeoutSeconds": 90,
        "serviceAccountEmail": "shop@shop.iam.gserviceaccount.com",
        "environmentVariables": {"LEVEL": "info"},
        "secretEnvironmentVariables": [
            {"key": "API", "projectId": "other", "secret": "api", "version": "latest"},
            {"key": "DB", "secret": "db-key", "version": "3"},
        ],
    }
    assert found[SWAP]["releases"]["green"] == "v2 with invoices"
    declared_service = found[FUNCTION]["serviceConfig"]
    assert declared_service["directVpcNetworkInterfaces"] == [{"network": "n"}]
    assert declared_service["availableMemory"] == "1Gi"


def test_an_object_that_the_same_program_uploads_is_waited_for():
    more = {"object": pulumi.Output.from_input("v9.zip"), "generation": pulumi.Output.from_input(9)}
    found, _ = declared(green=release("v2", **more))
    stored = found[SWAP]["router"]["templates"]["green"]["buildConfig"]["source"]["storageSource"]
    assert stored == {"bucket": "sources", "object": "v9.zip", "generation": "9"}
    assert found[SWAP]["releases"]["green"] == "v9.zip#9"
    assert found[SWAP]["plan"] == ["100 % blue; gates: target health"]


def test_gates_reach_each_color_by_its_tag_and_the_outputs_lead_to_production():
    found, made = declared(public=True, labels={"team": "shop"})
    urls = {color: one["url"] for color, one in found[SWAP]["previews"].items()}
    assert urls["green"] == "https://green---shop-ab12cd-ew.a.run.app"
    settings = found[SWAP]["router"]["settings"]
    assert (settings["invokerIamDisabled"], settings["labels"]) == (True, {"team": "shop"})
    assert found[FUNCTION]["labels"] == {"team": "shop"}
    assert made.function_id is not None


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"function_name": "Shop"}, "function_name: 'Shop'"),
        ({"function_name": "a" * 50}, "1 to 49"),
        ({"green": {}}, "green.bucket"),
        ({"green": {**release("v2"), "entry_point": ""}}, "green.entry_point"),
        ({"green": {**release("v2"), "runtime": None}}, "green.runtime"),
        ({"green": release("v2", generation="latest")}, "green.generation"),
        ({"green": release("v2", min_instances=3, max_instances=2)}, "at least min_instances, which is 3"),
        ({"green": release("v2", concurrency=8)}, "at least 1 with a concurrency of 8"),
        ({"green": release("v2", concurrency=8, cpu="0.5")}, "green.cpu"),
        ({"green": release("v2", timeout_seconds=4000)}, "green.timeout_seconds"),
        ({"green": release("v2", secret_env={"DB": "s3cret"})}, "green.secret_env.DB"),
        ({"green": release("v2", env={"DB": "1"}, secret_env={"DB": "db:1"})}, "absent beside env.DB"),
        ({"green": release("v2", env={MARK: "x"})}, f"green.env.{MARK}"),
        ({"green": release("v2", template={"labels": {}})}, "green.template.labels"),
        (
            {"green": release("v2", template={"serviceConfig": {"allTrafficOnLatestRevision": True}})},
            "serviceConfig.allTrafficOnLatestRevision",
        ),
        ({"green": release("v2", instances=2)}, "instances"),
        ({"green": release("v2", env={"DB": "amqp://u:pw@host"})}, "an address without a user's name"),
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
        green = release("v2", env={"DB": pulumi.Output.secret("s3cret")})
        return CloudFunction("shop", **{**SHORTEST, "green": green})

    with pytest.raises(pulumi.RunError) as refused:
        mocked.run(program)
    assert "name one of Secret Manager in secret_env" in str(refused.value)
    assert "s3cret" not in str(refused.value)
