"""CodeDeploy: an ECS service with the deployment controller ``CODE_DEPLOY``, and its deployment group.

CodeDeploy starts the new task set in the free target group, moves test and production traffic in the steps of its
deployment configuration, asks its hooks, and keeps the former task set for the termination wait. A swap is done when
all traffic has moved and the wait has begun: until its end a rollback is instant, by stopping the deployment.

API: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from bluegreen.aws.client import as_argument, called, error_code
from bluegreen.aws.ecs import codedeploy_spec as spec
from bluegreen.aws.ecs.platform_deployment import PlatformDeployments
from bluegreen.aws.ecs.platform_units import Running, Seen, Unit
from bluegreen.fields import Fields
from bluegreen.options.declared import Options, declared, option
from bluegreen.options.kinds import Both, Flag, Nested, Number, Text, TextMap, Texts
from bluegreen.permissions import Permission
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import Color

_GOING_ON = ["Created", "Queued", "InProgress", "Baking", "Ready"]
_FAILED = ("Failed", "Stopped")
_GROUPS = "arn:aws:codedeploy:*:*:deploymentgroup:*"
_APPLICATIONS = "arn:aws:codedeploy:*:*:application:*"


@declared
class _Network(Options):
    """The network of new tasks."""

    subnets: tuple[str, ...] = option("their subnets", Texts(), default=[])
    security_groups: tuple[str, ...] = option("their security groups", Texts(), default=[])
    assign_public_ip: bool = option("whether each has a public address", Flag(), default=False)


@dataclass(slots=True, kw_only=True)
class CodeDeployRouter(PlatformDeployments):
    """Starts, follows and stops the deployments of one deployment group."""

    where: ClassVar[frozenset[str]] = PlatformDeployments.where | {"deployment_group_arn"}
    permissions: ClassVar[tuple[Permission, ...]] = (
        *PlatformDeployments.permissions,
        Permission("codedeploy:ListDeployments", "every preview and update", _GROUPS),
        Permission("codedeploy:GetDeployment", "every look at a deployment", _GROUPS),
        Permission("codedeploy:GetDeploymentTarget", "while a deployment is waited for: at which event it is"),
        Permission(
            "codedeploy:CreateDeployment", "every promotion, and a rollback after the termination wait", _GROUPS
        ),
        Permission("codedeploy:GetDeploymentConfig", "CreateDeployment needs it"),
        Permission("codedeploy:RegisterApplicationRevision", "CreateDeployment needs it", _APPLICATIONS),
        Permission("codedeploy:GetApplicationRevision", "CreateDeployment needs it", _APPLICATIONS),
        # A deployment has no ARN, and these two are requested for one: a narrower resource may never match.
        Permission("codedeploy:StopDeployment", "a restore, and a rollback within the termination wait"),
        Permission("codedeploy:ContinueDeployment", "a promotion within the termination wait of another"),
    )
    starts_with: ClassVar[str] = "codedeploy:CreateDeployment"

    deployment_group_arn: str = option(
        "the deployment group, which names its application, too",
        Text(fits=lambda arn: ":deploymentgroup:" in arn and "/" in arn, allowed="a deployment group's ARN"),
    )
    containers: Mapping[Color, str] = option(
        "the container that the load balancer talks to, in each color's task definition", Both(Text())
    )
    container_port: int = option("its port", Number(1, 65_535, whole=True))
    deployment_config: str | None = option(
        "the deployment configuration of a promotion. The way back to what was live before is always all at once",
        Text(fits=spec.is_config_name, allowed=f"{', '.join(spec.PRESETS)}, or the name of one of your own"),
        default=None,
        absent="the group's own",
    )
    hooks: Mapping[str, str] = option("Lambda functions by lifecycle event", TextMap(), default={})
    network: Mapping[str, Any] | None = option(
        "of new tasks", Nested(_Network), default=None, absent="the service's own"
    )
    platform_version: str | None = option("of Fargate", Text(), default=None, absent="the service's own")
    wait_for_end: bool = option(
        "whether a swap waits for the end of the termination wait, too; then no rollback is instant",
        Flag(),
        default=False,
    )

    @classmethod
    def check(cls, fields: Fields, values: dict[str, Any]) -> None:
        """Refuse hooks of events that CodeDeploy does not have, and presets by half a name."""
        PlatformDeployments.check.__func__(cls, fields, values)  # type: ignore[attr-defined]
        for event in values["hooks"].keys() - set(spec.HOOKS):
            known = ", ".join(spec.HOOKS)
            fields.problem(f"hooks.{event}", values["hooks"][event], f"no such lifecycle event; known: {known}")
        if isinstance(values["deployment_config"], str):
            values["deployment_config"] = spec.config_name(values["deployment_config"])

    @property
    def _group(self) -> dict[str, str]:
        application, _, group = self.deployment_group_arn.partition(":deploymentgroup:")[2].partition("/")
        return {"applicationName": application, "deploymentGroupName": group}

    @property
    def _codedeploy(self) -> Any:
        return self.aws.client("codedeploy")

    # -- looking

    def _service(self) -> dict[str, Any]:
        return described(self)

    def _runs(self) -> Seen:
        return _seen(self._service())

    def _look(self) -> Seen:
        service = self._service()
        with called("codedeploy:ListDeployments"):
            going_on = self._codedeploy.list_deployments(**self._group, includeOnlyStatuses=_GOING_ON)["deployments"]
        return _seen(service, self._running(going_on[0], service) if going_on else None)

    def _running(self, deployment: str, service: Mapping[str, Any]) -> Running | None:
        info = self._get(deployment)
        if info["status"] not in _GOING_ON:
            return None
        sets = (task_set for task_set in service.get("taskSets", ()) if task_set.get("externalId") == deployment)
        started = next((task_set["taskDefinition"] for task_set in sets), None)
        sha = info.get("revision", {}).get("appSpecContent", {}).get("sha256")
        ours = (task for color, task in self.task_definitions.items() if spec.digest(self._content(color)) == sha)
        return Running(
            deployment,
            target=started or next(ours, None),
            settled=bool(info.get("instanceTerminationWaitTimeStarted")) and not self.wait_for_end,
            ending=info.get("creator") == "codeDeployRollback",
            at=info["status"],
        )

    def _get(self, deployment: str) -> dict[str, Any]:
        with called("codedeploy:GetDeployment"):
            info: dict[str, Any] = self._codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        return info

    def _content(self, color: Color, task_definition: str | None = None) -> str:
        return spec.app_spec(
            task_definition or self.task_definitions[color],
            self.containers[color],
            self.container_port,
            self.hooks,
            self.network,
            self.platform_version,
        )

    def _content_for(self, task_definition: str) -> str:
        family = task_definition.rpartition(":")[0]
        color: Color = "green" if self.task_definitions["green"].rpartition(":")[0] == family else "blue"
        return self._content(color, task_definition)

    # -- what it does

    def _start(self, task_definition: str, *, back: bool) -> str | None:
        config = spec.ALL_AT_ONCE if back else self.deployment_config
        more = {"deploymentConfigName": config} if config is not None else {}
        with called("codedeploy:CreateDeployment"):
            try:
                made = self._codedeploy.create_deployment(
                    **self._group,
                    revision=spec.revision(self._content_for(task_definition)),
                    description=f"bluegreen: {self.owner}",
                    **more,
                )
            except ClientError as error:
                # Another one runs: an earlier reply was lost, or a rollback has just begun. The next look finds it.
                if error_code(error) != "DeploymentLimitExceededException":
                    raise
                return None
        return str(made["deploymentId"])

    def _stop(self, running: Running) -> None:
        with called("codedeploy:StopDeployment"):
            try:
                self._codedeploy.stop_deployment(deploymentId=running.id, autoRollbackEnabled=True)
            except ClientError as error:
                if error_code(error) != "DeploymentAlreadyCompletedException":
                    raise

    def _finish(self, running: Running) -> None:
        with called("codedeploy:ContinueDeployment"):
            try:
                self._codedeploy.continue_deployment(deploymentId=running.id, deploymentWaitType="TERMINATION_WAIT")
            except ClientError as error:
                if error_code(error) != "DeploymentAlreadyCompletedException":
                    raise

    def _going_back(self, stopped: str) -> bool:
        info = self._get(stopped)
        back = str((info.get("rollbackInfo") or {}).get("rollbackDeploymentId") or "")
        return info["status"] in _GOING_ON or (back != "" and self._get(back)["status"] in _GOING_ON)

    def _failure(self, deployment: str) -> str:
        info = self._get(deployment)
        if info["status"] not in _FAILED:
            return ""
        why = info.get("errorInformation") or {}
        parts = [str(why[key]) for key in ("code", "message") if why.get(key)] or ["no reason is given"]
        return f"deployment {deployment} {info['status'].lower()}: {': '.join(parts)}{self._event(deployment)}"

    def _at(self, running: Running) -> str:
        events = [event for event in self._events(running.id) if event.get("status") not in ("Pending", "Skipped")]
        return f"{running.at} at {events[-1]['lifecycleEventName']}" if events else running.at

    def _event(self, deployment: str) -> str:
        """The lifecycle event at which the deployment failed, where CodeDeploy can say."""
        failed = next((event for event in self._events(deployment) if event.get("status") == "Failed"), None)
        if failed is None:
            return ""
        said = (failed.get("diagnostics") or {}).get("message")
        return f" (at {failed['lifecycleEventName']}{': ' + said if said else ''})"

    def _events(self, deployment: str) -> list[dict[str, Any]]:
        target = f"{self.cluster.rpartition('/')[2]}:{self.service.rpartition('/')[2]}"
        try:
            with called("codedeploy:GetDeploymentTarget"):
                answer = self._codedeploy.get_deployment_target(deploymentId=deployment, targetId=target)
        except PlatformError:
            return []  # it has none yet, and it is only reported
        return list(answer["deploymentTarget"].get("ecsTarget", {}).get("lifecycleEvents", ()))

    def _command(self, task_definition: str) -> str:
        revision = as_argument(spec.revision(self._content_for(task_definition)))
        group = self._group
        return (
            f"aws deploy create-deployment --application-name {group['applicationName']} "
            f"--deployment-group-name {group['deploymentGroupName']} "
            f"--deployment-config-name {spec.ALL_AT_ONCE} --revision {revision} "
            f"--description {shlex.quote(f'bluegreen: {self.owner}')}"
        )


def described(router: PlatformDeployments) -> dict[str, Any]:
    """The service as ECS has it: one call.

    Raises:
        PlatformError: there is no such service.
    """
    with called("ecs:DescribeServices"):
        answer = router.aws.client("ecs").describe_services(cluster=router.cluster, services=[router.service])
    active = [one for one in answer["services"] if one["status"] != "INACTIVE"]
    if not active:
        raise PlatformError("ecs:DescribeServices", f"there is no service {router.service} in {router.cluster}")
    service: dict[str, Any] = active[0]
    if "taskDefinition" not in service:
        kind = service.get("deploymentController", {}).get("type", "another")
        allowed = "hand in one whose controller is ECS or CODE_DEPLOY"
        reason = (
            f"service {router.service} has the deployment controller {kind}, whose task sets are its own: {allowed}"
        )
        raise PlatformError("ecs:DescribeServices", reason)
    return service


def _seen(service: Mapping[str, Any], running: Running | None = None) -> Seen:
    sets = [task_set for task_set in service.get("taskSets", ()) if task_set["status"] != "DRAINING"]
    live = next(
        (task_set["taskDefinition"] for task_set in sets if task_set["status"] == "PRIMARY"), service["taskDefinition"]
    )
    units = [
        Unit(task_set["taskDefinition"], balancer["targetGroupArn"])
        for task_set in sets
        for balancer in task_set.get("loadBalancers", ())
    ]
    return Seen(live, units, running)
