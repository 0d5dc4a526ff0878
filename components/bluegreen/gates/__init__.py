"""Gates: checks that must pass before the first step, during each hold and during the bake.

The functions here declare gates in a user's program; each returns the plain inputs that the swap checks and builds
its gate from. All of them take the limits that Argo Rollouts' users know:

* ``interval_seconds`` (10): time between two questions.
* ``failure_limit`` (0): failed answers allowed in one phase.
* ``consecutive_error_limit`` (4): questions in a row that may go unanswered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bluegreen.gates.declare_checks import command as command
from bluegreen.gates.declare_checks import feature_flag as feature_flag
from bluegreen.gates.declare_checks import schema as schema
from bluegreen.gates.declare_checks import webhook as webhook
from bluegreen.gates.declare_cloudwatch import cloudwatch as cloudwatch
from bluegreen.gates.declare_cloudwatch import cloudwatch_alarms as cloudwatch_alarms
from bluegreen.gates.declare_lambda import lambda_invoke as lambda_invoke
from bluegreen.gates.declare_metrics import baseline as baseline
from bluegreen.gates.declare_metrics import metric as metric
from bluegreen.gates.declare_metrics import minimum_traffic as minimum_traffic
from bluegreen.gates.declare_metrics import p99 as p99
from bluegreen.gates.declare_metrics import prometheus as prometheus
from bluegreen.gates.declare_metrics import success_rate as success_rate
from bluegreen.gates.declare_sources import cloudwatch_source as cloudwatch_source
from bluegreen.gates.declare_sources import prometheus_source as prometheus_source

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bluegreen.gates.limits import Limits

GateInputs = dict[str, Any]


def _inputs(kind: str, **options: object) -> GateInputs:
    return {"kind": kind, **{name: value for name, value in options.items() if value is not None}}


def target_health(
    *, min_healthy_percent: float | None = None, min_healthy_targets: int | None = None, **limits: Unpack[Limits]
) -> GateInputs:
    """The platform's own health checks. Every swap has it; name it to change its limit.

    Args:
        min_healthy_percent: of the registered targets, 1-100, default 100.
        min_healthy_targets: how many at least, default 1; before traffic they are waited for.
        limits: see this module.
    """
    return _inputs(
        "target_health", min_healthy_percent=min_healthy_percent, min_healthy_targets=min_healthy_targets, **limits
    )


def http(
    path: str,
    *,
    status: int | None = None,
    body_contains: str | None = None,
    json_match: Mapping[str, object] | None = None,
    count: int | None = None,
    latency_limit_ms: float | None = None,
    headers: Mapping[str, str] | None = None,
    **limits: Unpack[Limits],
) -> GateInputs:
    """A smoke test of the color's preview address.

    Args:
        path: the path asked for, with its query.
        status: the expected status, default 200.
        body_contains: a text that the body must hold.
        json_match: values that the JSON body must have, by dotted path.
        count: requests each time, 1-100, default 1.
        latency_limit_ms: the slowest answer allowed, in milliseconds, default 5000.
        headers: more request headers. They are stored in the stack's state: no secrets here.
        limits: see this module.
    """
    return _inputs(
        "http",
        path=path,
        status=status,
        body_contains=body_contains,
        json_match=json_match,
        count=count,
        latency_limit_ms=latency_limit_ms,
        headers=headers,
        **limits,
    )
