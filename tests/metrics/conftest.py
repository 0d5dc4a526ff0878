"""A real Prometheus that scrapes an application of two colors, and a CloudWatch as moto has it."""

from __future__ import annotations

import math
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from moto.server import ThreadedMotoServer

from localcloud import loopback
from localcloud.progress import Silent
from localcloud.tools import system

STARTED = time.time()


class Exporter(BaseHTTPRequestHandler):
    """Counters that grow with the clock alone: every rate is known exactly, and no thread has to keep up.

    blue: 10 requests a second, all well, all in 0.05-0.1 s. green: 9 well and 1 failed, all in 0.5-1 s.
    """

    def do_GET(self):
        seconds = time.time() - STARTED
        lines = []
        for color, good, bad, bound in (("blue", 10, 0, 0.1), ("green", 9, 1, 1.0)):
            for code, rate in (("200", good), ("503", bad)):
                if rate:
                    lines.append(f'http_requests_total{{color="{color}",code="{code}"}} {rate * seconds}')
            for le in ("0.05", "0.1", "0.5", "1"):
                count = (good + bad) * seconds * (float(le) >= bound)
                lines.append(f'http_request_duration_seconds_bucket{{color="{color}",le="{le}"}} {count}')
            lines.append(f'http_request_duration_seconds_bucket{{color="{color}",le="+Inf"}} {(good + bad) * seconds}')
            # The first is ten times as much for green, the second the same for both; the noise is a twentieth.
            noise = 1 + 0.05 * math.sin(10 * seconds)
            lines.append(f'latency_seconds{{color="{color}"}} {0.2 * bound * noise}')
            lines.append(f'steady_seconds{{color="{color}"}} {0.2 * noise}')
            lines.append(f'idle_requests_total{{color="{color}",code="200"}} 0')
            lines.append(f'broken_requests_total{{color="{color}",code="500"}} {seconds}')
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory):
    """Prometheus' address, once it has enough samples for the windows that the tests use."""
    program = system.ensure(("prometheus",), Silent())["prometheus"]
    home = tmp_path_factory.mktemp("prometheus")
    exporter = serve(Exporter)
    (home / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: app\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{exporter.server_address[1]}']}}]\n"
    )
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        program,
        f"--config.file={home}/prometheus.yml",
        f"--storage.tsdb.path={home}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=home)
    try:
        _wait_for_samples(url, process, home / "log")
        yield url
    finally:
        process.kill()
        process.wait()
        exporter.shutdown()
        exporter.server_close()


def _wait_for_samples(url, process, log):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            answer = loopback.get(f"{url}/api/v1/query", params={"query": "count_over_time(up[1h])"}).json()
            if int(answer["data"]["result"][0]["value"][1]) >= 15:
                return
        except (httpx.HTTPError, ValueError, KeyError, IndexError):
            pass
        time.sleep(0.2)
    pytest.fail(f"no samples: {log.read_text()}")


@pytest.fixture(scope="session")
def moto_url():
    """The address of moto's server. Its alarms and metrics are shared: tests use names of their own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    """For this test alone: other tests of the session have the local cloud's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-only")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def aws(moto_url):
    """The ``aws`` section that leads to moto."""
    return {"region": "eu-central-1", "endpoint_url": moto_url}
