"""Auto Scaling groups behind a rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import boto3
from moto.autoscaling.models import InstanceState
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from bluegreen.aws.asg.live_limits import RANGE_TAG
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.balancer_stage import BalancerStage
from dev.matrix.somebody_else.stage import Calls, Heard, Staged

_LEAST, _MOST = 1, 4
_VERSIONS = 3
_TAGGED = "auto-scaling-group"


class GroupsStage(BalancerStage):
    """The capacity is what is looked at: ``alb`` before ``asg``. A range that a swap holds has a note in a tag."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "alb with asg"
        self.hands = frozenset({"scales", "resets", "deploys"})
        self._names = {color: f"web-{color}" for color in COLORS}

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Instances are of the version that their group launches: for moto they are of the template's default one."""
        launched = property(lambda instance: instance.auto_scaling_group.launch_template)
        with mock.patch.object(InstanceState, "launch_template", launched), BalancerStage.opened(self, heard):
            yield

    def build(self) -> None:
        """A launch template with a version for each release, and the groups."""
        super().build()
        self._api: Any = boto3.client("autoscaling")
        ec2: Any = boto3.client("ec2")
        data = {"ImageId": "ami-0a1b2c3d4e5f60001", "InstanceType": "t3.micro"}
        made = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
        self._template = made["LaunchTemplate"]["LaunchTemplateId"]
        for _ in range(_VERSIONS - 1):
            ec2.create_launch_template_version(LaunchTemplateId=self._template, LaunchTemplateData=data)
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        for color, name in self._names.items():
            self._api.create_auto_scaling_group(
                AutoScalingGroupName=name,
                MinSize=_LEAST,
                MaxSize=_MOST,
                DesiredCapacity=1,
                LaunchTemplate=self._launches(color),
                VPCZoneIdentifier=subnet,
            )

    def _launches(self, color: str) -> dict[str, str]:
        return {"LaunchTemplateId": self._template, "Version": self._version(color)}

    @staticmethod
    def _version(color: str) -> str:
        return str(COLORS.index(color) + 1)

    def put_back(self) -> None:
        """One instance in each group, with a range of its own."""
        self.sizes_put_back()
        self._own_ranges()
        for color, name in self._names.items():
            for action in self._actions(color):
                self._api.delete_scheduled_action(
                    AutoScalingGroupName=name, ScheduledActionName=action["ScheduledActionName"]
                )
            self._update(color, DesiredCapacity=1)
        self.mend()
        super().put_back()

    def _own_ranges(self) -> None:
        """As their owner declares them, who knows no tags of the swap's."""
        for color in COLORS:
            tags = [
                {"ResourceId": self._names[color], "ResourceType": _TAGGED, "Key": key} for key in self._noted(color)
            ]
            if tags:
                self._api.delete_tags(Tags=tags)
            self._update(color, MinSize=_LEAST, MaxSize=_MOST)

    def _update(self, color: str, **changes: Any) -> None:
        self._api.update_auto_scaling_group(AutoScalingGroupName=self._names[color], **changes)

    def _actions(self, color: str) -> list[Any]:
        found = self._api.describe_scheduled_actions(AutoScalingGroupName=self._names[color])
        actions: list[Any] = found["ScheduledUpdateGroupActions"]
        return actions

    def capacity(self) -> dict[str, Any] | None:
        """The ``capacity`` section."""
        return {
            "kind": "asg",
            "groups": dict(self._names),
            "launch_templates": {color: f"{self._template}:{self._version(color)}" for color in COLORS},
            "desired_count": 1,
        }

    # -- looking

    def _group(self, color: str) -> Any:
        backend = get_backend("autoscaling")[DEFAULT_ACCOUNT_ID]["eu-central-1"]
        return backend.autoscaling_groups[self._names[color]]

    def _noted(self, color: str) -> list[str]:
        return [tag["key"] if "key" in tag else tag["Key"] for tag in self._group(color).tags]

    def sized(self) -> frozenset[str]:
        """The colors whose group wants instances."""
        return frozenset(color for color in COLORS if self._group(color).desired_capacity)

    def retiring(self) -> frozenset[str]:
        """The colors with a scheduled action that takes instances."""
        return frozenset(
            color for color in COLORS if any(one.get("DesiredCapacity") == 0 for one in self._actions(color))
        )

    def suspended(self) -> frozenset[str]:
        """The colors whose range is to be given back."""
        return frozenset(color for color in COLORS if RANGE_TAG in self._noted(color))

    def changed(self) -> frozenset[str]:
        """The colors whose group launches another version."""
        return frozenset(
            color for color in COLORS if str(self._group(color).launch_template_version) != self._version(color)
        )

    # -- hands

    def scale(self, color: str, size: int) -> None:
        """Another size, whatever the range was."""
        self._update(color, MinSize=min(size, _LEAST), DesiredCapacity=size)
        self.follow()

    def act(self, hand: str, color: str) -> None:
        """The groups as their owner declares them, without the swap's tags; or another release in a color."""
        if hand == "resets":
            self._own_ranges()
        elif hand == "deploys":
            self._update(color, LaunchTemplate={"LaunchTemplateId": self._template, "Version": str(_VERSIONS)})

    def mend(self) -> None:
        """The stack's own update comes before the swap's: each group has its declared release again."""
        for color in COLORS:
            self._update(color, LaunchTemplate=self._launches(color))


STAGES = {
    "alb with asg": Staged(GroupsStage, Calls(25, 32, 18)),
}
