"""The option ``aws`` of gates and metric sources: where and as whom they call."""

from __future__ import annotations

from bluegreen.aws.arn_places import connection_in
from bluegreen.aws.client import AwsConnection
from bluegreen.fields import Fields
from bluegreen.options.kinds import Made


def _connection(fields: Fields, name: str) -> AwsConnection:
    return connection_in(fields, name, shares=True)


AWS = Made("AwsConnection | Mapping[str, Any]", _connection)
"""Its kind."""
