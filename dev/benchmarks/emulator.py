"""The AWS emulator's view of a run: the calls that it got and when, and whether a color is warm."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx

from localcloud import emulator
from localcloud.cloud import LocalCloud
from localcloud.errors import LocalCloudError

_CALL = re.compile(r"^(\S+Z) .*handling request service=(\S+) action=(\S+)", re.MULTILINE)
PREVIEW_REQUESTS = 8


class Emulator:
    """One load balancer of the emulator, found by its URL."""

    def __init__(self, cloud: LocalCloud, url: str) -> None:
        self._cloud = cloud
        self._url = url
        self._elb: Any = boto3.client(
            "elbv2",
            endpoint_url=cloud.endpoint,
            region_name=emulator.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        port = urlsplit(url).port
        arns = [b["arn"] for b in emulator.load_balancers(cloud.port) if b.get("boundPort") == port]
        if not arns:
            raise LocalCloudError(f"no load balancer of the emulator has {url}")
        self._balancer = arns[0]

    def calls(self, start: float, end: float) -> list[tuple[float, str]]:
        """The API calls that it received between two times (seconds since the epoch), from its log."""
        received = (
            (datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp(), f"{service}:{action}")
            for at, service, action in _CALL.findall(self._cloud.log.read_text(errors="replace"))
        )
        return [(at, call) for at, call in received if start <= at <= end]

    def warm(self, color: str, version: str) -> bool:
        """Whether all of the color's targets are healthy, none is leaving, and all of them have this version."""
        group = self._target_group(color)
        health = self._elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        states = [target["TargetHealth"]["State"] for target in health]
        return len(states) > 1 and set(states) == {"healthy"} and self._versions(color) == {version}

    def _target_group(self, color: str) -> str:
        """The one that the color's own rule forwards to."""
        action = self._preview_rule(color)[1]
        return str(action.get("TargetGroupArn") or action["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"])

    def _preview_rule(self, color: str) -> tuple[str, dict[str, Any]]:
        """The header's value for the color, with the stack's token behind its name, and the forward of its rule."""
        listener = self._elb.describe_listeners(LoadBalancerArn=self._balancer)["Listeners"][0]["ListenerArn"]
        for rule in self._elb.describe_rules(ListenerArn=listener)["Rules"]:
            for condition in rule["Conditions"]:
                for value in condition.get("HttpHeaderConfig", {}).get("Values", ()):
                    if value.partition("-")[0] == color:
                        return value, rule["Actions"][0]
        raise LocalCloudError(f"the listener has no rule for {color}'s preview")

    def _versions(self, color: str) -> set[str]:
        """The answers of the color's preview: versions, or status codes while a task is being replaced."""
        headers = {"X-Bluegreen-Color": self._preview_rule(color)[0]}
        with httpx.Client(trust_env=False, headers=headers, timeout=10) as client:
            answers = [client.get(self._url) for _ in range(PREVIEW_REQUESTS)]
        return {str(answer.json()["version"] if answer.is_success else answer.status_code) for answer in answers}
