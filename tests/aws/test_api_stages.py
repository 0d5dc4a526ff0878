"""The resources of `RestApiStage` and `HttpApiStage`, and their refusals before any resource."""

import pulumi
import pytest

import bluegreen
from bluegreen.aws import HttpApiStage, RestApiStage
from tests.aws import mocked

REST = {
    "active_color": "green",
    "rest_api_id": "api1",
    "blue": {"deployment_id": "d1"},
    "green": {"deployment_id": "d2", "release": "v2"},
}
HTTP = {
    "active_color": "green",
    "api_id": "api1",
    "blue": {"value": "blue.example.com"},
    "green": {"value": "green.example.com"},
}
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"


def declared(component, name, settings):
    urls = []
    recorder, _ = mocked.run(lambda: component(name, **settings).url.apply(urls.append))
    stages = {found.name: found.inputs for found in recorder.resources if found.type.endswith("/stage:Stage")}
    (swap,) = [found.inputs for found in recorder.resources if found.type == SWAP]
    return stages, swap, urls


def rest(**more):
    return declared(RestApiStage, "orders", {**REST, **more})


def http(**more):
    return declared(HttpApiStage, "orders", {**HTTP, **more})


def test_a_rest_api_has_a_stage_for_production_and_one_for_each_color():
    stages, swap, _ = rest(variables={"table": "orders"}, tags={"team": "shop"})
    assert {name: (stage["stageName"], stage["deployment"]) for name, stage in stages.items()} == {
        "orders": ("prod", "d2"),
        "orders-blue": ("prod-blue", "d1"),
        "orders-green": ("prod-green", "d2"),
    }
    assert all(stage["variables"] == {"table": "orders"} for stage in stages.values())
    assert stages["orders-blue"]["tags"]["BG_VERSION"] == "BLUE"
    assert swap["router"] == {
        "kind": "rest_api_canary",
        "rest_api_id": "api1",
        "stage_name": "prod",
        "deployments": {"blue": "d1", "green": "d2"},
        "use_stage_cache": False,
        "owner": "shop/test/orders",
        "adopt": False,
        "aws": {},
    }
    assert swap["releases"] == {"blue": "d1", "green": "v2"}


def test_a_colors_variables_are_the_swaps_and_the_stages():
    stages, swap, _ = rest(
        blue={"deployment_id": "d1", "variables": {"fn": "orders:3"}},
        green={"deployment_id": "d1", "variables": {"fn": "orders:4"}},
        variables={"table": "orders"},
    )
    assert swap["router"]["variables"] == {"blue": {"fn": "orders:3"}, "green": {"fn": "orders:4"}}
    assert stages["orders"]["variables"] == {"table": "orders", "fn": "orders:4"}
    assert stages["orders-blue"]["variables"] == {"table": "orders", "fn": "orders:3"}


def test_an_http_api_has_a_stage_for_production_and_one_for_each_color():
    stages, swap, _ = http(variables={"table": "orders"}, stage_args={"description": "x"})
    assert {name: stage["name"] for name, stage in stages.items()} == {
        "orders": "$default",
        "orders-blue": "blue",
        "orders-green": "green",
    }
    assert stages["orders"]["stageVariables"] == {"table": "orders", "backend": "green.example.com"}
    assert stages["orders-blue"]["stageVariables"]["backend"] == "blue.example.com"
    assert all((stage["autoDeploy"], stage["description"]) == (True, "x") for stage in stages.values())
    assert swap["router"]["values"] == {"blue": "blue.example.com", "green": "green.example.com"}
    assert swap["releases"] == {"blue": "blue.example.com", "green": "green.example.com"}
    assert swap["plan"] == ["100 % green; gates: target health"]


@pytest.mark.parametrize("declare", [rest, http])
def test_a_stage_that_is_there_is_not_made(declare):
    stages, swap, url = declare(adopt=True, stage_name="live")
    assert url == ["https://api1.execute-api.eu-central-1.amazonaws.com/live"]
    assert {stage.get("stageName", stage.get("name")) for stage in stages.values()} == {"live-blue", "live-green"}
    assert swap["router"]["adopt"] is True
    assert not declare(adopt=True, preview_stages=False)[0]


@pytest.mark.parametrize("declare", [rest, http])
def test_gates_that_ask_a_color_need_its_preview_stage(declare):
    gates = [bluegreen.gates.http("/healthz")]
    declare(gates=gates)
    with pytest.raises(pulumi.RunError, match="preview"):
        declare(gates=gates, preview_stages=False)


@pytest.mark.parametrize(
    ("declare", "more", "problem"),
    [
        (rest, {"green": {}}, r"green\.deployment_id: None is not allowed"),
        (rest, {"green": {"deployment_id": "d1"}}, "another deployment than blue's, or other variables"),
        (rest, {"green": {"deployment_id": "d2", "image": "x"}}, r"green\.image: 'x' is not allowed"),
        (rest, {"green": {"deployment_id": "d2", "variables": {"a": "b"}}}, r"variables\.green: \['a'\]"),
        (http, {"green": {}}, r"green\.value: None is not allowed"),
        (http, {"green": {"value": "blue.example.com"}}, "another value than blue's"),
        (http, {"variable": "back-end"}, "letters, digits and _"),
        (
            http,
            {"strategy": bluegreen.canary(10, hold_seconds=60)},
            "none: the http_api_stage router cannot split traffic",
        ),
        (http, {"promote_to_percent": 10}, "100: the http_api_stage router cannot split traffic"),
    ],
)
def test_what_is_wrong_is_refused_by_name(declare, more, problem):
    with pytest.raises(pulumi.RunError, match=problem):
        declare(**more)
