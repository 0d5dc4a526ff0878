"""Two services behind a name in Google's stand-in, with clients that go by a DNS server's answers: none is lost."""

from __future__ import annotations

import os
from unittest import mock

import pytest

from bluegreen.clients import glances
from bluegreen.google.client import _session
from bluegreen.google.dns import router as module
from bluegreen.rollout.clock import SystemClock
from bluegreen.rollout.errors import SwapFailed
from bluegreen.swap.service import SwapService
from localcloud.app_processes import AppProcesses
from localcloud.dns import DnsServer, balancer_address
from localcloud.dns_clients import NameProxy, Resolving
from localcloud.google.bare import DNS
from localcloud.google.cloud import Google
from localcloud.google.dns_answers import resolving
from localcloud.load import Load
from tests.e2e.stack import one_by_one
from tests.localcloud.google_cases import Client
from tests.routers.cloud_dns_workshop import PROJECT, ZONE, section

NAME, TTL_SECONDS = "app.example.com", 1


@pytest.fixture
def google(tmp_path):
    with Google() as made:
        environment = {**made.env(tmp_path / "credentials.json"), "SSL_CERT_FILE": str(made.certificate)}
        _session.cache_clear()
        with (
            mock.patch.dict(os.environ, environment),
            mock.patch.object(glances, "LASTS_SECONDS", 0.0),
            # The stand-in has one name server, which knows of a change at once; resolvers keep what they know.
            mock.patch.object(module, "SERVERS_SECONDS", 0.0),
        ):
            yield made
        _session.cache_clear()


def reach(address, _port):
    """An app listens at the port that its address is."""
    parts = [int(part) for part in address.split(".")]
    return "127.0.0.1", parts[2] << 8 | parts[3]


def colors(url):
    with one_by_one(url) as client:
        return {client.get("/").headers["x-color"] for _ in range(20)}


def test_it_is_promoted_and_rolled_back_and_no_client_keeps_an_answer_from_before(google):
    client, service = Client(google), SwapService(clock=SystemClock())
    zone = {"name": "example", "dnsName": "example.com."}
    assert client.ask("POST", f"/dns/v1/projects/{PROJECT}/managedZones", zone, DNS).status_code == 200

    def records(name):
        return client.ask("GET", f"/dns/v1/{ZONE}/rrsets", None, DNS, name=name).json().get("rrsets") or ()

    with AppProcesses() as apps, DnsServer("http://127.0.0.1:1", resolving(records)) as server:
        ports = {color: apps.start({"COLOR": color}).port for color in ("blue", "green")}
        targets = {color: balancer_address(port) for color, port in ports.items()}

        def inputs(active, **more):
            return {
                "name": "web",
                "active_color": active,
                "releases": {"blue": "v1", "green": "v2"},
                "router": section(targets=targets, ttl_seconds=TTL_SECONDS),
                "strategy": {"steps": [{"weight_percent": 50, "hold_seconds": 1}]},
                **more,
            }

        with NameProxy(Resolving(server.port), reach, f"{NAME}:80") as production:
            _, outputs = service.create(inputs("blue"))
            assert colors(production.url) == {"blue"}
            with Load(production.url, rate_per_second=25, connections_kept=0) as load:
                no = {"kind": "command", "command": ["false"], "phases": ["hold"]}
                with pytest.raises(SwapFailed, match="gate command false failed"):
                    service.update(outputs, inputs("green", gates=[no]))
                assert colors(production.url) == {"blue"}
                outputs = service.update(outputs, inputs("green", releases={"blue": "v1", "green": "v3"}))
                assert colors(production.url) == {"green"}
                service.update(outputs, inputs("blue", releases={"blue": "v1", "green": "v3"}))
                assert colors(production.url) == {"blue"}
            assert (load.result.failed, load.result.errors) == (0, {})
