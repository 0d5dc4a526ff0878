"""Functions that declare metric sources in a user's program. Each returns plain inputs for a gate's ``source``.

In queries, dimensions and alarm names ``{color}`` stands for the color that is asked about, ``{other_color}`` for the
other one, ``{release}`` for what is installed in it, ``{service}`` for the service's name and ``{window}`` for the time
that a value is made from, as in ``60s``. Other braces are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pulumi

    from bluegreen.connections import AwsConnection

Inputs = dict[str, Any]
Reference = Mapping[str, str]
"""Where a secret is: ``{"env": NAME}`` or ``{"file": PATH}``. The value itself never stands in inputs or state."""


def inputs_of(**options: object) -> Inputs:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def prometheus_source(
    address: str | Reference,
    query: str,
    *,
    step_seconds: float | None = None,
    token: Reference | None = None,
    name: str | None = None,
) -> Inputs:
    """A PromQL query that answers with one number, for ``minimum_traffic`` and ``baseline``.

    Args:
        address: where Prometheus is, without ``/api/v1``: ``"https://prometheus.internal:9090"``; or a reference.
        query: PromQL. In a series ``{window}`` is the step.
        step_seconds: between two samples of a series, 1-3600, default 30. At least twice the scrape interval: a
            rate takes two samples (Prometheus, "rate").
        token: where the bearer token is.
        name: how people call it, default the query.
    """
    return inputs_of(kind="prometheus", address=address, query=query, step_seconds=step_seconds, token=token, name=name)


def cloudwatch_source(
    namespace: str,
    metric_name: str,
    *,
    dimensions: Mapping[str, pulumi.Input[str]] | None = None,
    color_dimensions: Mapping[str, Mapping[str, pulumi.Input[str]]] | None = None,
    statistic: str | None = None,
    period_seconds: int | None = None,
    missing_value: float | None = None,
    aws: AwsConnection | Mapping[str, Any] | None = None,
    name: str | None = None,
) -> Inputs:
    """A statistic of a CloudWatch metric, for ``minimum_traffic`` and ``baseline``.

    Args:
        namespace: such as ``"AWS/ApplicationELB"``.
        metric_name: such as ``"RequestCount"``.
        dimensions: values by name: ``{"LoadBalancer": "app/web/50dc6c495c0c9188"}``.
        color_dimensions: those that differ: ``{"blue": {"TargetGroup": ...}, "green": {"TargetGroup": ...}}``.
        statistic: ``Average``, ``Sum``, ``Minimum``, ``Maximum``, ``SampleCount`` or a percentile such as ``p99``;
            default ``Average``. Units are the metric's own: ``TargetResponseTime`` is in seconds.
        period_seconds: one sample's length, 1, 5, 10, 20, 30 or a multiple of 60, default 60. Less than 60 is for
            high-resolution metrics alone (CloudWatch, "MetricStat").
        missing_value: what no data means, default no data. 0 suits counts that are only reported when there is
            something to count, such as ``HTTPCode_Target_5XX_Count``; ask for ``minimum_traffic`` beside it.
        aws: ``region``, ``profile``, ``role_arn``, ``endpoint_url``; default boto3's own chain.
        name: how people call it, default the metric's name and the statistic.
    """
    return inputs_of(
        kind="cloudwatch",
        namespace=namespace,
        metric_name=metric_name,
        dimensions=dimensions,
        color_dimensions=color_dimensions,
        statistic=statistic,
        period_seconds=period_seconds,
        missing_value=missing_value,
        aws=aws,
        name=name,
    )
