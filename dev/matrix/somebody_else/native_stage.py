"""One ECS service whose traffic AWS itself shifts: the platform continues between the swap's calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

from bluegreen.aws.client import AwsConnection
from dev.matrix.lanes import Lane
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.balancer_stage import LISTENER, RULE, BalancerStage
from dev.matrix.somebody_else.codedeploy_player import PlayedGroup
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.native_player import PlayedService, Refused, Revision
from dev.matrix.somebody_else.stage import Heard, Staged

_CLUSTER, _SERVICE = "shop", "web"
_GROUP = "arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/web"
_TASKS = {
    color: f"arn:aws:ecs:eu-central-1:123456789012:task-definition/web-{color}:{number}"
    for number, color in enumerate(COLORS, 1)
}


class NativeStage(BalancerStage):
    """``ecs_native``. What ECS shifts by itself is not the swap's writes."""

    name = "ecs_native"
    #: How the route is handed in.
    way = RULE
    plays: type[PlayedService] | type[PlayedGroup] = PlayedService
    #: The AWS services that are played.
    services: tuple[str, ...] = ("ecs",)

    def __init__(self) -> None:
        super().__init__(self.way)
        self.name = type(self).name
        self.splits = False
        self.hands = frozenset({"moves", "adds", "takes"})

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """ECS is played, the load balancer is moto's."""
        self._heard = heard
        with super().opened(heard):
            yield

    def lane(self) -> Lane:
        """One on which ECS is played."""
        return _Lane(self, self.services)

    def put_back(self) -> None:
        """Blue alone runs, in its group, and the rule forwards there: as the stack has made it."""
        live = Revision(_TASKS["blue"], self._groups["blue"])
        pair = [self._groups[color] for color in COLORS]
        self.played = self.plays(_CLUSTER, _SERVICE, pair, live, self._shift, self._now_seconds)
        super().put_back()
        self._shift({live.group: 100})

    def _now_seconds(self) -> float:
        return self._heard().clock.now_seconds

    @property
    def _route(self) -> str:
        return self._given or self._production

    def _shift(self, shares: Mapping[str, int]) -> None:
        """Another forward among the route's actions, as AWS does it; the others stay."""
        found = self._object()
        assert found is not None  # nobody deletes it
        kept = [action for action in found["actions"] if action["Type"][:4] == "auth"]
        groups = [{"TargetGroupArn": arn, "Weight": share} for arn, share in shares.items()]
        forward = {"Type": "forward", "Order": len(kept) + 1, "ForwardConfig": {"TargetGroups": groups}}
        self._set(self._route, [*kept, forward])

    def goes_on(self) -> None:
        """ECS does what is due."""
        if self.played.go_on():
            self.follow()
            self._heard().went_on()

    def follow(self) -> None:
        """Targets are those of the groups that something runs in."""
        used = frozenset(unit.group for unit in self.played.units)
        target = [{"Id": "10.0.0.9", "Port": 80}]
        for group in used - self._registered:
            self._elb.register_targets(TargetGroupArn=group, Targets=target)
        for group in self._registered - used:
            self._elb.deregister_targets(TargetGroupArn=group, Targets=target)
        self._registered = used

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "ecs_native",
            "cluster": _CLUSTER,
            "service": _SERVICE,
            "task_definitions": _TASKS,
            "target_group_pair": [self._groups[color] for color in COLORS],
            "rule_arn": self._given,
            "owner": OWNER,
        }

    def capacity(self) -> dict[str, Any] | None:
        """ECS starts and ends what runs."""
        return None

    # -- looking

    def _color_of(self, group: str) -> str:
        tasks = {unit.group: unit.task_definition for unit in self.played.units}
        return next((color for color in COLORS if _TASKS[color] == tasks.get(group)), "")

    def sized(self) -> frozenset[str]:
        """The colors that something runs of."""
        return frozenset(filter(None, (self._color_of(unit.group) for unit in self.played.units)))

    def retiring(self) -> frozenset[str]:
        """ECS keeps nothing but for a bake."""
        return frozenset()

    def suspended(self) -> frozenset[str]:
        """Nothing is scaled."""
        return frozenset()

    def _weights(self, actions: list[dict[str, Any]]) -> dict[str, int]:
        shares: dict[str, int] = {}
        total = 0
        for action in actions:
            for group in (action.get("ForwardConfig") or {}).get("TargetGroups") or ():
                total += group["Weight"]
                color = self._color_of(group["TargetGroupArn"])
                if color and group["Weight"]:
                    shares[color] = shares.get(color, 0) + group["Weight"]
        return {color: round(100 * share / total) for color, share in shares.items()} if total else {}

    def _forward(self, weights: Mapping[str, int]) -> list[dict[str, Any]]:
        """To where a color runs; by hand also to the group in which nothing runs."""
        runs = {self._color_of(unit.group): unit.group for unit in self.played.units}
        free = [group for group in self._groups.values() if group not in runs.values()]
        places = [(runs.get(color) or free[0], share) for color, share in weights.items()]
        groups = [{"TargetGroupArn": group, "Weight": share} for group, share in places]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


class CodeDeployStage(NativeStage):
    """``codedeploy``: CodeDeploy shifts, and the route is a listener."""

    name = "codedeploy"
    way = LISTENER
    plays = PlayedGroup
    services = ("ecs", "codedeploy")

    def __init__(self) -> None:
        super().__init__()
        self.hands -= {"moves"}  # a listener stands where it stands

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        section = super().router()
        del section["rule_arn"]
        return {
            **section,
            "kind": "codedeploy",
            "listener_arn": self._route,
            "deployment_group_arn": _GROUP,
            "containers": dict.fromkeys(COLORS, "app"),
            "container_port": 80,
        }


class _Lane(Lane):
    """Calls of the played services are answered here, those of others by moto."""

    def __init__(self, stage: NativeStage, services: tuple[str, ...]) -> None:
        super().__init__()
        self._stage, self._services = stage, services

    def _made(self, connection: AwsConnection, service: str) -> Any:
        client = super()._made(connection, service)
        if service in self._services:
            client.meta.events.unregister("before-send", botocore_stubber)  # moto would answer it, too
            client.meta.events.register_first(f"before-send.{service}", self._play)
        return client

    def _play(self, request: Any, **_: Any) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        status, played = 200, {}
        try:
            played = self._stage.played.answer(operation, json.loads(request.body or b"{}"))
        except Refused as no:
            status, played = 400, {"__type": no.code, "message": str(no)}
        return AWSResponse(request.url, status, {}, MockRawResponse(json.dumps(played).encode()))  # type: ignore[arg-type]


STAGES = {
    NativeStage.name: Staged(NativeStage, None),
    CodeDeployStage.name: Staged(CodeDeployStage, None),
}
