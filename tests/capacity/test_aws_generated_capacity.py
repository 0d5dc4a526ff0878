"""Services, groups and target groups of others, with any field that AWS' own models know, stay what they were.

At least 90 % of what is generated has to be adopted; the end of a run says how many were.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bluegreen.aws.client import AwsConnection
from bluegreen.aws.elb import elbv2
from bluegreen.memory.router import WORLDS, MemoryWorld
from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.errors import BluegreenError
from bluegreen.swap.service import SwapService
from tests.amounts import examples
from tests.capacity import aws_scaled_worlds as worlds
from tests.capacity.aws_scaled_worlds import CAPACITIES, COLORS, LIVE, Scaled
from tests.routers.aws_store import CONNECTION, Store
from tests.routers.aws_worlds import GROUPS
from tests.routers.botocore_strategies import shape, structures

# Of fewer than ten a single one that is refused would be more than a tenth.
EXAMPLES, ADOPTED = max(10, examples(40)), 0.9
REFUSED = "has the deployment controller"
SETTINGS = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES < 40,  # a part is the same one each time; all of them are new ones
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
_numbers = itertools.count(1)


def inputs(world: Scaled, name: str, color: str, delay_seconds: int) -> dict[str, Any]:
    return {
        "name": "web",
        "active_color": color,
        "releases": {"blue": "v1", "green": "v2"},
        "router": {"kind": "memory", "name": name},
        "capacity": world.capacity,
        "scale_down_delay_seconds": delay_seconds,
    }


def live_through(world: Scaled, delay_seconds: int) -> bool:
    """A swap's life: first start, promotion, rollback, a promotion that is restored, the end."""
    name = f"generated-{next(_numbers)}"
    swaps = SwapService(lambda event: None, FakeClock())
    before = world.seen()
    WORLDS[name] = MemoryWorld(desired=dict.fromkeys(COLORS, LIVE))
    try:
        try:
            _, outputs = swaps.create(inputs(world, name, "blue", delay_seconds))
        except BluegreenError as error:
            if REFUSED not in str(error) or world.seen() != before:
                raise
            return False
        for color, outcome in (("green", "promoted"), ("blue", "rolled_back")):
            outputs = swaps.update(outputs, inputs(world, name, color, delay_seconds))
            assert (outputs["live_color"], outputs["history"][0]["outcome"]) == (color, outcome)
        world.stores[0].refuses = 1
        with contextlib.suppress(BluegreenError):  # whichever change it is: the life continues afterwards
            outputs = swaps.update(outputs, {**inputs(world, name, "green", delay_seconds), "retry": "once more"})
        world.stores[0].refuses = 0
        outputs = swaps.update(outputs, inputs(world, name, "blue", delay_seconds))
        assert outputs["live_color"] == "blue"
        swaps.delete(outputs)
    finally:
        WORLDS.pop(name, None)
    after = world.seen()
    assert after == before, f"before: {before}\nafter: {after}"
    return True


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_whatever_the_model_knows_stays(capacity, record_property):
    strategy, world_of = CAPACITIES[capacity]
    counted: Counter[bool] = Counter()

    @SETTINGS
    @given(found=strategy, delay_seconds=st.sampled_from([0, 600]))
    def check(found, delay_seconds):
        with world_of(found) as world:
            counted[live_through(world, delay_seconds)] += 1

    check()
    share = counted[True] / counted.total()
    record_property("adopted", f"{share:.0%} of {counted.total()}")
    assert share >= ADOPTED, f"{share:.0%} of {counted.total()} were adopted by {capacity}"


@st.composite
def of_a_target(draw):
    """The description of a target, which always has a state."""
    description, health = shape("elbv2", "TargetHealthDescription"), shape("elbv2", "TargetHealth")
    state = draw(st.sampled_from(list(health.members["State"].enum)))
    return {
        **draw(structures(description, 1, without=("TargetHealth",))),
        "TargetHealth": draw(structures(health, 2, fixed={"State": state})),
    }


def test_of_target_groups_health_alone_is_asked_whatever_it_says(record_property):
    """A target group is never written to; what the model knows of a target's health can be read."""
    counted: Counter[bool] = Counter()

    @SETTINGS
    @given(targets=st.lists(of_a_target(), max_size=3))
    def check(targets):
        store = Store("elbv2", lambda *_: {"TargetHealthDescriptions": targets})
        with contextlib.closing(store):
            found = elbv2.target_health(AwsConnection(**CONNECTION), GROUPS["blue"])
        healthy = sum(one["TargetHealth"]["State"] == "healthy" for one in targets)
        assert found.healthy == healthy
        assert [call for call, _ in store.calls] == ["DescribeTargetHealth"]
        counted[True] += 1

    check()
    record_property("adopted", f"100% of {counted.total()}")


# -- modelled on somebody's file

SERVICE = {
    "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
    "loadBalancers": [{"targetGroupArn": GROUPS["blue"], "containerName": "web", "containerPort": 8080}],
    "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 1}],
    "platformVersion": "1.4.0",
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "alarms": {"alarmNames": ["orders-5xx"], "rollback": True, "enable": True},
    },
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "DISABLED"}},
    "healthCheckGracePeriodSeconds": 60,
    "placementConstraints": [{"type": "distinctInstance"}],
    "enableExecuteCommand": True,
    "propagateTags": "SERVICE",
    "tags": [{"key": "team", "value": "orders"}],
}
GROUP = {
    "VPCZoneIdentifier": "subnet-1,subnet-2",
    "TargetGroupARNs": [GROUPS["blue"]],
    "HealthCheckType": "ELB",
    "HealthCheckGracePeriod": 120,
    "TerminationPolicies": ["OldestLaunchTemplate", "Default"],
    "SuspendedProcesses": [{"ProcessName": "AZRebalance", "SuspensionReason": "User suspended at 2026-01-02"}],
    "NewInstancesProtectedFromScaleIn": True,
    "MaxInstanceLifetime": 604_800,
    "CapacityRebalance": True,
    "WarmPoolConfiguration": {"MinSize": 1, "PoolState": "Stopped"},
    "EnabledMetrics": [{"Metric": "GroupInServiceInstances", "Granularity": "1Minute"}],
}


SOMEBODYS = {"ecs": SERVICE, "asg": GROUP}


@pytest.mark.parametrize("delay_seconds", [0, 600])
@pytest.mark.parametrize("capacity", CAPACITIES)
def test_what_people_have_stays(capacity, delay_seconds):
    with CAPACITIES[capacity][1](worlds.plain(capacity, SOMEBODYS[capacity])) as world:
        assert live_through(world, delay_seconds)


def test_a_service_of_another_programs_deployments_is_refused():
    found = worlds.plain("ecs", SERVICE)
    found["services"]["web-green"]["deploymentController"] = {"type": "EXTERNAL"}
    with worlds.of_services(found) as world:
        assert not live_through(world, 0)
