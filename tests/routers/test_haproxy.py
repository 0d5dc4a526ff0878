"""HAProxy on hosts of one's own: the map is a file and what a running HAProxy keeps of it, and both are looked at."""

from __future__ import annotations

import json
import subprocess
from collections import Counter

import pytest

from bluegreen.hosts import files
from bluegreen.hosts.runtime_api import health, maps
from bluegreen.hosts.runtime_api.maps import Unfit
from bluegreen.hosts.runtime_api.router import HaproxyRouter
from bluegreen.rollout.errors import NotOwned, PlatformError, TrafficMoved
from bluegreen.rollout.model import Convergence, Weights
from bluegreen.swap.service import SwapService
from localcloud import loopback
from localcloud.errors import LocalCloudError
from localcloud.load import Load
from tests.routers.meddling import Meddling

pytestmark = pytest.mark.tools  # HAProxy comes from the distribution
BLUE, GREEN = Weights.all_on("blue"), Weights.all_on("green")


def of_host(host, **more):
    return HaproxyRouter(**{key: value for key, value in host.section(**more).items() if key != "kind"})


@pytest.fixture
def clean(haproxy):
    """The host with a map without a line, before and after."""
    state = haproxy.folder / "web.map.bluegreen"
    state.unlink(missing_ok=True)
    haproxy.map_file.write_text("")
    of_host(haproxy)._tell(Weights())
    yield haproxy
    of_host(haproxy).delete()
    state.unlink(missing_ok=True)


@pytest.fixture
def restarted(clean):
    """The host with an HAProxy that its test ends, and that runs again in the end."""
    yield clean
    clean.stop()
    clean.map_file.touch()
    clean.start()


@pytest.mark.parametrize(
    ("content", "weights"),
    [
        (None, Weights()),
        (b"", Weights()),
        (b"# a comment\n\n", Weights()),
        (b"green 0\n", BLUE),
        (b"# a comment\ngreen 10", Weights.split("green", 10)),
        (b"  green   100  \n", GREEN),
    ],
)
def test_a_map_is_one_line(content, weights):
    assert maps.parsed(content) == weights
    assert maps.parsed(maps.text(weights, content)) == weights


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"green 10\nblue 90\n", "other lines than one"),
        (b"red 10\n", "other lines than one"),
        (b"green 101\n", "says `green 101`"),
        (b"green -1\n", "says `green -1`"),
        (b"green ten\n", "says `green ten`"),
    ],
)
def test_a_map_of_somebody_elses_is_refused_before_anything_is_written(clean, content, said):
    with pytest.raises(Unfit, match=said):
        maps.parsed(content)
    clean.map_file.write_bytes(content)
    with pytest.raises(PlatformError, match=said):
        of_host(clean).write(BLUE)
    assert clean.map_file.read_bytes() == content
    clean.map_file.write_bytes(b"")


def test_comments_of_a_map_stay_as_they_are(clean):
    clean.map_file.write_bytes(b"# caf\xe9, by the platform team\n")
    made = of_host(clean)
    made.write(BLUE)
    made.write(Weights.split("green", 7))
    assert clean.map_file.read_bytes() == b"# caf\xe9, by the platform team\ngreen 7\n"


def test_a_map_that_leads_somewhere_is_taken_over_with_its_traffic_or_refused(clean):
    of_host(clean)._tell(GREEN)
    clean.map_file.write_text("green 100\n")
    with pytest.raises(NotOwned, match="say `adopt`"):
        of_host(clean).write(GREEN)
    made = of_host(clean, adopt=True)
    assert made.read().weights == Weights()
    with pytest.raises(NotOwned, match="would move its traffic"):
        made.write(BLUE)
    assert clean.answers() == {"green"}
    made.write(GREEN)
    assert made.read().weights == GREEN
    made.delete()
    assert clean.map_file.read_text() == "green 100\n"
    assert clean.answers() == {"green"}


def test_what_somebody_does_to_the_file_or_to_haproxy_is_seen_and_healed(clean):
    made = of_host(clean)
    made.write(BLUE)
    clean.map_file.write_text("green 100\n")
    assert made.read().weights == GREEN, "a restart would bring it"
    assert made.verify(BLUE) is Convergence.PENDING
    made.write(BLUE)
    made._tell(Weights.split("green", 40))
    assert made.read().weights == Weights.split("green", 40)
    made.write(BLUE)
    assert made.verify(BLUE) is Convergence.CONVERGED
    assert (clean.map_file.read_text().splitlines()[-1], clean.answers()) == ("green 0", {"blue"})


def test_traffic_that_somebody_moves_after_a_look_is_not_written_over(clean):
    of_host(clean).write(BLUE)
    made = of_host(clean)
    assert made.glance().weights == BLUE
    of_host(clean).write(Weights.split("green", 30))
    with pytest.raises(TrafficMoved):
        made.write(GREEN)
    assert of_host(clean).read().weights == Weights.split("green", 30)
    made.write(GREEN)
    assert of_host(clean).read().weights == GREEN, "whoever has not looked writes what is wanted"


def test_traffic_that_somebody_moves_right_before_a_write_is_not_written_over(clean):
    of_host(clean).write(BLUE)
    made = of_host(clean)
    made._files = Meddling(lambda: of_host(clean).write(Weights.split("green", 30)))
    with pytest.raises(TrafficMoved):
        made.write(GREEN)
    assert of_host(clean).read().weights == Weights.split("green", 30)


def test_requests_are_split_as_the_map_says(clean):
    made = of_host(clean)
    made.write(Weights.split("green", 30))
    with loopback.client() as client:
        found = Counter(client.get(clean.url).headers["x-color"] for _ in range(1000))
    # A thousand throws of a die: seven standard deviations are 10 points.
    assert found["green"] == pytest.approx(300, abs=100)
    assert found.total() == 1000


class Moving:
    """Moves traffic in HAProxy right after the files were replaced."""

    def __init__(self, router, weights):
        self.read, self._router, self._weights = files.LocalFiles().read, router, [weights]

    def replace(self, changes, seen):
        done = files.LocalFiles().replace(changes, seen)
        while self._weights:
            self._router._tell(self._weights.pop())
        return done


def test_traffic_that_somebody_moves_in_haproxy_meanwhile_stays_and_the_file_is_put_back(clean):
    of_host(clean).write(BLUE)
    of_host(clean).mark({"lease.1": "x"})
    before = clean.map_file.read_bytes()
    made = of_host(clean)
    made._files = Moving(of_host(clean), Weights.split("green", 60))
    with pytest.raises(TrafficMoved):
        made.write(GREEN)
    assert clean.map_file.read_bytes() == before
    found = of_host(clean).read()
    assert (found.weights, found.marks) == (Weights.split("green", 60), {"lease.1": "x"})


def test_a_change_loses_no_request(clean):
    made = of_host(clean)
    made.write(BLUE)
    with Load(clean.url, rate_per_second=200) as load:
        for number in range(20):
            weights = (GREEN, Weights.split("green", 50), BLUE)[number % 3]
            made.write(weights)
            assert made.verify(weights) is Convergence.CONVERGED
    assert load.result.failed == 0, load.result.errors
    assert len(load.result) > 0


def test_an_haproxy_that_is_restarted_alone_never_serves_the_idle_color(restarted, monkeypatch):
    """At each moment of a first start, a promotion and a rollback: around each file of each write, and each command."""
    host, seen = restarted, []

    def restart():
        host.stop()
        host.start()
        seen.append(host.answers(5))
        live = maps.parsed(host.map_file.read_bytes()).live_color
        assert seen[-1] == {live or "503"}, f"restart {len(seen)}"

    real_put, real_tell = files._put, HaproxyRouter._tell

    def put(path, content):
        restart()
        real_put(path, content)
        restart()

    def tell(router, weights, seen=None):
        restart()
        real_tell(router, weights)
        restart()

    monkeypatch.setattr(files, "_put", put)
    monkeypatch.setattr(HaproxyRouter, "_tell", tell)
    for weights in (BLUE, GREEN, BLUE):
        made = of_host(host)
        made.write(weights)
        assert made.verify(weights) is Convergence.CONVERGED
        made.mark({"lease.1": weights.live_color})
        restart()
        assert seen[-1] == {weights.live_color}
    assert len(seen) == 3 * (4 + 2 + 2 + 1)
    assert seen[0] == {"503"}, "without a line nothing is served"


def test_a_write_reaches_an_haproxy_that_is_down_by_its_file(restarted):
    made = of_host(restarted)
    made.write(BLUE)
    restarted.stop()
    made.write(GREEN)
    assert made.verify(GREEN) is Convergence.PENDING
    assert "HAProxy does not listen at" in made.progress()
    assert "HAProxy does not listen at" in made.health("green").reason
    restarted.start()
    assert made.verify(GREEN) is Convergence.CONVERGED
    assert restarted.answers() == {"green"}
    restarted.stop()
    restarted.map_file.unlink()
    with pytest.raises(LocalCloudError, match="did not start"):
        restarted.start()


def test_a_map_that_the_configuration_does_not_have_is_said(clean, tmp_path):
    with pytest.raises(PlatformError, match=r"HAProxy's configuration has no map .*/other\.map"):
        of_host(clean, map_file=str(tmp_path / "other.map")).write(BLUE)
    assert not (tmp_path / "other.map").exists()


STAT = "# pxname,svname,status,weight,last_chk,\n"


@pytest.mark.parametrize(
    ("rows", "ready", "said"),
    [
        ("", False, "HAProxy has no backend web-blue"),
        ("web-blue,BACKEND,UP,1,,\n", False, "HAProxy's backend web-blue has no server"),
        ("web-blue,a,UP,1,,\nweb-blue,BACKEND,UP,1,,\n", True, ""),
        ("web-blue,a,UP 1/2,1,,\n", True, ""),
        ("web-blue,a,UP,1,,\nweb-blue,b,DOWN,1,Layer4 refused,\n", False, "web-blue/b: DOWN, Layer4 refused"),
        ("web-blue,a,no check,1,,\n", False, "web-blue/a has no `check`: give it one"),
        ("web-blue,a,MAINT,1,,\n", False, "web-blue/a: MAINT"),
        ("web-blue,a,DRAIN,1,,\n", False, "web-blue/a: DRAIN"),
        ("web-blue,a,UP,0,,\n", False, "web-blue/a: its weight is 0"),
        ("web-green,a,UP,1,,\n", False, "HAProxy has no backend web-blue"),
    ],
)
def test_a_color_is_as_its_servers_are(rows, ready, said):
    found = health.readiness(STAT + rows, "web-blue")
    assert (found.ready, found.reason) == (ready, pytest.approx(said) if not said else found.reason)
    assert said in found.reason


def test_the_commands_by_hand_do_what_they_say(clean, monkeypatch):
    """But for the program that speaks to the socket, which not every machine has."""
    made = of_host(clean)
    made.write(BLUE)
    for weights in (Weights.split("green", 10), GREEN):
        first, second = made.commands(weights)
        subprocess.run(["sh", "-c", first], check=True)
        told = second.removeprefix("echo '").partition("' | socat")[0]
        for command in told.split("; "):
            assert made._api.ask(command) == ""
        assert made.verify(weights) is Convergence.CONVERGED


def test_a_promotion_and_a_rollback_lose_no_request(clean):
    inputs = {"name": "web", "router": clean.section(), "releases": {"blue": "v1", "green": "v2"}}
    inputs["strategy"] = {"name": "canary", "steps": [{"weight_percent": 10, "hold_seconds": 0}]}
    service = SwapService()
    _, outputs = service.create({**inputs, "active_color": "blue"})
    with Load(clean.url, rate_per_second=200) as load:
        for color in ("green", "blue"):
            outputs = service.update(outputs, {**inputs, "active_color": color})
            assert clean.answers() == {color}
    assert load.result.failed == 0, load.result.errors
    service.delete(outputs)
    assert clean.answers() == {"503"}
    assert not (clean.folder / "web.map.bluegreen").exists()


def test_an_envoy_and_an_haproxy_are_moved_as_one(clean, host):
    """A pair of proxies: where one of them fails, both have what was live."""
    if host.routes_file.with_name("routes.json.bluegreen").exists():
        host.routes_file.with_name("routes.json.bluegreen").unlink()
    seen = {str(host.routes_file): host.routes_file.read_bytes()}
    files.LocalFiles().replace({str(host.routes_file): b'{"resources": []}'}, seen)
    routers = [clean.section(), host.section()]
    inputs = {"name": "web", "routers": routers, "releases": {"blue": "v1", "green": "v2"}}
    service = SwapService()
    _, outputs = service.create({**inputs, "active_color": "blue"})
    with Load(clean.url, rate_per_second=100) as one, Load(host.url, rate_per_second=100) as other:
        outputs = service.update(outputs, {**inputs, "active_color": "green"})
        assert clean.answers() == {"green"}
        assert host.settles_on("green")
        outputs = service.update(outputs, {**inputs, "active_color": "blue"})
        assert clean.answers() == {"blue"}
        assert host.settles_on("blue")
    assert (one.result.failed, other.result.failed) == (0, 0)
    owners = [json.loads(file.read_text())["owner"] for file in (clean.folder / "web.map.bluegreen",)]
    assert owners == ["project/stack/web"]
    service.delete(outputs)
    assert clean.answers() == {"503"}
    assert host.settles_on("404")
