"""An alias or a stage that is live becomes a swap's: nothing is written until a promotion, which is a real one."""

from __future__ import annotations

import pytest

from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.swap.service import SwapService
from tests.routers import api_gateway_workshop, lambda_workshop

pytestmark = pytest.mark.tools  # whichever place it is, it is in the local cloud
STEPS = {"name": "steps", "steps": [{"weight_percent": 10, "hold_seconds": 5}]}
LOOKS = {"GetAlias", "ListTags", "GetFunctionConfiguration", "GetStage", "GetTags", "GetDeployment"}


def an_alias(request, blue):
    function = request.getfixturevalue("function")
    versions = {"blue": "1", "green": "2"}
    function.client.create_alias(FunctionName=function.name, Name="adopted", FunctionVersion="1" if blue else "3")
    request.addfinalizer(lambda: function.client.delete_alias(FunctionName=function.name, Name="adopted"))
    return lambda_workshop.section(function, alias_name="adopted", adopt=True, versions=versions), STEPS


def a_rest_stage(request, blue):
    api = request.getfixturevalue("rest_api")
    api.restage("blue" if blue else "stranger")
    return api_gateway_workshop.rest_section(api, adopt=True), STEPS


def an_http_stage(request, blue):
    api = request.getfixturevalue("http_api")
    tags = [tag for tag in api.tags() if tag != "team"]
    if tags:
        api.client.untag_resource(ResourceArn=api.arn, TagKeys=tags)
    api.set_variables(backend="blue.example.com" if blue else "old.example.com")
    return api_gateway_workshop.http_section(api, adopt=True), None


PLACES = pytest.mark.parametrize("place", [an_alias, a_rest_stage, an_http_stage])


def inputs(router, strategy, color):
    releases = {"blue": "v1", "green": "v2"}
    return {"name": "orders", "active_color": color, "releases": releases, "router": router, "strategy": strategy}


@PLACES
def test_what_is_live_is_taken_over_without_a_write_and_promoted_in_steps(request, place):
    router, strategy = place(request, blue=True)
    swaps = SwapService(lambda event: None, FakeClock())
    made = []
    with counted(made.append):
        _, outputs = swaps.create(inputs(router, strategy, "blue"))
    assert {call.partition(":")[2] for call in made} <= LOOKS
    assert (outputs["live_color"], outputs["weights"]) == ("blue", {"blue": 100, "green": 0})
    outputs = swaps.update(outputs, inputs(router, strategy, "green"))
    assert outputs["live_color"] == "green"
    entry = outputs["history"][0]
    assert entry["outcome"] == "promoted"
    assert [step["green"] for step in entry["steps"]] == ([10, 100] if strategy else [100])
    outputs = swaps.update(outputs, inputs(router, strategy, "blue"))
    assert outputs["history"][0]["outcome"] == "rolled_back"


@PLACES
def test_what_serves_neither_color_is_refused_and_left_alone(request, place):
    router, strategy = place(request, blue=False)
    made = []
    with counted(made.append), pytest.raises(BluegreenError, match=r"neither color's|not a color's alone"):
        SwapService(lambda event: None, FakeClock()).create(inputs(router, strategy, "blue"))
    assert {call.partition(":")[2] for call in made} <= LOOKS
