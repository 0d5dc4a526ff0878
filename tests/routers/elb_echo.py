"""A listener rule or listener behind boto3's own checks, kept as it was sent: emulators drop what they do not know."""

from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any

from bluegreen.aws.client import AwsConnection
from bluegreen.fields import Fields
from bluegreen.platforms.routers import ROUTERS

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:"
GROUPS = {"blue": ARN + "targetgroup/b/1111111111111111", "green": ARN + "targetgroup/g/2222222222222222"}
RULE = ARN + "listener-rule/app/w/1111111111111111/2222222222222222/3333333333333333"
LISTENER = ARN + "listener/app/w/1111111111111111/2222222222222222"
NETWORK_LISTENER = ARN + "listener/net/w/1111111111111111/2222222222222222"
# An endpoint of its own, so that no other test's client has these handlers.
CONNECTION = {"region": "eu-central-1", "endpoint_url": "http://127.0.0.1:9"}


class Elb:
    """The objects of the echo.

    Attributes:
        actions: its actions.
        tags: its tags.
        wrote: what the last change of it was sent.
    """

    def __init__(self, arn: str, actions: list[dict[str, Any]]) -> None:
        self.arn, self.actions, self.tags = arn, actions, {}
        self.wrote: dict[str, Any] = {}
        self.events = AwsConnection(**CONNECTION).client("elbv2").meta.events
        self.events.register("provide-client-params.elastic-load-balancing-v2.*", self._keep)
        self.events.register("before-call.elastic-load-balancing-v2.*", self._reply)

    def close(self) -> None:
        """Answer no more."""
        self.events.unregister("provide-client-params.elastic-load-balancing-v2.*", self._keep)
        self.events.unregister("before-call.elastic-load-balancing-v2.*", self._reply)

    def _keep(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self._call, self._params = model.name, params

    def _reply(self, **_: object) -> Any:
        call, given = self._call, self._params
        if call == "DescribeRules":
            return _answer(Rules=[{"RuleArn": self.arn, "Priority": "10", "IsDefault": False, "Actions": self.actions}])
        if call == "DescribeListeners":
            return _answer(Listeners=[{"ListenerArn": self.arn, "DefaultActions": self.actions}])
        if call == "DescribeTags":
            tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
            return _answer(TagDescriptions=[{"ResourceArn": self.arn, "Tags": tags}])
        if call == "AddTags":
            self.tags |= {tag["Key"]: tag["Value"] for tag in given["Tags"]}
        if call == "RemoveTags":
            self.tags = {key: value for key, value in self.tags.items() if key not in given["TagKeys"]}
        if call in ("ModifyRule", "ModifyListener"):
            self.wrote = dict(given)
            self.actions = given.get("Actions") or given["DefaultActions"]
        return _answer()


def _answer(**content: Any) -> tuple[Any, dict[str, Any]]:
    meta = {"HTTPStatusCode": 200, "RequestId": "x", "HTTPHeaders": {}, "RetryAttempts": 0}
    return SimpleNamespace(status_code=200, headers={}), {"ResponseMetadata": meta, **content}


def router(kind: str = "alb", **more: object) -> Any:
    """A router of what stands there."""
    section = {"kind": kind, "target_groups": GROUPS, "owner": "p/s/web", "aws": CONNECTION, **more}
    parsed = ROUTERS.parse(Fields(section, "router"))
    assert parsed is not None
    return ROUTERS.build(parsed)


def options_of(command: str) -> dict[str, str]:
    """A command's options."""
    words = shlex.split(command)[3:]
    return dict(zip(words[::2], words[1::2], strict=True))
