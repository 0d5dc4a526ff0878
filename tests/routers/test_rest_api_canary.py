"""Particular to REST APIs, against the emulator's API.

The emulator serves a stage's latest integrations whatever its deployment and canary say, and moto keeps no canary, so
no request shows a split: the stage's own record does. Neither keeps a canary's overridden variables, and the emulator
keeps a canary that is removed, at 0 %: where that matters the operations themselves are looked at.
"""

import json
import re
import shlex

import boto3
import pytest
from botocore.stub import ANY, Stubber

from bluegreen.aws.gateways.api_gateway import Stage
from bluegreen.aws.gateways.rest_api_router import RestApiCanaryRouter
from bluegreen.aws.gateways.rest_api_stages import Target, operations, weights_of
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import COLORS, Weights
from tests.routers import api_gateway_workshop

# What a stage's patch takes: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch
PATCHES = [
    ("replace", r"/deploymentId"),
    ("replace", r"/variables/\w+"),
    ("remove", r"/canarySettings"),
    ("replace", r"/canarySettings/(deploymentId|percentTraffic|useStageCache)"),
    ("replace", r"/canarySettings/stageVariableOverrides/\w+"),
]


def parsed(section):
    fields = Fields(section, "router")
    fields.text("kind")
    arguments = RestApiCanaryRouter.parse(fields)
    fields.done()
    return arguments, [str(problem) for problem in fields.problems]


@pytest.fixture
def router(rest_api):
    def made(**more):
        arguments, problems = parsed(api_gateway_workshop.rest_section(rest_api, **more))
        assert not problems
        return RestApiCanaryRouter(**arguments)

    rest_api.restage()
    return made


def served(rest_api):
    """The stage's deployment, and its canary where that has any traffic."""
    stage, names = rest_api.stage(), {value: key for key, value in rest_api.deployments.items()}
    canary = stage.get("canarySettings", {})
    found = {"stage": names[stage["deploymentId"]]}
    return {**found, names[canary["deploymentId"]]: canary["percentTraffic"]} if canary.get("percentTraffic") else found


def test_a_split_is_a_canary_and_100_percent_is_none(rest_api, router):
    made = router()
    made.write(Weights.all_on("blue"))
    made.write(Weights.split("green", 10))
    assert served(rest_api) == {"stage": "blue", "green": 10.0}
    made.write(Weights.split("green", 60))
    assert served(rest_api) == {"stage": "blue", "green": 60.0}, "the stage itself stays while it has traffic"
    made.write(Weights.all_on("green"))
    assert served(rest_api) == {"stage": "green"}
    made.write(Weights.split("blue", 25))
    assert served(rest_api) == {"stage": "green", "blue": 25.0}
    made.write(Weights.all_on("green"))
    assert served(rest_api) == {"stage": "green"}


def test_a_stage_of_somebody_else_is_refused_by_name_and_left_alone(rest_api, router):
    router(owner="other/stack/orders").write(Weights.all_on("green"))
    tags = rest_api.tags()
    for operation in (
        lambda: router().read(),
        lambda: router(adopt=True).write(Weights.all_on("blue")),
        lambda: router().mark({"lease.1": "x"}),
        lambda: router().delete(),
    ):
        with pytest.raises(NotOwned, match="is owned by other/stack/orders; this swap is project/stack/orders"):
            operation()
    assert (served(rest_api), rest_api.tags()) == ({"stage": "green"}, tags)


def test_a_stage_that_nobody_owns_is_taken_over_as_it_is(rest_api, router):
    assert router().read().weights == Weights()
    assert router(adopt=True).read().weights == Weights.all_on("blue")
    router(adopt=True).delete()
    router(adopt=True).mark({"lease.1": "x"})
    assert served(rest_api) == {"stage": "blue"}
    assert dict(router().read().marks) == {"lease.1": "x"}, "from its first mark on it is this swap's"


def test_a_stage_with_a_deployment_of_neither_color_is_not_taken_over(rest_api, router):
    rest_api.restage("stranger")
    with pytest.raises(NotOwned, match=f"serves deployment {rest_api.deployments['stranger']}, which is not a color's"):
        router(adopt=True).read()


def test_what_is_let_go_keeps_its_deployment_and_everything_of_its_own(rest_api, router):
    router().write(Weights.split("green", 10))
    router().mark({"lease.1": "x"})
    router().delete()
    assert served(rest_api) == {"stage": "blue"}
    assert rest_api.tags() == {"team": "orders"}
    assert rest_api.stage()["variables"] == {"other": "kept"}


def test_each_operation_makes_as_few_calls_as_it_can(router):
    made = router()
    counts = {}
    for name, operation in {
        "first read": made.read,
        "first write": lambda: made.write(Weights.all_on("blue")),
        "read": made.read,
        "write": lambda: made.write(Weights.split("green", 10)),
        "100 %": lambda: made.write(Weights.all_on("green")),
        "verify": lambda: made.verify(Weights.split("green", 10)),
        "health": lambda: made.health("green"),
        "marks": made.marks,
        "mark and unmark": lambda: made.mark({"lease.1": None, "outcome.1": "x"}),
    }.items():
        calls = []
        with counted(calls.append):
            operation()
        counts[name] = [call.removeprefix("apigateway:") for call in calls]
    assert counts == {
        "first read": ["GetStage", "GetTags"],
        "first write": ["GetTags", "TagResource", "UpdateStage"],
        "read": ["GetStage", "GetTags"],
        "write": ["UpdateStage"],
        "100 %": ["UpdateStage"],
        "verify": ["GetStage"],
        "health": ["GetDeployment"],
        "marks": ["GetTags"],
        "mark and unmark": ["GetTags", "TagResource", "UntagResource"],
    }


def test_a_deployment_that_is_not_there_is_not_healthy(rest_api, router):
    assert router().health("green").ready
    gone = router(deployments={"blue": rest_api.deployments["blue"], "green": "gone"})
    health = gone.health("green")
    assert (health.ready, health.fatal) == (False, True)
    assert health.reason == f"the API {rest_api.id} has no deployment gone"


def test_a_stage_that_is_not_there_is_named(rest_api, router):
    made = router(stage_name="nowhere")
    assert (made.read().weights, dict(made.marks())) == (Weights(), {})
    with pytest.raises(PlatformError, match=f"the API {rest_api.id} has no stage nowhere"):
        made.write(Weights.all_on("blue"))


def test_the_commands_by_hand_do_what_they_say(rest_api, router):
    made = router()
    made.write(Weights.all_on("blue"))
    (command,) = made.commands(Weights.split("green", 10))
    words = shlex.split(command)
    assert words[:3] == ["aws", "apigateway", "update-stage"]
    rest_api.client.update_stage(restApiId=words[4], stageName=words[6], patchOperations=json.loads(words[8]))
    assert router().read().weights == Weights.split("green", 10)


TARGETS = {"blue": Target("b", {"fn": "orders:1"}), "green": Target("g", {"fn": "orders:2"})}
AT_BLUE = {"deploymentId": "b", "variables": {"fn": "orders:1", "other": "kept"}}


def split(percent, **canary):
    settings = {"deploymentId": "g", "percentTraffic": percent, "stageVariableOverrides": {"fn": "orders:2"}, **canary}
    return {**AT_BLUE, "canarySettings": settings}


def values(found):
    return {operation["path"]: operation.get("value") for operation in found}


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize("percent", [1, 50, 100])
@pytest.mark.parametrize("stage", [AT_BLUE, split(10), split(0), {"deploymentId": "stranger"}])
def test_only_what_api_gateway_takes_is_sent(stage, percent, color):
    found = operations(stage, TARGETS, Weights.split(color, percent), use_stage_cache=False)
    for operation in found:
        allowed = [path for op, path in PATCHES if op == operation["op"]]
        assert any(re.fullmatch(path, operation["path"]) for path in allowed), operation
    paths = [operation["path"] for operation in found]
    if "/deploymentId" in paths and stage.get("canarySettings"):
        # A stage with a canary takes no other deployment:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html
        assert paths.index("/canarySettings") < paths.index("/deploymentId")


def test_a_colors_variables_go_with_it():
    assert values(operations(AT_BLUE, TARGETS, Weights.split("green", 10), use_stage_cache=True)) == {
        "/canarySettings/deploymentId": "g",
        "/canarySettings/percentTraffic": "10.0",
        "/canarySettings/stageVariableOverrides/fn": "orders:2",
        "/canarySettings/useStageCache": "true",
    }
    assert values(operations(split(10), TARGETS, Weights.all_on("green"), use_stage_cache=False)) == {
        "/canarySettings/percentTraffic": "0.0",
        "/canarySettings": None,
        "/deploymentId": "g",
        "/variables/fn": "orders:2",
    }
    assert "/variables/fn" not in values(
        operations(split(10), TARGETS, Weights.all_on("blue"), use_stage_cache=False)
    ), "they are the stage's already"


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (AT_BLUE, Weights.all_on("blue")),
        (split(10), Weights.split("green", 10)),
        (split(0.2), Weights.split("green", 1)),
        (split(99.9), Weights.split("green", 99)),
        (split(100), Weights.all_on("green")),
        (split(0), Weights.all_on("blue")),
        (split(10, deploymentId="stranger"), Weights(90, 0)),
        (split(10, stageVariableOverrides={}), Weights(90, 0)),
        ({**AT_BLUE, "variables": {"fn": "orders:9"}}, Weights()),
        ({**split(30), "deploymentId": "stranger"}, Weights(0, 30)),
    ],
)
def test_what_a_stage_serves_is_its_deployment_with_its_variables(stage, expected):
    assert weights_of(stage, TARGETS) == expected


def test_a_stage_that_was_changed_since_it_was_read_is_looked_at_again(monkeypatch):
    """The emulator refuses no patch; what API Gateway answers is played by botocore's Stubber."""
    client = boto3.client("apigateway", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(Stage, "client", client)
    router = RestApiCanaryRouter("a", "prod", {"blue": "b", "green": "g"}, "project/stack/orders")
    place, at = {"restApiId": "a", "stageName": "prod"}, {"deploymentId": "b"}
    with Stubber(client) as stub:
        stub.add_response("get_stage", {**at, "canarySettings": {"deploymentId": "g", "percentTraffic": 0}})
        stub.add_response("get_tags", {"tags": {"bluegreen:owner": "project/stack/orders"}})
        router.read()
        for answer in ("stage", "error"):
            wanted = {**place, "patchOperations": ANY}
            stub.add_client_error("update_stage", "BadRequestException", "Invalid patch path", expected_params=wanted)
            stub.add_response("get_stage", at, place)
            if answer == "stage":
                simple = [{"op": "replace", "path": "/deploymentId", "value": "g"}]
                stub.add_response("update_stage", {"deploymentId": "b"}, {**place, "patchOperations": simple})
                router.write(Weights.all_on("green"))
        with pytest.raises(PlatformError, match="apigateway:PATCH: BadRequestException: Invalid patch path"):
            router.write(Weights.all_on("green"))  # nothing has changed: asking again would be no use
        stub.assert_no_pending_responses()


def test_a_stage_whose_traffic_moved_or_whose_owner_changed_since_it_was_read_is_not_written_over(monkeypatch):
    client = boto3.client("apigateway", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(Stage, "client", client)
    router = RestApiCanaryRouter("a", "prod", {"blue": "b", "green": "g"}, "project/stack/orders")
    at, canary = {"deploymentId": "b"}, {"deploymentId": "g", "percentTraffic": 10}
    ours = {"bluegreen:owner": "project/stack/orders"}
    with Stubber(client) as stub:
        stub.add_response("get_stage", {**at, "canarySettings": canary, "tags": ours})
        stub.add_response("get_tags", {"tags": ours})
        router.read()
        stub.add_client_error("update_stage", "BadRequestException", "Invalid patch path")
        stub.add_response("get_stage", at)
        with pytest.raises(TrafficMoved, match="from blue 90 %, green 10 % to blue 100 %, green 0 %"):
            router.write(Weights.all_on("green"))
        stub.add_response("get_stage", {**at, "tags": {"bluegreen:owner": "elsewhere/prod/shop"}})
        with pytest.raises(NotOwned, match="is owned by elsewhere/prod/shop"):
            router.live()  # by the call that is made anyway
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"deployments": {"blue": "b", "green": "b"}}, "another deployment than blue's, or other variables"),
        (
            {"variables": {"blue": {"fn": "a"}, "green": {}}},
            "router.variables.green: [] is not allowed; allowed: blue's",
        ),
        ({"variables": {"blue": {"f n": "a"}, "green": {"f n": "b"}}}, "letters, digits and _"),
        ({"variables": {"blue": {"fn": "a b"}, "green": {"fn": "b"}}}, "router.variables.blue.fn: 'a b'"),
        ({"use_stage_cache": 1}, "router.use_stage_cache: 1 is not allowed"),
        ({"rest_api_id": None}, "router.rest_api_id: None"),
    ],
)
def test_what_cannot_be_is_refused_by_name(rest_api, more, problem):
    problems = parsed(api_gateway_workshop.rest_section(rest_api, **more))[1]
    assert any(problem in found for found in problems), problems


def test_one_deployment_with_other_variables_is_fine_also_while_they_are_not_known(rest_api):
    same = {"blue": "b", "green": "b"}
    for variables in (
        {"blue": {"fn": "a"}, "green": {"fn": "b"}},
        {"blue": {"fn": UNKNOWN}, "green": {"fn": UNKNOWN}},
        {"blue": UNKNOWN, "green": {"fn": "b"}},
        UNKNOWN,
    ):
        section = api_gateway_workshop.rest_section(rest_api, deployments=same, variables=variables)
        assert parsed(section)[1] == []
