"""Requests and failed requests of a color as CloudWatch has them from load balancers, functions and API Gateway.

Names and dimensions:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from bluegreen.aws.client import AwsConnection, called
from bluegreen.fields import Fields
from bluegreen.metrics.error_counts import CLOUDWATCH, LATE_SECONDS, Counts, ErrorCounts
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Color
from bluegreen.rollout.ports import GateContext

_PERIOD_SECONDS = 60
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Metrics:
    """The names of an entry's metrics.

    Attributes:
        namespace: theirs.
        requests: what counts all requests.
        errors: what counts failed ones; several are added up.
    """

    namespace: str
    requests: str
    errors: tuple[str, ...]


# A target that closes the connection answers nobody: the load balancer's own 502 has no target group in its dimensions.
_BALANCER = Metrics("AWS/ApplicationELB", "RequestCount", ("HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount"))
_FUNCTION = Metrics("AWS/Lambda", "Invocations", ("Errors",))
_REST_API = Metrics("AWS/ApiGateway", "Count", ("5XXError",))
_HTTP_API = Metrics("AWS/ApiGateway", "Count", ("5xx",))


@dataclass(frozen=True, slots=True)
class CloudWatchCounts:
    """Counts by color.

    Attributes:
        connection: where to call, with which credentials.
        metrics: what to ask for.
        dimensions: those of a color, at its present share of the traffic in percent.
        mixed: see ``ErrorCounts``.
        together: whether both colors are counted together: then a color's part is worked out, from the error rate
            that there was before the first shift.
    """

    connection: AwsConnection
    metrics: Metrics
    dimensions: Callable[[Color, int], Mapping[str, str]]
    together: bool = False
    mixed: bool = False
    late_seconds: float = LATE_SECONDS[CLOUDWATCH]

    def counts(self, context: GateContext, color: Color, window_seconds: float) -> Counts | None:
        """Ask once, of both colors' time before the first shift once more where they are counted together.

        Only whole minutes that began within the window count.
        """
        share = context.weight_percent if color == context.color else _WHOLE - context.weight_percent
        end = context.asked_at_seconds
        found = self._ask(color, share, end - window_seconds, end)
        if found is None or not self.together or share in (0, _WHOLE):
            return found
        shifted = context.shifted_at_seconds
        before = self._ask(color, share, shifted - window_seconds, shifted) if shifted is not None else None
        usual = before.errors / before.requests if before is not None and before.requests else 0.0
        own = found.requests * share / _WHOLE
        return Counts(own, min(own, max(0.0, found.errors - usual * (found.requests - own))))

    def _ask(self, color: Color, share: int, start: float, end: float) -> Counts | None:
        start = math.ceil(start / _PERIOD_SECONDS) * _PERIOD_SECONDS
        if start >= end:
            return None
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions(color, share).items()]
        names = (self.metrics.requests, *self.metrics.errors)
        queries = [
            {
                "Id": f"m{index}",
                "MetricStat": {
                    "Metric": {"Namespace": self.metrics.namespace, "MetricName": name, "Dimensions": dimensions},
                    "Period": _PERIOD_SECONDS,
                    "Stat": "Sum",
                },
            }
            for index, name in enumerate(names)
        ]
        sums = dict.fromkeys((str(query["Id"]) for query in queries), 0.0)
        with called("cloudwatch:GetMetricData"):
            pages = self.connection.client("cloudwatch").get_paginator("get_metric_data")
            for page in pages.paginate(MetricDataQueries=queries, StartTime=_time(start), EndTime=_time(end)):
                for result in page["MetricDataResults"]:
                    if result.get("StatusCode") in ("InternalError", "Forbidden"):
                        raise GateUnavailable(f"cloudwatch {self.metrics.namespace}: {result['StatusCode']}")
                    sums[result["Id"]] += math.fsum(result["Values"])
        requests, *errors = (sums[str(query["Id"])] for query in queries)
        errors_in_all = math.fsum(errors)
        # A refused connection may be no request yet.
        return Counts(max(requests, errors_in_all), errors_in_all) if requests or errors_in_all else None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def connection_of(section: Mapping[str, Any]) -> AwsConnection:
    """The connection of a router's section: the entry is read as it is moved."""
    return AwsConnection.parse(Fields(section).section("aws", None))


def of_target_groups(section: Mapping[str, Any]) -> ErrorCounts | None:
    """The counts of an Application Load Balancer's target groups.

    Args:
        section: with ``listener_arn`` or ``rule_arn``, which name the load balancer, and ``target_groups``.
    """
    given, groups = section.get("listener_arn") or section.get("rule_arn"), section.get("target_groups") or {}
    _, _, place = str(given or "").partition(":listener")
    parts = place.split("/")  # `/app/NAME/ID/LISTENER` of a listener, `-rule/app/NAME/ID/LISTENER/RULE` of a rule
    if len(parts) < 4 or parts[1] != "app":
        return None
    balancer = "/".join(parts[1:4])

    def dimensions(color: Color, _: int) -> dict[str, str]:
        return {"LoadBalancer": balancer, "TargetGroup": str(groups[color]).rpartition(":")[2]}

    return CloudWatchCounts(connection_of(section), _BALANCER, dimensions)


def of_alias(section: Mapping[str, Any]) -> ErrorCounts:
    """The counts of a Lambda alias' versions. One that has all traffic is counted by its alias alone."""
    name, versions = str(section["function_name"]).rpartition(":function:")[2], section["versions"]

    def dimensions(color: Color, share: int) -> dict[str, str]:
        by_alias = {"FunctionName": name, "Resource": f"{name}:{section['alias_name']}"}
        return by_alias if share == _WHOLE else {**by_alias, "ExecutedVersion": str(versions[color])}

    return CloudWatchCounts(connection_of(section), _FUNCTION, dimensions, mixed=True)


def of_rest_api(section: Mapping[str, Any]) -> ErrorCounts:
    """The counts of a REST API's stage, where the canary's requests are among all others."""
    connection, api = connection_of(section), str(section["rest_api_id"])

    def dimensions(_: Color, __: int) -> dict[str, str]:
        return {"ApiName": _name_of(connection, api), "Stage": str(section["stage_name"])}

    return CloudWatchCounts(connection, _REST_API, dimensions, together=True, mixed=True)


def of_http_api(section: Mapping[str, Any]) -> ErrorCounts:
    """The counts of an HTTP API's stage, all of whose requests are one color's."""

    def dimensions(_: Color, __: int) -> dict[str, str]:
        return {"ApiId": str(section["api_id"]), "Stage": str(section["stage_name"])}

    return CloudWatchCounts(connection_of(section), _HTTP_API, dimensions, together=True, mixed=True)


@lru_cache(maxsize=256)
def _name_of(connection: AwsConnection, api: str) -> str:
    with called("apigateway:GET"):
        return str(connection.client("apigateway").get_rest_api(restApiId=api)["name"])
