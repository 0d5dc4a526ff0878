"""Values that AWS refuses only at an update are refused before anything is declared; others pass."""

from __future__ import annotations

import json
from functools import partial

import pulumi
import pytest

from bluegreen.aws import EcsCodeDeployService, EcsNativeService, EcsService, alb, alb_listeners, dns, nlb
from bluegreen.aws.limits import problem_of_matcher, problem_of_task_size, problems_of_tags
from bluegreen.aws.service_limits import LIMITS, TASK_SIZES
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.platforms.routers import ROUTERS
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
        declared(alb(**{option: ["a" * 125 + ".com"]}))
    declared(alb(**{option: ["a" * 124 + ".com"]}))


def test_tags_leave_room_for_the_components_and_the_swaps_own():
    tags = {f"k{number}": "v" for number in range(34)}
    declared(alb(), tags=tags)
    with pytest.raises(pulumi.RunError, match="tags: 35 is not allowed; allowed: at most 34: a resource has 50"):
        declared(alb(), tags={**tags, "one": "more"})


def test_every_limit_names_its_source():
    assert all(limit.source.startswith("https://docs.aws.amazon.com/") for limit in LIMITS.values())
    assert all(limit.least <= limit.most for limit in LIMITS.values())


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ({"cpu": 300}, r"cpu: 300 is not allowed; allowed: one of 256, 512, 1024"),
        ({"memory": 1536}, r"memory: 1536 is not allowed; allowed: with a cpu of 256: 512, 1024, 2048"),
        ({"cpu": 1024, "memory": 1024}, r"memory: 1024 .*with a cpu of 1024: 2048, 3072"),
        ({"cpu": 4096, "memory": 8193}, r"memory: 8193 .*with a cpu of 4096: 8192 to 30720 in steps of 1024"),
        ({"cpu": 16384, "memory": 36864}, r"memory: 36864 .*32768 to 122880 in steps of 8192"),
    ],
)
@pytest.mark.parametrize("component", [EcsService, EcsNativeService, EcsCodeDeployService])
def test_a_task_of_a_size_that_fargate_does_not_have_is_refused_by_name(component, size, said):
    with pytest.raises(pulumi.RunError, match=said):
        mocked.run(
            lambda: component("web", **(size if component is EcsService else {"tasks": size}), **COLORS, **NETWORK)
        )


def test_a_task_of_a_size_that_fargate_has_passes():
    assert all(problem_of_task_size(cpu, memory) is None for cpu, sizes in TASK_SIZES.items() for memory in sizes)
    assert problem_of_task_size(32768, 1) is None, "what is larger than the table is left to AWS"
    assert problem_of_task_size(UNKNOWN, 512) is None


@pytest.mark.parametrize("networks", [["10.0.0.0"], ["10.0.0.0/33"], ["office"], ["2001:db8::/129"]])
@pytest.mark.parametrize(
    ("entry", "option"),
    [(alb, "preview_cidrs"), (alb, "ingress_cidrs"), (alb_listeners, "preview_cidrs"), (nlb, "ingress_cidrs")],
)
def test_what_is_no_network_is_refused_by_name(entry, option, networks):
    with pytest.raises(pulumi.RunError, match=rf"{option}: .* is not allowed; allowed: networks such as 10\.0\.0\.0/8"):
        declared(entry(**{option: networks}))


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"port": 0}, r"health_check\.port: 0 is not allowed; allowed: traffic-port, or 1 to 65535"),
        ({"port": "http"}, r"health_check\.port: 'http'"),
    ],
)
@pytest.mark.parametrize("entry", [alb, nlb])
def test_a_health_check_of_no_port_is_refused_by_name(entry, check, said):
    with pytest.raises(pulumi.RunError, match=said):
        declared(entry(health_check=check))
    declared(entry(health_check={"port": "8081"}))


@pytest.mark.parametrize("version", ["GRPC", "HTTP2"])
def test_a_protocol_that_listeners_forward_over_https_alone_needs_a_certificate(version):
    said = (
        rf"certificate_arns: \[\] is not allowed; allowed: one at least: .*protocol_version {version} over HTTPS alone"
    )
    behind = {"zone_id": "Z1", "record_name": "a.example.com", "behind": "load_balancers"}
    for entry in (alb, alb_listeners, partial(dns, **behind)):
        with pytest.raises(pulumi.RunError, match=said):
            declared(entry(protocol_version=version))
        declared(entry(protocol_version=version, certificate_arns=["arn:c"]))
    for component in (EcsNativeService, EcsCodeDeployService):
        front = {"target_groups": {"protocol_version": version}}
        with pytest.raises(pulumi.RunError, match=said):
            mocked.run(lambda component=component, front=front: component("web", front=front, **COLORS, **NETWORK))
    declared(alb(protocol_version=version, listener_arn=LISTENER))


@pytest.mark.parametrize("seconds", [59, 6001])
def test_an_idle_timeout_out_of_its_limits_is_refused(seconds):
    with pytest.raises(pulumi.RunError, match=rf"tcp_idle_timeout_seconds: {seconds} .*allowed: 60 to 6000 seconds"):
        declared(nlb(tcp_idle_timeout_seconds=seconds))


def test_a_health_check_of_a_network_load_balancer_has_its_own_statuses():
    declared(nlb(health_check={"protocol": "HTTP", "matcher": "200-599"}))
    with pytest.raises(pulumi.RunError, match=r"health_check\.matcher: '100' .*statuses from 200 to 599"):
        declared(nlb(health_check={"protocol": "HTTP", "matcher": "100"}))
    with pytest.raises(pulumi.RunError, match=r"health_check\.path: .*1 to 1024 characters"):
        declared(nlb(health_check={"protocol": "HTTP", "path": "/" * 1025}))


def test_more_containers_than_a_task_may_have_are_refused():
    def containers(count):
        first = {"name": "web", "image": "app:v1", "portMappings": [{"containerPort": 8080}]}
        return [first, *({"name": f"s{number}", "image": "side:v1"} for number in range(count - 1))]

    mocked.run(lambda: EcsService("web", **{**COLORS, "blue": {"containers": containers(10)}}, **NETWORK))
    with pytest.raises(pulumi.RunError, match=r"blue\.containers: 11 is not allowed; allowed: 1 to 10 containers"):
        mocked.run(lambda: EcsService("web", **{**COLORS, "blue": {"containers": containers(11)}}, **NETWORK))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"variable": "v" * 65}, "variable"),
        ({"values": {"blue": "b" * 513, "green": "g"}}, "values.blue"),
        ({"stage_name": "s" * 129}, "stage_name"),
    ],
)
def test_a_stage_variable_that_is_too_long_is_refused(change, field):
    section = {"api_id": "a", "stage_name": "live", "variable": "v", "owner": "p/s/web"}
    fields = Fields({**section, "values": {"blue": "b", "green": "g"}, **change})
    ROUTERS.load("http_api_stage").parse(fields)
    assert [problem.field for problem in fields.problems] == [field]
