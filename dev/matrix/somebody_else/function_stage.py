"""A function's alias."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import boto3
from botocore.exceptions import ClientError
from moto.awslambda.models import LambdaAlias

from dev.matrix.shapes import COLORS
from dev.matrix.somebody_else.moto_stage import OWNER, MotoStage, others_of
from dev.matrix.somebody_else.sight import Sight
from dev.matrix.somebody_else.stage import STRANGER, STRANGERS_MARK, Calls, Heard, Staged

_PLACE = {"FunctionName": "web", "Name": "live"}
_MARK_PREFIX = "bluegreen:mark:live:"
_TRUST = '{"Version": "2012-10-17", "Statement": []}'


class FunctionStage(MotoStage):
    """The version that an alias points to, and the weight of another one."""

    name = "lambda_alias"
    splits = True
    hands = frozenset({"adds", "takes", "deletes"})
    looking = frozenset({"lambda:GetAlias"})

    def build(self) -> None:
        """A function with a version for each color, and one more."""
        self._lambda: Any = boto3.client("lambda")
        role = boto3.client("iam").create_role(RoleName="web", AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"]
        made = self._lambda.create_function(
            FunctionName="web",
            Runtime="python3.12",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": _code("0")},
        )
        self._arn = made["FunctionArn"]
        for number in range(1, 4):
            self._lambda.update_function_code(FunctionName="web", ZipFile=_code(str(number)))
            self._lambda.publish_version(FunctionName="web")

    @contextmanager
    def opened(self, heard: Heard) -> Iterator[None]:
        """Each change of the alias has a revision of its own, which moto forgets."""
        update = LambdaAlias.update

        def updated(alias: LambdaAlias, *changes: Any) -> None:
            update(alias, *changes)
            alias.revision_id = secrets.token_hex(8)

        with mock.patch.object(LambdaAlias, "update", updated), MotoStage.opened(self, heard):
            yield

    def asked(self, call: str, parameters: Mapping[str, Any]) -> None:
        """A change is for the revision that it names."""
        wanted = parameters.get("RevisionId") if call == "lambda:UpdateAlias" else None
        found = self._alias() if wanted else None
        if found is not None and found["RevisionId"] != wanted:
            said: Any = {"Code": "PreconditionFailedException", "Message": "The RevisionId provided does not match"}
            raise ClientError({"Error": said}, "UpdateAlias")

    def put_back(self) -> None:
        """No alias, no tags."""
        self.sizes_put_back()
        self._lambda.delete_alias(**_PLACE)
        tags = self._tags()
        if tags:
            self._lambda.untag_resource(Resource=self._arn, TagKeys=[*tags])

    def _tags(self) -> dict[str, str]:
        found: dict[str, str] = self._lambda.list_tags(Resource=self._arn).get("Tags") or {}
        return found

    def router(self) -> dict[str, Any]:
        """The ``router`` section."""
        versions = {"blue": "1", "green": "2"}
        return {
            "kind": "lambda_alias",
            "function_name": "web",
            "alias_name": "live",
            "versions": versions,
            "owner": OWNER,
        }

    def _alias(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._lambda.get_alias(**_PLACE)
        except self._lambda.exceptions.ResourceNotFoundException:
            return None
        return found

    def capacity(self) -> None:
        """Nothing is scaled."""

    def look(self) -> Sight:
        """The alias."""
        found, tags = self._alias(), self._tags()
        if found is None:
            return Sight({}, self.sized(), self.retiring(), self.suspended())
        extra = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        shares = {found["FunctionVersion"]: 1 - sum(extra.values()), **extra}
        weights = {color: round(100 * shares.get(version, 0)) for color, version in zip(COLORS, "12", strict=True)}
        theirs = {f"tag {key}": value for key, value in others_of(tags).items()}
        if STRANGER in found.get("Description", ""):
            theirs["owner"] = STRANGER
        return Sight(
            {color: share for color, share in weights.items() if share},
            self.sized(),
            self.retiring(),
            self.suspended(),
            {key.removeprefix(_MARK_PREFIX): value for key, value in tags.items() if key.startswith(_MARK_PREFIX)},
            theirs,
        )

    def move(self, weights: Mapping[str, int]) -> None:
        """Another version, or a weight."""
        versions = dict(zip(COLORS, "12", strict=True))
        (first, *rest) = sorted(weights)
        config = {"AdditionalVersionWeights": {versions[color]: weights[color] / 100 for color in rest}}
        self._lambda.update_alias(**_PLACE, FunctionVersion=versions[first], RoutingConfig=config)

    def mark(self, changes: Mapping[str, str | None]) -> None:
        """Tags of the swap's kind."""
        if self._alias() is None:
            return
        added = {_MARK_PREFIX + name: value for name, value in changes.items() if value is not None}
        removed = [_MARK_PREFIX + name for name, value in changes.items() if value is None]
        if added:
            self._lambda.tag_resource(Resource=self._arn, Tags=added)
        if removed:
            self._lambda.untag_resource(Resource=self._arn, TagKeys=removed)

    def act(self, hand: str, color: str) -> None:  # noqa: ARG002 - there is no choice here
        """A tag; another owner; no alias any more."""
        if self._alias() is None:
            return
        if hand == "adds":
            self._lambda.tag_resource(Resource=self._arn, Tags={"team": "shop"})
        elif hand == "takes":
            self._lambda.update_alias(**_PLACE, Description=f"bluegreen:owner={STRANGER} blue=100 green=0")
            self._lambda.tag_resource(Resource=self._arn, Tags={f"{_MARK_PREFIX}incarnation": STRANGERS_MARK})
        elif hand == "deletes":
            self._lambda.delete_alias(**_PLACE)


def _code(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", f"def handler(event, context):\n    return {text!r}\n")
    return packed.getvalue()


STAGES = {
    FunctionStage.name: Staged(FunctionStage, Calls(12, 16, 9)),
}
