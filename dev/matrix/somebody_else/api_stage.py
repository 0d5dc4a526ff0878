"""A stage of an HTTP API, whose variable names a color."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import boto3
from moto.apigatewayv2 import models
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

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


class ApiStage(MotoStage):
    """Nothing is split."""

    name = "http_api_stage"
    splits = False
    hands = frozenset({"adds", "takes", "deletes"})
    looking = frozenset({"apigateway:GetStage"})

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Add to moto that a stage can be changed, and says its tags. It never reads API definitions here."""
        said = models.Stage.to_json

        def changed(answer: Any) -> tuple[int, dict[str, str], str]:
            found = answer.apigatewayv2_backend.get_stage(self._id, _STAGE)
            found.stage_variables = json.loads(answer.body)["stageVariables"]
            return 200, {}, json.dumps(found.to_json())

        def with_tags(found: models.Stage) -> dict[str, Any]:
            backend = get_backend("apigatewayv2")[DEFAULT_ACCOUNT_ID]["eu-central-1"]
            return {**said(found), "tags": backend.get_tags(self._arn)}

        with (
            no_definitions(),
            mock.patch.object(ApiGatewayV2Response, "update_stage", changed, create=True),
            mock.patch.object(models.Stage, "to_json", with_tags),
            MotoStage.opened(self, heard),
        ):
            yield

    def build(self) -> None:
        """An API."""
        self._api: Any = boto3.client("apigatewayv2")
        self._id = self._api.create_api(Name="web", ProtocolType="HTTP")["ApiId"]
        self._arn = f"arn:aws:apigateway:eu-central-1::/apis/{self._id}/stages/{_STAGE}"

    def put_back(self) -> None:
        """A new stage that names no color."""
        self.sizes_put_back()
        if self._found() is not None:
            self._api.delete_stage(ApiId=self._id, StageName=_STAGE)
        tags = self._tags()
        if tags:
            self._api.untag_resource(ResourceArn=self._arn, TagKeys=[*tags])
        self._api.create_stage(ApiId=self._id, StageName=_STAGE, StageVariables=_OTHERS)

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        return {
            "kind": "http_api_stage",
            "api_id": self._id,
            "stage_name": _STAGE,
            "variable": "color",
            "values": {color: f"{color}.internal" for color in COLORS},
            "owner": OWNER,
        }

    def _found(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._api.get_stage(ApiId=self._id, StageName=_STAGE)
        except self._api.exceptions.ClientError:
            return None
        return found

    def _tags(self) -> dict[str, str]:
        found: dict[str, str] = self._api.get_tags(ResourceArn=self._arn).get("Tags") or {}
        return found

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The variable, once the stage is somebody's."""
        found, tags = self._found(), self._tags()
        if found is None:
            return Sight({}, self.sized(), self.retiring(), self.suspended())
        variables = found.get("StageVariables") or {}
        value = variables.get("color")
        theirs = {f"tag {key}": each for key, each in others_of(tags).items()}
        theirs |= {f"variable {key}": each for key, each in variables.items() if key not in ("color", *_OTHERS)}
        if tags.get(OWNER_TAG) == STRANGER:
            theirs["owner"] = STRANGER
        return Sight(
            {color: 100 for color in COLORS if value == f"{color}.internal"},
            self.sized(),
            self.retiring(),
            self.suspended(),
            marks_of(tags),
            theirs,
        )

    def move(self, weights: Mapping[str, int]) -> None:
        """Another value."""
        found = self._found()
        if found is not None:
            (color,) = weights
            self._set({**found.get("StageVariables", {}), "color": f"{color}.internal"})

    def _set(self, variables: Mapping[str, str]) -> None:
        self._api.update_stage(ApiId=self._id, StageName=_STAGE, StageVariables=dict(variables))

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Tags of the swap's kind."""
        added = {MARK_PREFIX + name: value for name, value in changes.items() if value is not None}
        removed = [MARK_PREFIX + name for name, value in changes.items() if value is None]
        if added and self._found() is not None:
            self._api.tag_resource(ResourceArn=self._arn, Tags=added)
        if removed:
            self._api.untag_resource(ResourceArn=self._arn, TagKeys=removed)

    def act(self, hand: str, color: str) -> None:
        """A tag or a variable; another owner; no stage any more."""
        found = self._found()
        if found is None:
            return
        if hand == "takes":
            self._api.tag_resource(ResourceArn=self._arn, Tags=TAKEN)
        elif hand == "deletes":
            self._api.delete_stage(ApiId=self._id, StageName=_STAGE)
            self._api.untag_resource(ResourceArn=self._arn, TagKeys=[*self._tags(), "none"])
        elif color == "blue":
            self._api.tag_resource(ResourceArn=self._arn, Tags={"team": "shop"})
        else:
            self._set({**found.get("StageVariables", {}), "feature": "on"})

    def mend(self) -> None:
        """The stack's own update comes before the swap's: the stage is there again."""
        if self._found() is None:
            self._api.create_stage(ApiId=self._id, StageName=_STAGE, StageVariables=_OTHERS)


STAGES = {
    ApiStage.name: Staged(ApiStage, Calls(15, None, 11)),
}
