"""The program for two services behind a name in Cloud DNS under the real engine, and clients that go by its answers."""

from __future__ import annotations

import contextlib
import json
import time

import pytest

from bluegreen.clients import glances
from bluegreen.google.client import GoogleConnection
from localcloud.app_processes import AppProcesses
from localcloud.dns import DnsServer, balancer_address
from localcloud.dns_clients import NameProxy, Resolving
from localcloud.google.dns_answers import resolving
from localcloud.google.local import LocalGoogle
from localcloud.load import Load
from tests.e2e.azure_stack import Stack
from tests.e2e.stack import one_by_one
from tests.scenarios.adapters import in_full

ZONE, NAME = "projects/shop/managedZones/example", "shop.example.com"


@pytest.fixture
def cloud(tmp_path):
    (tmp_path / "project").mkdir()
    yield LocalGoogle.up(tmp_path / "state", project_dir=tmp_path / "project")
    LocalGoogle.down(tmp_path / "state")


def reach(address, _port):
    """An app listens at the port that its address is."""
    parts = [int(part) for part in address.split(".")]
    return "127.0.0.1", parts[2] << 8 | parts[3]


def colors(url, wanted):
    """Who answers, once no resolver keeps an older answer."""
    deadline = time.monotonic() + 60
    while True:
        with one_by_one(url) as client:
            seen = {client.get("/").headers["x-color"] for _ in range(20)}
        if seen == {wanted} or time.monotonic() > deadline:
            return seen
        time.sleep(0.2)


@in_full("tests/google/test_dns_scenarios.py")
def test_two_services_are_promoted_and_rolled_back_by_pulumi_up(cloud, tmp_path, monkeypatch):
    """Each shift waits 60 s for name servers, whatever the TTL."""
    for key, value in cloud.env().items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(glances, "LASTS_SECONDS", 0.0)
    session = GoogleConnection().session("dns.googleapis.com")
    body = {"name": "example", "dnsName": "example.com."}
    session.send("POST", "/dns/v1/projects/shop/managedZones", "dns.managedZones.create", body)

    def records(name):
        found = session.get(f"/dns/v1/{ZONE}/rrsets", "dns.resourceRecordSets.list", {"name": name})
        return (found or {}).get("rrsets") or ()

    stack = Stack(cloud, tmp_path / "project")
    with contextlib.ExitStack() as running:
        apps = running.enter_context(AppProcesses())
        ports = {color: apps.start({"COLOR": color}).port for color in ("blue", "green")}
        server = running.enter_context(DnsServer("http://127.0.0.1:1", resolving(records)))
        production = running.enter_context(NameProxy(Resolving(server.port), reach, f"{NAME}:80"))
        stack.up(
            platform="google_cloud_dns",
            activeColor="blue",
            blueRelease="v1",
            greenRelease="v2",
            zone=ZONE,
            recordName=NAME,
            addresses=json.dumps({color: [balancer_address(port)] for color, port in ports.items()}),
            previewUrls=json.dumps({color: f"http://127.0.0.1:{port}" for color, port in ports.items()}),
            scheme="http",
            ttlSeconds=1,
            bakeSeconds=1,
            strategy=json.dumps({"steps": []}),
        )
        assert colors(production.url, "blue") == {"blue"}
        with Load(production.url, rate_per_second=25, connections_kept=0) as load:
            said = stack.up(activeColor="green", probePath="/nothing-here", fails=True)
            assert "traffic was not moved" in said, said
            assert colors(production.url, "blue") == {"blue"}
            stack.up(greenRelease="v3", probePath="/healthz")
            assert colors(production.url, "green") == {"green"}
            stack.up(activeColor="blue")
            assert colors(production.url, "blue") == {"blue"}
        assert load.result.failed == 0, load.result.errors
        assert [one["name"] for one in records(f"_bluegreen.{NAME}.")] == [f"_bluegreen.{NAME}."]
        stack.run("destroy", "--yes", "--skip-preview")
        assert not records(f"{NAME}.")
