"""Two environments of Elastic Beanstalk and their application's tags, played in this process: nothing waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bluegreen.aws import client as aws
from bluegreen.aws.beanstalk.router import BeanstalkRouter
from bluegreen.clients import glances
from bluegreen.rollout.calls import before_write, note
from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.memory_stage import MemorySizes
from dev.matrix.somebody_else.moto_stage import OWNER, others_of
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged

_PREFIX = "shop"
_OWNER_TAG, _MARK_PREFIX = "bluegreen:shop:owner", "bluegreen:shop:mark:"
_SERVICE = "elasticbeanstalk"


class _Client:
    """The calls that the router makes, as boto3 has them."""

    def __init__(self, stage: EnvironmentsStage, heard: Heard) -> None:
        self._stage, self._heard = stage, heard
        self.meta = mock.MagicMock()

    def _called(self, action: str, *, writes: bool, looks: bool = False) -> None:
        self._stage.follow()
        self._heard().called(f"{_SERVICE}:{action}", writes=writes, looks=looks)

    def describe_environments(self, **_: object) -> dict[str, Any]:
        note(f"{_SERVICE}:DescribeEnvironments")
        told = [
            {
                "EnvironmentName": f"shop-{color}",
                "EnvironmentArn": f"arn:aws:elasticbeanstalk:eu-central-1:1:environment/shop/shop-{color}",
                "CNAME": f"{self._stage.prefixes[color]}.eu-central-1.elasticbeanstalk.com",
                "Status": "Ready",
                "Health": "Green",
            }
            for color in COLORS
        ]
        self._called("DescribeEnvironments", writes=False, looks=True)
        return {"Environments": told}

    def list_tags_for_resource(self, **_: object) -> dict[str, Any]:
        note(f"{_SERVICE}:ListTagsForResource")
        told = [{"Key": key, "Value": value} for key, value in self._stage.tags.items()]
        self._called("ListTagsForResource", writes=False)
        return {"ResourceTags": told}

    def update_tags_for_resource(
        self,
        *,
        TagsToAdd: Sequence[Mapping[str, str]],  # noqa: N803 - as the API calls it
        TagsToRemove: Sequence[str],  # noqa: N803
        **_: object,
    ) -> None:
        note(f"{_SERVICE}:UpdateTagsForResource")
        before_write()
        self._stage.tags.update({tag["Key"]: tag["Value"] for tag in TagsToAdd})
        for key in TagsToRemove:
            self._stage.tags.pop(key, None)
        self._called("UpdateTagsForResource", writes=True)

    def swap_environment_cnames(self, **_: object) -> None:
        note(f"{_SERVICE}:SwapEnvironmentCNAMEs")
        before_write()
        self._stage.exchange()
        self._called("SwapEnvironmentCNAMEs", writes=True)


class EnvironmentsStage(MemorySizes):
    """Blue's environment has production's name, green's another; sizes are in memory."""

    name = "beanstalk"
    splits = False
    hands = frozenset({"adds", "takes"})

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Beanstalk is there meanwhile, and each call of the product is noted."""
        self.tags: dict[str, str] = {}
        self.prefixes = {"blue": _PREFIX, "green": "shop-idle"}
        client = _Client(self, heard)
        nothing_kept = mock.patch.object(glances, "LASTS_SECONDS", 0.0)
        no_dns = mock.patch.object(BeanstalkRouter, "propagation_seconds", 0.0)
        with self.sizes_heard(heard), nothing_kept, no_dns, aws.clients_by(lambda _connection, _service: client):
            yield

    def exchange(self) -> None:
        """Each gets the other's name."""
        self.prefixes = {color: self.prefixes[other] for color, other in zip(COLORS, COLORS[::-1], strict=True)}

    @property
    def _live(self) -> str:
        return next(color for color in COLORS if self.prefixes[color] == _PREFIX)

    def put_back(self) -> None:
        """Blue has production's name, which has no owner; no tags."""
        self.sizes_put_back()
        self.tags.clear()
        self.move({"blue": 100})

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        environments = {color: f"shop-{color}" for color in COLORS}
        return {
            "kind": "beanstalk",
            "cname_prefix": _PREFIX,
            "environments": environments,
            "owner": OWNER,
            "made_with_it": True,
            "swap_timeout_seconds": 300,  # with it a lease lasts: less long than a process is made to stand still
        }

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The names and the tags. What nobody owns serves nobody, as the swap sees it."""
        weights = {self._live: 100} if _OWNER_TAG in self.tags else {}
        theirs = {f"tag {key}": value for key, value in others_of(self.tags).items()}
        if self.tags.get(_OWNER_TAG) == STRANGER:
            theirs["owner"] = STRANGER
        marks = {
            key.removeprefix(_MARK_PREFIX): value for key, value in self.tags.items() if key.startswith(_MARK_PREFIX)
        }
        return Sight(weights, self.sized(), self.retiring(), self.suspended(), marks, theirs)

    def move(self, weights: Mapping[str, int]) -> None:
        """Production's name is another environment's."""
        if self._live != max(weights, key=lambda color: weights[color]):
            self.exchange()

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Tags of the swap's kind."""
        if _OWNER_TAG not in self.tags:
            return
        for name, value in changes.items():
            if value is None:
                self.tags.pop(_MARK_PREFIX + name, None)
            else:
                self.tags[_MARK_PREFIX + name] = value

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A tag; another owner."""
        if _OWNER_TAG not in self.tags:
            return
        if hand == "adds":
            self.tags["team"] = "shop"
        elif hand == "takes":
            self.tags[_OWNER_TAG] = STRANGER
            self.tags[f"{_MARK_PREFIX}incarnation"] = STRANGERS_MARK

    def mend(self) -> None:
        """The swap may continue refusing."""


STAGES = {
    EnvironmentsStage.name: Staged(EnvironmentsStage, Calls(16, None, 16)),
}
