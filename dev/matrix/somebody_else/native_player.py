"""ECS' own deployments, played: what the API answers, and how a deployment runs by itself while time passes.

The rules are those that AWS documents for the strategy ``CANARY``: the new revision starts in the target group that is
free, gets its share, then everything, and the former one is kept for the bake time. A stop goes back to the former one.
Tasks run at once, hooks and alarms are not played.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STAGE_SECONDS = 6.0
"""How long each stage takes."""
CANARY_PERCENT = 10
_STAGES = ("SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP")
_SHARES = {1: CANARY_PERCENT, 2: 100}
_GOING_ON, _BACK = "IN_PROGRESS", "ROLLBACK_IN_PROGRESS"
_ARN = "arn:aws:ecs:eu-central-1:123456789012"
_numbers = itertools.count(1)


class Refused(Exception):
    """The API says no.

    Args:
        code: the error's.
        text: what it says.
    """

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


@dataclass(eq=False, slots=True)
class Revision:
    """The tasks of one task definition in one target group.

    Attributes:
        task_definition: its ARN.
        group: the target group's.
        number: tells it from others.
    """

    task_definition: str
    group: str
    number: int = field(default_factory=lambda: next(_numbers))


@dataclass(eq=False, slots=True)
class _Deployment:
    source: Revision
    target: Revision
    began_at_seconds: float
    number: int = field(default_factory=lambda: next(_numbers))
    stage: int = 0
    status: str = _GOING_ON

    @property
    def open(self) -> bool:
        return self.status in (_GOING_ON, _BACK)


@dataclass(slots=True)
class PlayedService:
    """One service.

    Attributes:
        cluster, name: where it is.
        pair: the two target groups.
        live: the revision that serves, as far as ECS knows.
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
        while one is not None and one.open and self.now_seconds() >= one.began_at_seconds + STAGE_SECONDS:
            one.began_at_seconds += STAGE_SECONDS
            self._next(one)
            went_on = True
        return went_on

    def _next(self, one: _Deployment) -> None:
        if one.status == _BACK:
            one.status = "ROLLBACK_SUCCESSFUL"
            return
        one.stage += 1
        if one.stage in _SHARES:
            share = _SHARES[one.stage]
            self.shift({one.source.group: 100 - share, one.target.group: share})
        if one.stage == len(_STAGES):
            one.stage, one.status, self.live = len(_STAGES) - 1, "SUCCESSFUL", one.target
            self.units = [one.target]

    def _open(self) -> _Deployment | None:
        return next((one for one in reversed(self._deployments) if one.open), None)

    def _go_back(self, one: _Deployment) -> None:
        if one.status == _GOING_ON:
            one.status, one.began_at_seconds = _BACK, self.now_seconds()
            self.shift({one.source.group: 100, one.target.group: 0})
            self.live, self.units = one.source, [one.source]

    # -- its API

    def answer(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a call.

        Args:
            operation: as the API names it.
            asked: its parameters.
        """
        played: dict[str, Any] = getattr(self, f"_{operation}")(asked)
        return played

    def _UpdateService(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - as the API names it
        wanted, one = asked.get("taskDefinition"), self._open()
        if wanted is not None and wanted != self._described()["taskDefinition"]:
            if one is not None:  # a newer one takes its place
                self._go_back(one)
                one.status = "ROLLBACK_SUCCESSFUL"
            free = next(group for group in self.pair if group != self.live.group)
            made = _Deployment(self.live, Revision(wanted, free), self.now_seconds())
            self._deployments.append(made)
            self.units = [self.live, made.target]
        return {"service": self._described()}

    def _DescribeServices(self, _: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"services": [self._described()], "failures": []}

    def _described(self) -> dict[str, Any]:
        one = self._open()
        going_on = one is not None and one.status == _GOING_ON
        return {
            "serviceName": self.name,
            "serviceArn": f"{_ARN}:service/{self.cluster}/{self.name}",
            "status": "ACTIVE",
            "taskDefinition": one.target.task_definition if one is not None and going_on else self.live.task_definition,
            "currentServiceRevisions": [{"arn": self._revision(unit)} for unit in self.units],
            **({} if one is None else {"currentServiceDeployment": self._arn(one)}),
        }

    def _ListServiceDeployments(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        wanted = asked.get("status") or ()
        found = [
            {"serviceDeploymentArn": self._arn(one), "status": one.status, "createdAt": number}
            for number, one in enumerate(self._deployments, 1)
            if not wanted or one.status in wanted
        ]
        return {"serviceDeployments": found}

    def _DescribeServiceDeployments(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        found = [one for one in self._deployments if self._arn(one) in asked["serviceDeploymentArns"]]
        return {"serviceDeployments": [self._told(one) for one in found], "failures": []}

    def _told(self, one: _Deployment) -> dict[str, Any]:
        back = {"serviceRevisionArn": self._revision(one.source), "reason": "stopped by a user request"}
        return {
            "serviceDeploymentArn": self._arn(one),
            "status": one.status,
            "targetServiceRevision": {"arn": self._revision(one.target)},
            "sourceServiceRevisions": [{"arn": self._revision(one.source)}],
            "lifecycleStage": _STAGES[one.stage],
            **({"rollback": back} if one.status.startswith("ROLLBACK") else {}),
        }

    def _DescribeServiceRevisions(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        ends = [unit for one in self._deployments for unit in (one.source, one.target)]
        found = {self._revision(unit): unit for unit in (*self.units, *ends)}
        return {
            "serviceRevisions": [
                {
                    "serviceRevisionArn": arn,
                    "taskDefinition": found[arn].task_definition,
                    "resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": found[arn].group}]},
                }
                for arn in asked["serviceRevisionArns"]
                if arn in found
            ],
            "failures": [],
        }

    def _StopServiceDeployment(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        for one in self._deployments:
            if self._arn(one) == asked["serviceDeploymentArn"]:
                self._go_back(one)
        return {"serviceDeploymentArn": asked["serviceDeploymentArn"]}

    def _arn(self, one: _Deployment) -> str:
        return f"{_ARN}:service-deployment/{self.cluster}/{self.name}/{one.number}"

    def _revision(self, unit: Revision) -> str:
        return f"{_ARN}:service-revision/{self.cluster}/{self.name}/{unit.number}"
