"""Particular to Lambda, against the emulator's API; where that is kinder than Lambda, the test says so."""

import json
import shlex

import boto3
import pytest
from botocore.stub import Stubber

from bluegreen.aws.functions.router import LambdaAliasRouter
from bluegreen.fields import Fields
from bluegreen.rollout.calls import counted
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import NotOwned, PlatformError
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from tests.routers import aws_worlds, lambda_workshop


def parsed(section):
    fields = Fields(section, "router")
    fields.text("kind")
    arguments = LambdaAliasRouter.parse(fields)
    fields.done()
    return arguments, [str(problem) for problem in fields.problems]


@pytest.fixture
def router(function):
    def made(**more):
        arguments, problems = parsed(lambda_workshop.section(function, **more))
        assert not problems
        return LambdaAliasRouter(**arguments)

    yield made
    function.client.untag_resource(Resource=function.arn, TagKeys=[tag for tag in function.tags() if tag != "team"])
    for alias in function.client.list_aliases(FunctionName=function.name)["Aliases"]:
        function.client.delete_alias(FunctionName=function.name, Name=alias["Name"])


def test_at_the_end_the_alias_has_one_version_and_no_routing(function, router):
    made = router()
    made.write(Weights.all_on("blue"))
    made.write(Weights.split("green", 10))
    assert function.shares() == {"1": 1.0, "2": 0.1}, "Lambda takes 0.0 to 1.0"
    made.write(Weights.split("green", 60))
    assert function.shares() == {"1": 1.0, "2": 0.6}, "the version that it points to stays while it has traffic"
    made.write(Weights.all_on("green"))
    assert function.shares() == {"2": 1.0}


def test_an_alias_of_somebody_else_is_refused_by_name_and_left_alone(function, router):
    router(owner="other/stack/orders").write(Weights.all_on("green"))
    with pytest.raises(NotOwned, match="is owned by other/stack/orders; this swap is project/stack/orders"):
        router().read()
    for operation in (lambda: router(adopt=True).write(Weights.all_on("blue")), lambda: router().delete()):
        with pytest.raises(NotOwned):
            operation()
    assert function.shares() == {"2": 1.0}


def test_an_alias_that_nobody_owns_is_taken_over_as_it_is(function, router):
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    function.client.create_alias(
        FunctionName=function.name, Name="live", FunctionVersion="1", Description="by hand", RoutingConfig=routing
    )
    with pytest.raises(NotOwned, match="was not made by bluegreen"):
        router().read()
    assert router(adopt=True).read().weights == Weights.split("green", 25)
    router(adopt=True).delete()
    assert function.alias()["Description"] == "by hand", "what was only found is not the swap's to remove"
    router(adopt=True).mark({"lease.1": "x"})
    assert function.shares() == {"1": 1.0, "2": 0.25}
    assert dict(router().read().marks) == {"lease.1": "x"}, "from its first mark on it is this swap's"


def test_an_alias_with_a_version_of_neither_color_is_not_taken_over(function, router):
    function.client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="3")
    with pytest.raises(NotOwned, match="points to version 3, which is neither color's"):
        router(adopt=True).read()


def test_traffic_to_a_stranger_is_neither_color(function, router):
    router().write(Weights.all_on("blue"))
    description = function.alias()["Description"]
    for pointed, weights, expected in (
        ("3", {"1": 0.25}, Weights(25, 0)),
        ("3", {}, Weights()),
        ("1", {"2": 0.999}, Weights(1, 99)),
        ("1", {"2": 0.001}, Weights(99, 1)),
    ):
        function.client.update_alias(
            FunctionName=function.name,
            Name="live",
            FunctionVersion=pointed,
            RoutingConfig={"AdditionalVersionWeights": weights},
            Description=description,
        )
        assert router().read().weights == expected


def test_two_colors_of_one_version_keep_which_split_is_meant(function, router):
    same = {"blue": "1", "green": "1"}
    for weights in (Weights.all_on("blue"), Weights.split("green", 10), Weights.all_on("green")):
        router(versions=same).write(weights)
        assert function.shares() == {"1": 1.0}, "an alias cannot name one version twice"
        assert router(versions=same).read().weights == weights
        assert router(versions=same).verify(weights) is Convergence.CONVERGED
    assert router(versions={"blue": "2", "green": "1"}).read().weights == Weights.all_on("green")


def test_marks_are_the_alias_own_among_the_tags_of_its_function(function, router):
    for name in ("live", "live2"):
        router(alias_name=name).write(Weights.all_on("blue"))
        router(alias_name=name).mark({"lease.1": name})
    assert function.tags() == {
        "team": "orders",
        "bluegreen:mark:live:lease.1": "live",
        "bluegreen:mark:live2:lease.1": "live2",
    }
    assert dict(router().marks()) == {"lease.1": "live"}
    router().delete()
    assert function.tags() == {"team": "orders", "bluegreen:mark:live2:lease.1": "live2"}


def test_each_operation_makes_as_few_calls_as_it_can(router):
    made = router()
    counts = {}
    for name, operation in {
        "first read": made.read,
        "first write": lambda: made.write(Weights.all_on("blue")),
        "read": made.read,
        "write": lambda: made.write(Weights.split("green", 10)),
        "verify": lambda: made.verify(Weights.split("green", 10)),
        "health": lambda: made.health("green"),
        "marks": made.marks,
        "mark and unmark": lambda: made.mark({"lease.1": None, "outcome.1": "x"}),
    }.items():
        calls = []
        with counted(calls.append):
            operation()
        counts[name] = [call.removeprefix("lambda:") for call in calls]
    assert counts == {
        "first read": ["GetAlias"],
        "first write": ["GetAlias", "CreateAlias"],
        "read": ["GetAlias", "ListTags"],
        "write": ["UpdateAlias"],
        "verify": ["GetAlias"],
        "health": ["GetFunctionConfiguration"],
        "marks": ["ListTags"],
        "mark and unmark": ["TagResource", "UntagResource"],
    }


def test_the_commands_by_hand_do_what_they_say(function, router):
    made = router()
    made.write(Weights.split("green", 10))
    (command,) = made.commands(Weights.all_on("green"))
    words = shlex.split(command)
    assert words[:3] == ["aws", "lambda", "update-alias"]
    given = dict(zip(words[3::2], words[4::2], strict=True))
    function.client.update_alias(
        FunctionName=given["--function-name"],
        Name=given["--name"],
        FunctionVersion=given["--function-version"],
        RoutingConfig=json.loads(given["--routing-config"]),
        Description=given["--description"],
    )
    assert router().read().weights == Weights.all_on("green")


def test_a_version_that_is_not_there_is_not_healthy(function, router):
    assert router().health("green").ready
    health = router(versions={"blue": "1", "green": "99"}).health("green")
    assert (health.ready, health.fatal, health.reason) == (False, True, "version 99 does not exist")


def test_provisioned_concurrency_is_part_of_the_health_where_it_is_asked_for(function, router):
    made = router(provisioned_concurrency=True)
    assert made.health("green").reason == "no provisioned concurrency"
    place = {"FunctionName": function.name, "Qualifier": "2"}
    function.client.put_provisioned_concurrency_config(**place, ProvisionedConcurrentExecutions=2)
    assert str(made.health("green")) == "2 of 2 healthy"
    function.client.delete_provisioned_concurrency_config(**place)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"versions": {"blue": "$LATEST", "green": "2"}}, "router.versions.blue: '$LATEST' is not allowed"),
        ({"versions": {"blue": "1"}}, "router.versions.green: None is not allowed"),
        ({"alias_name": "1"}, "router.alias_name: '1' is not allowed"),
        ({"alias_name": "x" * 65}, "1-64 letters"),
        ({"function_name": "orders:live"}, "router.function_name: 'orders:live' is not allowed"),
        ({"owner": "x" * 201}, "at most 200 characters"),
        ({"adopt": "yes"}, "router.adopt: 'yes' is not allowed; allowed: true or false"),
    ],
)
def test_what_cannot_be_is_refused_by_name(function, more, problem):
    problems = parsed(lambda_workshop.section(function, **more))[1]
    assert any(problem in found for found in problems), problems


# Neither the emulator nor moto refuses an outdated RevisionId or a second CreateAlias, as Lambda does: what it answers
# is played by botocore's Stubber, against the service model.
SEEN = {
    "AliasArn": "arn:aws:lambda:us-east-1:123456789012:function:orders:live",
    "Name": "live",
    "FunctionVersion": "1",
    "Description": "bluegreen:owner=project/stack/orders blue=100 green=0",
    "RevisionId": "r1",
}
PLACE = {"FunctionName": "orders", "Name": "live"}
GREEN = {
    "FunctionVersion": "2",
    "RoutingConfig": {"AdditionalVersionWeights": {}},
    "Description": "bluegreen:owner=project/stack/orders blue=0 green=100",
}


@pytest.fixture
def played(monkeypatch):
    client = boto3.client("lambda", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(LambdaAliasRouter, "_lambda", client)
    router = LambdaAliasRouter("orders", "live", {"blue": "1", "green": "2"}, "project/stack/orders")
    with Stubber(client) as stub:
        stub.add_response("get_alias", SEEN, PLACE)
        stub.add_response("list_tags", {"Tags": {}})
        router.read()
        yield router, stub
        stub.assert_no_pending_responses()


def refused(stub, operation, code, wanted):
    stub.add_client_error(operation, code, expected_params=wanted)


def test_a_change_that_is_none_of_the_traffic_is_written_over(played):
    router, stub = played
    refused(stub, "update_alias", "PreconditionFailedException", {**PLACE, **GREEN, "RevisionId": "r1"})
    stub.add_response("get_alias", {**SEEN, "RevisionId": "r2"}, PLACE)
    stub.add_response("update_alias", {**SEEN, **GREEN}, {**PLACE, **GREEN, "RevisionId": "r2"})
    router.write(Weights.all_on("green"))


def test_an_alias_that_changes_each_time_is_an_error_that_says_so(played):
    router, stub = played
    for number in range(1, 6):
        wanted = {**PLACE, **GREEN, "RevisionId": f"r{number}"}
        refused(stub, "update_alias", "PreconditionFailedException", wanted)
        stub.add_response("get_alias", {**SEEN, "RevisionId": f"r{number + 1}"}, PLACE)
    with pytest.raises(PlatformError, match=r"something else changes .* each time that it is to be written: 5 times"):
        router.write(Weights.all_on("green"))


def test_a_lost_reply_is_taken_up(played):
    router, stub = played
    refused(stub, "update_alias", "PreconditionFailedException", {**PLACE, **GREEN, "RevisionId": "r1"})
    stub.add_response("get_alias", {**SEEN, **GREEN, "RevisionId": "r2"}, PLACE)
    router.write(Weights.all_on("green"))


def test_traffic_that_somebody_else_moved_is_not_written_over(played):
    router, stub = played
    refused(stub, "update_alias", "PreconditionFailedException", {**PLACE, **GREEN, "RevisionId": "r1"})
    moved = {**SEEN, "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}, "RevisionId": "r2"}
    stub.add_response("get_alias", moved, PLACE)
    with pytest.raises(PlatformError, match=r"somebody else moved .* from blue 100 %, green 0 % to blue 50 %"):
        router.write(Weights.all_on("green"))
    stub.add_response("update_alias", {**SEEN, **GREEN}, {**PLACE, **GREEN, "RevisionId": "r2"})
    router.write(Weights.all_on("green"))  # it has seen it now: what restores traffic gets through


def test_an_alias_that_is_gone_in_mid_swap_is_made_anew(played):
    router, stub = played
    refused(stub, "update_alias", "ResourceNotFoundException", {**PLACE, **GREEN, "RevisionId": "r1"})
    refused(stub, "get_alias", "ResourceNotFoundException", PLACE)
    stub.add_response("create_alias", {**SEEN, **GREEN}, {**PLACE, **GREEN})
    router.write(Weights.all_on("green"))


def test_a_first_write_whose_reply_was_lost_is_no_conflict(played):
    router, stub = played
    router._alias = None
    refused(stub, "get_alias", "ResourceNotFoundException", PLACE)
    refused(stub, "create_alias", "ResourceConflictException", {**PLACE, **GREEN})
    stub.add_response("get_alias", {**SEEN, "RevisionId": "r2"}, PLACE)
    stub.add_response("update_alias", {**SEEN, **GREEN}, {**PLACE, **GREEN, "RevisionId": "r2"})
    router.write(Weights.all_on("green"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"State": "Pending", "StateReason": "creating"}, "version 2 is Pending, creating"),
        ({"State": "Inactive", "StateReasonCode": "Idle"}, "version 2 is Inactive, Idle, a call wakes it up"),
        ({"State": "Failed", "StateReasonCode": "ImageDeleted"}, "version 2 is Failed, ImageDeleted"),
        (
            {"State": "Active", "LastUpdateStatus": "InProgress"},
            "the last update of version 2 is InProgress",
        ),
    ],
)
def test_a_version_that_cannot_be_called_says_why(played, said, expected):
    router, stub = played
    stub.add_response("get_function_configuration", {"Version": "2", **said})
    health = router.health("green")
    assert (health.ready, health.reason, health.fatal) == (False, expected, said["State"] == "Failed")


def test_provisioned_concurrency_that_is_not_there_yet_is_counted(played):
    router, stub = played
    router.provisioned_concurrency = True
    for status, there, reason in (("IN_PROGRESS", 1, ""), ("FAILED", 0, "no capacity")):
        stub.add_response("get_function_configuration", {"Version": "2", "State": "Active"})
        stub.add_response(
            "get_provisioned_concurrency_config",
            {
                "RequestedProvisionedConcurrentExecutions": 3,
                "AvailableProvisionedConcurrentExecutions": there,
                "Status": status,
                **({"StatusReason": reason} if reason else {}),
            },
        )
        health = router.health("green")
        assert (health.ready, health.healthy, health.expected, health.fatal) == (False, there, 3, bool(reason))
        assert health.reason == (reason or "provisioned concurrency is IN_PROGRESS")


def test_a_stack_that_named_its_function_alone_goes_on_by_its_arn():
    """Earlier components left out where it is: the same function by its ARN is no other place, and moves nothing."""
    alias = {"AliasArn": aws_worlds.ALIAS_ARN, "Name": "live", "FunctionVersion": "1", "RevisionId": "r0"}
    with aws_worlds.of_a_function(alias) as world:
        swaps = SwapService(clock=FakeClock())
        inputs = {"name": "web", "active_color": "blue", "releases": {"blue": "v1", "green": "v2"}}
        _, outputs = swaps.create({**inputs, "router": world.router})
        by_arn = {**inputs, "router": {**world.router, "function_name": aws_worlds.ALIAS_ARN.removesuffix(":live")}}
        difference = swaps.diff(outputs, by_arn)
        assert (difference.replaces, difference.warnings, difference.drifted) == ((), (), None)
        outputs = swaps.update(outputs, by_arn)
        assert outputs["live_color"] == "blue"
        green = {**by_arn, "active_color": "green"}
        assert swaps.update(outputs, green)["live_color"] == "green"
