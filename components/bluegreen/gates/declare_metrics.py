"""Functions that declare gates on metrics in a user's program. Each returns plain inputs.

``**limits`` are those that every gate takes: ``interval_seconds``, ``failure_limit`` and the rest. What stands in
braces in queries is in ``bluegreen.gates.declare_sources``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from bluegreen.gates.declare_sources import Inputs, Reference, inputs_of, prometheus_source

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bluegreen.gates.limits import Limits

_BY_COLOR = 'color="{color}"'


def metric(
    source: Mapping[str, Any],
    *,
    min: float | None = None,  # noqa: A002 - the words that users know
    max: float | None = None,  # noqa: A002
    fail_below: float | None = None,
    fail_above: float | None = None,
    window_seconds: float | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """A metric of the color under test against fixed limits, in holds and in the bake. No data is never a pass.

    Args:
        source: from ``prometheus_source`` or ``cloudwatch_source``.
        min: the smallest value that passes; this or ``max`` is required.
        max: the largest value that passes.
        fail_below: values from here up to ``min`` are inconclusive instead of failed, default ``min``: a failure
            condition beside a success condition, as in Argo Rollouts' metrics.
        fail_above: the same from ``max`` up to here.
        window_seconds: the time that a value is made from, 1-86400, default 60. CloudWatch needs two periods.
        limits: see this module.
    """
    return inputs_of(
        kind="metric",
        source=dict(source),
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
    """A PromQL query against fixed limits. ``prometheus_source`` and ``metric`` say what the arguments are."""
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
        limits: see this module.
    """
    failed = _rate(metric, selector, f'{status_label}=~"5.."')
    # Without a single 5xx there is no such series; without any request the quotient is 0 / 0, which is no data.
    query = f"1 - (sum({failed}) or vector(0)) / sum({_rate(metric, selector)})"
    source = prometheus_source(address, query, token=token, name="success rate")
    return _metric(source, min=min, fail_below=fail_below, window_seconds=window_seconds, **limits)


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
        limits: see this module.
    """
    query = f"histogram_quantile(0.99, sum by (le) ({_rate(f'{metric}_bucket', selector)}))"
    source = prometheus_source(address, query, token=token, name="p99 seconds")
    return _metric(source, max=max_seconds, fail_above=fail_above_seconds, window_seconds=window_seconds, **limits)


def minimum_traffic(requests: int, *, source: Mapping[str, Any], **limits: Unpack[Limits]) -> Inputs:
    """Enough requests to the new color since the hold or the bake began. Fewer are pending: never a pass.

    Without it a color that nobody used looks as healthy as one that everybody used.

    Args:
        requests: how many, at least 1.
        source: counts them over ``{window}``, such as
            ``prometheus_source(address, 'sum(increase(http_requests_total{color="{color}"}[{window}]))')``, or a
            CloudWatch ``RequestCount`` with ``statistic="Sum"``.
        limits: see this module.
    """
    return inputs_of(kind="minimum_traffic", requests=requests, source=dict(source), **limits)


def baseline(
    source: Mapping[str, Any],
    *,
    worse: Literal["higher", "lower"],
    significance: float | None = None,
    tolerance_percent: float | None = None,
    min_samples: int | None = None,
    window_seconds: float | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """The new color against the old one, in the same time, while a hold gives traffic to both.

    Fails when the one-sided Mann-Whitney U test says that the new color is worse and its median is worse by more than
    the tolerance. Needs ``pip install 'bluegreen[analysis]'``. It is never asked in the bake, where the old color has
    no traffic, and needs a hold that is long enough for ``min_samples``.

    Args:
        source: the samples, one every ``step_seconds`` or ``period_seconds``.
        worse: the direction that is bad: ``"higher"`` for latency and errors, ``"lower"`` for success.
        significance: the chance of a false alarm in one question, above 0 to 0.5, default 0.01. It is asked often: what
            ``failure_limit`` allows makes up for that.
        tolerance_percent: by how much the median may be worse, default 5.
        min_samples: of each color, default 10; fewer are pending.
        window_seconds: how far back, default 300, and never to before the first shift.
        limits: see this module.
    """
    return inputs_of(
        kind="baseline",
        source=dict(source),
        worse=worse,
        significance=significance,
        tolerance_percent=tolerance_percent,
        min_samples=min_samples,
        window_seconds=window_seconds,
        **limits,
    )


_metric = metric  # presets have an argument of this name


def _rate(metric: str, *selectors: str) -> str:
    labels = ",".join(selector for selector in selectors if selector)
    return f"rate({metric}{{{labels}}}[{{window}}])"
