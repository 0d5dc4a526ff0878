"""The option ``aws`` of whatever calls AWS: the region and the credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bluegreen.aws.arn_places import connection_in
from bluegreen.aws.client import AwsConnection
from bluegreen.fields import Fields
from bluegreen.options.declared import option
from bluegreen.options.kinds import Nested


@dataclass(frozen=True, slots=True)
class _Connection(Nested):
    """A connection that reaches every ARN of the section that it stands in.

    Attributes:
        shares: whether another account may let these calls in, as functions do.
    """

    shares: bool = False

    def read(self, fields: Fields, name: str, default: Any) -> Any:  # noqa: ARG002 - boto3's chain is the default
        """Read the connection."""
        return connection_in(fields, name, shares=self.shares)


AWS = _Connection(AwsConnection, "AwsConnection | Mapping[str, Any]", shares=True)
"""The kind of gates' and metric sources'."""


def aws_option() -> Any:
    """The option as routers and capacities have it."""
    return option("where to call, with which credentials", _Connection(AwsConnection), default=AwsConnection())
