"""Elastic Beanstalk's calls for two environments of an application, with their answers as values.

The name of production, ``PREFIX.REGION.elasticbeanstalk.com``, is one environment's at a time; an exchange gives it to
the other one, and requested again takes it back. So a call for it is sent once, whatever comes of it.
https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_SwapEnvironmentCNAMEs.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.aws.client import AwsConnection, called
from bluegreen.rollout.errors import PlatformError
from bluegreen.rollout.model import COLORS, Color, Readiness

SWAP = "elasticbeanstalk:SwapEnvironmentCNAMEs"
_READY, _GONE = "Ready", ("Terminated", "Terminating")
_GREEN = "Green"
_HTTP_SERVER_ERROR = 500


class _UnclearError(Exception):
    """An answer that does not say whether anything was done, or none."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment as Beanstalk describes it.

    Attributes:
        name: its name.
        arn: its ARN.
        cname: the name that leads to it now.
        status: ``Ready``, or what is done to it.
        health: the color of its health: ``Green``, ``Yellow``, ``Red``, ``Grey``.
        health_status: the same in a word, where it reports enhanced health.
        version: the label of the application version that it runs.
    """

    name: str
    arn: str
    cname: str
    status: str
    health: str
    health_status: str
    version: str

    @property
    def prefix(self) -> str:
        """The part of its name that is its own."""
        return self.cname.partition(".")[0].lower()

    @property
    def application_arn(self) -> str:
        """The application that it belongs to."""
        start, _, rest = self.arn.partition(":environment/")
        return f"{start}:application/{rest.partition('/')[0]}"


@dataclass(frozen=True, slots=True)
class Environments:
    """The calls.

    Attributes:
        names: each color's environment.
        aws: where to call, with which credentials.
    """

    names: Mapping[Color, str]
    aws: AwsConnection

    @property
    def _client(self) -> Any:
        return self.aws.client("elasticbeanstalk")

    def find(self) -> dict[Color, Environment]:
        """Both environments: one call.

        Raises:
            PlatformError: one is not there.
        """
        found = described(self._client, [self.names[color] for color in COLORS])
        missing = [name for name in self.names.values() if name not in found]
        if missing:
            raise PlatformError("elasticbeanstalk:DescribeEnvironments", f"no environment {', '.join(missing)}")
        return {color: found[self.names[color]] for color in COLORS}

    def tags(self, application_arn: str) -> dict[str, str]:
        """The application's tags: one call."""
        with called("elasticbeanstalk:ListTagsForResource"):
            answer = self._client.list_tags_for_resource(ResourceArn=application_arn)["ResourceTags"]
        return {tag["Key"]: tag["Value"] for tag in answer}

    def tag(self, application_arn: str, kept: Mapping[str, str], gone: Sequence[str]) -> None:
        """Set and remove tags of the application: one call."""
        with called("elasticbeanstalk:UpdateTagsForResource"):
            self._client.update_tags_for_resource(
                ResourceArn=application_arn,
                TagsToAdd=[{"Key": key, "Value": value} for key, value in kept.items()],
                TagsToRemove=list(gone),
            )

    def exchange(self) -> bool:
        """Exchange the names: one request, which nothing sends again.

        Returns:
            Whether it was accepted; ``False`` where the answer does not say, or there is none.

        Raises:
            PlatformError: it was refused, and nothing was done.
        """
        client = self._client
        # A client repeats what failed on the server's side, which here may have been done.
        event = "needs-retry.elastic-beanstalk.SwapEnvironmentCNAMEs"
        client.meta.events.register_first(event, _refuse_to_repeat, unique_id="bluegreen-once")
        try:
            with called("elasticbeanstalk:SwapEnvironmentCNAMEs"):
                client.swap_environment_cnames(
                    SourceEnvironmentName=self.names["blue"], DestinationEnvironmentName=self.names["green"]
                )
        except _UnclearError:
            return False
        return True


def described(client: Any, names: Sequence[str]) -> dict[str, Environment]:
    """Environments by their names, those that there are: one call."""
    with called("elasticbeanstalk:DescribeEnvironments"):
        answer = client.describe_environments(EnvironmentNames=list(names), IncludeDeleted=False)["Environments"]
    return {one["EnvironmentName"]: _read(one) for one in answer if one["Status"] not in _GONE}


def _refuse_to_repeat(
    response: tuple[Any, Mapping[str, Any]] | None = None, caught_exception: Exception | None = None, **_: object
) -> None:
    """End a call whose answer does not say what came of it."""
    failed = response is not None and response[0].status_code >= _HTTP_SERVER_ERROR
    if caught_exception is not None or failed:
        raise _UnclearError from caught_exception


def _read(described: Mapping[str, Any]) -> Environment:
    return Environment(
        name=described["EnvironmentName"],
        arn=described["EnvironmentArn"],
        cname=described.get("CNAME", ""),
        status=described["Status"],
        health=described.get("Health", "Grey"),
        health_status=described.get("HealthStatus", ""),
        version=described.get("VersionLabel", ""),
    )


def live_of(environments: Mapping[Color, Environment], prefix: str) -> Color | None:
    """The color whose environment has production's name; ``None`` where neither has it."""
    return next((color for color in COLORS if environments[color].prefix == prefix.lower()), None)


def busy_with(environments: Mapping[Color, Environment]) -> str:
    """The work on either of them; empty where both are ready."""
    return ", ".join(f"{one.name} is {one.status}" for one in environments.values() if one.status != _READY)


def readiness_of(environment: Environment, version: str) -> Readiness:
    """Whether an environment can take traffic, as Beanstalk tells its health.

    Args:
        environment: which.
        version: the label that it has to run; empty: any.
    """
    name = environment.name
    if version and environment.version != version:
        there = environment.version or "of the sample application"
        reason = f"environment {name} runs the version {there} instead of {version}"
        return Readiness(False, 0, 1, reason, undelivered=True, counts_units=False)
    if environment.status != _READY:
        return Readiness(False, 0, 1, f"environment {name} is {environment.status}", counts_units=False, starting=1)
    if environment.health != _GREEN:
        said = f" ({environment.health_status})" if environment.health_status else ""
        return Readiness(
            False, 0, 1, f"the health of environment {name} is {environment.health}{said}", counts_units=False
        )
    return Readiness(True, 1, 1, counts_units=False, release=environment.version)
