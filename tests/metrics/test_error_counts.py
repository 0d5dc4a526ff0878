"""The counts of routes on Kubernetes, by the names of those who carry them, read from a real Prometheus."""

from __future__ import annotations

import pytest

from bluegreen import gates
from bluegreen.rollout.model import Decision
from tests.metrics.asking import context, gate

CARRIED = {
    "": ("istio_virtual_service", "gateway_http_route"),
    "l-": ("linkerd_http_route", "gateway_http_route"),
    "t-": ("traefik_service", "gateway_http_route"),
    "n-": ("nginx_canary", "gateway_http_route"),
    "c-": ("contour_http_proxy", "gateway_grpc_route"),
}


@pytest.mark.parametrize(("prefix", "kind"), [(prefix, kind) for prefix, kinds in CARRIED.items() for kind in kinds])
def test_a_color_that_fails_a_tenth_of_its_requests_fails_the_gate(prometheus_url, prefix, kind):
    services = {color: f"{prefix}{color}" for color in ("blue", "green")}
    section = {"kind": kind, "namespace": "shop", "services": services}
    made = gate(gates.error_rate(prometheus=prometheus_url, window_seconds=60)).entered([section])
    failed = made.evaluate(context("green", ago_seconds=40))
    assert (failed.decision, failed.limit) == (Decision.FAIL, "at most 1 %")
    assert failed.value.startswith("10 % (")
    passed = made.evaluate(context("blue", ago_seconds=40))
    assert passed.decision is Decision.PASS
    assert passed.value.startswith("0 % (0 of ")


def test_a_service_that_nobody_counts_is_no_data(prometheus_url):
    section = {"kind": "istio_virtual_service", "namespace": "another", "services": {"blue": "blue", "green": "green"}}
    made = gate(gates.error_rate(prometheus=prometheus_url)).entered([section])
    assert made.evaluate(context("green")).decision is Decision.PENDING
