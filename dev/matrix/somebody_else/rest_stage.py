"""A stage of a REST API: its own deployment, and a canary's."""

from __future__ import annotations

import copy
import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import boto3
from moto.core.exceptions import JsonRESTError

from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.moto_stage import (
    MARK_PREFIX,
    OWNER,
    OWNER_TAG,
    TAKEN,
    MotoStage,
    marks_of,
    no_definitions,
    others_of,
)
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, Calls, Heard, Staged

_STAGE = "production"
_OTHERS = {"region": "eu"}
_CANARY = "/canarySettings"
_NUMBERS: dict[str, Any] = {"percentTraffic": float, "useStageCache": lambda said: said == "true"}


class RestStage(MotoStage):
    """Health is a deployment that is there, and both are."""

    name = "rest_api_canary"
    splits = True
    hands = frozenset({"adds", "takes"})
    looking = frozenset({"apigateway:GetStage"})

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Add to moto canaries, and that a stage with one takes no other deployment."""
        with no_definitions():
            stages: Any = importlib.import_module("moto.apigateway.models").Stage
            answers: Any = importlib.import_module("moto.apigateway.responses").APIGatewayResponse
            said = stages.to_json

            def with_canary(found: Any) -> dict[str, Any]:
                canary = getattr(found, "canary", None)
                return {**said(found), **({} if canary is None else {"canarySettings": canary})}

            def changed(answer: Any) -> str:
                found = answer.backend.get_stage(self._id, _STAGE)
                return json.dumps(_patched(found, json.loads(answer.body)["patchOperations"]).to_json())

            with (
                mock.patch.object(stages, "to_json", with_canary),
                mock.patch.object(answers, "update_stage", changed),
                MotoStage.opened(self, heard),
            ):
                yield

    def build(self) -> None:
        """An API with a deployment for each color."""
        self._api: Any = boto3.client("apigateway")
        self._id = self._api.create_rest_api(name="web")["id"]
        root = self._api.get_resources(restApiId=self._id)["items"][0]["id"]
        place = {"restApiId": self._id, "resourceId": root, "httpMethod": "GET"}
        self._api.put_method(**place, authorizationType="NONE")
        self._api.put_integration(**place, type="MOCK")
        self._deployments = {color: self._api.create_deployment(restApiId=self._id)["id"] for color in COLORS}
        self._nobodys = self._api.create_deployment(restApiId=self._id)["id"]
        self._arn = f"arn:aws:apigateway:eu-central-1::/restapis/{self._id}/stages/{_STAGE}"
        self._place = {"restApiId": self._id, "stageName": _STAGE}

    def put_back(self) -> None:
        """A new stage, with a deployment that is neither color's."""
        self.sizes_put_back()
        if any(one["stageName"] == _STAGE for one in self._api.get_stages(restApiId=self._id)["item"]):
            self._api.delete_stage(**self._place)
        self._api.create_stage(**self._place, deploymentId=self._nobodys, variables=_OTHERS)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "rest_api_canary",
            "rest_api_id": self._id,
            "stage_name": _STAGE,
            "deployments": self._deployments,
            "owner": OWNER,
        }

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The traffic: of the stage's deployment, and the canary's share of it."""
        found = self._api.get_stage(**self._place)
        tags: dict[str, str] = self._api.get_tags(resourceArn=self._arn).get("tags") or {}
        canary = found.get("canarySettings") or {}
        colors = {deployment: color for color, deployment in self._deployments.items()}
        shares = dict.fromkeys(COLORS, 0)
        percent = round(canary.get("percentTraffic", 0))
        for deployment, share in (
            (found["deploymentId"], 100 - percent),
            (canary.get("deploymentId", found["deploymentId"]), percent),
        ):
            if deployment in colors:
                shares[colors[deployment]] += share
        theirs = {f"tag {key}": each for key, each in others_of(tags).items()}
        variables = found.get("variables") or {}
        theirs |= {f"variable {key}": each for key, each in variables.items() if key not in _OTHERS}
        if tags.get(OWNER_TAG) == STRANGER:
            theirs["owner"] = STRANGER
        return Sight(
            {color: share for color, share in shares.items() if share},
            self.sized(),
            marks=marks_of(tags),
            theirs=theirs,
        )

    def move(self, weights: Mapping[str, int]) -> None:
        """All to one deployment, or a canary of the other one."""
        if "canarySettings" in self._api.get_stage(**self._place):
            self._set([{"op": "remove", "path": _CANARY}])
        first = max(COLORS, key=lambda color: weights.get(color, 0))
        self._set([_replaced("/deploymentId", self._deployments[first])])
        for color, share in weights.items():
            if color != first and share:
                at = {"deploymentId": self._deployments[color], "percentTraffic": f"{share}.0"}
                self._set([_replaced(f"{_CANARY}/{key}", value) for key, value in at.items()])

    def _set(self, operations: list[dict[str, str]]) -> None:
        self._api.update_stage(**self._place, patchOperations=operations)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Tags of the swap's kind."""
        added = {MARK_PREFIX + name: value for name, value in changes.items() if value is not None}
        removed = [MARK_PREFIX + name for name, value in changes.items() if value is None]
        if added:
            self._api.tag_resource(resourceArn=self._arn, tags=added)
        if removed:
            self._api.untag_resource(resourceArn=self._arn, tagKeys=removed)

    def act(self, hand: str, color: str) -> None:
        """A tag or a variable; another owner."""
        if hand == "takes":
            self._api.tag_resource(resourceArn=self._arn, tags=TAKEN)
        elif color == "blue":
            self._api.tag_resource(resourceArn=self._arn, tags={"team": "shop"})
        else:
            self._set([_replaced("/variables/feature", "on")])


def _replaced(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}


def _patched(stage: Any, operations: Sequence[Mapping[str, str]]) -> Any:
    """All of it or nothing, as AWS does it."""
    made = copy.copy(stage)
    made.variables, made.canary = dict(stage.variables), copy.deepcopy(getattr(stage, "canary", None))
    for operation in operations:
        path = operation["path"]
        _, kind, *rest = path.split("/")
        if operation["op"] == "remove" and path == _CANARY:
            made.canary = None
        elif path == "/deploymentId":
            if made.canary is not None and operation["value"] != made.deployment_id:
                raise JsonRESTError("BadRequestException", "a stage with a canary takes no other deployment")
            made.deployment_id = operation["value"]
        elif kind == "variables":
            made.variables[rest[0]] = operation["value"]
        else:
            made.canary = made.canary if made.canary is not None else {"deploymentId": made.deployment_id}
            made.canary[rest[0]] = _NUMBERS.get(rest[0], str)(operation["value"])
    vars(stage).update(vars(made))
    return stage


STAGES = {
    RestStage.name: Staged(RestStage, Calls(15, 19, 11)),
}
