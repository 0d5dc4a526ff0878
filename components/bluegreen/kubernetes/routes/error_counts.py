"""Requests and failed requests of a color's Service, by the conventions of those who carry routes on Kubernetes.

A route says whose it is by its kind alone, and an HTTPRoute not even that: so each convention that fits is read, and
the first that knows the Service answers. Where the metrics are described:
https://istio.io/latest/docs/reference/config/metrics/, https://linkerd.io/2/reference/proxy-metrics/,
https://doc.traefik.io/traefik/observability/metrics/overview/,
https://kubernetes.github.io/ingress-nginx/user-guide/monitoring/,
https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bluegreen.metrics.error_counts import LATE_SECONDS, PROMETHEUS, Counts, ErrorCounts, Prometheus
from bluegreen.metrics.prometheus import PrometheusSource
from bluegreen.rollout.model import Color
from bluegreen.rollout.ports import GateContext


@dataclass(frozen=True, slots=True)
class Convention:
    """The counter of requests by Service.

    Attributes:
        metric: its name.
        service: the labels of one Service; ``NAMESPACE`` and ``SERVICE`` stand for its names.
        failed: the labels that a failed request has beside.
    """

    metric: str
    service: str
    failed: str


CONVENTIONS: Mapping[str, Convention] = {
    "istio": Convention(
        "istio_requests_total",
        'reporter="source",destination_service_name="SERVICE",destination_service_namespace="NAMESPACE"',
        'response_code=~"5..|0"',
    ),
    "linkerd": Convention(
        "outbound_http_route_backend_response_statuses_total",
        'backend_name="SERVICE",backend_namespace="NAMESPACE"',
        'http_status=~"5..|"',
    ),
    "traefik": Convention(
        "traefik_service_requests_total", 'service=~"NAMESPACE-(.+-)?SERVICE-[^@]+@kubernetes.*"', 'code=~"5.."'
    ),
    "nginx": Convention(
        "nginx_ingress_controller_requests",
        'exported_service="SERVICE",exported_namespace="NAMESPACE"',
        'status=~"5.."',
    ),
    "nginx_honored": Convention(
        "nginx_ingress_controller_requests", 'service="SERVICE",namespace="NAMESPACE"', 'status=~"5.."'
    ),
    "contour": Convention(
        "envoy_cluster_upstream_rq_xx",
        'envoy_cluster_name=~"NAMESPACE[_/]SERVICE[_/].+"',
        'envoy_response_code_class="5"',
    ),
}
"""Each convention by who has it."""


@dataclass(frozen=True, slots=True)
class ServiceCounts:
    """The counts of each color's Service, from Prometheus."""

    server: Prometheus
    namespace: str
    services: Mapping[Color, str]
    conventions: Sequence[str]
    mixed: bool = False
    late_seconds: float = LATE_SECONDS[PROMETHEUS]

    def counts(self, context: GateContext, color: Color, window_seconds: float) -> Counts | None:
        """Ask twice: for all requests, and for the failed ones where there were any."""
        requests = self._ask(context, color, window_seconds, failed=False)
        if not requests:
            return None
        return Counts(requests, self._ask(context, color, window_seconds, failed=True) or 0.0)

    def _ask(self, context: GateContext, color: Color, window_seconds: float, *, failed: bool) -> float | None:
        query = query_of([CONVENTIONS[name] for name in self.conventions], self.namespace, self.services[color], failed)
        source = PrometheusSource(self.server.address, query, token=self.server.token, name="requests")
        return source.value(context, color, window_seconds)


def query_of(conventions: Sequence[Convention], namespace: str, service: str, failed: bool) -> str:
    """The number of requests of a Service in ``{window}``, by the first convention that knows it."""
    parts = []
    for one in conventions:
        labels = one.service.replace("NAMESPACE", namespace).replace("SERVICE", service)
        selector = f"{labels},{one.failed}" if failed else labels
        parts.append(f"sum(increase({one.metric}{{{selector}}}[{{window}}]))")
    return " or ".join(parts)


def of_services(
    section: Mapping[str, Any], server: Prometheus | None, conventions: Sequence[str]
) -> ErrorCounts | None:
    """The counts of a route's Services.

    Args:
        section: with ``namespace`` and ``services``.
        server: where they are kept.
        conventions: who may carry it.
    """
    if server is None:
        return None
    return ServiceCounts(server, str(section.get("namespace", "default")), section["services"], conventions)
