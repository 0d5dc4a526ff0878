"""Amazon ECS services: one a color, scaled by ``desiredCount``; the old one retires by a scheduled action.

A retirement is handed to Application Auto Scaling, so that nothing waits for it and a rollback finds the color warm.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from bluegreen.aws.client import AwsConnection, called
from bluegreen.aws.connection_option import aws_option
from bluegreen.aws.ecs.live_autoscaling import EcsAutoscaling
from bluegreen.aws.ecs.scalable import ScalableTargetApi
from bluegreen.aws.ecs.sight import Targets
from bluegreen.aws.others_actions import warnings_of
from bluegreen.aws.ranges import Range
from bluegreen.options.declared import Options, option
from bluegreen.options.kinds import Both, Nested, Number, Text, Texts
from bluegreen.permissions import Permission
from bluegreen.platforms.just_read import JustRead
from bluegreen.platforms.places import Same, arn_or_name, by_color
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Readiness, Size

_SERVICES = "arn:aws:ecs:*:*:service/*"
_TROUBLE = re.compile(r"unable|fail|unhealthy|error|could not", re.IGNORECASE)


@dataclass(slots=True)
class EcsCapacity(Options):
    """The two services of one cluster."""

    where: ClassVar[frozenset[str]] = frozenset({"kind", "cluster", "services"})
    same_place: ClassVar[Mapping[str, Same]] = {"cluster": arn_or_name, "services": by_color(arn_or_name)}
    release_keys: ClassVar[frozenset[str]] = frozenset({"task_definitions"})
    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("ecs:DescribeServices", "previews of a rollback, updates", _SERVICES),
        Permission("ecs:ListTasks", "to find out why tasks do not run, and whether former ones still do"),
        Permission("ecs:DescribeTasks", "the same"),
        Permission("ecs:DescribeTaskDefinition", "an update of a live color's service: whether its release changes"),
        Permission("ecs:UpdateService", "scaling", _SERVICES),
        *ScalableTargetApi.permissions,
    )

    cluster: str = option("the cluster's ARN or name", Text())
    services: Mapping[Color, str] = option("a service's ARN or name for each color", Both(Text()))
    task_definitions: Mapping[Color, str] = option("the task definition ARN that each color runs", Both(Text()))
    desired_count: int = option(
        "tasks that a color starts with when none run anywhere", Number(1, whole=True), default=1
    )
    aws: AwsConnection = aws_option()
    autoscaling: Range | None = option(
        "the range that autoscaling has on the live color",
        Nested(Range),
        default=None,
        absent="whatever its target says",
    )
    scheduled_actions: tuple[str, ...] = option(
        "the stack's own scheduled actions: a color takes over the range that they have given to the live one",
        Texts(),
        default=(),
    )
    # Within one update: the colors whose retirement is cancelled.
    _cancelled: set[Color] = field(init=False, default_factory=set, repr=False, compare=False)
    _suspended: set[Color] = field(init=False, default_factory=set, repr=False, compare=False)
    _targets: Targets = field(init=False, default_factory=Targets, repr=False, compare=False)
    _read: JustRead[Mapping[str, Any]] = field(init=False, default_factory=JustRead, repr=False, compare=False)
    _sizes: JustRead[Mapping[str, Any]] = field(init=False, default_factory=JustRead, repr=False, compare=False)

    @property
    def declared_size(self) -> int:
        """The declared ``desired_count``."""
        return self.desired_count

    # -- ECS

    def _describe(self, *colors: Color) -> dict[Color, Mapping[str, Any]]:
        with called("ecs:DescribeServices"):
            answer = self.aws.client("ecs").describe_services(
                cluster=self.cluster, services=[self.services[color] for color in colors]
            )["services"]
        by_name = {service["serviceName"]: service for service in answer if service["status"] == "ACTIVE"}
        missing = [self.services[color] for color in colors if self._name(color) not in by_name]
        if missing:
            raise PlatformError("ecs:DescribeServices", f"no active service {', '.join(missing)} in {self.cluster}")
        mine = {color: by_name[self._name(color)] for color in colors}
        for service in mine.values():
            refuse_another_controller(service)
        return mine

    def _name(self, color: Color) -> str:
        return self.services[color].rsplit("/", 1)[-1]

    def read(self) -> Mapping[Color, Size]:
        """Both services' counts: one call."""
        services = self._describe(*COLORS)
        self._read.keep(services)
        self._sizes.keep(services)
        return {
            color: Size(service["desiredCount"], service["runningCount"], stuck=_failed(service) is not None)
            for color, service in services.items()
        }

    def prepare(self, color: Color, size: int) -> None:
        """Set the service's desired count: three calls. A deployment that ECS gave up on is started afresh."""
        # Also without an earlier request: a range that a retirement fixed would take back what is scaled up here.
        self._autoscaling.cancel_retirement(color, size)
        failed = _failed(self._describe(color)[color]) is not None
        self._scale(color, size, **({"forceNewDeployment": True} if failed else {}))

    def _scale(self, color: Color, size: int, **options: bool) -> None:
        self._read.forget()
        self._sizes.forget()
        with called("ecs:UpdateService"):
            self.aws.client("ecs").update_service(
                cluster=self.cluster, service=self.services[color], desiredCount=size, **options
            )

    def ready(self, color: Color) -> Readiness:
        """Whether all wanted tasks run, all of them of the declared task definition: one call, more when not.

        Right after ``read``, which got all of that, none.
        """
        service = self._read.take(color) or self._describe(color)[color]
        return replace(self._judged(color, service), release=service["taskDefinition"])

    def release(self, color: Color) -> str:
        """The task definition that the service runs: one call."""
        return str(self._describe(color)[color]["taskDefinition"])

    def _judged(self, color: Color, service: Mapping[str, Any]) -> Readiness:
        desired, running, pending = service["desiredCount"], service["runningCount"], service["pendingCount"]
        name = self._name(color)
        if service["taskDefinition"] != self.task_definitions[color]:
            reason = f"service {name} runs {service['taskDefinition']} instead of {self.task_definitions[color]}"
            return Readiness(False, running, desired, reason, undelivered=True)
        failed = _failed(service)
        if failed is not None:
            reason = f"service {name}: {failed.get('rolloutStateReason') or 'its deployment failed'}"
            return Readiness(False, running, desired, reason, fatal=True)
        if desired < 1:
            return Readiness(False, running, desired, f"service {name} is scaled to 0")
        if running < desired or pending:
            reason = f"service {name}: {running} of {desired} tasks run, {pending} pending"
            return Readiness(False, running, desired, "; ".join(filter(None, (reason, self._trouble(service)))))
        if running > desired or (len(service.get("deployments", ())) > 1 and self._former_tasks(service)):
            return Readiness(False, running, desired, f"service {name}: tasks of a former release still run")
        return Readiness(True, running, desired)

    def _former_tasks(self, service: Mapping[str, Any]) -> bool:
        """Whether a running task has another task definition than the service: two calls."""
        tasks = self._tasks(service, "RUNNING")
        return any(task["taskDefinitionArn"] != service["taskDefinition"] for task in tasks)

    def _tasks(self, service: Mapping[str, Any], desired_status: str) -> list[Mapping[str, Any]]:
        ecs = self.aws.client("ecs")
        with called("ecs:ListTasks"):
            pages = ecs.get_paginator("list_tasks").paginate(
                cluster=self.cluster, serviceName=service["serviceName"], desiredStatus=desired_status
            )
            arns = [arn for page in pages for arn in page["taskArns"]]
        tasks: list[Mapping[str, Any]] = []
        for start in range(0, len(arns), 100):  # the most that one call takes
            with called("ecs:DescribeTasks"):
                tasks += ecs.describe_tasks(cluster=self.cluster, tasks=arns[start : start + 100])["tasks"]
        return tasks

    def _trouble(self, service: Mapping[str, Any]) -> str:
        """The newest event or stopped task that says why tasks do not run."""
        event = next((event["message"] for event in service.get("events", ()) if _TROUBLE.search(event["message"])), "")
        if event or service["runningCount"] + service["pendingCount"] >= service["desiredCount"]:
            return str(event)
        newest = max(self._tasks(service, "STOPPED"), key=lambda task: str(task.get("stoppedAt")), default={})
        reasons = [newest.get("stoppedReason"), *(part.get("reason") for part in newest.get("containers", ()))]
        return "; ".join(str(reason) for reason in reasons if reason)

    # -- autoscaling and retirement

    @property
    def _targets_api(self) -> ScalableTargetApi:
        cluster = self.cluster.rsplit("/", 1)[-1]
        return ScalableTargetApi({color: f"service/{cluster}/{self._name(color)}" for color in COLORS}, self.aws)

    @property
    def _autoscaling(self) -> EcsAutoscaling:
        self._read.forget()
        return EcsAutoscaling(
            self._targets_api,
            self.autoscaling,
            self._cancelled,
            self._targets,
            self._suspended,
            scheduled=bool(self.scheduled_actions),
        )

    def preflight(self, color: Color, size: int, retires: bool = True) -> None:  # noqa: ARG002 - a deployment is one, too
        """Ask for the size that is there, hand over a retirement that changes nothing, take it back: four calls."""
        self._scale(color, size)
        self._autoscaling.preflight(color)

    def suspend_scale_in(self) -> None:
        """Suspend scale-in of both colors: two calls for each target that is not suspended yet, one more to find it."""
        self._autoscaling.suspend_scale_in()

    def resume_scaling(self, serving: Collection[Color]) -> None:
        """Lift the swap's suspensions where there is traffic, and give the declared range: one call if all is well."""
        self._autoscaling.resume_scaling(serving)

    def retire(self, color: Color, size: int, after_seconds: float) -> str:
        """Scale down after a delay: at once with ``UpdateService``, later by a one-time scheduled action.

        How many tasks the color has is what a rollback has just read, in the same second.
        """
        present = (self._sizes.take(color) or self._describe(color)[color])["desiredCount"]
        if present <= size:
            return f"{color} is at {present} already"
        if after_seconds <= 0:
            self._autoscaling.rest(color, size)
            self._scale(color, size)
            return f"{color} is scaled to {size}"
        due = datetime.now(timezone.utc) + timedelta(seconds=after_seconds)
        keeps = self._autoscaling.schedule(color, size, present, due)
        return f"{color} is scaled to {size} at {due:%H:%M:%S} UTC by a scheduled action{keeps}"

    def cancel_retirement(self, color: Color) -> None:
        """Cancel a retirement and give back the range that it took: one call without autoscaling, two with it."""
        self._autoscaling.cancel_retirement(color)

    def others_plans(self, color: Color) -> list[str]:
        """The scheduled actions of others that a color's scalable target has: one call."""
        # The stack's own go with the traffic.
        actions = self._targets_api.scheduled(color)
        others = [one for one in actions if one["ScheduledActionName"] not in self.scheduled_actions]
        return warnings_of(f"service {self._name(color)}", others)

    def delete(self) -> None:
        """Cancel retirements and suspensions of both colors: one call, and one for each autoscaling target."""
        self._autoscaling.delete()


_OTHERS = {
    "EXTERNAL": "its task sets are another program's, and it has no task definition of its own",
    "CODE_DEPLOY": "CodeDeploy moves its traffic; that is what `EcsCodeDeployService` is for",
}


def refuse_another_controller(service: Mapping[str, Any]) -> None:
    """End with an error where somebody else decides what a service runs, or where its requests go.

    Raises:
        PlatformError: naming the service and what to hand in.
    """
    kind = service.get("deploymentController", {}).get("type", "ECS")
    if kind != "ECS":
        why = _OTHERS.get(kind, "it is not ECS that deploys it")
        raise PlatformError(
            "ecs:DescribeServices",
            f"service {service['serviceName']} has the deployment controller {kind}: {why}; hand in a service with "
            "the controller ECS",
        )


def _failed(service: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The deployment that the circuit breaker gave up on, if there is one."""
    deployments = service.get("deployments", ())
    return next((item for item in deployments if item.get("rolloutState") == "FAILED"), None)
