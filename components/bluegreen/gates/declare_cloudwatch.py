"""Functions that declare gates on Amazon CloudWatch in a user's program. Each returns plain inputs.

``**limits`` are those that every gate takes: ``interval_seconds``, ``failure_limit`` and the rest. What stands in
braces in dimensions and alarm names is in ``bluegreen.gates.declare_sources``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from bluegreen.gates.declare_metrics import metric
from bluegreen.gates.declare_sources import Inputs, cloudwatch_source, inputs_of

if TYPE_CHECKING:
    import pulumi
    from typing_extensions import Unpack

    from bluegreen.connections import AwsConnection
    from bluegreen.gates.limits import Limits

_WINDOW_SECONDS = 300


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
    """A CloudWatch metric against fixed limits. ``cloudwatch_source`` and ``metric`` say what the arguments are.

    The window is 300 seconds, or two periods where that is more, unless told otherwise: load balancers report once a
    minute, and late.
    """
    two_periods = 2 * (period_seconds or 60)
    window_seconds = window_seconds or (two_periods if two_periods > _WINDOW_SECONDS else _WINDOW_SECONDS)
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


def cloudwatch_alarms(
    names: Sequence[str],
    *,
    insufficient_data: Literal["pending", "pass"] | None = None,
    aws: AwsConnection | Mapping[str, Any] | None = None,
    **limits: Unpack[Limits],
) -> Inputs:
    """Alarms of which none may be in ALARM before the first shift, and none at any time from there to the bake's end.

    The rule is CodeDeploy's ("Monitoring deployments with CloudWatch alarms"): an alarm that activates stops the
    deployment. One that went to ALARM and back between two questions is found in its history.

    Args:
        names: 1-100 metric alarms or composite alarms of one account and region.
        insufficient_data: ``"pass"`` if an alarm without data is well, default ``"pending"``.
        aws: ``region``, ``profile``, ``role_arn``, ``endpoint_url``; default boto3's own chain.
        limits: see this module.
    """
    return inputs_of(
        kind="cloudwatch_alarms",
        alarms=names if isinstance(names, str) else list(names),
        insufficient_data=insufficient_data,
        aws=aws,
        **limits,
    )
