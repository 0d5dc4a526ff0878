"""The hands of the tests of ECS capacity on services and their autoscaling, by the API."""

from __future__ import annotations

import time

import boto3

from bluegreen.aws.ecs.capacity import EcsCapacity
from bluegreen.rollout.calls import counted
from localcloud import loopback

LIMIT_SECONDS = 180


WITHOUT = ["RegisterScalableTarget", "PutScheduledAction", "DeregisterScalableTarget"]


WITH = ["PutScheduledAction", "DeleteScheduledAction", "UntagResource"]


def until(what, wanted):
    """Poll until it is so; bounded."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while (seen := what()) != wanted:
        assert time.monotonic() < deadline, f"{seen} instead of {wanted}"
        time.sleep(0.2)


class Stubbed:
    """A connection with this client for its service."""

    def __init__(self, client):
        self._client = client

    def client(self, service):
        return self._client if service == self._client.meta.service_model.service_name else boto3.client(service)


class Scaling:
    """Application Auto Scaling's settings for the two services, read and set past the code under test."""

    def __init__(self, services, endpoint):
        self.api = boto3.client("application-autoscaling")
        self.endpoint = endpoint
        self.where = {
            color: {
                "ServiceNamespace": "ecs",
                "ResourceId": f"service/capacity/{name}",
                "ScalableDimension": "ecs:service:DesiredCount",
            }
            for color, name in services.items()
        }

    def register(self, color, low=1, high=4, **more):
        self.api.register_scalable_target(**self.where[color], MinCapacity=low, MaxCapacity=high, **more)

    def policy(self, color):
        tracking = {
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        }
        self.api.put_scaling_policy(
            **self.where[color],
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking,
        )

    def target(self, color):
        where = self.where[color]
        answer = self.api.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[where["ResourceId"]])
        return next(iter(answer["ScalableTargets"]), None)

    def range(self, color):
        target = self.target(color)
        return target and (target["MinCapacity"], target["MaxCapacity"])

    def suspended(self, color):
        state = self.target(color).get("SuspendedState", {})
        return sorted(name.removesuffix("Suspended") for name, value in state.items() if value)

    def tags(self, color):
        return self.api.list_tags_for_resource(ResourceARN=self.target(color)["ScalableTargetARN"])["Tags"]

    def actions(self, color):
        answer = self.api.describe_scheduled_actions(
            ServiceNamespace="ecs", ResourceId=self.where[color]["ResourceId"]
        )["ScheduledActions"]
        return {one["ScheduledActionName"]: one["ScalableTargetAction"] for one in answer}

    def policies(self, color):
        answer = self.api.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=self.where[color]["ResourceId"])
        return [policy["PolicyName"] for policy in answer["ScalingPolicies"]]

    def is_untouched(self, color, limits=(1, 4)):
        assert self.range(color) == limits
        assert self.suspended(color) == []
        assert self.tags(color) == {}
        assert self.actions(color) == {}

    def tick(self):
        """Run what is due: the emulator looks by itself, too, but every 30 seconds only."""
        loopback.post(f"{self.endpoint}/_fakecloud/application-autoscaling/scheduled-tick")


def another(capacity, **changes):
    """The capacity of the next `pulumi up`: the same inputs, and no memory."""
    fields = {"cluster": "capacity", "services": dict(capacity.services), "desired_count": 2, **changes}
    return EcsCapacity(task_definitions=capacity.task_definitions, **fields)


def calls_of(operation):
    calls = []
    with counted(calls.append):
        operation()
    return [call.partition(":")[2] for call in calls]


def retired_by_itself(capacity, scaling, color, size):
    def desired():
        scaling.tick()
        return capacity.read()[color].desired

    until(desired, size)
