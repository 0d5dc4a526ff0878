"""ECS' own deployment strategies: one service with ``BLUE_GREEN``, ``LINEAR`` or ``CANARY``, and two target groups.

ECS starts the new revision in the free target group, moves test and production traffic as the service's deployment
configuration says, asks its lifecycle hooks, and keeps the former revision for the bake time. The swap gives the
service the color's task definition, follows the service deployment, and rolls it back where it has to.

API: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.aws.client import called, error_code
from bluegreen.aws.ecs.codedeploy_router import described
from bluegreen.aws.ecs.platform_deployment import PlatformDeployments
from bluegreen.aws.ecs.platform_units import Running, Seen, Unit
from bluegreen.options.declared import option
from bluegreen.options.kinds import Flag
from bluegreen.permissions import Permission

_ENDING = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
_GOING_ON = ["PENDING", "IN_PROGRESS", *_ENDING]
_FAILED = ("STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", *_ENDING)
_SETTLED = ("BAKE_TIME", "CLEAN_UP")
_SERVICES = "arn:aws:ecs:*:*:service/*"
_DEPLOYMENTS = "arn:aws:ecs:*:*:service-deployment/*"
_REVISIONS = "arn:aws:ecs:*:*:service-revision/*"


@dataclass(slots=True, kw_only=True)
class EcsNativeRouter(PlatformDeployments):
    """Starts, follows and rolls back the deployments of one service."""

    permissions: ClassVar[tuple[Permission, ...]] = (
        *PlatformDeployments.permissions,
        Permission("ecs:ListServiceDeployments", "every preview and update", _SERVICES),
        Permission("ecs:DescribeServiceDeployments", "every look at a deployment", _DEPLOYMENTS),
        Permission("ecs:DescribeServiceRevisions", "every preview and update", _REVISIONS),
        Permission("ecs:UpdateService", "every promotion and rollback", _SERVICES),
        Permission("ecs:StopServiceDeployment", "a restore, and a rollback while a deployment runs", _DEPLOYMENTS),
    )
    starts_with: ClassVar[str] = "ecs:UpdateService"

    return_at_bake: bool = option(
        "whether a swap is done as soon as the bake time begins, so that a rollback within it is instant; otherwise it "
        "waits for the end: within the bake ECS rolls back by itself when an alarm is raised",
        Flag(),
        default=False,
    )

    @property
    def _ecs(self) -> Any:
        return self.aws.client("ecs")

    # -- looking

    def _runs(self) -> Seen:
        service = described(self)
        revisions = self._revisions([revision["arn"] for revision in service.get("currentServiceRevisions", ())])
        return Seen(service["taskDefinition"], _units(revisions.values()))

    def _look(self) -> Seen:
        service = described(self)
        going_on = self._list(status=_GOING_ON)
        known = [revision["arn"] for revision in service.get("currentServiceRevisions", ())]
        if not going_on:
            return Seen(service["taskDefinition"], _units(self._revisions(known).values()))
        info = self._get(going_on[0]["serviceDeploymentArn"])
        target = _target(info)
        revisions = self._revisions([*known, *([target] if target else [])])
        running = None
        if info["status"] in _GOING_ON:
            running = Running(
                info["serviceDeploymentArn"],
                target=revisions[target]["taskDefinition"] if target in revisions else None,
                settled=info.get("lifecycleStage") in _SETTLED and self.return_at_bake,
                ending=info["status"] in _ENDING,
                at=" at ".join(filter(None, (info["status"], info.get("lifecycleStage")))) + _paused(info),
            )
        return Seen(service["taskDefinition"], _units(revisions.values()), running)

    def _list(self, **more: Any) -> list[dict[str, Any]]:
        """Service deployments, newest first."""
        with called("ecs:ListServiceDeployments"):
            answer = self._ecs.list_service_deployments(cluster=self.cluster, service=self.service, **more)
        return sorted(answer["serviceDeployments"], key=lambda deployment: deployment["createdAt"], reverse=True)

    def _get(self, deployment: str) -> dict[str, Any]:
        with called("ecs:DescribeServiceDeployments"):
            deployments = self._ecs.describe_service_deployments(serviceDeploymentArns=[deployment])[
                "serviceDeployments"
            ]
        return dict(deployments[0]) if deployments else {"serviceDeploymentArn": deployment, "status": "STOPPED"}

    def _revisions(self, arns: Sequence[str]) -> dict[str, dict[str, Any]]:
        if not arns:
            return {}
        with called("ecs:DescribeServiceRevisions"):
            revisions = self._ecs.describe_service_revisions(serviceRevisionArns=sorted(set(arns)))["serviceRevisions"]
        return {revision["serviceRevisionArn"]: revision for revision in revisions}

    # -- what it does

    def _start(self, task_definition: str, *, back: bool) -> str | None:  # noqa: ARG002 - the service's strategy counts
        """Start a deployment. Only the task definition is sent: target groups that are sent would be reset."""
        with called("ecs:UpdateService"):
            service = self._ecs.update_service(
                cluster=self.cluster, service=self.service, taskDefinition=task_definition
            )["service"]
        started: str | None = service.get("currentServiceDeployment")
        if started is None:
            newest = self._list()
            started = newest[0]["serviceDeploymentArn"] if newest else None
        return started

    def _stop(self, running: Running) -> None:
        with called("ecs:StopServiceDeployment"):
            try:
                self._ecs.stop_service_deployment(serviceDeploymentArn=running.id, stopType="ROLLBACK")
            except ClientError as error:
                if error_code(error) not in ("ConflictException", "ServiceDeploymentNotFoundException"):
                    raise

    def _finish(self, running: Running) -> None:
        """Return at once: ECS ends its bake by itself, and until then it is waited for."""

    def _going_back(self, stopped: str) -> bool:
        return self._get(stopped)["status"] in _GOING_ON

    def _failure(self, deployment: str) -> str:
        info = self._get(deployment)
        if info["status"] not in _FAILED:
            return ""
        alarms = ", ".join((info.get("alarms") or {}).get("triggeredAlarmNames") or ())
        said = [
            info.get("statusReason"),
            (info.get("rollback") or {}).get("reason"),
            f"alarms: {alarms}" if alarms else None,
            *(f"hook {hook.get('targetArn')} {hook['status'].lower()}" for hook in _failed_hooks(info)),
        ]
        why = "; ".join(dict.fromkeys(text for text in said if text)) or "no reason is given"
        at = f" at {info['lifecycleStage']}" if info.get("lifecycleStage") else ""
        return f"deployment {deployment.rpartition('/')[2]} {info['status'].lower()}{at}: {why}"

    def _command(self, task_definition: str) -> str:
        return f"aws ecs update-service --cluster {self.cluster} --service {self.service} --task-definition " + (
            task_definition
        )


def _target(info: Mapping[str, Any]) -> str | None:
    """The revision that a deployment brings: the former one, once it rolls back."""
    if info["status"] in _ENDING:
        back: str | None = (info.get("rollback") or {}).get("serviceRevisionArn")
        return back
    arn: str | None = (info.get("targetServiceRevision") or {}).get("arn")
    return arn


def _units(revisions: Any) -> list[Unit]:
    return [
        Unit(revision["taskDefinition"], balancer["targetGroupArn"])
        for revision in revisions
        for balancer in (revision.get("resolvedConfiguration") or {}).get("loadBalancers", ())
        if "targetGroupArn" in balancer
    ]


def _paused(info: Mapping[str, Any]) -> str:
    """The hook of a deployment that waits for a person; empty where there is none."""
    hooks = info.get("lifecycleHookDetails") or ()
    waiting = next((hook["hookId"] for hook in hooks if hook.get("status") == "AWAITING_ACTION"), None)
    return f", until somebody calls ecs:ContinueServiceDeployment for its hook {waiting}" if waiting else ""


def _failed_hooks(info: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [hook for hook in info.get("lifecycleHookDetails") or () if hook.get("status") in ("FAILED", "TIMED_OUT")]
