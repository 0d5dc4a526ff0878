"""The webhook gate against a real server in this process."""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bluegreen import gates
from bluegreen.fields import UNKNOWN, Fields
from bluegreen.gates.registry import GATES
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision, Phase
from bluegreen.rollout.ports import GateContext

SECRET = "hunter2-correct-horse"
CONFIRMS = ("confirm-rollout", "confirm-traffic-increase", "confirm-promotion")
OTHERS = ("pre-rollout", "rollout", "post-rollout")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.status in (301, 302, 307):
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


class SilentServer(ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


@pytest.fixture
def receiver():
    server = SilentServer(("127.0.0.1", 0), Receiver)
    server.asked, server.status, server.answer = [], 200, b""
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def parse(inputs):
    fields = Fields(inputs, "gates[0]")
    return GATES.parse(fields), fields.problems


def build(inputs):
    parsed, problems = parse(inputs)
    assert parsed is not None, problems
    return GATES.build(parsed)


def context(**told):
    return GateContext(
        "green", service="web", releases={"blue": "app:v1", "green": "app:v2"}, weight_percent=10, **told
    )


def ask(receiver, status, hook=None):
    receiver.status = status
    return build(gates.webhook(f"{receiver.url}/hook", type=hook)).evaluate(context())


@pytest.mark.parametrize("hook", CONFIRMS)
@pytest.mark.parametrize(
    ("status", "decision"),
    [(200, Decision.PASS), (202, Decision.PASS)] + [(no, Decision.PENDING) for no in (403, 404, 409, 425, 429)],
)
def test_who_confirms_is_waited_for(receiver, hook, status, decision):
    assert ask(receiver, status, hook).decision is decision


@pytest.mark.parametrize("hook", OTHERS)
@pytest.mark.parametrize(("status", "decision"), [(200, Decision.PASS), (202, Decision.PASS), (403, Decision.FAIL)])
def test_others_say_yes_or_no(receiver, hook, status, decision):
    assert ask(receiver, status, hook).decision is decision


@pytest.mark.parametrize(("status", "decision"), [(200, Decision.FAIL), (404, Decision.PASS), (403, Decision.PASS)])
def test_a_yes_to_rollback_fails(receiver, status, decision):
    verdict = ask(receiver, status, "rollback")
    assert verdict.decision is decision
    assert ("rollback" in verdict.reason) is (decision is Decision.FAIL)


@pytest.mark.parametrize("hook", [*CONFIRMS, *OTHERS, "rollback"])
@pytest.mark.parametrize("status", [302, 500, 503])
def test_a_broken_receiver_is_no_answer(receiver, hook, status):
    with pytest.raises(GateUnavailable, match=str(status)):
        ask(receiver, status, hook)
    assert len(receiver.asked) == 1  # the redirect was not followed


@pytest.mark.parametrize("hook", [*OTHERS, "rollback"])
@pytest.mark.parametrize("status", [408, 425, 429])
def test_a_receiver_without_time_is_no_answer(receiver, hook, status):
    with pytest.raises(GateUnavailable):
        ask(receiver, status, hook)


def test_nobody_there_is_no_answer():
    with pytest.raises(GateUnavailable, match=r"webhook rollout 127.0.0.1:9: .*refused"):
        build(gates.webhook("http://127.0.0.1:9/hook")).evaluate(context())


def test_an_answer_that_does_not_come_is_no_answer(receiver):
    came = threading.Event()
    receiver.RequestHandlerClass = type("Slow", (Receiver,), {"do_POST": lambda _: came.wait(30)})
    with pytest.raises(GateUnavailable, match="timed out"):
        build(gates.webhook(receiver.url, request_timeout_seconds=0.2)).evaluate(context())
    came.set()


def test_what_is_sent(receiver):
    build(gates.webhook(f"{receiver.url}/hook", metadata={"team": "checkout"})).evaluate(context())
    [(path, headers, body)] = receiver.asked
    sent = json.loads(body)
    assert abs(sent.pop("timestamp") - time.time()) < 60
    assert sent == {
        "name": "web",
        "phase": "rollout",
        "color": "green",
        "weight": 10,
        "releases": {"blue": "app:v1", "green": "app:v2"},
        "metadata": {"team": "checkout"},
    }
    assert path == "/hook"
    assert headers["Content-Type"] == "application/json"
    assert "X-Bluegreen-Signature" not in headers


def verifies(secret, headers, body):
    """The recipe in the module's docstring."""
    sent = dict(part.split("=", 1) for part in headers["X-Bluegreen-Signature"].split(","))
    wanted = hmac.new(secret, sent["t"].encode() + b"." + body, "sha256").hexdigest()
    return hmac.compare_digest(wanted, sent["v1"]) and abs(time.time() - int(sent["t"])) < 300


def test_a_signature_verifies_by_the_documented_recipe(receiver, monkeypatch):
    monkeypatch.setenv("HOOK_KEY", SECRET)
    build(gates.webhook(receiver.url, secret={"env": "HOOK_KEY"})).evaluate(context())
    [(_, headers, body)] = receiver.asked
    assert verifies(SECRET.encode(), headers, body)
    assert not verifies(SECRET.encode(), headers, body.replace(b"green", b"blue"))
    assert not verifies(b"another", headers, body)
    late = headers["X-Bluegreen-Signature"].replace("t=1", "t=0")
    assert not verifies(SECRET.encode(), {"X-Bluegreen-Signature": late}, body)


def test_a_missing_key_is_no_pass(receiver, monkeypatch):
    monkeypatch.delenv("HOOK_KEY", raising=False)
    with pytest.raises(GateUnavailable, match="env HOOK_KEY"):
        build(gates.webhook(receiver.url, secret={"env": "HOOK_KEY"})).evaluate(context())
    assert not receiver.asked


def test_secrets_are_in_nothing_that_is_shown(receiver, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HOOK_URL", f"{receiver.url}/services/{SECRET}")
    monkeypatch.setenv("HOOK_KEY", SECRET + "-key")
    gate = build(gates.webhook({"env": "HOOK_URL"}, secret={"env": "HOOK_KEY"}))
    shown = [gate.label, repr(gate)]
    for status in (200, 403, 500):
        receiver.status, receiver.answer = status, f"no such hook: /services/{SECRET} ({SECRET}-key)".encode()
        try:
            shown += [str(gate.evaluate(context())), repr(gate.evaluate(context()))]
        except GateUnavailable as error:
            shown += [str(error), repr(error), repr(error.__cause__)]
    monkeypatch.setenv("HOOK_URL", f"http://127.0.0.1:9/services/{SECRET}")
    with pytest.raises(GateUnavailable) as raised:
        gate.evaluate(context())
    shown += [str(raised.value), repr(raised.value.__cause__), caplog.text]
    assert gate.label == "webhook rollout (env HOOK_URL)"
    assert "no such hook" in "".join(shown)
    assert SECRET not in "".join(shown)


def test_an_answer_without_end_is_judged_by_its_status(receiver):
    class Drips(Receiver):
        def do_POST(self):
            self.send_response(403)
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"no ")
                    time.sleep(0.05)

    receiver.RequestHandlerClass = Drips
    for limit_seconds in (0.5, 5, 30):  # a busy machine may need more for the status alone
        try:
            verdict = build(gates.webhook(receiver.url, request_timeout_seconds=limit_seconds)).evaluate(context())
        except GateUnavailable:
            continue
        break
    assert verdict.reason.startswith("no")


def test_a_long_answer_is_cut(receiver):
    receiver.answer = b"x" * 1_000_000
    assert len(ask(receiver, 403).reason) == 200


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        (gates.webhook(f"http://user:{SECRET}@127.0.0.1/"), "gates[0].url"),
        (gates.webhook("http://127.0.0.1/", secret=SECRET), "gates[0].secret"),
        (gates.webhook("http://127.0.0.1/", type="maybe"), "gates[0].type"),
        (gates.webhook("http://127.0.0.1/", request_timeout_seconds=0), "gates[0].request_timeout_seconds"),
        (gates.webhook("http://127.0.0.1/", metadata={"a": 1}), "gates[0].metadata.a"),
        ({"kind": "webhook"}, "gates[0].url"),
    ],
)
def test_what_is_refused(inputs, wrong):
    parsed, problems = parse(inputs)
    assert parsed is None
    assert [problem.field for problem in problems] == [wrong]
    assert SECRET not in str(problems[0])


def test_it_is_asked_when_flagger_would():
    phases = {hook: build(gates.webhook("http://a/", type=hook)).phases for hook in (*CONFIRMS, *OTHERS, "rollback")}
    assert phases == {
        "confirm-rollout": {Phase.CONFIRM},
        "pre-rollout": {Phase.BEFORE},
        "rollout": {Phase.HOLD, Phase.BAKE},
        "confirm-traffic-increase": {Phase.INCREASE},
        "confirm-promotion": {Phase.PROMOTE},
        "post-rollout": {Phase.AFTER},
        "rollback": {Phase.HOLD, Phase.BAKE},
    }
    assert build(gates.webhook("https://ci.example.com/a?token=b")).label == "webhook rollout ci.example.com"


def test_it_can_be_built_before_its_inputs_are_known():
    gate = build({"kind": "webhook", "url": UNKNOWN, "type": UNKNOWN, "secret": UNKNOWN})
    assert gate.phases == frozenset()
    assert gate.label.startswith("webhook")
