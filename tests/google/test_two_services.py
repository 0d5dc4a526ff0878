"""What `TwoServices` behind a name in Cloud DNS declares, and what it refuses before it declares anything."""

from __future__ import annotations

import re
from pathlib import Path

import pulumi
import pytest

from bluegreen.google import TwoServices, cloud_dns
from bluegreen.google.component import connection_of
from tests.aws import mocked
from tests.kubernetes.declared import whole

SWAP = "pulumi-python:dynamic/bluegreen:TrafficSwap"
ZONE = "projects/shop/managedZones/example"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "google.md").read_text()
SHORTEST = {
    "active_color": "blue",
    "blue": {"targets": ["blue.example.net"], "release": "v1"},
    "green": {"targets": ["green.example.net"], "release": "v2"},
}


def entry(**more):
    return cloud_dns(**{"zone": ZONE, "record_name": "shop.example.com", **more})


def declared(front=None, **more):
    given = {**SHORTEST, "entry": front or entry(path="/healthz"), **more}
    recorder, made = mocked.run(lambda: TwoServices("shop", **given), None, {})
    return {resource.type: whole(resource.inputs) for resource in recorder.resources}, made


def test_the_shortest_program_is_a_swap_that_makes_the_record_set():
    found, _ = declared()
    assert set(found) == {"bluegreen:google:TwoServices", SWAP}
    swap = found[SWAP]
    assert swap["router"] == {
        "kind": "cloud_dns",
        "zone": ZONE,
        "record_name": "shop.example.com",
        "targets": {"blue": ["blue.example.net"], "green": ["green.example.net"]},
        "owner": "shop/test/shop",
        "ttl_seconds": 60,
        "google": {},
    }
    assert {color: one["url"] for color, one in swap["previews"].items()} == {
        "blue": "https://blue.example.net",
        "green": "https://green.example.net",
    }
    assert [(gate["kind"], gate["path"]) for gate in swap["gates"]] == [("http", "/healthz")]
    assert swap["converge_timeout_seconds"] == 180  # the TTL, the name servers, and something more


def test_addresses_and_a_port_are_in_the_urls():
    front = entry(scheme="http", port=8080, adopt=True, ttl_seconds=300)
    colors = {
        "blue": {"targets": ["2001:db8::1", "203.0.113.1"], "release": "v1"},
        "green": {"targets": ["203.0.113.2", "2001:db8::2"], "release": "v2", "preview_url": "http://green.test"},
    }
    found, _ = declared(front, **colors)
    previews = found[SWAP]["previews"]
    assert previews["blue"]["url"] == "http://[2001:db8::1]:8080"
    assert previews["green"]["url"] == "http://green.test"
    assert found[SWAP]["router"]["adopt"] is True
    assert found[SWAP]["converge_timeout_seconds"] == 420


def test_gates_of_ones_own_are_in_the_place_of_that_one():
    addresses = {color: {"targets": [f"203.0.113.{at}"], "release": "v"} for at, color in ((1, "blue"), (2, "green"))}
    found, _ = declared(gates=[{"kind": "command", "command": ["true"]}], **addresses)
    assert [gate["kind"] for gate in found[SWAP]["gates"]] == ["command"]


def test_the_swap_calls_as_the_stacks_config_says_unless_it_is_told():
    pulumi.runtime.set_all_config({"gcp:impersonateServiceAccount": "swap@shop"})
    try:
        assert connection_of({}) == {"impersonate": "swap@shop"}
        assert connection_of({"google_connection": {"impersonate": "me@shop"}}) == {"impersonate": "me@shop"}
    finally:
        pulumi.runtime.set_all_config({})


def test_the_program_of_the_page_is_a_swap():
    (program,) = [found for found in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "TwoServices" in found]
    config = {"activeColor": "blue", "blueRelease": "v1", "greenRelease": "v2"}
    recorder, _ = mocked.run(lambda: exec(program, {"__name__": "__main__"}), config, {})
    assert SWAP in {resource.type for resource in recorder.resources}


@pytest.mark.parametrize(
    ("front", "more", "said"),
    [
        ({"ttl_seconds": -1}, {}, "entry.ttl_seconds: -1"),
        ({"scheme": "ftp"}, {}, "entry.scheme: 'ftp'"),
        ({"port": 0}, {}, "entry.port: 0"),
        ({"path": "healthz"}, {}, "entry.path: 'healthz'"),
        ({"zone": "example"}, {}, "router.zone: 'example'"),
        ({"record_name": "*.example.com"}, {}, "router.record_name: '*.example.com'"),
        ({}, {"blue": {"targets": "a.example.com", "release": "v1"}}, "blue.targets: 'a.example.com'"),
        ({}, {"blue": {"targets": [], "release": "v1"}}, "blue.targets: []"),
        ({}, {"blue": {"targets": 0, "release": "v1"}}, "blue.targets: 0"),
        ({}, {"blue": {"release": "v1"}}, "blue.targets: None"),
        ({}, {"blue": {"targets": ["a.example.com"]}}, "blue.release: None"),
        ({}, {"blue": {"targets": ["203.0.113.1"], "release": "v1"}}, "blue.preview_url: None"),
        ({}, {"blue": {"targets": ["green.example.net"], "release": "v1"}}, "router.targets.green"),
        ({}, {"blue": {"targets": ["a.example.com"], "release": "v1", "host": "x"}}, "blue.host"),
        ({}, {"google_connection": {"region": "x"}}, "google"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(front, more, said):
    with pytest.raises(pulumi.RunError) as refused:
        declared(entry(**front), **more)
    assert said in str(refused.value)
