"""Another release in a live Auto Scaling group is stopped before Pulumi brings it in place."""

from __future__ import annotations

import asyncio

import boto3
import pytest
from pulumi import ResourceHookArgs

from bluegreen.aws.asg import in_place as launching_in_place
from bluegreen.component import guarding
from bluegreen.memory.router import WORLDS, world
from bluegreen.rollout.model import Weights

ROUTER = {"kind": "memory", "name": "launching"}


@pytest.fixture
def here():
    yield world("launching")
    WORLDS.pop("launching")


@pytest.fixture
def template(aws_env):
    """A launch template with three versions: another image in the second, another key alone in the third."""
    ec2 = boto3.client("ec2")
    data = {"ImageId": "ami-1", "InstanceType": "t3.micro", "KeyName": "a"}
    made = ec2.create_launch_template(LaunchTemplateName="web-blue", LaunchTemplateData=data)["LaunchTemplate"]
    id_ = made["LaunchTemplateId"]
    for change in ({"ImageId": "ami-2"}, {"KeyName": "b"}):
        ec2.create_launch_template_version(LaunchTemplateId=id_, LaunchTemplateData={**data, **change})
    yield id_
    ec2.delete_launch_template(LaunchTemplateId=id_)


@pytest.fixture
def hook(monkeypatch):
    """The hook of blue's group, as the engine calls it."""
    made = []
    monkeypatch.setattr(guarding, "is_called", lambda: True)
    monkeypatch.setattr(guarding, "binding", lambda _what, before_update: made.append(before_update))
    launching_in_place.guard("web-blue", "blue", ROUTER, {})

    async def calling(old, new):
        sides = ({"launchTemplate": {"id": one[0], "version": one[1]}, "maxSize": 3} for one in (old, new))
        given = dict(zip(("old_inputs", "new_inputs"), sides, strict=True), new_outputs=None, old_outputs=None)
        await made[0](ResourceHookArgs("urn", "id", "web-blue", "Group", **given))

    return lambda old, new: asyncio.run(calling(old, new))


def test_a_group_with_traffic_keeps_its_release_and_one_without_gets_any(here, hook, template):
    here.weights = Weights.split("blue", 10)
    with pytest.raises(RuntimeError) as refused:
        hook((template, "1"), (template, "2"))
    said = str(refused.value)
    assert said.startswith("web-blue was not updated: blue has 10 % of production traffic")
    assert "(ImageId of its launch template ami-1 -> ami-2)" in said
    assert "Deploy it to green" in said
    here.weights = Weights.all_on("green")
    hook((template, "1"), (template, "2"))


def test_what_both_colors_share_is_no_release(here, hook, template):
    here.weights = Weights.all_on("blue")
    hook((template, "1"), (template, "3"))
    hook((template, "1"), (template, "1"))


def test_another_template_is_compared_by_what_it_says(here, hook, template):
    here.weights = Weights.all_on("blue")
    data = {"ImageId": "ami-1", "InstanceType": "t3.micro", "UserData": "aHVudGVyMg=="}
    ec2 = boto3.client("ec2")
    made = ec2.create_launch_template(LaunchTemplateName="theirs", LaunchTemplateData=data)["LaunchTemplate"]
    try:
        with pytest.raises(RuntimeError, match="UserData of its launch template") as refused:
            hook((template, "1"), (made["LaunchTemplateId"], "1"))
        assert "aHVudGVyMg" not in str(refused.value)
    finally:
        ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])


def test_where_nobody_can_see_it_the_update_goes_on_and_says_so(here, hook, template, monkeypatch):
    said = []
    monkeypatch.setattr(guarding.pulumi.log, "warn", said.append)
    here.weights = Weights.all_on("blue")
    hook((template, "1"), ("lt-0123456789abcdef0", "1"))
    assert "it could not be checked whether blue is live and gets another release in place" in said[0]
