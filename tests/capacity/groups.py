"""Auto Scaling groups for the tests of ASG capacity, read and set past the code under test."""

from __future__ import annotations

import itertools
from functools import lru_cache

import boto3

from bluegreen.aws.asg.capacity import AsgCapacity
from bluegreen.aws.client import AwsConnection

_numbers = itertools.count(1)
REGION = "us-east-1"


@lru_cache
def _client(service, endpoint):
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )


class Groups:
    """Blue with one instance, green with none; both launch version 1 of one launch template, which has a version 2."""

    def __init__(self, endpoint, front=None):
        self.endpoint, self.front = endpoint, front
        self.connection = AwsConnection(region=REGION, endpoint_url=endpoint)
        self.api = self.client("autoscaling")
        ec2 = self.client("ec2")
        number = next(_numbers)
        made = ec2.create_launch_template(
            LaunchTemplateName=f"capacity-{number}",
            LaunchTemplateData={"ImageId": "ami-0a1b2c3d4e5f60001", "InstanceType": "t3.micro"},
        )
        self.template = made["LaunchTemplate"]["LaunchTemplateId"]
        ec2.create_launch_template_version(
            LaunchTemplateId=self.template, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
        )
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        self.names = {color: f"{color}-{number}" for color in ("blue", "green")}
        for color, name in self.names.items():
            self.api.create_auto_scaling_group(
                AutoScalingGroupName=name,
                MinSize=0,
                MaxSize=1,
                DesiredCapacity=1 if color == "blue" else 0,
                LaunchTemplate={"LaunchTemplateId": self.template, "Version": "1"},
                VPCZoneIdentifier=subnet,
            )

    def client(self, service):
        return _client(service, self.endpoint)

    def capacity(self, version=1, **changes):
        """The capacity of each `pulumi up`: the same inputs, and no memory."""
        templates = dict.fromkeys(self.names, f"{self.template}:{version}")
        return AsgCapacity(dict(self.names), templates, 2, changes.pop("aws", self.connection), **changes)

    def end(self):
        for name in self.names.values():
            self.api.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)

    def set(self, color, **changes):
        self.api.update_auto_scaling_group(AutoScalingGroupName=self.names[color], **changes)

    def range_is(self, color, low, high, desired=None):
        sizes = {} if desired is None else {"DesiredCapacity": desired}
        self.set(color, MinSize=low, MaxSize=high, **sizes)

    def launch(self, color, version):
        self.set(color, LaunchTemplate={"LaunchTemplateId": self.template, "Version": str(version)})

    def group(self, color):
        answer = self.api.describe_auto_scaling_groups(AutoScalingGroupNames=[self.names[color]])
        return answer["AutoScalingGroups"][0]

    def sizes(self, color):
        """Minimum, desired, maximum."""
        group = self.group(color)
        return group["MinSize"], group["DesiredCapacity"], group["MaxSize"]

    def versions(self, color):
        return [one["LaunchTemplate"]["Version"] for one in self.group(color)["Instances"]]

    def tags(self, color):
        return {tag["Key"]: tag["Value"] for tag in self.group(color)["Tags"]}

    def actions(self, color):
        answer = self.api.describe_scheduled_actions(AutoScalingGroupName=self.names[color])
        return {
            one["ScheduledActionName"]: (one.get("MinSize"), one.get("DesiredCapacity"), one.get("MaxSize"))
            for one in answer["ScheduledUpdateGroupActions"]
        }

    def is_untouched(self, color, low, high):
        sizes = self.sizes(color)
        assert (sizes[0], sizes[2]) == (low, high)
        assert self.tags(color) == {}
        assert self.actions(color) == {}
