"""The resources of `LambdaAlias`, and its refusals before any resource."""

import pulumi
import pytest

import bluegreen
from bluegreen.aws import LambdaAlias
from tests.aws import mocked

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:orders"
SHORTEST = {
    "active_color": "blue",
    "function_name": ARN,
    "blue": {"version": "3"},
    "green": {"version": "4"},
}
SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
OF_LAMBDA = {"FunctionName": "{function}", "Resource": "{alias}", "ExecutedVersion": "{version}"}


def declared(program=lambda alias: None, **more):
    def run():
        alias = LambdaAlias("orders", **{**SHORTEST, **more})
        program(alias)
        return alias

    recorder, alias = mocked.run(run)
    found = {resource.type: resource.inputs for resource in recorder.resources}
    return found, alias


def test_the_shortest_program_is_a_swap_alone():
    found, _ = declared()
    assert set(found) == {"bluegreen:aws:LambdaAlias", SWAP}
    assert found[SWAP]["router"] == {
        "kind": "lambda_alias",
        "function_name": ARN,
        "alias_name": "live",
        "versions": {"blue": "3", "green": "4"},
        "owner": "shop/test/orders",
        "adopt": False,
        "provisioned_concurrency": False,
        "aws": {},
    }
    assert found[SWAP]["releases"] == {"blue": "version 3", "green": "version 4"}
    assert found[SWAP]["plan"] == ["100 % blue; gates: target health"]
    assert "previews" not in found[SWAP] or found[SWAP]["previews"] == {}


def test_a_name_and_an_arn_are_one_function():
    found = []
    resources, _ = declared(lambda alias: alias.alias_arn.apply(found.append), function_name="orders")
    assert resources[SWAP]["router"]["function_name"] == "orders"
    assert found == ["arn:aws:lambda:eu-central-1:1:function:orders:live"]


def test_versions_that_are_published_in_the_same_stack_are_waited_for_and_the_plan_is_shown():
    found, _ = declared(
        green={"version": pulumi.Output.from_input("5"), "release": "with invoices"},
        gates=[bluegreen.gates.lambda_invoke({"path": "/"}, status_code=200)],
    )
    assert found[SWAP]["router"]["versions"]["green"] == "5"
    assert found[SWAP]["releases"]["green"] == "with invoices"
    assert found[SWAP]["plan"] == ["100 % blue; gates: target health, lambda invoke"]
    (gate,) = found[SWAP]["gates"]
    assert gate["functions"] == {"blue": f"{ARN}:3", "green": f"{ARN}:5"}


def test_numbers_from_a_stacks_config_are_versions():
    assert declared(blue={"version": 3})[0][SWAP]["router"]["versions"]["blue"] == "3"


def test_gates_call_as_the_swap_does_unless_they_say_otherwise():
    found, _ = declared(
        aws_connection={"region": "eu-central-1"},
        gates=[
            bluegreen.gates.lambda_invoke(),
            bluegreen.gates.lambda_invoke(hook="smoke", aws={"region": "us-east-1"}),
        ],
    )
    own, other = found[SWAP]["gates"]
    assert own["aws"] == {"region": "eu-central-1"}
    assert (other["hook"], other["aws"]) == ("smoke", {"region": "us-east-1"})
    assert "functions" not in other


def test_the_metrics_of_lambda_are_asked_for_by_color():
    source = {"namespace": "AWS/Lambda", "metric_name": "Errors", "dimensions": OF_LAMBDA}
    gate = bluegreen.gates.minimum_traffic(10, source=bluegreen.gates.cloudwatch_source(**source, statistic="Sum"))
    found, _ = declared(gates=[gate], strategy=bluegreen.canary(10, hold_seconds=60))
    (inputs,) = found[SWAP]["gates"]
    assert inputs["source"]["color_dimensions"] == {
        color: {"FunctionName": "orders", "Resource": "orders:live", "ExecutedVersion": version}
        for color, version in (("blue", "3"), ("green", "4"))
    }


@pytest.mark.parametrize(
    ("more", "offered"),
    [
        ({"strategy": bluegreen.canary(10, hold_seconds=300)}, True),
        ({"strategy": bluegreen.canary(10, hold_seconds=60), "bake_seconds": 600}, True),
        ({"strategy": bluegreen.canary(10, hold_seconds=60)}, False),  # its minutes come later than that
        ({"bake_seconds": 600}, False),  # no steps
        ({"strategy": bluegreen.canary(10, hold_seconds=300), "error_rate": "off"}, False),
    ],
)
def test_promotions_with_steps_have_the_error_rate_by_themselves(more, offered):
    swap = declared(**more)[0][SWAP]
    gate = {"kind": "error_rate", "without_data": "pass", "interval_seconds": 60}
    assert (gate in swap["gates"]) is offered
    assert ("error rate" in " ".join(swap["plan"])) is offered


def test_an_error_rate_of_ones_own_takes_the_place_of_the_one_that_is_offered():
    own = bluegreen.gates.error_rate(max_percent=5)
    swap = declared(gates=[own], strategy=bluegreen.canary(10, hold_seconds=300))[0][SWAP]
    assert swap["gates"] == [own]


def test_the_setting_of_the_error_rate_is_one_of_two():
    with pytest.raises(pulumi.RunError, match="error_rate: 'no' is not allowed; allowed: off, offered"):
        declared(error_rate="no")


def test_what_callers_need():
    found = {}

    def program(alias):
        pulumi.Output.all(alias.alias_arn, alias.invoke_arn, alias.alias_name, alias.version_arns).apply(
            lambda values: found.update(values=values)
        )
        alias.allow("api", principal="apigateway.amazonaws.com", source_arn="arn:api/*")

    resources, _ = declared(program)
    alias_arn, invoke_arn, alias_name, versions = found["values"]
    assert (alias_arn, alias_name) == (f"{ARN}:live", "live")
    path = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions"
    assert invoke_arn == f"{path}/{ARN}:live/invocations"
    assert versions == {"blue": f"{ARN}:3", "green": f"{ARN}:4"}
    permission = resources["aws:lambda/permission:Permission"]
    assert (permission["function"], permission["qualifier"]) == ("orders", "live")
    assert (permission["principal"], permission["sourceArn"]) == ("apigateway.amazonaws.com", "arn:api/*")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"green": {}}, r"green\.version: None is not allowed; allowed: a published version's number"),
        ({"green": {"version": "$LATEST"}}, r"router\.versions\.green: '\$LATEST' is not allowed"),
        ({"green": {"version": "4", "image": "x"}}, r"green\.image: 'x' is not allowed; allowed: no such field"),
        ({"alias_name": "9"}, r"router\.alias_name: '9' is not allowed"),
        ({"active_color": "red"}, r"active_color: 'red' is not allowed"),
        ({"gates": [bluegreen.gates.lambda_invoke(status_code=9999)]}, r"gates\[0\]\.status_code: 9999"),
        ({"gates": [bluegreen.gates.http("/healthz")]}, "http"),
    ],
)
def test_what_is_wrong_is_refused_by_name(more, problem):
    with pytest.raises(pulumi.RunError, match=problem):
        declared(**more)
