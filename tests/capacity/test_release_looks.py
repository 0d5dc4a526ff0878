"""One call shows which release a color runs, whatever its size: the same while it scales, not after a change."""

from __future__ import annotations

import boto3
import pytest

from bluegreen.aws.asg.capacity import AsgCapacity
from bluegreen.kubernetes.client import Resource
from bluegreen.kubernetes.workloads.capacity import KubernetesCapacity
from bluegreen.kubernetes.workloads.live_workload import release_of
from bluegreen.rollout.calls import counted
from tests.capacity.test_asg_overrides import ARM, OWN, group
from tests.capacity.test_kubernetes_generated_capacity import PLURALS, Scaling, workload
from tests.capacity.test_retirements_by_name import AWS, account, groups, of_ecs, services

__all__ = ["account"]


class Ecs:
    def __init__(self):
        services()
        self.capacity, self.api = of_ecs(), boto3.client("ecs")
        first = self.api.describe_task_definition(taskDefinition="td:1")["taskDefinition"]["taskDefinitionArn"]
        self.capacity.task_definitions = dict.fromkeys(("blue", "green"), first)

    def scale(self, size):
        self.api.update_service(cluster="c", service="web-green", desiredCount=size)

    def deploy(self):
        one = {"name": "a", "image": "y", "memory": 10}
        self.api.register_task_definition(family="td", containerDefinitions=[one])
        self.api.update_service(cluster="c", service="web-green", taskDefinition="td:2")


class Asg:
    def __init__(self):
        self.template = groups()["green"].partition(":")[0]
        names = {"blue": "g-blue", "green": "g-green"}
        self.capacity = AsgCapacity(names, dict.fromkeys(names, f"{self.template}:1"), 3, aws=AWS)
        self.api = boto3.client("autoscaling")

    def scale(self, size):
        self.api.update_auto_scaling_group(AutoScalingGroupName="g-green", MinSize=0, DesiredCapacity=size)

    def deploy(self):
        launch = {"LaunchTemplateId": self.template, "Version": "2"}
        data = {"ImageId": "ami-12345679", "InstanceType": "t3.micro"}
        boto3.client("ec2").create_launch_template_version(LaunchTemplateId=self.template, LaunchTemplateData=data)
        self.api.update_auto_scaling_group(AutoScalingGroupName="g-green", LaunchTemplate=launch)


class Workloads:
    def __init__(self, kind):
        self.server, self.kind = Scaling(), kind
        for color in ("blue", "green"):
            self._declare(color, "app:v1")
        self.capacity = KubernetesCapacity(
            namespace="shop",
            workload_kind=kind,
            workloads={color: f"web-{color}" for color in ("blue", "green")},
            clusters=dict.fromkeys(("blue", "green"), self.server.cluster),
        )

    def _declare(self, color, image):
        labels = {"app": "web"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}}
        spec = {"selector": {"matchLabels": labels}, "template": template, "replicas": 3}
        self.server.declare(workload(self.kind, color), {"spec": spec}, "helm")

    def scale(self, size):
        where = Resource("apps/v1", self.kind, PLURALS[self.kind], "shop", "web-green", "scale")
        self.server.cluster.merge(where, {"spec": {"replicas": size}})

    def deploy(self):
        self._declare("green", "app:v2")


WORLDS = {"ecs": Ecs, "asg": Asg, **{kind: (lambda kind=kind: Workloads(kind)) for kind in PLURALS}}


@pytest.fixture(params=WORLDS)
def there(request, account):
    return WORLDS[request.param]()


def test_a_color_that_scales_runs_the_same_release_and_one_call_tells(there):
    ran, calls = there.capacity.release("green"), []
    assert ran == there.capacity.ready("green").release, "ready or not"
    for size in (5, 1, 0):
        there.scale(size)
        with counted(calls.append):
            assert there.capacity.release("green") == ran
    assert len(calls) == 3


def test_what_was_read_before_does_not_tell_what_runs_now(there):
    ran = there.capacity.release("green")
    there.capacity.read()
    there.deploy()
    assert there.capacity.release("green") != ran
    assert there.capacity.release("blue") == ran


@pytest.mark.parametrize("made", [Ecs, Asg])
def test_another_release_than_the_declared_one_is_no_verdict_on_that(account, made):
    there = made()
    assert not there.capacity.ready("green").undelivered
    there.deploy()
    assert there.capacity.ready("green").undelivered
    assert not there.capacity.ready("blue").undelivered


def test_another_override_or_instances_of_another_version_are_another_release():
    def overriding(one):
        return [{"InstanceType": "t4g.small", "LaunchTemplateSpecification": one}]

    ran = group(OWN, ARM, overrides=overriding(ARM)).release
    assert ran == group(OWN, OWN, overrides=overriding(ARM)).release, "one more instance of it"
    assert ran != group(OWN, ARM, overrides=overriding({**ARM, "Version": "3"})).release
    assert ran != group(OWN, {**OWN, "Version": "3"}, overrides=overriding(ARM)).release


def test_any_change_of_a_pod_template_is_another_release():
    def workload_with(**pod):
        container = {"name": "app", "image": "app:v1", **pod}
        return {"spec": {"replicas": 3, "template": {"spec": {"containers": [container]}}}}

    ran = release_of(workload_with())
    assert ran.startswith("app:v1 (")
    assert ran == release_of({**workload_with(), "status": {"replicas": 1}})
    changes = [{"image": "app:v2"}, {"args": ["--fast"]}, {"env": [{"name": "TOKEN", "value": "s3cret"}]}]
    found = [release_of(workload_with(**change)) for change in changes]
    assert len({ran, *found}) == 4
    assert not any("s3cret" in text for text in found)
