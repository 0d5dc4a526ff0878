"""The component for hosts of one's own: what it declares, and what it refuses."""

from __future__ import annotations

import pulumi
import pytest

import bluegreen
from bluegreen.hosts import ProxiedService, envoy
from tests.aws import mocked

ONE = {"routes_file": "/etc/envoy/web.json", "admin_url": "http://127.0.0.1:9901"}
RELEASES = {"blue": {"release": "v1"}, "green": {"release": "v2"}}
WITH_URLS = {
    "blue": {"release": "v1", "url": "http://10.0.0.1:8080"},
    "green": {"release": "v2", "url": "http://10.0.0.2:8080"},
}


def declared(**more):
    """The swap's inputs, and the component's outputs."""
    given = {"active_color": "blue", "proxies": [envoy(**ONE)], **RELEASES, **more}
    recorder, _ = mocked.run(lambda: ProxiedService("web", **given))
    return next(found for found in recorder.resources if found.type.endswith("bluegreen:TrafficSwap")).inputs


def refused(**more):
    with pytest.raises(pulumi.RunError) as found:
        declared(**more)
    assert "nothing was written" in str(found.value)
    return str(found.value)


def test_the_shortest_program_names_what_goes_without_saying():
    swap = declared()
    assert {key: value for key, value in swap["router"].items() if key != "owner"} == {
        "kind": "envoy",
        "routes_file": "/etc/envoy/web.json",
        "route_config": "web",
        "clusters": {"blue": "web-blue", "green": "web-green"},
        "admin_url": "http://127.0.0.1:9901",
    }
    assert swap["router"]["owner"].endswith("/web")
    assert swap["releases"] == {"blue": "v1", "green": "v2"}
    assert "capacity" not in swap
    assert swap["converge_timeout_seconds"] == 30


def test_a_color_is_previewed_where_it_answers_by_itself():
    swap = declared(**WITH_URLS, gates=[bluegreen.gates.http("/healthz")])
    assert {color: found["url"] for color, found in swap["previews"].items()} == {
        color: given["url"] for color, given in WITH_URLS.items()
    }


def test_a_gate_that_asks_a_color_is_refused_where_no_color_can_be_asked():
    assert "http" in refused(gates=[bluegreen.gates.http("/healthz")])


def test_several_proxies_are_one_swap_in_their_order():
    other = envoy(routes_file="/etc/envoy/other.json", admin_url="http://127.0.0.1:9902", adopt=True, route="rest")
    swap = declared(proxies=[envoy(**ONE), other])
    assert [router["routes_file"] for router in swap["routers"]] == ["/etc/envoy/web.json", "/etc/envoy/other.json"]
    assert (swap["routers"][1]["adopt"], swap["routers"][1]["route"]) == (True, "rest")


def test_proxies_on_two_hosts_have_a_file_of_the_same_name():
    there = [envoy(**ONE, ssh={"host": host, "key_file": "/keys/edge"}) for host in ("edge-1", "edge-2")]
    assert [router["ssh"]["host"] for router in declared(proxies=there)["routers"]] == ["edge-1", "edge-2"]
    assert "routers[1]" in refused(proxies=[there[0], envoy(**ONE, ssh={"host": "edge-1"})])


def test_two_proxies_with_one_file_are_refused():
    assert "routers[1]" in refused(proxies=[envoy(**ONE), envoy(**ONE)])


def test_another_name_or_another_digest_is_another_release():
    first = declared()["digests"]
    assert declared()["digests"] == first
    named = declared(green={"release": "v3"})["digests"]
    built = declared(green={"release": "v2", "digest": "sha256:1"})["digests"]
    assert first["blue"] == named["blue"] == built["blue"]
    assert len({first["green"], named["green"], built["green"]}) == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"proxies": []}, "proxies: [] is not allowed; allowed: one proxy or more"),
        ({"blue": {"release": ""}}, "blue.release: '' is not allowed"),
        ({"blue": {"release": "v1", "url": "10.0.0.1"}, "green": WITH_URLS["green"]}, "blue.url: '10.0.0.1'"),
        ({"green": WITH_URLS["green"]}, "blue.url: None is not allowed; allowed: a URL for each color, or for none"),
        ({"green": {"release": "v2", "image": "x"}}, "green.image"),
        ({"proxies": [envoy(**{**ONE, "routes_file": "web.json"})]}, "routes_file: 'web.json' is not allowed"),
        ({"proxies": [envoy(**{**ONE, "routes_file": "/etc/web.yaml"})]}, "an absolute path that ends with .json"),
        ({"proxies": [envoy(**{**ONE, "admin_url": "127.0.0.1:9901"})]}, "admin_url: '127.0.0.1:9901' is not allowed"),
        ({"proxies": [envoy(**ONE, clusters={"blue": "a", "green": "a"})]}, "another cluster than blue's"),
        ({"proxies": [envoy(**ONE, ssh={})]}, "ssh.host: None is not allowed"),
        ({"proxies": [envoy(**ONE, ssh={"host": "edge-1", "password": "x"})]}, "ssh.password"),
        ({"proxies": [envoy(**ONE, ssh={"host": "edge-1", "port": 0})]}, "ssh.port: 0 is not allowed"),
        ({"proxies": [envoy(**ONE, route="rest")]}, "nothing without `adopt`"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(more, said):
    assert said in refused(**more)
