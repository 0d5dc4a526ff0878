"""Application Auto Scaling's calls for ECS services, with their answers as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.aws.client import AwsConnection, called, error_code
from bluegreen.aws.ranges import Range
from bluegreen.permissions import Permission
from bluegreen.rollout.calls import pause
from bluegreen.rollout.model import Color

_NAMESPACE, _DIMENSION = "ecs", "ecs:service:DesiredCount"
_SCALE_IN = "DynamicScalingInSuspended"
_SCHEDULED = "ScheduledScalingSuspended"
_SUSPENSIONS = (_SCALE_IN, "DynamicScalingOutSuspended", _SCHEDULED)
_MISSING = "ObjectNotFoundException"
# A target that was just made may not be there for the next call yet: "there might be a brief delay".
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
_SEEN_AFTER_SECONDS = (0.2, 0.4, 0.8, 1.6)
_LINKED_ROLE = "arn:aws:iam::*:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/*"


@dataclass(frozen=True, slots=True)
class Target:
    """A scalable target as it is.

    Attributes:
        arn: for its tags.
        range: its minimum and maximum.
        suspended: what is suspended, each by its name in the API.
    """

    arn: str
    range: Range
    suspended: Mapping[str, bool]

    @property
    def held(self) -> bool:
        """Whether policies take no tasks away."""
        return self.suspended[_SCALE_IN]

    @property
    def runs_actions(self) -> bool:
        """Whether its scheduled actions act."""
        return not self.suspended[_SCHEDULED]

    def with_changes(self, limits: Range | None, held: bool | None) -> Target:
        """The target after a ``register`` with these changes; ``None`` changes nothing."""
        suspended = self.suspended if held is None else {**self.suspended, _SCALE_IN: held}
        return replace(self, range=limits or self.range, suspended=suspended)


@dataclass(frozen=True, slots=True)
class ScalableTargetApi:
    """The calls, by color.

    Attributes:
        resources: what each color's target scales: ``service/CLUSTER/SERVICE``.
        aws: where to call, with which credentials.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("application-autoscaling:DescribeScalableTargets", "every swap"),
        Permission("application-autoscaling:ListTagsForResource", "swaps with autoscaling, rollbacks"),
        Permission("application-autoscaling:RegisterScalableTarget", "handing over a retirement, suspending scale-in"),
        Permission("application-autoscaling:TagResource", "the same: what is to be undone is noted on the target"),
        Permission("application-autoscaling:UntagResource", "the same, once it is undone"),
        Permission("application-autoscaling:PutScheduledAction", "handing over a retirement"),
        Permission("application-autoscaling:DeleteScheduledAction", "cancelling a retirement, with autoscaling"),
        Permission(
            "application-autoscaling:DescribeScheduledActions", "previews: actions of others on a color that is to rest"
        ),
        Permission("application-autoscaling:DeregisterScalableTarget", "cancelling a retirement, without autoscaling"),
        Permission(
            "iam:CreateServiceLinkedRole", "the first use of Application Auto Scaling in an account", _LINKED_ROLE
        ),
    )

    resources: Mapping[Color, str]
    aws: AwsConnection

    @property
    def _client(self) -> Any:
        return self.aws.client("application-autoscaling")

    def _where(self, color: Color) -> dict[str, str]:
        return {
            "ServiceNamespace": _NAMESPACE,
            "ResourceId": self.resources[color],
            "ScalableDimension": _DIMENSION,
        }

    def find(self, *colors: Color) -> dict[Color, Target]:
        """The targets that there are: one call for all."""
        with called("application-autoscaling:DescribeScalableTargets"):
            answer = self._client.describe_scalable_targets(
                ServiceNamespace=_NAMESPACE,
                ResourceIds=[self.resources[color] for color in colors],
                ScalableDimension=_DIMENSION,
            )
        targets = {one["ResourceId"]: one for one in answer["ScalableTargets"]}
        return {color: _target(targets[self.resources[color]]) for color in colors if self.resources[color] in targets}

    def register(
        self,
        color: Color,
        target: Target | None,
        *,
        limits: Range | None = None,
        held: bool | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Make a target, or change those settings of an existing one that are given.

        AWS brings the service's count into the range at once.
        """
        changes: dict[str, Any] = {}
        if limits is not None:
            changes |= {"MinCapacity": limits.low, "MaxCapacity": limits.high}
        if held is not None:
            # All three together: the two that are not the swap's stay what they are.
            others = target.suspended if target is not None else dict.fromkeys(_SUSPENSIONS, False)
            changes["SuspendedState"] = {**others, _SCALE_IN: held}
        if tags:
            changes["Tags"] = dict(tags)
        with called("application-autoscaling:RegisterScalableTarget"):
            self._client.register_scalable_target(**self._where(color), **changes)

    def deregister(self, color: Color) -> None:
        """Remove a target, and its scheduled actions with it. None there is fine."""
        with called("application-autoscaling:DeregisterScalableTarget"), _missing_is_fine():
            self._client.deregister_scalable_target(**self._where(color))

    def put(self, color: Color, name: str, due: datetime, **sizes: int) -> None:
        """Set a one-time scheduled action (``MinCapacity``, ``MaxCapacity``) on a target that may be new."""
        wanted = {
            **self._where(color),
            "ScheduledActionName": name,
            "Schedule": f"at({due:%Y-%m-%dT%H:%M:%S})",
            "ScalableTargetAction": sizes,
        }
        with called("application-autoscaling:PutScheduledAction"):
            for pause_seconds in _SEEN_AFTER_SECONDS:
                with _missing_is_fine():
                    self._client.put_scheduled_action(**wanted)
                    return
                pause(pause_seconds)
            self._client.put_scheduled_action(**wanted)

    def unschedule(self, color: Color, name: str) -> None:
        """Remove a scheduled action. None there is fine."""
        with called("application-autoscaling:DeleteScheduledAction"), _missing_is_fine():
            self._client.delete_scheduled_action(**self._where(color), ScheduledActionName=name)

    def scheduled(self, color: Color) -> list[Mapping[str, Any]]:
        """Every scheduled action of a target: one call for 50 of them."""
        with called("application-autoscaling:DescribeScheduledActions"):
            pages = self._client.get_paginator("describe_scheduled_actions").paginate(**self._where(color))
            return [action for page in pages for action in page["ScheduledActions"]]

    def tags(self, target: Target) -> Mapping[str, str]:
        """A target's tags."""
        with called("application-autoscaling:ListTagsForResource"):
            tags: Mapping[str, str] = self._client.list_tags_for_resource(ResourceARN=target.arn)["Tags"]
        return tags

    def tag(self, target: Target, tags: Mapping[str, str]) -> None:
        """Set tags."""
        with called("application-autoscaling:TagResource"):
            self._client.tag_resource(ResourceARN=target.arn, Tags=dict(tags))

    def untag(self, target: Target, keys: Sequence[str]) -> None:
        """Remove tags. None there is fine."""
        with called("application-autoscaling:UntagResource"):
            self._client.untag_resource(ResourceARN=target.arn, TagKeys=list(keys))


def _target(described: Mapping[str, Any]) -> Target:
    state = described.get("SuspendedState") or {}
    return Target(
        arn=described["ScalableTargetARN"],
        range=Range(described["MinCapacity"], described["MaxCapacity"]),
        suspended={name: bool(state.get(name)) for name in _SUSPENSIONS},
    )


@contextmanager
def _missing_is_fine() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error_code(error) != _MISSING:
            raise
