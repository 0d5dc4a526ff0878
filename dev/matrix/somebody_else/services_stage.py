"""ECS services behind a rule, and the scalable targets of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

import boto3
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from bluegreen.aws.ecs.scalable import ScalableTargetApi, Target
from bluegreen.rollout.calls import before_write
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.balancer_stage import BalancerStage
from dev.matrix.somebody_else.stage import Calls, Heard, Staged

_CLUSTER = "shop"
_DIMENSION = "ecs:service:DesiredCount"
_LEAST, _MOST = 1, 4
_SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


class ServicesStage(BalancerStage):
    """The capacity is what is looked at: ``alb`` before ``ecs``."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "alb with ecs"
        self.hands = frozenset({"scales", "resets", "deploys"})
        self._noted: dict[str, dict[str, str]] = {}

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """With the tags of scalable targets, which moto does not have."""
        register = ScalableTargetApi.register

        def told(call: str) -> None:
            heard().called(f"application-autoscaling:{call}", writes=not call.startswith("List"), looks=False)

        def tag(_: ScalableTargetApi, target: Target, tags: Mapping[str, str]) -> None:
            before_write()  # as the client does
            self._noted.setdefault(target.arn, {}).update(tags)
            told("TagResource")

        def tags(_: ScalableTargetApi, target: Target) -> Mapping[str, str]:
            told("ListTagsForResource")
            return dict(self._noted.get(target.arn, {}))

        def untag(_: ScalableTargetApi, target: Target, keys: Sequence[str]) -> None:
            before_write()
            for key in keys:
                self._noted.get(target.arn, {}).pop(key, None)
            told("UntagResource")

        def registered(api: ScalableTargetApi, color: Any, target: Target | None, **changes: Any) -> None:
            register(api, color, target, **changes)
            if changes.get("tags"):
                self._noted.setdefault(api.find(color)[color].arn, {}).update(changes["tags"])

        deregister = ScalableTargetApi.deregister

        def deregistered(api: ScalableTargetApi, color: Any) -> None:
            deregister(api, color)
            self._forget_actions(color)

        with (
            mock.patch.object(ScalableTargetApi, "deregister", deregistered),
            mock.patch.multiple(ScalableTargetApi, tag=tag, tags=tags, untag=untag, register=registered),
            BalancerStage.opened(self, heard),
        ):
            yield

    def build(self) -> None:
        """A cluster with a task definition for each release."""
        super().build()
        self._ecs: Any = boto3.client("ecs")
        self._scaling: Any = boto3.client("application-autoscaling")
        self._ecs.create_cluster(clusterName=_CLUSTER)
        container: Any = [{"name": "app", "image": "app", "memory": 10}]
        self._definitions = [
            self._ecs.register_task_definition(family="app", containerDefinitions=container)["taskDefinition"][
                "taskDefinitionArn"
            ]
            for _ in range(3)
        ]

    def put_back(self) -> None:
        """A service of one task for each color, with a range of its own."""
        self.sizes_put_back()
        self._noted.clear()
        there = self._ecs.list_services(cluster=_CLUSTER)["serviceArns"]
        for color, definition in zip(COLORS, self._definitions, strict=False):
            if there:
                self._forget_actions(color)
                with self._none():
                    self._scaling.deregister_scalable_target(**self._target(color))
                self._ecs.delete_service(cluster=_CLUSTER, service=f"web-{color}", force=True)
            self._ecs.create_service(
                cluster=_CLUSTER, serviceName=f"web-{color}", taskDefinition=definition, desiredCount=1
            )
            self._scaling.register_scalable_target(**self._target(color), MinCapacity=_LEAST, MaxCapacity=_MOST)
        super().put_back()

    def _forget_actions(self, color: str) -> None:
        """With a target its scheduled actions are gone; moto keeps them."""
        for one in self._actions():
            if one["ResourceId"] == self._target(color)["ResourceId"]:
                name = one["ScheduledActionName"]
                self._scaling.delete_scheduled_action(**self._target(color), ScheduledActionName=name)

    def _actions(self) -> list[Any]:
        found: list[Any] = self._scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
        return found

    @contextmanager
    def _none(self) -> Iterator[None]:
        """It may be gone."""
        with suppress(self._scaling.exceptions.ClientError):
            yield

    @staticmethod
    def _target(color: str) -> dict[str, str]:
        return {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{_CLUSTER}/web-{color}",
            "ScalableDimension": _DIMENSION,
        }

    def capacity(self) -> dict[str, Any] | None:
        """The ``capacity`` section."""
        return {
            "kind": "ecs",
            "cluster": _CLUSTER,
            "services": {color: f"web-{color}" for color in COLORS},
            "task_definitions": dict(zip(COLORS, self._definitions, strict=False)),
            "desired_count": 1,
        }

    # -- looking

    @property
    def _services(self) -> dict[str, Any]:
        backend = get_backend("ecs")[DEFAULT_ACCOUNT_ID]["eu-central-1"]
        return {service.name.removeprefix("web-"): service for service in backend.services.values()}

    def sized(self) -> frozenset[str]:
        """The colors whose service wants tasks, of the release that the swap knows."""
        return frozenset(color for color, service in self._services.items() if service.desired_count)

    def retiring(self) -> frozenset[str]:
        """The colors with a scheduled action that takes tasks."""
        ends = {one["ResourceId"] for one in self._actions() if one["ScalableTargetAction"].get("MaxCapacity") == 0}
        return frozenset(color for color in COLORS if f"service/{_CLUSTER}/web-{color}" in ends)

    def suspended(self) -> frozenset[str]:
        """The colors whose target is suspended."""
        found = self._scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        ends = {one["ResourceId"] for one in found if any((one.get("SuspendedState") or {}).values())}
        return frozenset(color for color in COLORS if f"service/{_CLUSTER}/web-{color}" in ends)

    def changed(self) -> frozenset[str]:
        """The colors whose service has another task definition."""
        declared = dict(zip(COLORS, self._definitions, strict=False))
        return frozenset(color for color, service in self._services.items() if self._runs(service) != declared[color])

    @staticmethod
    def _runs(service: Any) -> str:
        return str(service.task_definition)

    def follow(self) -> None:
        """Tasks start and stop at once."""
        for service in self._services.values():
            service.running_count, service.pending_count = service.desired_count, 0
        super().follow()

    # -- hands

    def scale(self, color: str, size: int) -> None:
        """Another count."""
        self._ecs.update_service(cluster=_CLUSTER, service=f"web-{color}", desiredCount=size)
        self.follow()

    def act(self, hand: str, color: str) -> None:
        """The targets as their owner declares them, without the swap's tags; or another release in a color."""
        if hand == "resets":
            for one in COLORS:
                nothing = dict.fromkeys(_SUSPENSIONS, False)
                self._scaling.register_scalable_target(
                    **self._target(one), MinCapacity=_LEAST, MaxCapacity=_MOST, SuspendedState=nothing
                )
            self._noted.clear()
        elif hand == "deploys":
            self._ecs.update_service(cluster=_CLUSTER, service=f"web-{color}", taskDefinition=self._definitions[2])

    def mend(self) -> None:
        """The stack's own update comes before the swap's: each service has its declared release again."""
        for color, definition in zip(COLORS, self._definitions, strict=False):
            self._ecs.update_service(cluster=_CLUSTER, service=f"web-{color}", taskDefinition=definition)


STAGES = {
    "alb with ecs": Staged(ServicesStage, Calls(33, 38, 21)),
}
