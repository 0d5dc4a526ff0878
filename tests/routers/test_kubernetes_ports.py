"""A port that a color does not have: reported, and no reason to keep it from the requests that it does serve."""

from __future__ import annotations

import pytest

from bluegreen.kubernetes.pods import health_of

PORTS = [{"port": 80, "targetPort": "http"}, {"port": 9090, "targetPort": "metrics"}]


def pod(*ports, ready="True"):
    containers = [{"name": "app", "ports": [{"name": name, "containerPort": 1} for name in ports]}]
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}
    return {"metadata": {"name": "web-1"}, "spec": {"containers": containers}, "status": status}


def service(*ports):
    return {"metadata": {"name": "web"}, "spec": {"ports": list(ports)}}


def test_a_color_without_one_of_several_ports_is_ready_on_what_it_serves():
    health = health_of([pod("http")], service(*PORTS), "nobody")
    assert (health.ready, health.healthy, health.fatal) == (True, 1, False)
    assert "port 9090 to the port named 'metrics', which no container of web-1 has" in health.reason


def test_a_port_by_number_counts_as_one_that_is_served():
    health = health_of([pod()], service({"port": 80, "targetPort": 8080}, PORTS[1]), "nobody")
    assert (health.ready, health.fatal) == (True, False)


@pytest.mark.parametrize("ports", [PORTS, PORTS[:1]])
def test_a_color_that_serves_none_of_them_is_not_ready_and_never_will_be(ports):
    health = health_of([pod("other")], service(*ports), "nobody")
    assert (health.ready, health.fatal) == (False, True)
    assert "port 80 to the port named 'http', which no container of web-1 has" in health.reason


def test_all_is_well_without_a_word():
    assert str(health_of([pod("http", "metrics")], service(*PORTS), "nobody")) == "1 of 1 healthy"
