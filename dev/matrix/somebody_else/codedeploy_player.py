"""CodeDeploy's deployments of one ECS service, played: what the APIs answer, and how one continues while time passes.

The rules are those that AWS documents for a canary: the replacement task set starts in the target group that is free,
gets its share, then everything, and the original one is kept for the termination wait. A stop with a rollback gives the
traffic back. Tasks run at once, hooks and alarms are not played.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dev.matrix.somebody_else.native_player import CANARY_PERCENT, STAGE_SECONDS, Refused, Revision

WAIT_SECONDS = 300.0
"""The termination wait."""
_ALL_AT_ONCE = "CodeDeployDefault.ECSAllAtOnce"
_INSTALLED, _SHIFTED, _WAITING, _ENDED = range(4)
_GOING_ON, _DONE, _STOPPED = "InProgress", "Succeeded", "Stopped"
_numbers = itertools.count(1)


@dataclass(eq=False, slots=True)
class _Deployment:
    source: Revision
    target: Revision
    began_at_seconds: float
    sha: str
    at_once: bool
    id: str = field(default_factory=lambda: f"d-{next(_numbers):09d}")
    stage: int = _INSTALLED
    status: str = _GOING_ON
    going_back: bool = False

    @property
    def back_id(self) -> str:
        """The deployment that gives the traffic back."""
        return f"{self.id}B"

    @property
    def lasts_seconds(self) -> float:
        """The time that its stage takes."""
        return WAIT_SECONDS if self.stage == _WAITING and not self.going_back else STAGE_SECONDS


@dataclass(slots=True)
class PlayedGroup:
    """One service with its deployment group.

    Attributes:
        cluster, name: where it is.
        pair: the two target groups.
        live: the task set that ECS calls the primary one.
        shift: has the route forward: the percent of each target group.
        now_seconds: time.
    """

    cluster: str
    name: str
    pair: Sequence[str]
    live: Revision
    shift: Callable[[Mapping[str, int]], None]
    now_seconds: Callable[[], float]
    units: list[Revision] = field(init=False)
    _deployments: list[_Deployment] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.units = [self.live]

    # -- by itself

    def go_on(self) -> bool:
        """Do what is due by now, one stage after the other; whether there was any."""
        one, went_on = self._open(), False
        while one is not None and self.now_seconds() >= one.began_at_seconds + one.lasts_seconds:
            one.began_at_seconds += one.lasts_seconds
            self._next(one)
            went_on = True
            one = self._open()
        return went_on

    def _next(self, one: _Deployment) -> None:
        if one.going_back:
            one.going_back = False
            return
        one.stage = _WAITING if one.at_once else one.stage + 1
        if one.stage == _ENDED:
            one.status, self.units = _DONE, [one.target]
            return
        share = CANARY_PERCENT if one.stage == _SHIFTED else 100
        self.shift({one.source.group: 100 - share, one.target.group: share})
        if one.stage == _WAITING:
            self.live = one.target

    def _open(self) -> _Deployment | None:
        return next((one for one in self._deployments if one.status == _GOING_ON or one.going_back), None)

    # -- ECS' API

    def answer(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a call.

        Args:
            operation: as the API names it.
            asked: its parameters.
        """
        played: dict[str, Any] = getattr(self, f"_{operation}")(asked)
        return played

    def _DescribeServices(self, _: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - as the API names it
        sets = [
            {
                "id": f"ecs-svc/{unit.number}",
                "status": "PRIMARY" if unit is self.live else "ACTIVE",
                "taskDefinition": unit.task_definition,
                "loadBalancers": [{"targetGroupArn": unit.group, "containerName": "app", "containerPort": 80}],
                **({"externalId": one.id} if (one := self._by(unit)) is not None else {}),
            }
            for unit in self.units
        ]
        service = {
            "serviceName": self.name,
            "status": "ACTIVE",
            "deploymentController": {"type": "CODE_DEPLOY"},
            "taskDefinition": self.live.task_definition,
            "taskSets": sets,
        }
        return {"services": [service], "failures": []}

    def _by(self, unit: Revision) -> _Deployment | None:
        return next((one for one in self._deployments if one.target is unit), None)

    # -- CodeDeploy's

    def _CreateDeployment(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        if self._open() is not None:
            raise Refused("DeploymentLimitExceededException", "the group already has an active deployment")
        content = asked["revision"]["appSpecContent"]["content"]
        wanted = json.loads(content)["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"]
        free = next(group for group in self.pair if group != self.live.group)
        sha = hashlib.sha256(content.encode()).hexdigest()
        at_once = asked.get("deploymentConfigName") == _ALL_AT_ONCE
        made = _Deployment(self.live, Revision(wanted, free), self.now_seconds(), sha, at_once)
        self._deployments.append(made)
        self.units = [self.live, made.target]
        return {"deploymentId": made.id}

    def _ListDeployments(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        wanted = asked.get("includeOnlyStatuses") or ()
        backs = [one.back_id for one in self._deployments if one.going_back and _GOING_ON in wanted]
        return {"deployments": backs + [one.id for one in reversed(self._deployments) if one.status in wanted]}

    def _GetDeployment(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        one = self._named(asked["deploymentId"])
        if asked["deploymentId"] == one.back_id:
            status = _GOING_ON if one.going_back else _DONE
            return {"deploymentInfo": {"deploymentId": one.back_id, "status": status, "creator": "codeDeployRollback"}}
        info: dict[str, Any] = {
            "deploymentId": one.id,
            "status": one.status,
            "creator": "user",
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": one.sha}},
            "instanceTerminationWaitTimeStarted": one.stage >= _WAITING,
        }
        if one.status == _STOPPED:
            info["errorInformation"] = {"code": "MANUAL_STOP", "message": "the deployment was stopped"}
            info["rollbackInfo"] = {"rollbackDeploymentId": one.back_id}
        return {"deploymentInfo": info}

    def _StopDeployment(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        one = self._named(asked["deploymentId"])
        if one.status != _GOING_ON:
            raise Refused("DeploymentAlreadyCompletedException", "the deployment is over")
        one.status, one.going_back, one.began_at_seconds = _STOPPED, True, self.now_seconds()
        self.live, self.units = one.source, [one.source]
        self.shift({one.source.group: 100, one.target.group: 0})
        return {"status": "Pending"}

    def _ContinueDeployment(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        one = self._named(asked["deploymentId"])
        if one.status != _GOING_ON:
            raise Refused("DeploymentAlreadyCompletedException", "the deployment is over")
        if one.stage == _WAITING:
            self._next(one)
        return {}

    def _GetDeploymentTarget(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        one = self._named(asked["deploymentId"])
        event = {"lifecycleEventName": "AllowTraffic", "status": one.status}
        return {"deploymentTarget": {"deploymentTargetType": "ECSTarget", "ecsTarget": {"lifecycleEvents": [event]}}}

    def _named(self, id_: str) -> _Deployment:
        found = (one for one in self._deployments if id_ in (one.id, one.back_id))
        one = next(found, None)
        if one is None:
            raise Refused("DeploymentDoesNotExistException", f"there is no {id_}")
        return one
