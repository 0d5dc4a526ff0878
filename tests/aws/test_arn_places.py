"""A section's ARNs lie where its connection calls; one of another region or account is refused by its path."""

from __future__ import annotations

import pytest

from bluegreen.aws.arn_places import connection_in, partition_of
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.registry import GATES
from bluegreen.platforms.capacities import CAPACITIES
from bluegreen.platforms.routers import ROUTERS

HERE = {"region": "eu-central-1"}
ROLE = "arn:aws:iam::111111111111:role/deploy"


def arn(service, name, region="eu-central-1", account="111111111111", partition="aws"):
    return f"arn:{partition}:{service}:{region}:{account}:{name}"


def group(color, **more):
    return arn("elasticloadbalancing", f"targetgroup/{color}/1", **more)


def groups(**more):
    return {"blue": group("blue"), "green": group("green", **more)}


LISTENER = "listener/app/web/1/2"
SECTIONS = {
    "alb": lambda **more: {
        "kind": "alb",
        "owner": "p/s/web",
        "listener_arn": arn("elasticloadbalancing", LISTENER, **more),
        "target_groups": groups(),
    },
    "alb's group": lambda **more: {
        "kind": "alb",
        "owner": "p/s/web",
        "listener_arn": arn("elasticloadbalancing", LISTENER),
        "target_groups": groups(**more),
    },
    "nlb": lambda **more: {
        "kind": "nlb",
        "owner": "p/s/web",
        "listener_arn": arn("elasticloadbalancing", "listener/net/web/1/2", **more),
        "target_groups": groups(),
    },
    "lambda_alias": lambda **more: {
        "kind": "lambda_alias",
        "owner": "p/s/web",
        "function_name": arn("lambda", "function:orders", **more),
        "alias_name": "live",
        "versions": {"blue": "1", "green": "2"},
    },
    "route53": lambda **more: {
        "kind": "route53",
        "owner": "p/s/web",
        "zone_id": "Z1",
        "record_name": "app.example.com",
        "targets": {color: f"{color}.example.net" for color in ("blue", "green")},
        "target_groups": groups(**more),
    },
}


def problems(section):
    fields = Fields(section)
    cls = ROUTERS.load(section["kind"])
    cls.parse(fields)
    return [str(problem) for problem in fields.problems]


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_of_another_region_or_account_it_is_refused(section):
    assert problems({**section(), "aws": HERE}) == []
    assert problems({**section(region="us-east-1")}) == [], "where the swap calls is the environment's"
    (said,) = problems({**section(region="us-east-1"), "aws": HERE})
    assert "one of eu-central-1, where the swap calls AWS; or set aws.region to us-east-1" in said
    (said,) = problems({**section(account="222222222222"), "aws": {**HERE, "role_arn": ROLE}})
    assert "one of the account 111111111111" in said


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_arns_of_every_partition_are_taken(section, partition):
    there = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition]
    role = ROLE.replace("arn:aws:", f"arn:{partition}:")
    text = str(section(region=there, partition=partition)).replace("arn:aws:", f"arn:{partition}:")
    found = eval(text.replace("eu-central-1", there))
    assert problems({**found, "aws": {"region": there, "role_arn": role}}) == []


def test_a_role_of_another_partition_is_refused():
    section = SECTIONS["lambda_alias"](region="cn-north-1", partition="aws-cn")
    (said,) = problems({**section, "aws": {"region": "cn-north-1", "role_arn": ROLE}})
    assert said.startswith("aws.role_arn: ")
    assert said.endswith("a role of the partition aws-cn, where cn-north-1 is")


def test_a_capacity_is_held_against_its_connection_too():
    services = {"blue": "web-blue", "green": arn("ecs", "service/shop/web-green", region="us-east-1")}
    section = {"cluster": "shop", "services": services, "task_definitions": {"blue": "t:1", "green": "t:2"}}
    fields = Fields({**section, "aws": HERE})
    CAPACITIES.load("ecs").parse(fields)
    assert [problem.field for problem in fields.problems] == ["services.green"]


def test_a_gate_may_call_a_function_of_another_account_and_none_of_another_region():
    def said(**more):
        functions = {color: arn("lambda", f"function:hook-{color}", **more) for color in ("blue", "green")}
        fields = Fields({"functions": functions, "aws": {**HERE, "role_arn": ROLE}})
        GATES.load("lambda_invoke").parse(fields)
        return [problem.field for problem in fields.problems]

    assert said(account="222222222222") == []
    assert said(region="us-east-1") == ["functions.blue", "functions.green"]


def test_what_is_not_known_yet_passes():
    fields = Fields({"function_name": UNKNOWN, "listeners": [UNKNOWN], "aws": {"region": UNKNOWN}})
    connection_in(fields)
    assert fields.problems == []


def test_within_lists_it_is_named_by_its_place():
    fields = Fields({"listeners": [arn("a", "b"), arn("a", "b", region="us-east-1")], "aws": HERE})
    connection_in(fields)
    assert [problem.field for problem in fields.problems] == ["listeners[1]"]


def test_a_region_that_nobody_knows_has_no_partition():
    assert [partition_of(name) for name in ("eu-west-1", "cn-north-1", "us-gov-east-1", "x")] == [
        "aws",
        "aws-cn",
        "aws-us-gov",
        "",
    ]


def test_what_a_function_is_given_and_what_a_stage_varies_by_may_name_anything():
    """A topic of another region in an event, a function of another region behind a stage."""
    elsewhere = arn("sns", "alarms", region="us-east-1", account="222222222222")
    functions = {color: arn("lambda", f"function:hook-{color}") for color in ("blue", "green")}
    fields = Fields({"functions": functions, "payload": {"topics": [elsewhere]}, "aws": {**HERE, "role_arn": ROLE}})
    GATES.load("lambda_invoke").parse(fields)
    assert fields.problems == []
    behind = {color: arn("lambda", f"function:{color}", region="us-east-1") for color in ("blue", "green")}
    section = {"kind": "http_api_stage", "api_id": "a", "stage_name": "live", "variable": "v", "owner": "p/s/web"}
    assert problems({**section, "values": behind, "aws": HERE}) == []
    canary = {"kind": "rest_api_canary", "rest_api_id": "a", "stage_name": "live", "owner": "p/s/web"}
    deployments = {"blue": "d1", "green": "d2"}
    variables = {color: {"v": one} for color, one in behind.items()}
    assert problems({**canary, "deployments": deployments, "variables": variables, "aws": HERE}) == []
