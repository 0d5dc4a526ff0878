"""The load generator against a real server that misbehaves in chosen ways."""

from __future__ import annotations

import http.server
import os
import signal
import socketserver
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

import pytest

from localcloud.errors import LocalCloudError
from localcloud.load import Load, Result
from localcloud.processes import Daemon

ROOT = Path(__file__).resolve().parents[2]
Handler = http.server.BaseHTTPRequestHandler


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        self.answer: Callable[[Handler], None] = color("blue")
        self.connections = 0
        self.asked = threading.Semaphore(0)
        server = self

        class Misbehaving(Handler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                server.connections += 1

            def do_GET(self) -> None:  # noqa: N802
                server.asked.release()
                server.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        super().__init__(("127.0.0.1", 0), Misbehaving)

    def handle_error(self, request: object, client_address: object) -> None:
        pass

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


def color(name: str, status: int = 200) -> Callable[[Handler], None]:
    def answer(handler: Handler) -> None:
        body = b"{}"
        handler.send_response(status)
        if name:
            handler.send_header("X-Color", name)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def reset(handler: Handler) -> None:
    handler.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def cut_short(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("X-Color", "blue")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def every(number: int, bad: Callable[[Handler], None], good: Callable[[Handler], None]) -> Callable[[Handler], None]:
    lock = threading.Lock()
    seen = 0

    def answer(handler: Handler) -> None:
        nonlocal seen
        with lock:
            seen += 1
            chosen = bad if seen % number == 0 else good
        chosen(handler)

    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def await_requests(server: Server, number: int) -> None:
    """Until so many more have come: what is counted in them does not depend on how fast the machine is."""
    for _ in range(number):
        assert server.asked.acquire(timeout=60)


def ended(load: Load) -> None:
    """Until it has ended by itself."""
    deadline = time.monotonic() + 60
    while load.running:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def run(server: Server, requests: int = 200, **options: float) -> Result:
    load = Load(server.url, **options).start()  # type: ignore[arg-type]
    await_requests(server, requests)
    return load.stop()


def test_every_request_is_recorded(server: Server) -> None:
    began = time.time()
    result = run(server, rate_per_second=200)
    took_seconds = time.time() - began
    assert 200 <= result.requests <= 200 * took_seconds + 16, "no more than its rate, and the first of each connection"
    assert result.failed == 0
    assert result.stopped_by == "asked"
    samples = list(result.samples())
    assert {(s.status, s.color, s.error) for s in samples} == {(200, "blue", "")}
    assert began <= samples[0].at
    assert samples[-1].at <= time.time()
    assert [s.at for s in samples] == sorted(s.at for s in samples)
    assert all(0 < s.latency < took_seconds for s in samples)
    kept = sum(s.kept for s in samples)
    assert min(kept, result.requests - kept) >= 0.2 * result.requests, "half of each, but a busy machine is no judge"


def test_kept_connections_are_kept_and_new_ones_new(server: Server) -> None:
    kept = run(server, connections_kept=3, connections_new=0, rate_per_second=100)
    assert kept.failed == 0
    assert server.connections == 3
    new = run(server, connections_kept=0, connections_new=3, rate_per_second=100)
    assert server.connections == 3 + new.requests


@pytest.mark.parametrize(
    ("bad", "status", "error"),
    [
        (color("blue", 500), 500, "status 500"),
        (color("", 200), 200, "status 200 without X-Color"),
        (color("blue", 204), 204, "status 204"),
        (reset, 0, "ConnectionResetError"),
        (cut_short, 0, "IncompleteRead"),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_anything_but_200_with_a_color_is_a_failure(
    server: Server, bad: Callable[[Handler], None], status: int, error: str, kept: bool
) -> None:
    server.answer = every(10, bad, color("green"))
    connections = {"connections_kept": 2 * kept, "connections_new": 2 * (not kept)}
    result = run(server, rate_per_second=400, **connections)
    failed = [s for s in result.samples() if s.error]
    assert abs(len(failed) - result.requests / 10) <= 2, "each bad answer is a failure, and none is asked for again"
    assert result.failed == len(failed) == sum(result.errors.values())
    for sample in failed:
        assert (sample.status, sample.kept) == (status, kept)
        assert sample.error.startswith(error)
    assert result.between(0, 1e12) == {"green": result.requests - result.failed}


def test_a_kept_connection_that_the_server_ends_in_silence_is_a_failure(server: Server) -> None:
    """No silent retry: the request that finds its connection closed was lost for this client."""
    good = color("blue")

    def answer(handler: Handler) -> None:
        good(handler)
        handler.close_connection = True  # without having said `Connection: close`

    server.answer = answer
    result = run(server, requests=50, connections_kept=2, connections_new=0, rate_per_second=100)
    assert result.failed > 0.3 * result.requests


def test_nobody_listens() -> None:
    with Server() as gone:
        url = gone.url
    load = Load(url, rate_per_second=100, max_seconds=2).start()
    ended(load)
    assert load.stop().failed == load.result.requests > 0
    assert next(iter(load.result.errors)).startswith("ConnectionRefusedError")


def test_slow_answers_are_waited_for_and_count_as_failed_after_the_timeout(server: Server) -> None:
    def slow(handler: Handler) -> None:
        time.sleep(0.5)
        color("blue")(handler)

    server.answer = slow
    waited = run(server, requests=20, rate_per_second=20)
    assert waited.failed == 0
    assert waited.latency_milliseconds(50) >= 500
    over = threading.Event()
    server.answer = lambda _: over.wait(60) and None
    late = run(server, requests=20, rate_per_second=20, timeout_seconds=0.2)
    over.set()
    assert late.failed == late.requests > 0
    assert all(error.startswith("TimeoutError") for error in late.errors)


def test_counts_by_color_and_time(server: Server) -> None:
    load = Load(server.url, rate_per_second=200).start()
    await_requests(server, 200)
    moving = time.time()
    server.answer = color("green")
    moved = time.time()
    await_requests(server, 200)
    mixing = time.time()
    server.answer = every(2, color("blue"), color("green"))
    mixed = time.time()
    await_requests(server, 200)
    result = load.stop()
    assert set(result.within(0, moving)) == {"blue"}
    assert set(result.within(moved, mixing)) == {"green"}
    share = result.share_percent("green", mixed, 1e12)
    assert share is not None
    assert abs(share - 50) < 10
    assert result.share_percent("green", 0, 1) is None
    assert sum(result.between(0, 1e12).values()) == result.requests
    buckets = result.buckets(0.5)
    assert len(buckets) == int((result.last_at - result.first_at) / 0.5)
    assert all(bucket.failed_per_second == 0 for bucket in buckets)
    counted = {name: sum(0.5 * bucket.per_second.get(name, 0) for bucket in buckets) for name in ("blue", "green")}
    assert counted == result.between(0, result.first_at + 0.5 * len(buckets))


def test_limits_end_it(server: Server) -> None:
    by_time = Load(server.url, rate_per_second=100, max_seconds=0.5).start()
    ended(by_time)
    assert by_time.stop().stopped_by == "max_seconds"
    server.asked = threading.Semaphore(0)
    by_count = run(server, requests=32, rate_per_second=500, max_requests=32)
    assert by_count.stopped_by == "max_requests"
    assert by_count.requests == 32


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://example.com/",
        "http://localhost:8080/",
        "https://127.0.0.1/",
        "http://127.0.0.1.example.com/",
        "http://user@192.0.2.1#@127.0.0.1/",
        "ftp://127.0.0.1/",
        "127.0.0.1:80",
        "",
    ],
)
def test_only_loopback(url: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Load(url)


@pytest.mark.parametrize(
    "options", [{"rate_per_second": 0}, {"rate_per_second": 1e6}, {"connections_new": 1000}, {"connections_new": -1}]
)
def test_bounded(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="allowed"):
        Load("http://127.0.0.1:1/", **options)


def test_order_of_calls(server: Server) -> None:
    load = Load(server.url, rate_per_second=10)
    with pytest.raises(LocalCloudError, match="not started"):
        load.stop()
    load.start()
    assert load.running
    with pytest.raises(LocalCloudError, match="already"):
        load.start()
    with pytest.raises(LocalCloudError, match="not been stopped"):
        _ = load.result
    assert load.stop() is load.stop()
    assert not load.running


def test_it_ends_with_the_program_that_started_it(server: Server) -> None:
    """Whatever happens to that program: here it is killed."""
    program = (
        "import sys, time; from localcloud.load import Load;"
        f"load = Load({server.url!r}, rate_per_second=50).start(); print(load._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while Daemon.of(pid).alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Daemon.of(pid).alive()


def test_several_targets_are_asked_in_turns(server):
    other = Server()
    other.answer = color("green")
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        with Load(server.url, connections_kept=2, connections_new=2, more_ports=[other.server_port]) as load:
            await_requests(server, 100)
            await_requests(other, 100)
    finally:
        other.shutdown()
        other.server_close()
    seen = {(sample.target, sample.color, sample.kept) for sample in load.result.samples()}
    assert load.result.failed == 0
    assert seen == {(0, "blue", True), (0, "blue", False), (1, "green", True), (1, "green", False)}
