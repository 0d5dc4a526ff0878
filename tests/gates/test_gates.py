"""Each gate against something real: an HTTP server in this process, a health report."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest

from bluegreen import gates
from bluegreen.fields import Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase, Readiness
from bluegreen.rollout.ports import GateContext, Preview
from localcloud import loopback


class App(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("X-Bluegreen-Color")))
        self.server.hosts.append(self.headers["Host"])
        status, body, delay_seconds = self.server.answers.get(self.path, (404, "", 0))
        time.sleep(delay_seconds)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def app():
    server = loopback.Server(("127.0.0.1", 0), App)
    server.asked, server.hosts = [], []
    server.answers = {
        "/healthz": (200, "all well", 0),
        "/sick": (503, "", 0),
        "/stage/healthz": (200, "below a path", 0),
        "/slow": (200, "", 30),
        "/version": (200, json.dumps({"version": "v2", "db": {"ok": True}}), 0),
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def build(inputs):
    fields = Fields({key: value for key, value in inputs.items() if not key.endswith("_limit")}, "gates[0]")
    parsed = GATES.parse(fields)
    assert parsed is not None, fields.problems
    return GATES.build(parsed)


def ask(gate, app=None, health=None):
    url = f"http://127.0.0.1:{app.server_address[1]}" if app else "http://127.0.0.1:9"
    preview = Preview(url, {"X-Bluegreen-Color": "green"})
    return gate.evaluate(GateContext("green", preview, lambda: health))


@pytest.mark.parametrize(
    ("inputs", "decision", "says"),
    [
        (gates.http("/healthz", body_contains="well"), Decision.PASS, "1 x 200"),
        (gates.http("/sick"), Decision.FAIL, "status 503 against status 200"),
        (gates.http("/sick", status=503), Decision.PASS, "1 x 503"),
        (gates.http("/healthz", body_contains="ill"), Decision.FAIL, "a body without it against a body with 'ill'"),
        (gates.http("/version", json_match={"version": "v2", "db.ok": True}), Decision.PASS, "1 x 200"),
        (gates.http("/version", json_match={"db.ok": False}), Decision.FAIL, "db.ok = True against db.ok = False"),
        (gates.http("/version", json_match={"a.b.c": 1}), Decision.FAIL, "a.b.c = None against a.b.c = 1"),
        (gates.http("/healthz", json_match={"a": 1}), Decision.FAIL, "not JSON"),
        (gates.http("/slow", latency_limit_ms=100), Decision.FAIL, "no answer in 100 ms"),
    ],
)
def test_http(app, inputs, decision, says):
    verdict = ask(build(inputs), app)
    assert verdict.decision is decision
    assert says in str(verdict)


def test_http_asks_the_color_under_test_as_often_as_it_shall(app):
    ask(build(gates.http("/healthz", count=5)), app)
    assert app.asked == [("/healthz", "green")] * 5


def test_http_that_cannot_be_asked_is_no_pass():
    with pytest.raises(GateUnavailable):
        ask(build(gates.http("/healthz")))


@pytest.mark.parametrize(
    ("health", "limit", "decision"),
    [
        (Readiness(True, 4, 4), 100, Decision.PASS),
        (Readiness(False, 3, 4, "unhealthy"), 100, Decision.FAIL),
        (Readiness(False, 3, 4, "unhealthy"), 75, Decision.PASS),
        (Readiness(False, 0, 0, "no target is registered"), 1, Decision.FAIL),
    ],
)
def test_target_health(health, limit, decision):
    assert ask(build(gates.target_health(min_healthy_percent=limit)), health=health).decision is decision


@pytest.mark.parametrize(
    ("health", "phase", "decision"),
    [
        (Readiness(True, 3, 3), Phase.BEFORE, Decision.PASS),
        (Readiness(True, 2, 2), Phase.BEFORE, Decision.PENDING),
        (Readiness(False, 2, 4, "initial"), Phase.BEFORE, Decision.PENDING),
        (Readiness(True, 2, 2), Phase.HOLD, Decision.FAIL),
        (Readiness(False, 3, 4, "unhealthy"), Phase.HOLD, Decision.FAIL),
    ],
)
def test_too_few_targets_are_waited_for_before_traffic_and_a_failure_under_it(health, phase, decision):
    gate = build(gates.target_health(min_healthy_targets=3))
    verdict = gate.evaluate(GateContext("green", health=lambda: health, phase=phase))
    assert verdict.decision is decision
    assert "and 3 of them" in str(verdict)


@pytest.mark.parametrize(
    ("health", "weight_percent", "decision"),
    [
        (Readiness(False, 3, 4, "initial", starting=1), 10, Decision.PASS),
        (Readiness(False, 3, 4, "initial", starting=1), 0, Decision.FAIL),
        (Readiness(False, 3, 5, "unhealthy", starting=1), 10, Decision.FAIL),
        (Readiness(False, 0, 1, "initial", starting=1), 10, Decision.FAIL),
    ],
)
def test_a_target_that_autoscaling_adds_under_traffic_is_no_failure(health, weight_percent, decision):
    gate = build(gates.target_health())
    context = GateContext("green", health=lambda: health, phase=Phase.HOLD, weight_percent=weight_percent)
    assert gate.evaluate(context).decision is decision


def test_labels_are_what_people_call_it():
    assert build(gates.http("/healthz")).label == "http /healthz"
    assert build(gates.target_health()).label == "target health"


def test_a_preview_may_be_below_a_path(app):
    gate = build(gates.http("/healthz", body_contains="below a path"))
    for url in ("/stage", "/stage/"):
        preview = Preview(f"http://127.0.0.1:{app.server_address[1]}{url}", {})
        assert gate.evaluate(GateContext("green", preview)).decision is Decision.PASS


@pytest.mark.parametrize(
    ("own", "host"), [({}, "shop.example.com"), ({"host": "own.example.com"}, "own.example.com")], ids=["none", "own"]
)
def test_a_gates_own_host_counts_more_than_the_previews(app, own, host):
    gate = build(gates.http("/healthz", headers=own))
    preview = Preview(f"http://127.0.0.1:{app.server_address[1]}", {"Host": "shop.example.com"})
    assert gate.evaluate(GateContext("green", preview, lambda: None)).decision is Decision.PASS
    assert app.hosts == [host]
