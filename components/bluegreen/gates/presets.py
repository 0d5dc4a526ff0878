"""Gates that are a metric source and limits in one: what programs declare most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bluegreen.arguments.reporting import reporting
from bluegreen.gates.functions import cloudwatch_source, metric, prometheus_source
from bluegreen.options.inputs import Inputs, Reference

if TYPE_CHECKING:
    import pulumi
    from typing_extensions import Unpack

    from bluegreen.connections import AwsConnection
    from bluegreen.gates.functions import Limits

_BY_COLOR = 'color="{color}"'
_CLOUDWATCH_WINDOW_SECONDS = 300
_metric = metric  # presets have an argument of this name


def cloudwatch(
    namespace: str,
    metric_name: str,
    *,
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    fail_below: float | None = None,
    fail_above: float | None = None,
    window_seconds: float | None = None,
    dimensions: Mapping[str, pulumi.Input[str]] | None = None,
    color_dimensions: Mapping[str, Mapping[str, pulumi.Input[str]]] | None = None,
    statistic: str | None = None,
    period_seconds: int | None = None,
    missing_value: float | None = None,
    aws: AwsConnection | Mapping[str, Any] | None = None,
    name: str | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A CloudWatch metric against fixed limits: ``metric`` over ``cloudwatch_source``.

    Args:
        namespace: such as ``"AWS/ApplicationELB"``.
        metric_name: such as ``"RequestCount"``.
        min: the smallest value that passes; this or ``max`` is required.
        max: the largest value that passes.
        fail_below: values from here up to ``min`` are inconclusive instead of failed (default ``min``).
        fail_above: values from ``max`` up to here are inconclusive instead of failed (default ``max``).
        window_seconds: the time that a value is made from (1 to 86400, default 300, or two periods where that is more:
            load balancers report once a minute, and late).
        dimensions: values by name, with placeholders, as ``cloudwatch_source`` takes them.
        color_dimensions: those that differ by color.
        statistic: as ``cloudwatch_source`` takes it (default ``Average``).
        period_seconds: of the metric (default 60).
        missing_value: the value that stands for no data (default: no data is no pass).
        aws: the connection, as ``cloudwatch_source`` takes it.
        name: how people call it (default the metric's name and the statistic).
        limits: see ``bluegreen.gates``.
    """
    two_periods = 2 * period_seconds if isinstance(period_seconds, (int, float)) and period_seconds else 120
    if window_seconds is None:
        window_seconds = two_periods if two_periods > _CLOUDWATCH_WINDOW_SECONDS else _CLOUDWATCH_WINDOW_SECONDS
    source = cloudwatch_source(
        namespace,
        metric_name,
        dimensions=dimensions,
        color_dimensions=color_dimensions,
        statistic=statistic,
        period_seconds=period_seconds,
        missing_value=missing_value,
        aws=aws,
        name=name,
    )
    return metric(
        source,
        min=min,
        max=max,
        fail_below=fail_below,
        fail_above=fail_above,
        window_seconds=window_seconds,
        **limits,
    )


def prometheus(
    address: str | Reference,
    query: str,
    *,
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    fail_below: float | None = None,
    fail_above: float | None = None,
    window_seconds: float | None = None,
    token: Reference | None = None,
    name: str | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A PromQL query against fixed limits: ``metric`` over ``prometheus_source``.

    Args:
        address: where Prometheus is, without ``/api/v1``: ``"https://prometheus.internal:9090"``; or a reference.
        query: PromQL with placeholders, that answers with one number.
        min: the smallest value that passes; this or ``max`` is required.
        max: the largest value that passes.
        fail_below: values from here up to ``min`` are inconclusive instead of failed (default ``min``).
        fail_above: values from ``max`` up to here are inconclusive instead of failed (default ``max``).
        window_seconds: the time that a value is made from, ``{window}`` in the query (1 to 86400, default 60).
        token: where the bearer token is.
        name: how people call it (default the query).
        limits: see ``bluegreen.gates``.
    """
    source = prometheus_source(address, query, token=token, name=name)
    return metric(
        source,
        min=min,
        max=max,
        fail_below=fail_below,
        fail_above=fail_above,
        window_seconds=window_seconds,
        **limits,
    )


@reporting
def success_rate(
    address: str | Reference,
    *,
    metric: str = "http_requests_total",
    selector: str = _BY_COLOR,
    min: float = 0.99,  # noqa: A002
    status_label: str = "code",
    fail_below: float | None = None,
    window_seconds: float | None = None,
    token: Reference | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """The share of requests that are not answered with a 5xx status, from Prometheus.

    A rate sees a counter move, not appear: the very first 5xx of a color counts when the application exposes the
    series at 0 before (Prometheus, "Avoid missing metrics").

    Args:
        address: where Prometheus is.
        metric: the counter of requests.
        selector: the labels of one color's requests, without braces around them.
        min: the smallest share that passes, 0-1.
        status_label: the label with the HTTP status.
        fail_below: shares from here up to ``min`` are inconclusive.
        window_seconds: default 60.
        token: where the bearer token is.
        limits: see ``bluegreen.gates``.
    """
    failed = _rate(metric, selector, f'{status_label}=~"5.."')
    # Without a single 5xx there is no such series; without any request the quotient is 0 / 0, which is no data.
    query = f"1 - (sum({failed}) or vector(0)) / sum({_rate(metric, selector)})"
    source = prometheus_source(address, query, token=token, name="success rate")
    return _metric(source, min=min, fail_below=fail_below, window_seconds=window_seconds, **limits)


@reporting
def p99(
    address: str | Reference,
    *,
    metric: str = "http_request_duration_seconds",
    selector: str = _BY_COLOR,
    max_seconds: float = 0.5,
    fail_above_seconds: float | None = None,
    window_seconds: float | None = None,
    token: Reference | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """The time in which 99 of 100 requests are answered, from a Prometheus histogram.

    It is as exact as the histogram's buckets: within one it is interpolated, and beyond the last finite one it is
    that one's bound (Prometheus, "histogram_quantile"). So have a bucket bound above ``max_seconds``.

    Args:
        address: where Prometheus is.
        metric: the histogram, without ``_bucket``.
        selector: the labels of one color's requests, without braces around them.
        max_seconds: the longest time that passes.
        fail_above_seconds: times from ``max_seconds`` up to here are inconclusive.
        window_seconds: default 60.
        token: where the bearer token is.
        limits: see ``bluegreen.gates``.
    """
    query = f"histogram_quantile(0.99, sum by (le) ({_rate(f'{metric}_bucket', selector)}))"
    source = prometheus_source(address, query, token=token, name="p99 seconds")
    return _metric(source, max=max_seconds, fail_above=fail_above_seconds, window_seconds=window_seconds, **limits)


def _rate(metric: str, *selectors: str) -> str:
    labels = ",".join(selector for selector in selectors if selector)
    return f"rate({metric}{{{labels}}}[{{window}}])"
