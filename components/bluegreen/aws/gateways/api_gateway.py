"""Shared by routers for API Gateway: a stage's owner and marks as its tags, and the limits of its inputs.

IAM's actions for API Gateway are the HTTP verbs: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bluegreen.aws.client import AwsConnection, called
from bluegreen.aws.service_limits import LIMITS
from bluegreen.options.kinds import Text
from bluegreen.permissions import Permission
from bluegreen.platforms.ownership import Ownership
from bluegreen.rollout.errors import NotOwned

OWNER_TAG = "bluegreen:owner"
MARK_PREFIX = "bluegreen:mark:"
TAG_PERMISSIONS = (
    Permission("apigateway:PUT", "every swap: its owner and its lease", "arn:aws:apigateway:*::/tags/*"),
    Permission("apigateway:POST", "the same, of HTTP and WebSocket APIs", "arn:aws:apigateway:*::/tags/*"),
    Permission("apigateway:DELETE", "the end of every swap: its lease", "arn:aws:apigateway:*::/tags/*"),
)
VARIABLE_NAME = re.compile(r"\w+\Z", re.ASCII)
VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]+\Z")
VARIABLE_ALLOWED = "letters, digits and -._~:/?#&=, (https://docs.aws.amazon.com/apigateway/latest/developerguide/stage-variables.html)"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of an API, as far as it is the same for REST, HTTP and WebSocket APIs.

    Attributes:
        aws: where to call, with which credentials.
        collection: ``restapis``, or ``apis`` for HTTP and WebSocket APIs.
        api_id: the API.
        name: the stage's name; ``$default`` is one of an HTTP API.
        owner: who this swap is.
        adopt: whether a stage that nobody owns is read as it is.
        former_owner: who this swap was at its last update.
        incarnation: the mark on its stage.
    """

    aws: AwsConnection
    collection: Literal["restapis", "apis"]
    api_id: str
    name: str
    owner: str
    adopt: bool
    former_owner: str = ""
    incarnation: str = ""

    @property
    def client(self) -> Any:
        """The client of the API's kind."""
        return self.aws.client("apigateway" if self.collection == "restapis" else "apigatewayv2")

    @property
    def arn(self) -> str:
        """The ARN that tags are put on."""
        meta = self.client.meta
        return (
            f"arn:{meta.partition}:apigateway:{meta.region_name}::/{self.collection}/{self.api_id}/stages/{self.name}"
        )

    def tags(self) -> dict[str, str]:
        """The stage's own tags: one call."""
        with called("apigateway:GET"):
            if self.collection == "apis":
                return dict(self.client.get_tags(ResourceArn=self.arn).get("Tags", {}))
            return dict(self.client.get_tags(resourceArn=self.arn).get("tags", {}))

    def tag(self, tags: Mapping[str, str]) -> None:
        """Add tags; none is fine."""
        if not tags:
            return
        if self.collection == "apis":
            with called("apigateway:POST"):
                self.client.tag_resource(ResourceArn=self.arn, Tags=dict(tags))
        else:
            with called("apigateway:PUT"):
                self.client.tag_resource(resourceArn=self.arn, tags=dict(tags))

    def untag(self, keys: Sequence[str]) -> None:
        """Remove tags, there or not; none is fine."""
        if not keys:
            return
        with called("apigateway:DELETE"):
            if self.collection == "apis":
                self.client.untag_resource(ResourceArn=self.arn, TagKeys=list(keys))
            else:
                self.client.untag_resource(resourceArn=self.arn, tagKeys=list(keys))

    def is_ours(self, tags: Mapping[str, str]) -> bool:
        """Whether this swap owns it; ``False`` while nobody does.

        Raises:
            NotOwned: somebody else does.
        """
        holder = tags.get(OWNER_TAG)
        ownership = Ownership(self.owner, self.former_owner, self.incarnation)
        if holder is not None and not ownership.holds(holder, marks_in(tags)):
            raise NotOwned(
                "apigateway:GET",
                f"stage {self.name} of the API {self.api_id} is owned by {holder}; this swap is {self.owner}: "
                "name another stage",
            )
        return holder is not None

    def claim(self) -> None:
        """Tag the stage as this swap's."""
        self.tag({OWNER_TAG: self.owner})

    def set_marks(self, changes: Mapping[str, str | None], tags: Mapping[str, str]) -> None:
        """Set and remove marks: a call for each of the two. With ``tags`` of a former owner it is claimed, too."""
        added = {MARK_PREFIX + name: value for name, value in changes.items() if value is not None}
        renamed = added and tags.get(OWNER_TAG) not in (None, self.owner)
        self.tag({**added, OWNER_TAG: self.owner} if renamed else added)
        self.untag([MARK_PREFIX + name for name, value in changes.items() if value is None])

    def let_go(self, tags: Mapping[str, str]) -> None:
        """Take the owner's tag and all marks away; everything else about the stage stays."""
        self.untag([key for key in self.keys_of_ours(tags) if key in tags])

    @staticmethod
    def keys_of_ours(tags: Mapping[str, str]) -> list[str]:
        """The keys of a swap's own tags: the owner's, and those of all marks among an object's tags."""
        return [OWNER_TAG, *(key for key in tags if key.startswith(MARK_PREFIX))]


def marks_in(tags: Mapping[str, str]) -> dict[str, str]:
    """The marks among a stage's tags."""
    return {key.removeprefix(MARK_PREFIX): value for key, value in tags.items() if key.startswith(MARK_PREFIX)}


def limited(limit: str, fits: Callable[[str], object] | None = None, allowed: str = "") -> Text:
    """A text that is no longer than AWS takes it.

    Args:
        limit: its name among AWS' limits.
        fits: whether a text is one that is allowed; ``None``: any is.
        allowed: what is allowed beside, in words.
    """
    most = LIMITS[limit]
    words = f"{allowed}; {most.allowed}" if allowed else most.allowed
    return Text(fits=lambda text: len(text) <= most.most and (fits is None or fits(text)), allowed=words)


STAGE_NAME = limited("stage_name")
VARIABLE = limited("stage_variable_value", VARIABLE_VALUE.match, VARIABLE_ALLOWED)
"""What the value of a stage variable can be."""
