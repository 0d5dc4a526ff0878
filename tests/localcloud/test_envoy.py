"""Envoy as a data plane: real requests, real processes behind it, and none lost while its routes change."""

import itertools
import json
import socket
import threading
import time
from collections import Counter

import httpx
import pytest

from localcloud import loopback
from localcloud.app_processes import AppProcesses
from localcloud.envoy.process import Envoy
from localcloud.envoy.routes import Answer, Host, Route, Share, Table
from localcloud.errors import LocalCloudError
from localcloud.load import Load

COLORS = ("blue", "green")


@pytest.fixture(scope="module")
def apps():
    with AppProcesses() as processes:
        running = {color: processes.start({"COLOR": color}) for color in (*COLORS, "slow")}
        for app in running.values():
            answering(app.port)
        loopback.post(f"http://127.0.0.1:{running['slow'].port}/control", json={"slow_ms": 700})
        yield {color: (app.port,) for color, app in running.items()}
        for app in running.values():
            app.kill()


def answering(port):
    """Wait until something listens there."""
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"nothing answers on port {port}")


@pytest.fixture
def plane():
    with Envoy() as made:
        yield made


def web(*routes, name="web.test"):
    return Host((name,), routes)


def to(blue, green):
    return Route((Share("blue", blue), Share("green", green)))


def colors(plane, count=20, path="/", host="web.test", **headers):
    seen = Counter()
    for _ in range(count):
        seen[loopback.get(plane.url + path, headers={"Host": host, **headers}).headers["x-color"]] += 1
    return seen


def is_at(plane, backend):
    """Whether a request is at a backend."""
    stats = json.loads(plane._get("/stats?format=json&filter=upstream_rq_active"))["stats"]
    return any(stat.get("value") for stat in stats if f".{backend}." in stat["name"])


def test_no_request_is_lost_over_switches_while_backends_come_and_go(plane, apps):
    both = {color: apps[color] for color in COLORS}
    plane.apply(Table((web(to(1, 0)),), both))
    with Load(f"{plane.url}/", rate_per_second=400, host_header="web.test") as load:
        for blue, green in itertools.chain([(9, 1), (1, 1), (0, 1), (1, 0)] * 4, [(0, 1)]):
            used = {color: apps[color] for color, weight in zip(COLORS, (blue, green), strict=True) if weight}
            routes = Route(tuple(Share(color, {"blue": blue, "green": green}[color]) for color in used))
            plane.apply(Table((web(routes),), used))
            assert set(colors(plane, 3)) <= set(used)
    assert (load.result.failed, load.result.errors) == (0, {})
    assert {sample.color for sample in load.result.samples()} == set(COLORS)


def test_what_a_backend_has_begun_it_finishes_when_it_is_taken_away(plane, apps):
    plane.apply(Table((web(Route((Share("slow"),))),), {"slow": apps["slow"]}))
    answers = []

    def ask():
        answers.append(loopback.get(plane.url, headers={"Host": "web.test"}).headers["x-color"])

    asking = threading.Thread(target=ask)
    asking.start()
    while not is_at(plane, "slow") and asking.is_alive():
        time.sleep(0.01)
    plane.apply(Table((web(Route((Share("blue"),))),), {"blue": apps["blue"]}))
    assert set(colors(plane)) == {"blue"}
    asking.join()
    assert answers == ["slow"]


def test_requests_are_shared_by_weight_and_nothing_goes_to_a_weight_of_nothing(plane, apps):
    both = {color: apps[color] for color in COLORS}
    plane.apply(Table((web(to(90, 10)),), both))
    assert 0 < colors(plane, 200)["green"] < 60
    plane.apply(Table((web(to(100, 0)),), both))
    assert colors(plane, 100) == {"blue": 100}
    plane.apply(Table((web(to(0, 0)),), both))
    assert loopback.get(plane.url, headers={"Host": "web.test"}).status_code == 503


def test_a_request_goes_by_its_host_path_cookie_and_query(plane, apps):
    blue, green = Route((Share("blue", cookies=("seen=blue; Path=/",)),)), Route((Share("green"),))
    table = Table(
        (
            web(
                Route((Share("green"),), prefix="/new"),
                Route((Share("green"),), cookie=("x-ms-routing-name", "staging")),
                Route((Share("green"),), query=("x-ms-routing-name", "staging")),
                blue,
            ),
            web(green, name="other.test"),
            web(Route(Answer(403, "stopped")), name="stopped.test"),
        ),
        {color: apps[color] for color in COLORS},
    )
    plane.apply(table)
    assert colors(plane, 3) == colors(plane, 3, host="web.test:443") == {"blue": 3}
    assert colors(plane, 3, host="other.test") == {"green": 3}
    assert colors(plane, 3, Cookie="a=b; x-ms-routing-name=staging") == {"green": 3}
    assert colors(plane, 3, Cookie="x-ms-routing-name=staging2") == {"blue": 3}
    assert colors(plane, 3, path="/?x-ms-routing-name=staging") == {"green": 3}
    assert loopback.get(plane.url + "/new", headers={"Host": "web.test"}).status_code == 404  # the app's own answer
    assert loopback.get(plane.url, headers={"Host": "web.test"}).cookies["seen"] == "blue"
    stopped = loopback.get(plane.url, headers={"Host": "stopped.test"})
    assert (stopped.status_code, stopped.text) == (403, "stopped")
    assert loopback.get(plane.url, headers={"Host": "nobody.test"}).status_code == 404


def test_it_is_an_http_proxy_for_the_names_that_it_knows(plane, apps):
    plane.apply(Table((web(Route((Share("green"),))),), {"green": apps["green"]}))
    assert httpx.get("http://web.test/", proxy=plane.url).headers["x-color"] == "green"


def test_a_table_that_envoy_refuses_changes_nothing(plane, apps, monkeypatch):
    plane.apply(Table((web(Route((Share("blue"),))),), {"blue": apps["blue"]}))
    monkeypatch.setattr("localcloud.envoy.process.LIMIT_SECONDS", 0.5)
    twice = web(Route((Share("green"),)))
    with pytest.raises(LocalCloudError, match="did not take its routes"):
        plane.apply(Table((twice, twice), {"green": apps["green"]}))
    assert colors(plane, 5) == {"blue": 5}


def test_nothing_is_left_at_the_end(apps):
    with Envoy() as plane:
        url = plane.url
        assert loopback.get(url).status_code == 404
    with pytest.raises(httpx.ConnectError):
        loopback.get(url)
