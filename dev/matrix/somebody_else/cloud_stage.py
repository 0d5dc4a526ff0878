"""A rule before ECS services on the local cloud: the same strikes over HTTP, with real tasks behind the rule."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from dev.matrix.lanes import Lane
from dev.matrix.shapes import COLORS, IMAGES, PRIORITY
from dev.matrix.somebody_else.balancer_stage import BalancerStage
from dev.matrix.somebody_else.moto_stage import OWNER
from dev.matrix.somebody_else.stage import Heard
from dev.matrix.world import World
from localcloud.cloud import LocalCloud

NAME = "alb with ecs, on the emulator"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the local cloud is, for a process of its own.

    Attributes:
        environment: how AWS is reached.
        images: the image of each tag.
    """

    environment: Mapping[str, str]
    images: Mapping[str, str]

    @classmethod
    def of(cls, cloud: LocalCloud) -> Place:
        """A cloud's."""
        found = {key: value for key, value in cloud.env().items() if key.startswith("AWS_")}
        return cls(found, {tag: cloud.image(tag) for tag in IMAGES.values()})


class CloudStage(BalancerStage):
    """Tasks are real, so no color is scaled: that would have to be waited for.

    Args:
        place: the local cloud's.
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.name = NAME
        self.hands = frozenset({"moves", "adds", "takes", "deletes"})
        self._place = place

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """With a load balancer, two services and their tasks."""
        lane = Lane()

        def answered(call: str) -> None:
            name = call.partition(":")[2]
            heard().called(call, writes=not name.startswith(("Describe", "List", "Get")), looks=call in self.looking)

        with mock.patch.dict(os.environ, self._place.environment), lane.used():
            # A process tries one part after the other, and the last one's services may still be going.
            self._world = World(f"world-{os.getpid()}-{next(_numbers)}")
            lane.answered = answered
            try:
                self.build()
                yield
            finally:
                self._world.remove()

    def build(self) -> None:
        """Everything, until the tasks serve."""
        self._world.build(self._place.images)
        self._elb = self._world._elb
        self._groups = {color: self._world.groups[color] for color in COLORS}
        self._production, self._balancer = self._world.listener, self._world._balancer
        self._world.put_back("blue")

    def put_back(self) -> None:
        """No rule, one task of each color, nothing pending."""
        for rule in self._rules():
            self._elb.delete_rule(RuleArn=rule["RuleArn"])
        self._world.put_back("blue")
        for rule in self._rules():
            self._elb.delete_rule(RuleArn=rule["RuleArn"])

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        place = {"listener_arn": self._production, "priority": PRIORITY}
        return {"kind": "alb", **place, "target_groups": self._groups, "owner": OWNER}

    def capacity(self) -> dict[str, Any]:
        """The ``capacity`` section."""
        return {
            "kind": "ecs",
            "cluster": self._world.name,
            "services": {color: color for color in COLORS},
            "task_definitions": {color: self._world.definitions[color] for color in COLORS},
            "desired_count": 1,
        }

    def sized(self) -> frozenset[str]:
        """The colors whose service wants tasks."""
        return frozenset(color for color in COLORS if self._world._counts()[color][0])

    def retiring(self) -> frozenset[str]:
        """The colors with a scheduled action."""
        found = self._world._scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
        ends = [one for one in found if one["ScalableTargetAction"].get("MaxCapacity") == 0]  # no rehearsal's
        return frozenset(self._world._parts_of(ends)) & frozenset(COLORS)

    def suspended(self) -> frozenset[str]:
        """None: there is no autoscaling but what a retirement makes."""
        return frozenset()

    def follow(self) -> None:
        """Targets come and go with the tasks."""
