"""A mixed-instances policy may launch some instance types from templates of their own: they are no former release."""

from __future__ import annotations

import pytest

from bluegreen.aws.asg.live_groups import _group

OWN, ARM = {"LaunchTemplateId": "lt-0a", "Version": "4"}, {"LaunchTemplateId": "lt-0b", "Version": "2"}


def group(*launched, overrides):
    there = [{"LifecycleState": "InService", "HealthStatus": "Healthy", "LaunchTemplate": one} for one in launched]
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": OWN, "Overrides": overrides}}
    sizes = {"MinSize": 0, "MaxSize": 4, "DesiredCapacity": len(launched)}
    return _group({"AutoScalingGroupName": "g", **sizes, "Instances": there, "MixedInstancesPolicy": policy})


@pytest.mark.parametrize("version", ["2", "$Latest", "$Default", None])
def test_an_instance_of_an_overrides_template_is_of_the_release_that_the_policy_has(version):
    override = {"LaunchTemplateId": "lt-0b", **({} if version is None else {"Version": version})}
    overrides = [{"InstanceType": "t4g.small", "LaunchTemplateSpecification": override}, {"InstanceType": "t3.small"}]
    assert group(OWN, ARM, overrides=overrides).former("lt-0a:4") == 0


def test_another_version_or_template_is_a_former_one():
    overrides = [{"InstanceType": "t4g.small", "LaunchTemplateSpecification": ARM}]
    former = ({**OWN, "Version": "3"}, {**ARM, "Version": "1"}, {"LaunchTemplateId": "lt-0c", "Version": "2"})
    assert group(OWN, ARM, *former, overrides=overrides).former("lt-0a:4") == 3


def test_before_the_policy_has_the_release_its_overrides_are_former_ones_too():
    overrides = [{"InstanceType": "t4g.small", "LaunchTemplateSpecification": ARM}]
    assert group(OWN, ARM, overrides=overrides).former("lt-0a:5") == 2
