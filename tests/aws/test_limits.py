"""What AWS refuses only at an update is refused before anything is declared; what it takes passes."""

from __future__ import annotations

import json

import pulumi
import pytest

from bluegreen.aws import EcsCodeDeployService, EcsNativeService, EcsService, alb, alb_listeners, nlb
from bluegreen.aws.limits import problem_of_matcher, problems_of_tags
from bluegreen.aws.service_limits import LIMITS
from tests.aws import mocked
from tests.aws.test_entries import COLORS, LISTENER, NETWORK, declared, of


def test_a_grpc_target_group_is_asked_as_grpc():
    resources, _ = declared(alb(protocol_version="GRPC", certificate_arns=["arn:default"]))
    for group in of(resources, "aws:lb/targetGroup:TargetGroup").values():
        assert (group["healthCheck"]["path"], group["healthCheck"]["matcher"]) == ("/grpc.health.v1.Health/Check", "0")


@pytest.mark.parametrize(
    ("version", "matcher", "fits"),
    [
        ("GRPC", "0-99", True),
        ("GRPC", "12", True),
        ("GRPC", "200", False),
        ("HTTP1", "200", True),
        ("HTTP2", "200-299,404", True),
        ("HTTP1", "0", False),
        ("HTTP1", "500", False),
        ("HTTP1", "2xx", False),
    ],
)
def test_statuses_are_those_of_the_protocol(version, matcher, fits):
    assert (problem_of_matcher(matcher, version) is None) is fits


def test_another_protocols_statuses_are_refused_by_name():
    with pytest.raises(pulumi.RunError, match=r"health_check\.matcher: '200' is not allowed; allowed: statuses from 0"):
        declared(alb(protocol_version="GRPC", health_check={"matcher": "200"}))


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        ({"team": "a" * 257}, "tags.team"),
        ({"team": "a;b"}, "tags.team"),
        ({"te!am": "a"}, "tags"),
        ({"aws:team": "a"}, "tags"),
        ({"": "a"}, "tags"),
        ({"k" * 129: "a"}, "tags"),
    ],
)
def test_tags_that_aws_does_not_take_are_refused_by_name(tags, field):
    with pytest.raises(pulumi.RunError, match=f"{field}: .* is not allowed"):
        declared(alb(), tags=tags)


def test_tags_that_aws_takes_pass():
    assert problems_of_tags({"cost-center/a": "a b+c=d.e_f:g/h@i \u00e9", "empty": ""}) == []


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("component", [EcsService, EcsCodeDeployService, EcsNativeService])
def test_no_arn_of_another_partition_is_declared(component, partition):
    calls = {"aws:index/getPartition:getPartition": {"partition": partition}}
    secret = {"image": "app:v1", "secrets": {"KEY": f"arn:{partition}:secretsmanager:cn-north-1:1:secret:k"}}
    colors = {**COLORS, "blue": secret}
    recorder, _ = mocked.run(lambda: component("web", **colors, **NETWORK), calls=calls)
    declared_arns = [json.dumps(found.inputs.get("policyArn", ""), default=str) for found in recorder.resources]
    assert f"arn:{partition}:iam::aws:policy" in "".join(declared_arns)
    assert [
        found.name for found in recorder.resources if "arn:aws:iam::aws" in json.dumps(found.inputs, default=str)
    ] == []


US = LISTENER.replace("eu-central-1", "us-east-1")


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        (alb(listener_arn=US), "listener_arn"),
        (alb(rule_arn=US), "rule_arn"),
        (alb_listeners(listener_arn=LISTENER, test_listener_arn=US), "test_listener_arn"),
        (nlb(listener_arn=US), "listener_arn"),
    ],
    ids=["listener", "rule", "test listener", "network"],
)
def test_what_is_handed_in_from_another_region_is_refused_unless_the_swap_calls_there(entry, named):
    with pytest.raises(
        pulumi.RunError, match=rf"{named}: '{US}' is not allowed; allowed: one of eu-central-1.*us-east-1"
    ):
        declared(entry, aws_connection={"region": "eu-central-1"})


def test_what_is_handed_in_where_the_swap_calls_passes():
    declared(alb(listener_arn=US), aws_connection={"region": "us-east-1"})
    declared(alb(listener_arn=US))


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"interval": 4}, "health_check.interval: 4 is not allowed; allowed: 5 to 300 seconds"),
        ({"interval": 301}, "health_check.interval: 301"),
        ({"timeout": 1}, "health_check.timeout: 1 is not allowed; allowed: 2 to 120 seconds"),
        ({"interval": 10, "timeout": 11}, "health_check.timeout: 11 is not allowed; allowed: at most the interval"),
        ({"healthy_threshold": 1}, "health_check.healthy_threshold: 1 is not allowed; allowed: 2 to 10 checks"),
        ({"unhealthy_threshold": 11}, "health_check.unhealthy_threshold: 11"),
        ({"path": "/" * 1025}, "health_check.path: .*allowed: 1 to 1024 characters"),
    ],
)
def test_a_health_check_out_of_its_limits_is_refused_by_name(check, said):
    with pytest.raises(pulumi.RunError, match=said):
        declared(alb(health_check=check))


@pytest.mark.parametrize("option", ["host_headers", "path_patterns"])
def test_a_condition_that_is_too_long_is_refused_by_name(option):
    with pytest.raises(pulumi.RunError, match=f"{option}: .* is not allowed; allowed: texts of 1 to 128 characters"):
        declared(alb(**{option: ["a" * 129]}))
    declared(alb(**{option: ["a" * 128]}))


def test_tags_leave_room_for_the_components_and_the_swaps_own():
    tags = {f"k{number}": "v" for number in range(34)}
    declared(alb(), tags=tags)
    with pytest.raises(pulumi.RunError, match="tags: 35 is not allowed; allowed: at most 34: a resource has 50"):
        declared(alb(), tags={**tags, "one": "more"})


def test_every_limit_names_its_source():
    assert all(limit.source.startswith("https://docs.aws.amazon.com/") for limit in LIMITS.values())
    assert all(limit.least <= limit.most for limit in LIMITS.values())
