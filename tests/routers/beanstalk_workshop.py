"""Two environments of an application of Elastic Beanstalk, played in this process behind boto3's own checks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bluegreen.rollout.calls import guarded
from bluegreen.rollout.clock import FakeClock
from tests.routers.aws_store import ACCOUNT, CONNECTION, REGION, Refused, Store

NAMES = {"blue": "shop-blue", "green": "shop-green"}
PREFIX, IDLE = "shop", "shop-idle"
VERSIONS = {"blue": "v1", "green": "v2"}
APPLICATION = f"arn:aws:elasticbeanstalk:{REGION}:{ACCOUNT}:application/shop"


def host(prefix: str) -> str:
    """A name in DNS."""
    return f"{prefix}.{REGION}.elasticbeanstalk.com"


@dataclass
class Shop:
    """An application with blue in production; what is read from it is noted.

    Attributes:
        environments: by name, as Beanstalk describes them.
        tags: the application's.
        takes: how many looks an exchange takes; both environments are being updated meanwhile.
        loses: whether an exchange that was requested comes to nothing.
        exchanges: how many were done.
        calls: the operations that were called.
    """

    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    takes: int = 0
    loses: bool = False
    exchanges: int = 0
    calls: list[str] = field(default_factory=list)
    _left: int = 0

    def __post_init__(self) -> None:
        for color, prefix in (("blue", PREFIX), ("green", IDLE)):
            name = NAMES[color]
            self.environments[name] = {
                "EnvironmentName": name,
                "EnvironmentId": f"e-{color}",
                "EnvironmentArn": APPLICATION.replace("application/shop", f"environment/shop/{name}"),
                "ApplicationName": "shop",
                "CNAME": host(prefix),
                "Status": "Ready",
                "Health": "Green",
                "HealthStatus": "Ok",
                "VersionLabel": VERSIONS[color],
            }

    def of(self, color: str) -> dict[str, Any]:
        """A color's environment."""
        return self.environments[NAMES[color]]

    @property
    def live(self) -> str:
        """Who has production's name."""
        (color,) = [color for color in NAMES if self.of(color)["CNAME"] == host(PREFIX)]
        return color

    def exchange(self) -> None:
        """Both names, by hand."""
        one, two = self.of("blue"), self.of("green")
        one["CNAME"], two["CNAME"] = two["CNAME"], one["CNAME"]
        self.exchanges += 1

    def answer(self, call: str, given: dict[str, Any]) -> dict[str, Any]:
        """As the API does."""
        self.calls.append(call)
        if call == "DescribeEnvironments":
            self._go_on()
            return {
                "Environments": [
                    self.environments[name] for name in given["EnvironmentNames"] if name in self.environments
                ]
            }
        if call == "ListTagsForResource":
            pairs = [{"Key": key, "Value": value} for key, value in self.tags.items()]
            return {"ResourceArn": given["ResourceArn"], "ResourceTags": pairs}
        if call == "UpdateTagsForResource":
            assert given["ResourceArn"] == APPLICATION
            self.tags |= {tag["Key"]: tag["Value"] for tag in given.get("TagsToAdd", ())}
            for key in given.get("TagsToRemove", ()):
                del self.tags[key]
            return {}
        assert call == "SwapEnvironmentCNAMEs", call
        if any(one["Status"] != "Ready" for one in self.environments.values()):
            raise Refused("InvalidParameterValue")
        if self.takes or self.loses:
            self._left = self.takes + 1
            for one in self.environments.values():
                one["Status"] = "Updating"
        else:
            self.exchange()
        return {}

    def _go_on(self) -> None:
        if self._left:
            self._left -= 1
            if not self._left:
                for one in self.environments.values():
                    one["Status"] = "Ready"
                if not self.loses:
                    self.exchange()


@contextlib.contextmanager
def running() -> Iterator[Shop]:
    """One, which answers every client of the section's connection; whoever waits turns a clock of its own."""
    made, clock = Shop(), FakeClock()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")

        def answer(call: str, given: dict[str, Any]) -> dict[str, Any]:
            return made.answer(call, given)  # by then it may be another one

        with contextlib.closing(Store("elasticbeanstalk", answer)), guarded(lambda: None, sleep=clock.sleep):
            yield made


def section(**more: object) -> dict[str, object]:
    """A ``router`` section for it."""
    return {
        "kind": "beanstalk",
        "cname_prefix": PREFIX,
        "environments": dict(NAMES),
        "owner": "project/stack/web",
        "aws": dict(CONNECTION),
        **more,
    }
