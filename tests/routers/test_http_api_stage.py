"""Particular to HTTP APIs, against the emulator's API and data plane."""

import json
import shlex

import pytest

from bluegreen.aws.gateways.http_api_router import HttpApiStageRouter
from bluegreen.fields import Fields
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Weights
from localcloud import loopback
from tests.routers import api_gateway_workshop


def parsed(section):
    fields = Fields(section, "router")
    fields.text("kind")
    arguments = HttpApiStageRouter.parse(fields)
    fields.done()
    return arguments, [str(problem) for problem in fields.problems]


@pytest.fixture
def router(http_api):
    def made(**more):
        arguments, problems = parsed(api_gateway_workshop.http_section(http_api, **more))
        assert not problems
        return HttpApiStageRouter(**arguments)

    tags = [tag for tag in http_api.tags() if tag != "team"]
    if tags:
        http_api.client.untag_resource(ResourceArn=http_api.arn, TagKeys=tags)
    http_api.set_variables(backend="blue.example.com", other="kept")
    return made


def test_only_the_one_variable_changes(http_api, router):
    made = router()
    made.write(Weights.all_on("blue"))
    http_api.set_variables(**http_api.variables(), later="added meanwhile")
    made.write(Weights.all_on("green"))
    assert http_api.variables() == {"backend": "green.example.com:8080", "other": "kept", "later": "added meanwhile"}


def test_a_split_is_refused_and_nothing_written(http_api, router):
    with pytest.raises(PlatformError, match="a stage variable has one value"):
        router().write(Weights.split("green", 10))
    assert http_api.tags() == {"team": "orders"}


def test_a_stage_of_somebody_else_is_refused_by_name_and_left_alone(http_api, router):
    router(owner="other/stack/orders").write(Weights.all_on("green"))
    tags, variables = http_api.tags(), http_api.variables()
    for operation in (
        lambda: router().read(),
        lambda: router(adopt=True).write(Weights.all_on("blue")),
        lambda: router().mark({"lease.1": "x"}),
        lambda: router().delete(),
    ):
        with pytest.raises(NotOwned, match="is owned by other/stack/orders; this swap is project/stack/orders"):
            operation()
    assert (http_api.tags(), http_api.variables()) == (tags, variables)


def test_a_stage_that_nobody_owns_is_taken_over_as_it_is(http_api, router):
    assert router().read().weights == Weights()
    assert router(adopt=True).read().weights == Weights.all_on("blue")
    router(adopt=True).delete()
    router(adopt=True).mark({"lease.1": "x"})
    assert http_api.variables() == {"backend": "blue.example.com", "other": "kept"}
    assert dict(router().read().marks) == {"lease.1": "x"}, "from its first mark on it is this swap's"


def test_a_stage_that_leads_elsewhere_is_not_taken_over(http_api, router):
    http_api.set_variables(backend="old.example.com")
    with pytest.raises(NotOwned, match=r"is 'old\.example\.com', which is neither color's"):
        router(adopt=True).read()
    http_api.set_variables(other="kept")
    assert router(adopt=True).read().weights == Weights(), "a variable that is not there yet leads nowhere"


def test_what_is_let_go_keeps_its_value_and_everything_of_its_own(http_api, router):
    router().write(Weights.all_on("green"))
    router().mark({"lease.1": "x"})
    router().delete()
    assert http_api.tags() == {"team": "orders"}
    assert http_api.variables()["backend"] == "green.example.com:8080"


def test_traffic_to_a_stranger_is_neither_color(http_api, router):
    router().write(Weights.all_on("blue"))
    http_api.set_variables(backend="elsewhere.example.com")
    assert router().read().weights == Weights()


def test_each_operation_makes_as_few_calls_as_it_can(router):
    made = router()
    counts = {}
    for name, operation in {
        "first read": made.read,
        "first write": lambda: made.write(Weights.all_on("blue")),
        "read": made.read,
        "write": lambda: made.write(Weights.all_on("green")),
        "verify": lambda: made.verify(Weights.all_on("green")),
        "health": lambda: made.health("green"),
        "marks": made.marks,
        "mark and unmark": lambda: made.mark({"lease.1": None, "outcome.1": "x"}),
    }.items():
        calls = []
        with counted(calls.append):
            operation()
        counts[name] = [call.removeprefix("apigateway:") for call in calls]
    assert counts == {
        "first read": ["GetStage"],
        "first write": ["GetStage", "TagResource", "UpdateStage"],
        "read": ["GetStage"],
        "write": ["GetStage", "UpdateStage"],
        "verify": ["GetStage"],
        "health": ["GetStage"],
        "marks": ["GetStage"],
        "mark and unmark": ["GetStage", "TagResource", "UntagResource"],
    }


def test_a_stage_that_is_not_there_is_named(http_api, router):
    made = router(stage_name="nowhere")
    assert (made.read().weights, dict(made.marks())) == (Weights(), {})
    assert made.health("blue").reason == f"the API {http_api.id} has no stage nowhere"
    with pytest.raises(PlatformError, match="apigateway:PATCH: NotFoundException"):
        made.write(Weights.all_on("blue"))


def test_the_commands_by_hand_do_what_they_say(http_api, router):
    made = router()
    made.write(Weights.all_on("blue"))
    words = shlex.split(made.commands(Weights.all_on("green"))[0])
    assert words[:3] == ["aws", "apigatewayv2", "update-stage"]
    # The emulator takes the given variables for all of them, API Gateway for those that change.
    others = {name: value for name, value in http_api.variables().items() if name != made.variable}
    http_api.client.update_stage(ApiId=words[4], StageName=words[6], StageVariables=json.loads(words[8]))
    assert {name: value for name, value in http_api.variables().items() if name != made.variable} == others
    assert router().read().weights == Weights.all_on("green")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"values": {"blue": "b", "green": "b"}}, "router.values.green: 'b' is not allowed; allowed: another value"),
        ({"values": {"blue": "b", "green": "a b"}}, "router.values.green: 'a b' is not allowed"),
        ({"variable": "back-end"}, "router.variable: 'back-end' is not allowed; allowed: letters, digits and _"),
        ({"adopt": 1}, "router.adopt: 1 is not allowed"),
    ],
)
def test_what_cannot_be_is_refused_by_name(http_api, more, problem):
    problems = parsed(api_gateway_workshop.http_section(http_api, **more))[1]
    assert any(problem in found for found in problems), problems


def test_the_data_plane_follows_the_variable(http_api, router, cloud, target_servers):
    made = router(values={color: f"127.0.0.1:{port}" for color, port in target_servers.items()})
    host = {"Host": f"{http_api.id}.execute-api.us-east-1.amazonaws.com"}
    with loopback.client(base_url=cloud.endpoint, headers=host) as client:
        for color in ("blue", "green", "blue"):
            made.write(Weights.all_on(color))
            assert {client.get("/orders").headers["x-color"] for _ in range(10)} == {color}
