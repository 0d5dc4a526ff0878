"""The load balancer in memory is one to a swap, and the bench tells when many swaps take too long."""

from __future__ import annotations

import io
import json
import threading

import pytest
from rich.console import Console

from bluegreen.rollout.clock import FakeClock
from bluegreen.rollout.model import Weights
from bluegreen.swap.service import SwapService
from dev.benchmarks.at_once import balancer
from dev.benchmarks.at_once.measured import Report, show


@pytest.fixture
def endpoint(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with balancer.Server(("127.0.0.1", 0), balancer.handler(balancer.Balancer())) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def inputs(endpoint, color, number=1):
    router = {
        "kind": "alb",
        "listener_arn": balancer.LISTENER,
        "priority": 10 + number,
        "host_headers": [f"s{number}.example.com"],
        "target_groups": balancer.target_groups_of(f"s{number}"),
        "owner": f"project/stack/s{number}",
        "aws": {"region": "us-east-1", "endpoint_url": endpoint},
    }
    steps = [{"weight_percent": 50, "hold_seconds": 5}]
    releases, strategy = {"blue": "v1", "green": "v2"}, {"name": "steps", "steps": steps}
    return {"name": "s", "active_color": color, "releases": releases, "strategy": strategy, "router": router}


def test_swaps_of_the_balancer_in_memory_are_swaps(endpoint):
    service = SwapService(clock=FakeClock())
    outputs = {number: service.create(inputs(endpoint, "blue", number))[1] for number in (1, 2)}
    outputs[1] = service.update(outputs[1], inputs(endpoint, "green", 1))
    assert service.read(outputs[1])["weights"] == Weights.all_on("green").as_dict()
    assert service.read(outputs[2])["weights"] == Weights.all_on("blue").as_dict()
    for number in (1, 2):
        service.delete(outputs[number])
        assert service.read(outputs[number]) is None


def report(many, native=20.0):
    seconds = {(1, "dynamic"): [7, 6, 99], (1, "native"): [8.0], (64, "dynamic"): [many], (64, "native"): [native]}
    return Report(seconds)


def test_dynamic_swaps_may_take_one_and_a_half_times_as_long_as_one():
    assert report(10.5).misses == []
    assert report(10.6).misses == ["dynamic swaps take 1.51 times as long as one: limit 1.5"]


def test_the_figures_are_medians_and_what_they_make():
    assert report(8.4).figures["at_once"] == {
        "1": {"dynamic_seconds": 7, "native_seconds": 8.0},
        "64": {"dynamic_seconds": 8.4, "native_seconds": 20.0},
        "dynamic_times": 1.2,
        "native_times": 2.5,
    }
    json.dumps(report(8.4).figures)


def test_one_number_alone_is_compared_with_nothing():
    alone = Report({(64, "dynamic"): [9.0]})
    assert alone.misses == []
    assert alone.times("dynamic") is None


def test_people_are_shown_the_figures_and_what_is_wrong_with_them():
    said = io.StringIO()
    show(report(10.6), Console(file=said, width=120))
    assert "dynamic: 1.51 times as long (limit 1.5)" in said.getvalue()
    assert "native: 2.50 times as long\n" in said.getvalue()
    assert "limit 1.5\n" in said.getvalue()
