"""EC2 Auto Scaling types: versions, waits, and what others have put on a group."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.plugins.aws.driver import Driver
from localcloud.plugins.aws.model import UNKNOWN
from tests.localcloud.asg_cases import IMAGE

TEMPLATE, GROUP = "aws:ec2/launchTemplate:LaunchTemplate", "aws:autoscaling/group:Group"


@pytest.fixture
def template(aws_driver: Driver) -> Any:
    inputs = {"imageId": IMAGE, "instanceType": "t3.micro", "userData": "YQ==", "tags": {"a": "b"}}
    made = aws_driver.create(aws_driver.check(TEMPLATE, "versions", inputs))
    yield made, inputs
    aws_driver.delete(made)


def group_inputs(world: Any, template: Any, **more: Any) -> dict[str, Any]:
    where = {"vpcZoneIdentifiers": world.subnets[:1], "launchTemplate": {"id": template.id, "version": "1"}}
    return {"minSize": 0, "maxSize": 2, "desiredCapacity": 1, **where, **more}


def test_each_change_of_what_instances_are_is_a_version_which_a_preview_does_not_know(
    aws_driver: Driver, template: Any
) -> None:
    made, inputs = template
    assert made.outputs["latestVersion"] == 1
    changed = {**inputs, "userData": "Yg=="}
    assert aws_driver.update(made, changed, preview=True).outputs["latestVersion"] is UNKNOWN
    made = aws_driver.update(made, changed)
    assert made.outputs["latestVersion"] == 2
    assert aws_driver.update(made, {**changed, "tags": {}}, preview=True).outputs["latestVersion"] == 2
    assert aws_driver.update(made, {**changed, "tags": {}}).outputs["latestVersion"] == 2


def test_sizes_that_somebody_else_moved_and_tags_that_somebody_else_put_stay(
    aws_driver: Driver, aws_world: Any, aws_client: Any, template: Any
) -> None:
    inputs = group_inputs(aws_world, template[0], tags=[{"key": "a", "value": "b", "propagateAtLaunch": True}])
    group = aws_driver.create(aws_driver.check(GROUP, "moved", inputs))
    try:
        api = aws_client("autoscaling")
        api.update_auto_scaling_group(AutoScalingGroupName=group.id, MinSize=2, DesiredCapacity=2)
        where = {"ResourceId": group.id, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
        api.create_or_update_tags(Tags=[{**where, "Key": "bluegreen:range", "Value": "0-2"}])
        refreshed = aws_driver.read(group)
        assert refreshed is not None
        assert refreshed.outputs["minSize"] == 2
        assert [tag["key"] for tag in refreshed.outputs["tags"]] == ["a"]
        ignored = ("minSize", "maxSize", "desiredCapacity")
        aws_driver.update(group, {**inputs, "healthCheckGracePeriod": 7}, ignore=ignored)
        (found,) = api.describe_auto_scaling_groups(AutoScalingGroupNames=[group.id])["AutoScalingGroups"]
        assert (found["MinSize"], found["DesiredCapacity"], found["HealthCheckGracePeriod"]) == (2, 2, 7)
        assert {tag["Key"] for tag in found["Tags"]} == {"a", "bluegreen:range"}
    finally:
        aws_driver.delete(group)


def test_a_group_whose_instances_do_not_come_fails_with_the_reason(
    aws_driver: Driver, aws_world: Any, aws_client: Any, template: Any
) -> None:
    inputs = group_inputs(aws_world, template[0], desiredCapacity=0, waitForCapacityTimeout="1s")
    group = aws_driver.create(aws_driver.check(GROUP, "waits", inputs))
    try:
        ec2 = aws_client("ec2")
        number = ec2.create_launch_template_version(
            LaunchTemplateId=template[0].id, LaunchTemplateData={"InstanceType": "t3.micro"}
        )["LaunchTemplateVersion"]["VersionNumber"]
        aws_client("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=group.id,
            LaunchTemplate={"LaunchTemplateId": template[0].id, "Version": str(number)},
        )
        ec2.delete_launch_template_versions(LaunchTemplateId=template[0].id, Versions=[str(number)])
        found = aws_driver.read(group)
        assert found is not None
        group = found
        moved = {**inputs, "launchTemplate": {"id": template[0].id, "version": str(number)}}
        with pytest.raises(Exception, match=r"capacity of Auto Scaling group .*: .*Launching EC2 instance failed"):
            aws_driver.update(group, {**moved, "desiredCapacity": 1})
    finally:
        aws_driver.delete(group)
