"""Auto Scaling groups through the real engine: renewed by an instance refresh, promoted, retired, brought back cold.

The emulator's instances are records: for each a process of the sample app serves, registered in its group's target
group (`localcloud.autoscaling`). The calls that the emulator lacks, scheduled actions and instance refreshes among
them, come from the same module.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from localcloud.autoscaling import AutoScalingFront, Instances
from localcloud.load import Load
from tests.capacity.services import until
from tests.e2e.stack import HEALTHZ, Stack

OLD, NEW = "ami-0a1b2c3d4e5f60001", "ami-0a1b2c3d4e5f60002"


@pytest.fixture(scope="module")
def made(cloud, aws_env, tmp_path_factory):
    with AutoScalingFront(cloud.endpoint) as front, Instances(cloud.endpoint) as instances:
        stack = Stack(cloud, tmp_path_factory.mktemp("asg"), "asg")
        stack.env["AWS_ENDPOINT_URL"] = front.url
        api = boto3.client("autoscaling", endpoint_url=front.url)
        try:
            stack.up(
                activeColor="blue",
                blueImage=OLD,
                greenImage=OLD,
                autoscaling={"min_capacity": 1, "max_capacity": 4, "target_cpu_percent": 60},
                warmPool={"min_size": 0},
                idleCapacityPercent="100",
                deregistrationDelaySeconds="2",
                steadyStateTimeoutSeconds="180",
                gates=HEALTHZ,
            )
            yield SimpleNamespace(stack=stack, front=front, api=api, instances=instances)
        finally:
            stack.destroy()


def group(made: Any, color: str) -> Any:
    name = made.stack.output("groups")[color]
    return made.api.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


def sizes(found: Any) -> tuple[int, int, int]:
    return found["MinSize"], found["DesiredCapacity"], found["MaxSize"]


def test_a_color_at_rest_is_renewed_promoted_and_the_other_one_retires_and_comes_back(made):
    stack = made.stack
    assert [sizes(group(made, color)) for color in ("blue", "green")] == [(1, 2, 4), (2, 2, 4)]
    former = {one["InstanceId"] for one in group(made, "green")["Instances"]}

    with Load(stack.url, rate_per_second=25) as load:
        said = stack.up(activeColor="green", greenImage=NEW, idleCapacityPercent="0")
    assert load.result.failed == 0, load.result.errors
    assert "2 instances are of a former launch template version; an instance refresh was started" in said
    green = group(made, "green")
    assert {one["LaunchTemplate"]["Version"] for one in green["Instances"]} == {"2"}
    assert not former & {one["InstanceId"] for one in green["Instances"]}
    assert sizes(green) == (1, 2, 4), "with traffic it has the range of autoscaling again"
    assert stack.output("history")[0]["outcome"] == "promoted"
    assert stack.colors() == {"green"}

    blue = group(made, "blue")
    assert sizes(blue) == (2, 2, 4), "warm for a rollback, and nothing takes an instance"
    assert "is scaled to 0 at" in said
    made.front.missing.run_due(within_seconds=601)
    assert sizes(group(made, "blue")) == (0, 0, 4), "beside its warm pool, whose size the maximum gives"
    gone = {one["InstanceId"] for one in blue["Instances"]}
    until(lambda: bool(gone & set(made.instances.ports)), False)

    with Load(stack.url, rate_per_second=25) as load:
        stack.up(activeColor="blue")
    assert load.result.failed == 0, load.result.errors
    assert stack.output("history")[0]["outcome"] == "rolled_back"
    assert stack.colors() == {"blue"}
    assert sizes(group(made, "blue")) == (1, 2, 4)
    assert not [tag for tag in group(made, "blue")["Tags"] if tag["Key"] in ("bluegreen:range", "bluegreen:retirement")]


def test_an_unrelated_update_leaves_sizes_and_notes_alone(made):
    made.stack.up(activeColor="blue", idleCapacityPercent="0")
    made.api.set_desired_capacity(AutoScalingGroupName=made.stack.output("groups")["blue"], DesiredCapacity=3)
    before = [(sizes(found), found["Tags"]) for found in (group(made, "blue"), group(made, "green"))]
    made.stack.up(deregistrationDelaySeconds="3")
    after = [(sizes(found), found["Tags"]) for found in (group(made, "blue"), group(made, "green"))]
    assert after == before
