"""A retirement is cancelled by its name: also where somebody has reset what the swap has noted, and looks for first."""

from __future__ import annotations

from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from bluegreen.aws.asg.capacity import AsgCapacity
from bluegreen.aws.asg.live_groups import Group, GroupApi, Instance
from bluegreen.aws.client import AwsConnection
from bluegreen.aws.ecs.capacity import EcsCapacity
from bluegreen.aws.ecs.scalable import ScalableTargetApi
from bluegreen.aws.ranges import Range
from bluegreen.kubernetes.workloads.cron_job import DUE, Retirement, Retirements, due_after
from bluegreen.kubernetes.workloads.retire import RetireSettings
from bluegreen.rollout.calls import counted
from bluegreen.rollout.errors import NotOwned
from bluegreen.rollout.model import Readiness
from bluegreen.swap.resting import is_warm

# Of no other test's: clients are kept by their connection.
REGION = "eu-south-2"
AWS = AwsConnection(region=REGION)
OWN = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/c/web-blue",
    "ScalableDimension": "ecs:service:DesiredCount",
}
AWAKE = dict.fromkeys(("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False)


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    tags = {}  # moto knows no tags of scalable targets
    monkeypatch.setattr(ScalableTargetApi, "tags", lambda _, target: dict(tags.get(target.arn, {})))
    monkeypatch.setattr(ScalableTargetApi, "tag", lambda _, target, new: tags.setdefault(target.arn, {}).update(new))
    monkeypatch.setattr(
        ScalableTargetApi, "untag", lambda _, target, keys: [tags.get(target.arn, {}).pop(key, None) for key in keys]
    )
    with mock_aws():
        yield tags


def services():
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(family="td", containerDefinitions=[{"name": "a", "image": "x", "memory": 10}])
    for name in ("web-blue", "web-green"):
        ecs.create_service(cluster="c", serviceName=name, taskDefinition="td", desiredCount=3)
    boto3.client("application-autoscaling").register_scalable_target(**OWN, MinCapacity=2, MaxCapacity=10)


def of_ecs(**more):
    definitions = {"blue": "td:1", "green": "td:1"}
    return EcsCapacity("c", {"blue": "web-blue", "green": "web-green"}, definitions, 3, aws=AWS, **more)


def ecs_actions():
    found = boto3.client("application-autoscaling").describe_scheduled_actions(ServiceNamespace="ecs")
    return [one["ScheduledActionName"] for one in found["ScheduledActions"]]


def reset_ecs(tags):
    """As the stack that owns the target does, which knows neither the tags nor the suspension."""
    aas = boto3.client("application-autoscaling")
    aas.register_scalable_target(**OWN, MinCapacity=2, MaxCapacity=10, SuspendedState=AWAKE)
    tags.clear()


ENDS = {
    "a rollback": lambda capacity: (capacity.cancel_retirement("blue"), capacity.resume_scaling(["blue"])),
    "its end alone": lambda capacity: capacity.resume_scaling(["blue"]),
    "a slow rollback": lambda capacity: capacity.prepare("blue", 3),
    "a destroy": lambda capacity: capacity.delete(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("declared", [None, Range(2, 10)])
def test_of_ecs_it_goes_whoever_has_reset_the_target(account, end, declared):
    services()
    of_ecs(autoscaling=declared).retire("blue", 0, 600)
    assert ecs_actions() == ["bluegreen-retire"]
    reset_ecs(account)
    end(of_ecs(autoscaling=declared))
    assert ecs_actions() == []


def test_of_ecs_a_range_that_nobody_can_give_back_any_more_lets_the_color_run(account):
    """The action has fired, and the tag with the former range is gone."""
    services()
    of_ecs().retire("blue", 0, 600)
    boto3.client("application-autoscaling").register_scalable_target(**OWN, MinCapacity=0, MaxCapacity=0)
    account.clear()
    of_ecs().prepare("blue", 3)
    found = boto3.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    assert [one["MaxCapacity"] for one in found["ScalableTargets"]] == [3]


def test_of_ecs_it_is_asked_for_once_in_an_update(account):
    services()
    capacity, calls = of_ecs(), []
    with counted(calls.append):
        capacity.cancel_retirement("blue")
        capacity.prepare("blue", 3)
        capacity.resume_scaling(["blue"])
    assert calls.count("application-autoscaling:DeleteScheduledAction") == 1
    with counted(calls.append):
        capacity.retire("blue", 0, 600)
        capacity.resume_scaling(["blue"])
    assert ecs_actions() == [], "one that was handed over since is cancelled again"


def groups():
    ec2, asg = boto3.client("ec2"), boto3.client("autoscaling")
    data = {"ImageId": "ami-12345678", "InstanceType": "t3.micro"}
    made = ec2.create_launch_template(LaunchTemplateName="lt", LaunchTemplateData=data)["LaunchTemplate"]
    template = made["LaunchTemplateId"]
    for name in ("g-blue", "g-green"):
        asg.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
            MinSize=1,
            MaxSize=10,
            DesiredCapacity=3,
            AvailabilityZones=[f"{REGION}a"],
        )
    return dict.fromkeys(("blue", "green"), f"{template}:1")


def asg_actions():
    found = boto3.client("autoscaling").describe_scheduled_actions(AutoScalingGroupName="g-blue")
    return [one["ScheduledActionName"] for one in found["ScheduledUpdateGroupActions"]]


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("declared", [None, Range(1, 10)])
def test_of_a_group_it_goes_whoever_has_taken_its_tags(end, declared):
    templates, asg = groups(), boto3.client("autoscaling")

    def capacity():
        return AsgCapacity({"blue": "g-blue", "green": "g-green"}, templates, 3, aws=AWS, autoscaling=declared)

    capacity().retire("blue", 0, 600)
    assert asg_actions() == ["bluegreen-retire"]
    tags = asg.describe_auto_scaling_groups(AutoScalingGroupNames=["g-blue"])["AutoScalingGroups"][0]["Tags"]
    asg.delete_tags(Tags=[{key: tag[key] for key in ("ResourceId", "ResourceType", "Key")} for tag in tags])
    end(capacity())
    assert asg_actions() == []


class Cluster:
    """One CronJob, as a cluster keeps it."""

    def __init__(self):
        self.kept = None

    def get(self, _):
        return self.kept

    def apply(self, _, manifest, **__):
        self.kept = {**manifest, "status": {}}
        return self.kept

    def delete(self, _, **__):
        self.kept = None

    def command(self):
        return "kubectl"


def retirements():
    cluster = Cluster()
    names = {"blue": "web-blue", "green": "web-green"}
    clusters = {"blue": cluster, "green": cluster}
    return cluster, Retirements("default", "Deployment", names, {}, clusters, RetireSettings("scaler"))


def lose_all_metadata(found):
    del found["metadata"]["annotations"], found["metadata"]["labels"]


@pytest.mark.parametrize("lose", [lambda found: found["metadata"].pop("annotations"), lose_all_metadata])
def test_of_a_workload_it_goes_whoever_has_taken_its_annotations(lose):
    from datetime import datetime, timezone

    cluster, retiring = retirements()
    retiring.schedule("blue", Retirement(0, None, due_after(600, datetime.now(timezone.utc))))
    assert DUE in cluster.kept["metadata"]["annotations"]
    lose(cluster.kept)
    retiring.cancel("blue")
    assert cluster.kept is None


def test_somebody_elses_cron_job_of_that_name_is_left_alone():
    cluster, retiring = retirements()
    cluster.kept = {"metadata": {"name": "theirs"}, "spec": {"jobTemplate": {"metadata": {"labels": {"app": "x"}}}}}
    with pytest.raises(NotOwned, match="rename it"):
        retiring.cancel("blue")
    assert cluster.kept is not None


class Healthy:
    """A router whose targets are all well."""

    def health(self, _):
        return Readiness(True, 3, 3)


def group(name, desired):
    there = tuple(Instance("InService", True, "lt-0abc:1") for _ in range(3))
    return Group(name, Range(desired, 10), desired, "lt-0abc:1", there, {}, frozenset(), False)


def test_a_group_that_was_just_told_to_shrink_is_not_warm(monkeypatch):
    world = {"blue": group("blue", 1), "green": group("green", 3)}
    monkeypatch.setattr(GroupApi, "find", lambda _, *colors: {color: world[color] for color in colors})
    capacity = AsgCapacity({"blue": "blue", "green": "green"}, dict.fromkeys(world, "lt-0abc:1"), 3)
    assert capacity.ready("blue").ready, "each of its instances still is in service"
    assert not is_warm(Healthy(), capacity, "blue")
    world["blue"] = replace(world["blue"], desired=3)
    assert is_warm(Healthy(), capacity, "blue")
