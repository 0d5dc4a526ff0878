"""What ECS services take since: both colors of a component are alike for the parity rule, and a difference is found."""

from __future__ import annotations

import copy

import pytest

from bluegreen.aws import EcsService, alb, nlb
from rules import parity
from rules.values import StackResource
from tests.aws import mocked
from tests.aws.test_ecs_provider_args import SERVICE, SHORTEST, TASK
from tests.aws.test_ecs_scheduled import AUTOSCALING

CONNECT = {"enabled": True, "namespace": "n", "services": [{"port_name": "http", "client_alias": [{"port": 80}]}]}
PLACED = [{"capacity_provider": "FARGATE_SPOT", "weight": 1}]
STORED = {
    "runtime_platform": {"cpu_architecture": "ARM64", "operating_system_family": "LINUX"},
    "volumes": [{"name": "uploads", "efs_volume_configuration": {"file_system_id": "fs-1"}}],
}
TAKEN = {
    "capacity providers": {"service_args": {"capacity_provider_strategies": PLACED}},
    "Service Connect": {"service_args": {"service_connect_configuration": CONNECT}},
    "volumes and a platform": {"task_args": STORED},
    "several load balancers": {"entries": [alb(), nlb()]},
    "scheduled scaling": {"autoscaling": AUTOSCALING},
    "a long name": {"name": "checkout-of-the-shop-in-the-north-of-the-country"},
}


def resources(name="web", **more):
    recorder, _ = mocked.run(lambda: EcsService(name, **{**SHORTEST, **more}))
    return [StackResource(one.type, one.name, one.name, copy.deepcopy(one.inputs)) for one in recorder.resources]


@pytest.mark.parametrize("more", TAKEN.values(), ids=TAKEN)
def test_both_colors_are_alike(more):
    assert parity.violations(resources(**more)) == []


@pytest.mark.parametrize(
    ("more", "kind", "change"),
    [
        ("capacity providers", SERVICE, {"capacityProviderStrategies": [{"capacityProvider": "FARGATE", "weight": 1}]}),
        ("Service Connect", SERVICE, {"serviceConnectConfiguration": {"enabled": False}}),
        ("volumes and a platform", TASK, {"runtimePlatform": {"cpuArchitecture": "X86_64"}}),
        ("volumes and a platform", TASK, {"volumes": []}),
        ("several load balancers", SERVICE, {"loadBalancers": []}),
    ],
)
def test_a_difference_is_named_by_its_property(more, kind, change):
    made = resources(**TAKEN[more])
    (green,) = [one for one in made if one.type == kind and one.name == "web-green"]
    green.props.update(change)
    told = [violation.message for violation in parity.violations(made)]
    assert told
    assert all(next(iter(change)) in message for message in told)
