"""AnalysisTemplates for an Argo Rollout: the measurements of new pods, before and after they get traffic.

.. code-block:: python

    from bluegreen.kubernetes.argo_engine.analysis import p99, success_rate

    ArgoRollout("web", ..., pre_promotion=[success_rate("http://prometheus:9090")], post_promotion=["ours"])

Format: https://argo-rollouts.readthedocs.io/en/stable/features/analysis/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from bluegreen.arguments.reporting import reporting
from bluegreen.fields import Fields
from bluegreen.rollout.errors import Problem

if TYPE_CHECKING:
    from typing_extensions import Unpack

ARGS: Sequence[Mapping[str, Any]] = (
    {"name": "rollout", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    {"name": "namespace", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
    {"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}},
)
"""The values of every template of ours: the Rollout, its namespace, and which of its pods are the new ones."""
NEW_PODS = 'namespace="{{args.namespace}}",pod=~"{{args.rollout}}-{{args.hash}}-.*"'
"""The labels of the new pods' series, as Prometheus has them where it finds pods by itself."""

# Where nothing is known of how long somebody's own template takes.
_UNKNOWN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """An AnalysisTemplate that the component declares.

    Attributes:
        name: its own, after the component's: ``success-rate`` makes ``web-success-rate``.
        metrics: as the CRD has them.
        seconds: how long it may take.
    """

    name: str
    metrics: Sequence[Mapping[str, Any]]
    seconds: float = _UNKNOWN_SECONDS


class Counts(TypedDict, total=False):
    """The number of measurements of a metric, and of those that may fail.

    Attributes:
        interval_seconds: between two measurements; the time that each is made from. Default 60.
        count: of measurements, default 5.
        failure_limit: how many may fail, default 0.
        inconclusive_limit: how many may be inconclusive, default 0.
        consecutive_error_limit: how many in a row may not be had, default 4.
        initial_delay_seconds: before the first one, default 0.
    """

    interval_seconds: int
    count: int
    failure_limit: int
    inconclusive_limit: int
    consecutive_error_limit: int
    initial_delay_seconds: int


@reporting
def analysis(name: str, metrics: Sequence[Mapping[str, Any]], *, seconds: float = _UNKNOWN_SECONDS) -> Analysis:
    """Metrics of your own, as the CRD has them.

    They may use ``{{args.rollout}}``, ``{{args.namespace}}`` and ``{{args.hash}}``, the new pods'.

    Args:
        name: the template's, after the component's.
        metrics: a list of ``name``, ``provider``, ``successCondition`` and so on.
        seconds: how long they may take in all, which the swap waits for.
    """
    return Analysis(name, [dict(metric) for metric in metrics], seconds)


@reporting
def success_rate(
    address: str,
    *,
    min: float = 0.99,  # noqa: A002 - the words that users know
    metric: str = "http_requests_total",
    selector: str = NEW_PODS,
    status_label: str = "code",
    query: str | None = None,
    name: str = "success-rate",
    **counts: Unpack[Counts],
) -> Analysis:
    """The share of the new pods' requests that are not answered with a 5xx status, from Prometheus.

    Without a request there is no share, and that is no pass.

    Args:
        address: where Prometheus is, as the controller reaches it.
        min: the smallest share that passes, 0-1.
        metric: the counter of requests.
        selector: the labels of the new pods' requests, without braces around them.
        status_label: the label with the HTTP status.
        query: another query instead, whose value is the share.
        name: the template's and the metric's.
        **counts: see ``Counts``.
    """
    good = f'sum(rate({metric}{{{selector},{status_label}!~"5.."}}[{{window}}]))'
    share = f"{good} / sum(rate({metric}{{{selector}}}[{{window}}]))"
    return _measured(name, address, query or share, f"result[0] >= {min:g}", **counts)


@reporting
def p99(
    address: str,
    *,
    max_seconds: float = 0.5,
    metric: str = "http_request_duration_seconds",
    selector: str = NEW_PODS,
    query: str | None = None,
    name: str = "p99",
    **counts: Unpack[Counts],
) -> Analysis:
    """The time in which 99 of 100 requests to the new pods are answered, from a Prometheus histogram.

    Args:
        address: where Prometheus is, as the controller reaches it.
        max_seconds: the longest time that passes.
        metric: the histogram, without ``_bucket``.
        selector: the labels of the new pods' requests, without braces around them.
        query: another query instead, whose value is in seconds.
        name: the template's and the metric's.
        **counts: see ``Counts``.
    """
    times = f"histogram_quantile(0.99, sum by (le) (rate({metric}_bucket{{{selector}}}[{{window}}])))"
    return _measured(name, address, query or times, f"result[0] <= {max_seconds:g}", **counts)


def _measured(
    name: str,
    address: str,
    query: str,
    success: str,
    *,
    interval_seconds: int = 60,
    count: int = 5,
    failure_limit: int = 0,
    inconclusive_limit: int = 0,
    consecutive_error_limit: int = 4,
    initial_delay_seconds: int = 0,
) -> Analysis:
    """One Prometheus metric.

    Args:
        name: the template's and the metric's.
        address: where Prometheus is.
        query: in PromQL; ``{window}`` is the interval.
        success: what a measurement must be.
        interval_seconds: see ``Counts``.
        count: the same.
        failure_limit: the same.
        inconclusive_limit: the same.
        consecutive_error_limit: the same.
        initial_delay_seconds: the same.
    """
    metric: dict[str, Any] = {
        "name": name,
        "interval": f"{interval_seconds}s",
        "count": count,
        "successCondition": success,
        "failureLimit": failure_limit,
        "inconclusiveLimit": inconclusive_limit,
        "consecutiveErrorLimit": consecutive_error_limit,
        "provider": {"prometheus": {"address": address, "query": query.replace("{window}", f"{interval_seconds}s")}},
    }
    if initial_delay_seconds:
        metric["initialDelay"] = f"{initial_delay_seconds}s"
    return Analysis(name, [metric], initial_delay_seconds + interval_seconds * count)


def template(owner: str, namespace: str, analysis: Analysis, labels: Mapping[str, Any]) -> dict[str, Any]:
    """The AnalysisTemplate's manifest."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": f"{owner}-{analysis.name}", "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "args": [{"name": arg["name"]} for arg in ARGS],
            "metrics": [dict(metric) for metric in analysis.metrics],
        },
    }


def reference(owner: str, asked: Sequence[Analysis | Mapping[str, Any] | str]) -> dict[str, Any] | None:
    """A Rollout's reference to analyses; ``None`` where there are none."""
    templates = [_reference(owner, one) for one in asked]
    return {"templates": templates, "args": [dict(arg) for arg in ARGS]} if templates else None


def _reference(owner: str, one: Analysis | Mapping[str, Any] | str) -> dict[str, Any]:
    if isinstance(one, Analysis):
        return {"templateName": f"{owner}-{one.name}"}
    return dict(one) if isinstance(one, Mapping) else {"templateName": one}


def seconds_of(asked: Sequence[Analysis | Mapping[str, Any] | str]) -> float:
    """The seconds that analyses may take, side by side."""
    return max((one.seconds if isinstance(one, Analysis) else _UNKNOWN_SECONDS for one in asked), default=0.0)


def problems_in(where: str, asked: Sequence[Analysis | Mapping[str, Any] | str]) -> list[Problem]:
    """The problems with analyses."""
    problems: list[Problem] = []
    for index, one in enumerate(asked):
        path = f"{where}[{index}]"
        if isinstance(one, Mapping):
            fields = Fields(one, path, problems)
            fields.text("templateName")
            fields.raw("clusterScope")
            fields.done()
        elif not isinstance(one, Analysis) and not (isinstance(one, str) and one):
            allowed = (
                "success_rate(), p99(), analysis(), an AnalysisTemplate's name, or {'templateName', 'clusterScope'}"
            )
            problems.append(Problem(path, one, allowed))
    return problems


def made_of(*asked: Sequence[Analysis | Mapping[str, Any] | str]) -> tuple[dict[str, Analysis], list[Problem]]:
    """The templates to declare, by name; one name for two different ones is a problem."""
    templates: dict[str, Analysis] = {}
    allowed = "another name: two different analyses cannot have one"
    given = [one for group in asked for one in group if isinstance(one, Analysis)]
    return templates, [
        Problem("name", one.name, allowed) for one in given if templates.setdefault(one.name, one) != one
    ]
