"""A real Prometheus that scrapes an application of two colors, and a CloudWatch as moto has it."""

from __future__ import annotations

import math
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler

import httpx
import pytest
from moto.server import ThreadedMotoServer

from localcloud import loopback
from localcloud.progress import Silent
from localcloud.tools import system

SCRAPE_SECONDS = 5
AROUND_SECONDS = 60
STARTED = int(time.time()) - 2 * AROUND_SECONDS


class Exporter(BaseHTTPRequestHandler):
    """Counters that grow with the clock alone, with a sample for each second: every rate is known exactly.

    Each scrape has the samples around it, with their times. So no window has a hole where a machine was too busy to
    scrape; what Prometheus has already it leaves out.

    blue: 10 requests a second, all well, all in 0.05-0.1 s. green: 9 well and 1 failed, all in 0.5-1 s.
    """

    def do_GET(self):
        now = int(time.time())
        around = range(now - AROUND_SECONDS, now + AROUND_SECONDS)
        body = "".join(
            f"{name} {value} {1000 * at}\n" for at in around for name, value in samples(at - STARTED)
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def samples(seconds):
    for color, good, bad, bound in (("blue", 10, 0, 0.1), ("green", 9, 1, 1.0)):
        for code, rate in (("200", good), ("503", bad)):
            if rate:
                yield f'http_requests_total{{color="{color}",code="{code}"}}', rate * seconds
        for le in ("0.05", "0.1", "0.5", "1"):
            count = (good + bad) * seconds * (float(le) >= bound)
            yield f'http_request_duration_seconds_bucket{{color="{color}",le="{le}"}}', count
        yield f'http_request_duration_seconds_bucket{{color="{color}",le="+Inf"}}', (good + bad) * seconds
        # The first is ten times as much for green, the second the same for both; the noise is a twentieth.
        noise = 1 + 0.05 * math.sin(10 * seconds)
        yield f'latency_seconds{{color="{color}"}}', 0.2 * bound * noise
        yield f'steady_seconds{{color="{color}"}}', 0.2 * noise
        yield f'idle_requests_total{{color="{color}",code="200"}}', 0
        # As those count who carry routes on Kubernetes.
        for code, rate in (("200", good), ("503", bad)):
            names = f'destination_service_name="{color}",destination_service_namespace="shop"'
            yield f'istio_requests_total{{reporter="source",{names},response_code="{code}"}}', rate * seconds
            names = f'backend_name="l-{color}",backend_namespace="shop"'
            counter = "outbound_http_route_backend_response_statuses_total"
            yield f'{counter}{{{names},http_status="{code}"}}', rate * seconds
            names = f'service="shop-web-t-{color}-80@kubernetescrd"'
            yield f'traefik_service_requests_total{{{names},code="{code}"}}', rate * seconds
            names = f'exported_service="n-{color}",exported_namespace="shop"'
            yield f'nginx_ingress_controller_requests{{{names},status="{code}"}}', rate * seconds
            names = f'envoy_cluster_name="shop_c-{color}_80_1f3a",envoy_response_code_class="{code[0]}"'
            yield f"envoy_cluster_upstream_rq_xx{{{names}}}", rate * seconds
        yield f'broken_requests_total{{color="{color}",code="500"}}', seconds


def serve(handler):
    server = loopback.Server(("127.0.0.1", 0), handler)
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
        f"global: {{scrape_interval: {SCRAPE_SECONDS}s}}\n"
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
            query = 'count_over_time(idle_requests_total{color="blue"}[50s])'
            answer = loopback.get(f"{url}/api/v1/query", params={"query": query}).json()
            if int(answer["data"]["result"][0]["value"][1]) >= 50:
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
