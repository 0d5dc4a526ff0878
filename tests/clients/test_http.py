"""One exchange has an end, and an answer has a size, whatever the peer does; everybody who asks over HTTP has both."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

import bluegreen
from bluegreen.clients import http as clients
from bluegreen.clients.http import Http, fetch
from bluegreen.gates.http_gate import HttpGate
from bluegreen.gates.webhook_gate import WebhookGate
from bluegreen.metrics import prometheus
from bluegreen.metrics.prometheus import PrometheusSource
from bluegreen.notifications.slack_notifier import SlackNotifier
from bluegreen.notifications.webhook_notifier import WebhookNotifier
from bluegreen.rollout.errors import GateUnavailable
from bluegreen.rollout.model import Decision
from bluegreen.rollout.ports import GateContext, Preview
from bluegreen.secrets import SecretRef

OK = b"HTTP/1.1 200 OK\r\n"
STREAM = OK + b"Content-Type: text/event-stream\r\n\r\n"
LIMIT_SECONDS = 0.3
# Nothing is decided by how long it takes: without a limit none of it ends at all.
NEVER_SECONDS = 60


class Peer:
    """Answers each connection with some bytes, and then with others again and again, for ever."""

    def __init__(self, first: bytes, again: bytes, every_seconds: float = 0.02) -> None:
        self.first, self.again, self.every_seconds = first, again, every_seconds
        self.gone = threading.Event()
        self.ended = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65_536)
            connection.sendall(self.first)
            while not self.ended.wait(self.every_seconds):
                connection.sendall(self.again)
        self.gone.set()


@contextlib.contextmanager
def peer(first, again, every_seconds=0.02):
    made = Peer(first, again, every_seconds)
    try:
        yield made
    finally:
        made.ended.set()
        made.listening.close()


DRIPS = {
    "silence": (b"", b""),
    "a status that drips": (b"HTTP/1.1 2", b"0"),
    "headers that drip": (OK + b"X-Slow: ", b"x"),
    "headers without end": (OK, b"X-More: 1\r\n"),
    "informational answers without end": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}
BODIES = {
    "a body that drips": (OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "events without end": (STREAM, b": keep-alive\n"),
    "chunks without end": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


def in_time(work):
    """The work's result or error."""
    found = []

    def run():
        try:
            found.append(work())
        except Exception as error:  # noqa: BLE001 - looked at by the test
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(NEVER_SECONDS)
    assert found, "it has no end"
    return found[0]


@pytest.mark.parametrize(("first", "again"), DRIPS.values(), ids=DRIPS)
def test_what_has_no_status_in_time_is_no_answer(first, again):
    with peer(first, again) as here:
        answer = in_time(lambda: fetch("GET", here.url, timeout_seconds=LIMIT_SECONDS, most_bytes=100))
    assert isinstance(answer, (httpx.TimeoutException, httpx.RemoteProtocolError)), answer


@pytest.mark.parametrize(("first", "again"), BODIES.values(), ids=BODIES)
def test_a_body_without_end_is_late_and_its_connection_is_given_up(first, again):
    with peer(first, again) as here:
        for limit_seconds in (LIMIT_SECONDS, 3, 30):  # a busy machine may need more for the status alone
            here.gone.clear()
            answer = in_time(lambda: fetch("GET", here.url, timeout_seconds=limit_seconds, most_bytes=1_000_000))  # noqa: B023
            if not isinstance(answer, httpx.TimeoutException):
                break
        assert (answer.status, answer.late, answer.cut) == (200, True, False)
        assert here.gone.wait(NEVER_SECONDS), "the peer sees the end of its connection"


@pytest.mark.parametrize(("most", "cut"), [(9, True), (10, False), (11, False), (0, False)])
def test_no_more_of_a_body_is_kept_than_is_wanted(most, cut):
    with peer(OK + b"Content-Length: 10\r\nConnection: close\r\n\r\n0123456789", b"") as here:
        answer = in_time(lambda: fetch("GET", here.url, timeout_seconds=NEVER_SECONDS, most_bytes=most))
    assert (answer.body, answer.cut, answer.late) == (b"0123456789"[:most], cut, False)


def test_a_flood_ends_at_its_size():
    with peer(STREAM, b"x" * 65_536, 0) as here:
        answer = in_time(lambda: fetch("GET", here.url, timeout_seconds=NEVER_SECONDS, most_bytes=1 << 20))
    assert (len(answer.body), answer.cut, answer.late) == (1 << 20, True, False)


def test_a_connection_that_is_kept_has_the_limit_anew():
    """The second answer drips: its connection is the first one's."""
    first = OK + b"Content-Length: 2\r\n\r\nok"
    with peer(first, b"") as here, Http() as http:
        assert http.send("GET", here.url, timeout_seconds=NEVER_SECONDS, most_bytes=10).body == b"ok"
        here.again = b"x"
        answer = in_time(lambda: _caught(http, here.url))
    assert isinstance(answer, httpx.HTTPError)


def _caught(http, url):
    try:
        return http.send("GET", url, timeout_seconds=LIMIT_SECONDS, most_bytes=10)
    except httpx.HTTPError as error:
        return error


def preview(url):
    return GateContext("green", Preview(url, {}), service="web", releases={"green": "app:v2"})


def askers(url, monkeypatch):
    monkeypatch.setattr(prometheus, "_TIMEOUT_SECONDS", LIMIT_SECONDS)
    monkeypatch.setenv("HOOK_URL", url + "/hook")
    record = {"outcome": "promoted", "to": "green"}
    return {
        "http gate": lambda: HttpGate("/", latency_limit_ms=LIMIT_SECONDS * 1000).evaluate(preview(url)),
        "http gate that reads the body": lambda: HttpGate(
            "/", body_contains="well", latency_limit_ms=LIMIT_SECONDS * 1000
        ).evaluate(preview(url)),
        "webhook gate": lambda: WebhookGate(url, request_timeout_seconds=LIMIT_SECONDS).evaluate(preview(url)),
        "prometheus": lambda: PrometheusSource(url, "up").value(preview(url), "green", 60),
        "prometheus series": lambda: PrometheusSource(url, "up").series(preview(url), "green", 60),
        "slack": lambda: SlackNotifier(SecretRef(env="HOOK_URL"), timeout_seconds=LIMIT_SECONDS).notify(record),
        "webhook notifier": lambda: WebhookNotifier(url, timeout_seconds=LIMIT_SECONDS).notify(record),
    }


@pytest.mark.parametrize(("first", "again"), [*DRIPS.values(), *BODIES.values()], ids=[*DRIPS, *BODIES])
def test_everybody_who_asks_over_http_has_an_end(monkeypatch, first, again):
    with peer(first, again) as here:
        for name, ask in askers(here.url, monkeypatch).items():
            found = in_time(ask)
            if name.startswith("http gate"):
                failed = not isinstance(found, Exception) and found.decision is Decision.FAIL
                assert failed or isinstance(found, GateUnavailable), (name, found)
            elif name.startswith("prometheus"):
                assert isinstance(found, GateUnavailable), (name, found)
            # A webhook is judged by its status, a notification has got through with it.
            assert first.startswith(OK) or isinstance(found, Exception) or found.decision is not Decision.PASS, name


def test_nobody_else_speaks_http_by_itself():
    """Whatever asks over HTTPX goes through the one place that knows its end."""
    root = Path(bluegreen.__file__).parent
    direct = re.compile(r"httpx\.(get|post|put|request|stream|Client|AsyncClient)\b|requests\.(get|post)|urlopen\(")
    found = {str(path.relative_to(root)) for path in root.rglob("*.py") if direct.search(path.read_text())}
    assert found == {"clients/http.py"}


@pytest.fixture
def certified(tmp_path, monkeypatch):
    """A peer at an address of its own that has a certificate for api.example.com, as a load balancer has."""
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        "k",
        "-out",
        "c",
        "-subj",
        "/CN=api.example.com",
        "-addext",
    ]
    names = "subjectAltName=DNS:api.example.com"
    subprocess.run(["openssl", *words, names], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c", tmp_path / "k")
    asked = []

    class Ok(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers["Host"])
            self.send_response(204)
            self.end_headers()

    context.sni_callback = lambda _, name, __: asked.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ok)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["api.example.com", "api.example.com:8443"])
def test_the_host_that_is_named_is_the_one_that_has_to_answer(certified, host):
    url, asked = certified
    assert clients.fetch("GET", url, timeout_seconds=30, most_bytes=0, headers={"Host": host}).status == 204
    assert asked == ["api.example.com", host]


@pytest.mark.parametrize("headers", [{}, {"Host": "www.example.com"}], ids=["its address", "another name"])
def test_a_certificate_for_another_name_is_no_answer(certified, headers):
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        clients.fetch("GET", certified[0], timeout_seconds=30, most_bytes=0, headers=headers)
