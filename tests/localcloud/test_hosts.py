"""What `make demo` takes place on: releases as processes, and an Envoy before them."""

from __future__ import annotations

import pytest

from localcloud import loopback
from localcloud.errors import LocalCloudError
from localcloud.hosts.app import answer
from localcloud.hosts.processes import HostEnvoy, Release
from localcloud.load import Load


def test_a_broken_release_has_a_good_health_check_and_answers_nothing_else():
    assert answer("/healthz", "green", "broken-v2").startswith(b"HTTP/1.1 200 ")
    assert answer("/", "green", "broken-v2").startswith(b"HTTP/1.1 500 ")
    assert answer("/", "green", "v2").startswith(b"HTTP/1.1 200 ")


def test_a_release_answers_on_kept_connections_and_on_new_ones():
    release = Release("blue", "v7")
    try:
        with Load(release.url, rate_per_second=300) as load:
            found = loopback.get(release.url)
        assert (found.headers["x-color"], found.headers["x-release"]) == ("blue", "v7")
        assert load.result.failed == 0, load.result.errors
    finally:
        release.end()


def test_another_release_takes_the_port_of_the_former_one():
    former = Release("green")
    former.end()
    release = Release("green", "v2", former.port)
    try:
        assert release.port == former.port
        assert loopback.get(release.url).headers["x-release"] == "v2"
    finally:
        release.end()


def test_an_envoy_without_a_route_answers_with_none_and_says_why_it_does_not_start(tmp_path):
    release = Release("blue")
    try:
        with HostEnvoy(tmp_path, {"blue": release.port}) as envoy:
            assert loopback.get(envoy.url).status_code == 404
        (tmp_path / "routes.json").unlink()
        with pytest.raises(LocalCloudError, match="does not exist"):
            envoy.start()
    finally:
        release.end()
